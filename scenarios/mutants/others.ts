// Whom a wrong platform hits besides the device that a request or an action names.
import type { Asked } from '../../platform-stub/core/policy.ts';
import type { Session } from '../../platform-stub/core/state.ts';

/** Live connections of the other names of the same product. */
export function sessionsOfNeighbours({ product, deviceName }: Asked): Session[] {
  return [...product.devices.values()].filter((other) => other.deviceName !== deviceName).flatMap((other) => [...other.sessions]);
}
