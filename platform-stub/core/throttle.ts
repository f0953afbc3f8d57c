// The published limits on connecting (section 8), where `limits: vendor` turns them on. A connect that they refuse is neither an attempt
// nor a refusal: nothing else of the platform hears of it. Only requests with the right signature count, or a stranger could lock a device out.
import { CONNECT_WINDOW_MS, CONNECTS_PER_ACCOUNT_PER_SECOND, CONNECTS_PER_DEVICE, DEVICES_PER_PRODUCT } from '../../protocol/limits.ts';
import type { Core } from './core.ts';
import type { Device, Product } from './state.ts';

/** May this device, or this account for a device that does not exist yet, connect once more? Counts it when it may. */
export function admits(core: Core, device: Device | undefined, now: number): boolean {
  if (core.options.limits === 'off') return true;
  const { accountSecond } = core.state;
  const second = Math.floor(now / 1000);
  if (accountSecond.second !== second) Object.assign(accountSecond, { second, connects: 0 });
  if (accountSecond.connects >= CONNECTS_PER_ACCOUNT_PER_SECOND) return false;
  if (device) {
    device.recentConnects = device.recentConnects.filter((at) => at > now - CONNECT_WINDOW_MS);
    if (device.recentConnects.length >= CONNECTS_PER_DEVICE) return false;
    device.recentConnects.push(now);
  }
  accountSecond.connects += 1;
  return true;
}

/** Has the product as many devices as it may have? */
export function isFull(core: Core, product: Product, more = 1): boolean {
  return core.options.limits === 'vendor' && product.devices.size + more > DEVICES_PER_PRODUCT;
}
