/**
 * The MQTT user name: DeviceName and ProductKey joined by an ampersand (S1, S4).
 * Identity is read from here and never from the client identifier, whose first part is free text.
 */
import { ProtocolError } from './errors.ts';
import { isDeviceName, isProductKey, requireDeviceName, requireProductKey } from './names.ts';

/** Who a CONNECT speaks for. */
export interface DeviceId {
  readonly deviceName: string;
  readonly productKey: string;
}

/** `deviceName&productKey` (S1, S4). Throws ProtocolError `device-name` or `product-key` for an illegal part. */
export function formatUsername(deviceName: string, productKey: string): string {
  return `${requireDeviceName(deviceName)}&${requireProductKey(productKey)}`;
}

/**
 * Takes a user name apart. Exactly one ampersand, a legal DeviceName before it, a legal ProductKey after it; neither can hold an
 * ampersand, so there is one reading only. Throws ProtocolError `username` otherwise (S1; an illegal DeviceName: RULE-37).
 */
export function parseUsername(raw: string): DeviceId {
  if (typeof raw !== 'string') throw new ProtocolError('username', 'the user name is not text');
  const parts = raw.split('&', 3);
  const [deviceName, productKey] = parts;
  if (parts.length !== 2 || deviceName === undefined || productKey === undefined) {
    throw new ProtocolError('username', 'a user name has exactly one ampersand');
  }
  if (!isDeviceName(deviceName)) throw new ProtocolError('username', 'the DeviceName in the user name is illegal');
  if (!isProductKey(productKey)) throw new ProtocolError('username', 'the ProductKey in the user name is illegal');
  return { deviceName, productKey };
}
