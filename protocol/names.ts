/**
 * Names and credentials: which characters, how long.
 * Not here: whether a name is known; that is the platform's business.
 */
import { ProtocolError } from './errors.ts';

/** Shortest DeviceName, in characters (S13, S8). */
export const DEVICE_NAME_MIN = 4;
/** Longest DeviceName, in characters (S13, S8); the C SDK 3.x has room for no more. */
export const DEVICE_NAME_MAX = 32;
/** Longest ProductKey, in characters: what the C SDK 3.x reserves (K2 `infra_defs.h`). Issued ones have about 11. */
export const PRODUCT_KEY_MAX = 20;
/** Longest text before the first bar of a client identifier, in characters (S1 for registrations, S4 for connections). */
export const CLIENT_PART_MAX = 64;
/** Longest DeviceSecret worth issuing, in characters: the C demo of K1 copies it into 64 bytes, terminator included. */
export const DEVICE_SECRET_MAX = 63;
/** Longest DeviceToken worth issuing, in characters: same 64-byte buffer as the DeviceSecret (K1). */
export const DEVICE_TOKEN_MAX = 63;
/** Longest ClientID worth issuing, in characters: it comes back as the client part, so S4's cap holds (K1 would take 69). */
export const CLIENT_ID_MAX = CLIENT_PART_MAX;

const DEVICE_NAME = new RegExp(`^[A-Za-z0-9\\-_.@:]{${DEVICE_NAME_MIN},${DEVICE_NAME_MAX}}$`);
const PRODUCT_KEY = new RegExp(`^[A-Za-z0-9]{1,${PRODUCT_KEY_MAX}}$`);

/** Is this a legal DeviceName: 4 to 32 letters, digits or `-` `_` `.` `@` `:` (S13)? Never throws. */
export function isDeviceName(s: string): boolean {
  return typeof s === 'string' && DEVICE_NAME.test(s);
}

/** Is this a legal ProductKey: 1 to 20 letters or digits (K2)? Never throws. */
export function isProductKey(s: string): boolean {
  return typeof s === 'string' && PRODUCT_KEY.test(s);
}

/** Returns the name unchanged, or throws ProtocolError `device-name` (S13). */
export function requireDeviceName(s: string): string {
  if (!isDeviceName(s)) throw new ProtocolError('device-name', 'a DeviceName is 4 to 32 letters, digits or - _ . @ :');
  return s;
}

/** Returns the key unchanged, or throws ProtocolError `product-key` (K2). */
export function requireProductKey(s: string): string {
  if (!isProductKey(s)) throw new ProtocolError('product-key', 'a ProductKey is 1 to 20 letters or digits');
  return s;
}

/** Is this a possible client part: 1 to 64 characters, no bar (S1, S4)? Characters are code points. Never throws. */
export function isClientPart(s: string): boolean {
  if (typeof s !== 'string' || s === '' || s.includes('|')) return false;
  // Counting code points only where it can matter keeps a hostile 65 kB identifier cheap.
  return s.length <= CLIENT_PART_MAX || (s.length <= 2 * CLIENT_PART_MAX && [...s].length <= CLIENT_PART_MAX);
}
