// The operations of the cloud API on many devices at once (section 6.3): names are checked, then registered under an ApplyId, then read by it.
// The vendor works on a batch for a while; here it is done when the call is answered.
import { NAMES_PER_BATCH } from '../../protocol/limits.ts';
import { isDeviceName } from '../../protocol/names.ts';
import type { Product } from '../core/state.ts';
import type { Batch, BatchDevice } from './cloud-memory.ts';
import { act, isSecret, productOf, requireRoom, secretOf, type CloudCall, type Operation } from './cloud-operations.ts';
import { INVALID_FORMAT, missing, pageOf, refusal } from './cloud-request.ts';

const APPLY_PAGE_MAX = 50;

/** The batch that ApplyId names. */
function batchOf({ parameters, memory }: CloudCall): Batch {
  parameters.required('ApplyId');
  const applyId = parameters.whole('ApplyId', 'iot.device.InvalidFormattedApplyId') as number;
  const batch = memory.batch(applyId);
  if (!batch) throw refusal('iot.device.DeviceApplyIsNotFound', `no batch ${applyId}`);
  return batch;
}

function batchOfProduct(call: CloudCall): { readonly batch: Batch; readonly product: Product } {
  const product = productOf(call);
  const batch = batchOf(call);
  if (batch.productKey !== product.productKey)
    throw refusal('iot.device.DeviceApplyIsNotFound', `batch ${batch.applyId} is of another product`);
  return { batch, product };
}

/** Can all of them be added? Of a name that comes twice the first may be. */
function sift(product: Product, devices: readonly BatchDevice[]): { valid: BatchDevice[]; illegal: string[]; taken: string[] } {
  const seen = new Set<string>();
  const sifted = { valid: [] as BatchDevice[], illegal: [] as string[], taken: [] as string[] };
  for (const device of devices) {
    const { deviceName } = device;
    if (!isDeviceName(deviceName)) sifted.illegal.push(deviceName);
    else if (seen.has(deviceName) || product.devices.has(deviceName)) sifted.taken.push(deviceName);
    else sifted.valid.push(device);
    seen.add(deviceName);
  }
  return sifted;
}

function requireCount(count: number): void {
  if (count === 0) throw refusal('iot.device.NoneDeviceNameElement', 'the batch names no device');
  if (count > NAMES_PER_BATCH) throw refusal('iot.device.ApplyManyDevicesFailed', `a batch has at most ${NAMES_PER_BATCH} devices`);
}

/** Adds devices that were sifted. */
function addAll({ platform }: CloudCall, product: Product, devices: readonly BatchDevice[]): void {
  requireRoom(platform, product, devices.length);
  const { productKey } = product;
  if (devices.every((one) => one.nickname === undefined && one.deviceSecret === undefined)) {
    act(platform, { action: 'AddDevices', productKey, deviceNames: devices.map((one) => one.deviceName) });
    return;
  }
  for (const { deviceName, nickname = '', deviceSecret } of devices) {
    act(platform, { action: 'AddDevice', productKey, deviceName, nickname, ...(deviceSecret === undefined ? {} : { deviceSecret }) });
  }
}

const batchCheckDeviceNames: Operation = (call) => {
  const { parameters, memory } = call;
  const product = productOf(call);
  const records = parameters.records('DeviceNameList').map((one) => ({
    deviceName: one.get('DeviceName') ?? '',
    nickname: one.get('DeviceNickname'),
  }));
  const devices = records.length > 0 ? records : parameters.list('DeviceName').map((deviceName) => ({ deviceName }));
  requireCount(devices.length);
  const { valid, illegal, taken } = sift(product, devices);
  const invalid = [...illegal, ...taken];
  const status = invalid.length === 0 ? 'CHECK_SUCCESS' : 'CHECK_FAILED';
  const { applyId } = memory.addBatch({ productKey: product.productKey, status, valid, invalid });
  return { Data: { ApplyId: applyId, ...(invalid.length > 0 ? { InvalidDeviceNameList: { InvalidDeviceName: invalid } } : {}) } };
};

const batchRegisterDeviceWithApplyId: Operation = (call) => {
  const { batch, product } = batchOfProduct(call);
  // The vendor wants all names of a batch to have passed the check; its code is spelt so.
  if (batch.status !== 'CHECK_SUCCESS')
    throw refusal('iot.device.IncorrentDeviceApplyInfo', `batch ${batch.applyId} is ${batch.status} and cannot be registered`);
  // A name may have been taken since.
  const { valid, taken } = sift(product, batch.valid);
  addAll(call, product, valid);
  Object.assign(batch, { status: valid.length > 0 ? 'CREATE_SUCCESS' : 'CREATE_FAILED', valid, invalid: taken });
  return { Data: { ApplyId: batch.applyId } };
};

const batchRegisterDevice: Operation = (call) => {
  const product = productOf(call);
  call.parameters.required('Count');
  const count = call.parameters.whole('Count') as number;
  if (count < 1) throw refusal(INVALID_FORMAT, 'Count is 1 or more.');
  requireCount(count);
  const valid = Array.from({ length: count }, () => ({ deviceName: call.memory.inventName(product) }));
  addAll(call, product, valid);
  const batch = call.memory.addBatch({ productKey: product.productKey, status: 'CREATE_SUCCESS', valid, invalid: [] });
  return { Data: { ApplyId: batch.applyId } };
};

/** Caller-chosen secrets: all of them are imported or none. */
const batchImportDevice: Operation = (call) => {
  const product = productOf(call);
  const devices = call.parameters
    .records('DeviceList')
    .map((one) => ({ deviceName: one.get('DeviceName') ?? '', deviceSecret: one.get('DeviceSecret') ?? '' }));
  if (devices.length === 0) throw missing('DeviceList.1.DeviceName');
  requireCount(devices.length);
  const { valid, illegal, taken } = sift(product, devices);
  // Told by their DeviceName: a secret is not repeated, even a wrong one.
  const unfit = valid.filter((one) => !isSecret(one.deviceSecret ?? '')).map((one) => one.deviceName);
  const invalid = [...illegal, ...taken, ...unfit];
  if (invalid.length === 0) addAll(call, product, valid);
  const status = invalid.length === 0 ? 'CREATE_SUCCESS' : 'CREATE_FAILED';
  const { applyId } = call.memory.addBatch({
    productKey: product.productKey,
    status,
    valid: invalid.length === 0 ? valid.map(({ deviceName }) => ({ deviceName })) : [],
    invalid,
  });
  return {
    Data: {
      ApplyId: applyId,
      InvalidDeviceNameList: { InvalidDeviceName: illegal },
      InvalidDeviceSecretList: { InvalidDeviceSecret: unfit },
      InvalidSnList: { InvalidSn: [] },
      RepeatedDeviceNameList: { RepeatedDeviceName: taken },
    },
  };
};

const queryBatchRegisterDeviceStatus: Operation = (call) => {
  const { status, valid, invalid } = batchOfProduct(call).batch;
  return { Data: { Status: status, ValidList: { Name: valid.map((one) => one.deviceName) }, InvalidList: { Name: invalid } } };
};

const queryPageByApplyId: Operation = (call) => {
  const batch = batchOf(call);
  const made = batch.status === 'CREATE_SUCCESS' ? batch.valid : [];
  const devices = call.platform.state.products.get(batch.productKey)?.devices;
  const found = made.flatMap(({ deviceName }) => devices?.get(deviceName) ?? []);
  const { items, page, fields } = pageOf(found, call.parameters, APPLY_PAGE_MAX);
  const info = items.map((device) => {
    const { deviceName, iotId } = device;
    return { DeviceId: iotId, DeviceName: deviceName, DeviceSecret: secretOf(device), IotId: iotId };
  });
  return { ApplyDeviceList: { ApplyDeviceInfo: info }, Page: page, ...fields };
};

export const BATCH_OPERATIONS: ReadonlyMap<string, Operation> = new Map([
  ['BatchCheckDeviceNames', batchCheckDeviceNames],
  ['BatchRegisterDeviceWithApplyId', batchRegisterDeviceWithApplyId],
  ['BatchRegisterDevice', batchRegisterDevice],
  ['BatchImportDevice', batchImportDevice],
  ['QueryBatchRegisterDeviceStatus', queryBatchRegisterDeviceStatus],
  ['QueryPageByApplyId', queryPageByApplyId],
]);
