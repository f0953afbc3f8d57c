/**
 * Signing and verifying: HMAC over the texts of content.ts, with the ProductSecret for a registration (RULE-01) and the DeviceSecret
 * for a connection (S4). A DeviceToken is not signed with and does not pass through here.
 */
import { connectContents, registrationContent, type ConnectParts, type RegistrationParts } from './content.ts';
import { ProtocolError } from './errors.ts';
import { nativeHmac, portableHmac, type Hmac } from './hmac.ts';

/** The HMACs of S1 and S4, spelt as `signmethod` spells them. */
export type SignMethod = 'hmacmd5' | 'hmacsha1' | 'hmacsha256';

/** All methods (S1, S4). */
export const SIGN_METHODS: readonly SignMethod[] = ['hmacmd5', 'hmacsha1', 'hmacsha256'];

/** The method of a connection that names none (S4). */
export const DEFAULT_SIGN_METHOD: SignMethod = 'hmacmd5';

/** Reads a method name in any case: `HmacMD5` is in the field (S18). Throws ProtocolError `sign-method` for all others. */
export function parseSignMethod(raw: string): SignMethod {
  const wanted = typeof raw === 'string' ? raw.toLowerCase() : '';
  const method = SIGN_METHODS.find((m) => m === wanted);
  if (method === undefined) throw new ProtocolError('sign-method', `the sign method is none of ${SIGN_METHODS.join(', ')}`);
  return method;
}

/** The HMAC of each method, as fast as this machine has it. */
const HMACS: Readonly<Record<SignMethod, Hmac>> = {
  hmacmd5: nativeHmac('md5') ?? portableHmac('md5'),
  hmacsha1: nativeHmac('sha1') ?? portableHmac('sha1'),
  hmacsha256: nativeHmac('sha256') ?? portableHmac('sha256'),
};

/**
 * HMAC of `content` under `key`, both as UTF-8, in lower-case hex: 32, 40 or 64 digits (S1, S4).
 */
export function sign(method: SignMethod, key: string, content: string): string {
  return HMACS[method](key, content);
}

/**
 * Are two signatures the same, whatever the case of their hex digits (RULE-04)? What is not hex equals nothing, itself included.
 * The time taken depends on the lengths only.
 */
export function sameSignature(a: string, b: string): boolean {
  if (typeof a !== 'string' || typeof b !== 'string' || a.length !== b.length || a.length === 0) return false;
  let wrong = 0;
  for (let i = 0; i < a.length; i++) {
    const x = hexDigit(a.charCodeAt(i));
    const y = hexDigit(b.charCodeAt(i));
    // Bits 0 to 3: the digits differ. Bit 4: one of them is no digit.
    wrong |= (x ^ y) | ((x | y) & 16);
  }
  return wrong === 0;
}

/** Did the holder of the ProductSecret sign this registration (RULE-01, RULE-04)? `presented` is hex in either case. */
export function verifyRegistration(method: SignMethod, productSecret: string, parts: RegistrationParts, presented: string): boolean {
  return sameSignature(sign(method, productSecret, registrationContent(parts)), presented);
}

/** Did the holder of the DeviceSecret sign this connection, in any of the four forms (S4, RULE-04)? All forms are tried every time. */
export function verifyConnect(method: SignMethod, deviceSecret: string, parts: ConnectParts, presented: string): boolean {
  return connectContents(parts)
    .map((content) => sameSignature(sign(method, deviceSecret, content), presented))
    .includes(true);
}

/** The value of a hex digit, or 16 for any other character. */
function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : 16;
}
