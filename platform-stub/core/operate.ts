// What an operator of the platform can do and read: the console's and the cloud API's effects, without their wire formats.
import { DEVICE_SECRET_MAX, isDeviceName, isProductKey } from '../../protocol/names.ts';
import { addDevice, closeSessions, type Core, type Effect } from './core.ts';
import type { Device, DeviceStatus, Product } from './state.ts';

/** One request of an operator. `X-` marks what the vendor offers in the console only (RULE-15). */
export type OperatorCommand =
  | { readonly action: 'CreateProduct'; readonly productKey: string; readonly productSecret: string; readonly dynamicRegistration: boolean }
  | { readonly action: 'X-SetDynamicRegistration'; readonly productKey: string; readonly on: boolean }
  | { readonly action: 'AddDevices'; readonly productKey: string; readonly deviceNames: readonly string[] }
  | { readonly action: 'AddDevice'; readonly productKey: string; readonly deviceName: string; readonly deviceSecret?: string }
  | { readonly action: DeviceAction; readonly productKey: string; readonly deviceName: string }
  | { readonly action: 'TransformClientId'; readonly productKey: string; readonly deviceName: string; readonly clientId: string }
  | { readonly action: 'QueryDeviceStatistics'; readonly productKey: string };

export type DeviceAction =
  'DeleteDevice' | 'ResetThing' | 'DisableThing' | 'EnableThing' | 'QueryDeviceDetail' | 'QueryClientIds' | 'DeleteClientIds';

export interface DeviceDetail {
  readonly iotId: string;
  readonly status: DeviceStatus;
  readonly activatedAt: number | null;
  /** ClientID of the current connection (RULE-43). */
  readonly clientId: string | null;
}

export interface DeviceStatistics {
  readonly deviceCount: number;
  readonly activeCount: number;
  readonly onlineCount: number;
}

export type OperatorResult =
  | { readonly ok: true; readonly kind: 'done' }
  | { readonly ok: true; readonly kind: 'device'; readonly device: DeviceDetail }
  | {
      readonly ok: true;
      readonly kind: 'client-ids';
      readonly clientIds: readonly { readonly clientId: string; readonly createdAt: number }[];
    }
  | { readonly ok: true; readonly kind: 'statistics'; readonly statistics: DeviceStatistics }
  | { readonly ok: false; readonly code: string; readonly message: string };

const DONE: OperatorResult = { ok: true, kind: 'done' };

function failed(code: string, message: string): [OperatorResult, Effect[]] {
  return [{ ok: false, code, message }, []];
}

export function statusOf(core: Core, device: Device): DeviceStatus {
  if (!core.policy['RULE-36'](device)) return 'DISABLE';
  return device.activatedAt === undefined ? 'UNACTIVE' : core.policy['RULE-56'](device.sessions.size > 0);
}

/** Carries out one request of an operator; a failed one has changed nothing. */
export function operate(core: Core, command: OperatorCommand, now: number): [OperatorResult, Effect[]] {
  const { products } = core.state;
  if (command.action === 'CreateProduct') {
    if (!isProductKey(command.productKey))
      return failed('iot.prod.InvalidFormattedProductkey', `ProductKey ${command.productKey} is not 1-20 letters and digits`);
    if (products.has(command.productKey)) return failed('iot.prod.AlreadyExistedProductName', `product ${command.productKey} exists`);
    const { productKey, productSecret, dynamicRegistration } = command;
    products.set(productKey, { productKey, productSecret, dynamicRegistration, devices: new Map(), buried: new Map(), randoms: new Set() });
    return [DONE, []];
  }
  const product = products.get(command.productKey);
  if (!product) return failed('iot.prod.NotExistedProduct', `no product ${command.productKey}`);
  switch (command.action) {
    case 'X-SetDynamicRegistration':
      product.dynamicRegistration = command.on;
      return [DONE, command.on ? [] : whatTheSwitchEnds(core, product)];
    case 'AddDevice':
      return add(core, product, [command.deviceName], now, command.deviceSecret);
    case 'AddDevices':
      return add(core, product, command.deviceNames, now);
    case 'QueryDeviceStatistics':
      return [{ ok: true, kind: 'statistics', statistics: statistics(product) }, []];
    default: {
      const device = product.devices.get(command.deviceName);
      if (!device) return failed('iot.device.NotExistedDevice', `no device ${command.deviceName} in product ${command.productKey}`);
      return command.action === 'TransformClientId'
        ? switchTo(core, device, command.clientId)
        : operateDevice(core, product, device, command.action);
    }
  }
}

/** RULE-12: turning the switch off ends nothing. */
function whatTheSwitchEnds(core: Core, product: Product): Effect[] {
  return [...product.devices.values()]
    .filter((device) => !core.policy['RULE-12'](product, device))
    .flatMap((device) => closeSessions(core, device.sessions, 'disabled'));
}

function add(core: Core, product: Product, names: readonly string[], now: number, secret?: string): [OperatorResult, Effect[]] {
  const illegal = names.find((name) => !isDeviceName(name));
  if (illegal !== undefined)
    return failed('iot.device.InvalidFormattedDeviceName', `DeviceName ${illegal} is not 4-32 letters, digits and - _ . @ :`);
  const seen = new Set<string>();
  const taken = names.find((name) => product.devices.has(name) || seen.size === seen.add(name).size);
  if (taken !== undefined) return failed('iot.device.AlreadyExistedDeviceName', `DeviceName ${taken} exists`);
  if (secret !== undefined && !isDeliverable(secret))
    return failed(
      'iot.device.InvalidFormattedDeviceSecret',
      `the DeviceSecret of ${names[0] ?? ''} cannot be delivered: 1-${DEVICE_SECRET_MAX} characters that JSON does not escape`,
    );
  for (const name of names) addDevice(core, product, name, now, secret);
  return [DONE, []];
}

/** A reply carries it as it is (C SDKs do not unescape, and store 63 characters). */
function isDeliverable(secret: string): boolean {
  return secret.length > 0 && secret.length <= DEVICE_SECRET_MAX && JSON.stringify(secret) === `"${secret}"`;
}

function operateDevice(core: Core, product: Product, device: Device, action: DeviceAction): [OperatorResult, Effect[]] {
  switch (action) {
    case 'QueryDeviceDetail': {
      const current = [...device.sessions].at(-1);
      const detail: DeviceDetail = {
        iotId: device.iotId,
        status: statusOf(core, device),
        activatedAt: device.activatedAt ?? null,
        clientId: current?.clientId ?? null,
      };
      return [{ ok: true, kind: 'device', device: detail }, []];
    }
    case 'QueryClientIds':
      return [
        { ok: true, kind: 'client-ids', clientIds: device.clientIds.map(({ clientId, createdAt }) => ({ clientId, createdAt })) },
        [],
      ];
    case 'DisableThing':
      device.disabled = true;
      return [DONE, core.policy['RULE-36'](device) ? [] : closeSessions(core, device.sessions, 'disabled')];
    case 'EnableThing':
      device.disabled = false;
      return [DONE, []];
    case 'ResetThing':
      // Without effect on a device that never activated and on ClientIDs (RULE-30, RULE-31); sessions stay (RULE-28).
      if (core.policy['RULE-25']() === 'unregistered' && device.activatedAt !== undefined) device.registration = 'unregistered';
      if (core.policy['RULE-26']() === 'inactive') device.activatedAt = undefined;
      return [DONE, []];
    case 'DeleteDevice': {
      const incarnations = (product.buried.get(device.deviceName)?.incarnations ?? 0) + 1;
      product.buried.set(device.deviceName, { deviceSecret: device.deviceSecret, incarnations });
      const effects = closeSessions(core, device.sessions, 'deleted');
      product.devices.delete(device.deviceName);
      return [DONE, effects];
    }
    case 'DeleteClientIds':
      device.clientIds = core.policy['RULE-46'](device.clientIds);
      return [DONE, endForbidden(core, device, 'cleared')];
  }
}

function switchTo(core: Core, device: Device, clientId: string): [OperatorResult, Effect[]] {
  // RULE-50: a ClientID that is not on the list changes nothing.
  if (!device.clientIds.some((one) => one.clientId === clientId)) {
    return failed('iot.device.NotExistedDevice', `ClientID is not one of device ${device.deviceName}`);
  }
  device.clientIds = core.policy['RULE-45'](device.clientIds, clientId);
  return [DONE, endForbidden(core, device, 'switched')];
}

/** RULE-47: sessions of ClientIDs that are no longer on the list are closed at once. */
function endForbidden(core: Core, device: Device, reason: 'switched' | 'cleared'): Effect[] {
  if (core.policy['RULE-47']() === 'kept') return [];
  const kept = new Set(device.clientIds.map((one) => one.clientId));
  return closeSessions(
    core,
    [...device.sessions].filter((session) => session.clientId !== undefined && !kept.has(session.clientId)),
    reason,
  );
}

function statistics(product: Product): DeviceStatistics {
  let activeCount = 0;
  let onlineCount = 0;
  for (const device of product.devices.values()) {
    if (device.activatedAt !== undefined) activeCount += 1;
    if (device.sessions.size > 0) onlineCount += 1;
  }
  return { deviceCount: product.devices.size, activeCount, onlineCount };
}
