// The operations of the cloud API on devices (section 6.3), one function each: parameters in, fields of the answer out.
// Products are in cloud-products.ts, batches in cloud-batches.ts; transport, signatures and the envelope in cloud-api.ts.
import { DEVICES_PER_PRODUCT } from '../../protocol/limits.ts';
import type { DeviceAction, OperatorCommand, OperatorResult } from '../core/operate.ts';
import type { Device, DeviceStatus, Product } from '../core/state.ts';
import type { Platform } from '../platform.ts';
import type { CloudMemory } from './cloud-memory.ts';
import { DEVICE_SECRET } from './operator.ts';
import {
  gmtTime,
  INVALID_FORMAT,
  missing,
  pageFields,
  pageOf,
  pageParameters,
  readToken,
  refusal,
  utcTime,
  writeToken,
  type CloudParameters,
} from './cloud-request.ts';

export interface CloudCall {
  readonly platform: Platform;
  readonly parameters: CloudParameters;
  readonly memory: CloudMemory;
}

/** The fields of a success beside RequestId, Success and Code; throws CloudRefusal for everything else. */
export type Operation = (call: CloudCall) => Readonly<Record<string, unknown>>;

const REGION = 'cn-shanghai';
const DEVICE_PAGE_MAX = 50;
const STATES_MAX = 50;
/** Devices that CurrentPage reaches without a NextToken (S13). */
const PAGED_MAX = 10_000;
const STATUS_NUMBERS: Readonly<Record<number, DeviceStatus>> = { 0: 'UNACTIVE', 1: 'ONLINE', 3: 'OFFLINE', 8: 'DISABLE' };

/** Carries a command out; a failure of the platform ends the call. */
export function act(platform: Platform, command: OperatorCommand): OperatorResult & { readonly ok: true } {
  const result = platform.operate(command);
  if (!result.ok) throw refusal(result.code, result.message);
  return result;
}

/** The product that ProductKey names. */
export function productOf({ platform, parameters }: CloudCall): Product {
  const productKey = parameters.required('ProductKey');
  const product = platform.state.products.get(productKey);
  if (!product) throw refusal('iot.prod.NotExistedProduct', `no product ${productKey}`);
  return product;
}

/** The device that IotId names, else ProductKey and DeviceName: IotId wins (S13). */
function deviceOf(call: CloudCall): Device {
  const { parameters } = call;
  if (parameters.text('IotId') !== undefined) return deviceOfIotId(call);
  const deviceName = parameters.text('DeviceName');
  if (deviceName === undefined) throw missing(parameters.text('ProductKey') === undefined ? 'IotId' : 'DeviceName');
  const { productKey, devices } = productOf(call);
  const device = devices.get(deviceName);
  if (!device) throw refusal('iot.device.NotExistedDevice', `no device ${deviceName} in product ${productKey}`);
  return device;
}

function deviceOfIotId({ platform, parameters, memory }: CloudCall): Device {
  const device = memory.deviceOf(parameters.required('IotId'), platform);
  if (!device) throw refusal('iot.device.InvalidIoTId', 'no device has this IotId');
  return device;
}

/** A token device signs in with its DeviceToken, and has no secret to tell (RULE-53). */
export function secretOf(device: Device): string {
  return device.credential === 'secret' ? device.deviceSecret : '';
}

/** A DeviceSecret that the caller chose and that a reply can carry. */
export function isSecret(text: string): boolean {
  return DEVICE_SECRET.test(text);
}

/** Refuses more devices than a product may have, where limits are on. */
export function requireRoom(platform: Platform, product: Product, more: number): void {
  if (platform.options.limits === 'vendor' && product.devices.size + more > DEVICES_PER_PRODUCT)
    throw refusal('iot.device.DeviceCountExceeded', `a product has at most ${DEVICES_PER_PRODUCT} devices`);
}

function identity(device: Device): Record<string, unknown> {
  const { productKey, deviceName, iotId, nickname } = device;
  return { ProductKey: productKey, DeviceName: deviceName, DeviceSecret: secretOf(device), IotId: iotId, Nickname: nickname };
}

const registerDevice: Operation = (call) => {
  const product = productOf(call);
  const deviceName = call.parameters.text('DeviceName') ?? call.memory.inventName(product);
  const nickname = call.parameters.text('Nickname') ?? '';
  act(call.platform, { action: 'AddDevice', productKey: product.productKey, deviceName, nickname });
  return { Data: identity(product.devices.get(deviceName) as Device) };
};

const importDevice: Operation = (call) => {
  const { platform, parameters } = call;
  const product = productOf(call);
  const deviceName = parameters.required('DeviceName');
  const deviceSecret = parameters.required('DeviceSecret');
  const nickname = parameters.text('Nickname') ?? '';
  const sn = parameters.text('Sn');
  if (!isSecret(deviceSecret)) throw refusal('iot.device.InvalidFormattedDeviceSecret', 'a DeviceSecret has 1 to 63 plain characters');
  act(platform, { action: 'AddDevice', productKey: product.productKey, deviceName, deviceSecret, nickname });
  return { Data: { ...identity(product.devices.get(deviceName) as Device), ...(sn === undefined ? {} : { Sn: sn }) } };
};

/** A device in a list: what lists of every operation have. */
function listed(device: Device): Record<string, unknown> {
  const { createdAt } = device;
  // The platform does not note changes.
  const times = { GmtCreate: gmtTime(createdAt), GmtModified: gmtTime(createdAt) };
  return { ...identity(device), ...times, UtcCreate: utcTime(createdAt), UtcModified: utcTime(createdAt) };
}

const queryDevice: Operation = (call) => {
  const { platform, parameters } = call;
  // Newest first (S13). A token is a position from the oldest on: devices that come, or were walked over and deleted, do not move it.
  const all = [...productOf(call).devices.values()];
  const { page, size } = pageParameters(parameters, DEVICE_PAGE_MAX);
  const token = readToken(parameters);
  if (token === undefined && platform.options.limits === 'vendor' && page * size > PAGED_MAX)
    throw refusal('iot.common.InvalidPageParams', `beyond ${PAGED_MAX} devices a NextToken is needed`);
  const end = Math.min(all.length, token ?? Math.max(0, all.length - (page - 1) * size));
  const start = Math.max(0, end - size);
  const items = all.slice(start, end).toReversed();
  const info = items.map((device) => ({ ...listed(device), DeviceId: device.iotId, DeviceStatus: platform.statusOf(device) }));
  return {
    Data: { DeviceInfo: info },
    ...{ Page: page, ...pageFields(all.length, size), ...(start > 0 ? { NextToken: writeToken(start) } : {}) },
  };
};

const queryDeviceDetail: Operation = (call) => {
  const device = deviceOf(call);
  const product = call.platform.state.products.get(device.productKey) as Product;
  const { createdAt, activatedAt, onlineAt } = device;
  return {
    Data: {
      ...identity(device),
      ...{ GmtCreate: gmtTime(createdAt), GmtActive: gmtTime(activatedAt), GmtOnline: gmtTime(onlineAt) },
      ...{ UtcCreate: utcTime(createdAt), UtcActive: utcTime(activatedAt), UtcOnline: utcTime(onlineAt) },
      ...{ FirmwareVersion: '', IpAddress: device.address ?? '', NodeType: Number(product.attributes.NodeType ?? 0) },
      ...{ Owner: true, ProductName: product.productName, Region: REGION, Status: call.platform.statusOf(device) },
    },
  };
};

const queryDeviceInfo: Operation = (call) => ({ Data: identity(deviceOf(call)) });

const getDeviceStatus: Operation = (call) => {
  const device = deviceOf(call);
  // When it last came or went; a device that never did has no such time.
  const changed = Math.max(device.onlineAt ?? 0, device.offlineAt ?? 0);
  return { Data: { Status: call.platform.statusOf(device), ...(changed > 0 ? { Timestamp: Math.floor(changed) } : {}) } };
};

const batchGetDeviceState: Operation = (call) => {
  const { platform, parameters, memory } = call;
  const ids = parameters.list('IotId');
  const names = parameters.list('DeviceName');
  if (ids.length === 0 && names.length === 0) throw missing('IotId.1');
  if (Math.max(ids.length, names.length) > STATES_MAX) throw refusal(INVALID_FORMAT, `a call asks for at most ${STATES_MAX} devices`);
  const find = (): (Device | undefined)[] => {
    if (ids.length > 0) return ids.map((id) => memory.deviceOf(id, platform));
    const { devices } = productOf(call);
    return names.map((name) => devices.get(name));
  };
  const states = find().flatMap((device) => {
    if (!device) return [];
    const { deviceName, iotId, address, onlineAt } = device;
    const own = { DeviceName: deviceName, IotId: iotId, DeviceId: iotId, Status: platform.statusOf(device) };
    return [{ ...own, AsAddress: address ?? '', LastOnlineTime: utcTime(onlineAt) }];
  });
  return { DeviceStatusList: { DeviceStatus: states } };
};

const queryDeviceByStatus: Operation = (call) => {
  const { platform, parameters } = call;
  const product = productOf(call);
  parameters.required('Status');
  const status = STATUS_NUMBERS[parameters.whole('Status') as number];
  if (status === undefined) throw refusal(INVALID_FORMAT, 'Status is 0, 1, 3 or 8.');
  const all = [...product.devices.values()].toReversed().filter((device) => platform.statusOf(device) === status);
  const { items, page, fields } = pageOf(all, parameters, DEVICE_PAGE_MAX);
  return { Data: { SimpleDeviceInfo: items.map((device) => ({ ...listed(device), Status: status })) }, Page: page, ...fields };
};

const queryDeviceStatistics: Operation = (call) => {
  const { platform, parameters } = call;
  const keys = parameters.text('ProductKey') === undefined ? [...platform.state.products.keys()] : [productOf(call).productKey];
  const sum = { deviceCount: 0, onlineCount: 0, activeCount: 0 };
  for (const productKey of keys) {
    const result = act(platform, { action: 'QueryDeviceStatistics', productKey });
    if (result.kind !== 'statistics') continue;
    for (const name of ['deviceCount', 'onlineCount', 'activeCount'] as const) sum[name] += result.statistics[name];
  }
  return { Data: sum };
};

/** An operation on one device that answers nothing but success. */
const onDevice =
  (action: DeviceAction, find: (call: CloudCall) => Device): Operation =>
  (call) => {
    const { productKey, deviceName } = find(call);
    act(call.platform, { action, productKey, deviceName });
    return {};
  };

const queryClientIds: Operation = (call) => {
  const { iotId, productKey, deviceName } = deviceOfIotId(call);
  const result = act(call.platform, { action: 'QueryClientIds', productKey, deviceName });
  const all = result.kind === 'client-ids' ? result.clientIds : [];
  return {
    Data: { IotId: iotId, DynamicRegClientIds: all.map((one) => ({ ClientId: one.clientId, CreateTime: Math.floor(one.createdAt) })) },
  };
};

const transformClientId: Operation = (call) => {
  const { productKey, deviceName } = deviceOfIotId(call);
  act(call.platform, { action: 'TransformClientId', productKey, deviceName, clientId: call.parameters.required('ClientId') });
  return {};
};

const setDeviceProperty: Operation = (call) => {
  const { platform, parameters } = call;
  const { productKey, deviceName } = deviceOf(call);
  const items = readObject(parameters.required('Items'));
  if (!items) throw refusal(INVALID_FORMAT, 'Items is not a JSON object.');
  const result = act(platform, { action: 'SetDeviceProperty', productKey, deviceName, items });
  return { Data: { MessageId: result.kind === 'message' ? result.messageId : '' } };
};

function readObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

export const DEVICE_OPERATIONS: ReadonlyMap<string, Operation> = new Map([
  ['RegisterDevice', registerDevice],
  ['ImportDevice', importDevice],
  ['QueryDevice', queryDevice],
  ['QueryDeviceDetail', queryDeviceDetail],
  ['QueryDeviceInfo', queryDeviceInfo],
  ['GetDeviceStatus', getDeviceStatus],
  ['BatchGetDeviceState', batchGetDeviceState],
  ['QueryDeviceByStatus', queryDeviceByStatus],
  ['QueryDeviceStatistics', queryDeviceStatistics],
  ['ResetThing', onDevice('ResetThing', deviceOf)],
  ['DeleteDevice', onDevice('DeleteDevice', deviceOf)],
  ['DisableThing', onDevice('DisableThing', deviceOf)],
  ['EnableThing', onDevice('EnableThing', deviceOf)],
  ['QueryClientIds', queryClientIds],
  ['TransformClientId', transformClientId],
  // Names its device by IotId only (S12).
  ['DeleteClientIds', onDevice('DeleteClientIds', deviceOfIotId)],
  ['SetDeviceProperty', setDeviceProperty],
]);
