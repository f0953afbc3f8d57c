// What an operator was refused, by the platform's code: the words are of i18n.
import type { Key } from '../i18n/t.svelte.ts';

const REASONS: Readonly<Record<string, Key>> = {
  'X-VerificationRequired': 'reason.codeNeeded',
  'X-VerificationFailed': 'reason.codeWrong',
  'iot.prod.NotExistedProduct': 'reason.noProduct',
  'iot.prod.AlreadyExistedProductName': 'reason.productExists',
  'iot.prod.DeleteProductFailed': 'reason.productHasDevices',
  'iot.prod.ProductCountExceedMax': 'reason.tooManyProducts',
  'iot.device.NotExistedDevice': 'reason.noDevice',
  'iot.device.InvalidFormattedDeviceName': 'reason.deviceName',
  'iot.device.AlreadyExistedDeviceName': 'reason.deviceExists',
  'iot.device.DeviceCountExceeded': 'reason.tooManyDevices',
  'iot.device.InactiveDevice': 'reason.inactive',
  'iot.device.DeleteDeviceFailed': 'reason.online',
};

export const reasonKey = (code: string): Key | undefined => REASONS[code];
