/**
 * Signing and verifying: HMAC over the texts of content.ts, with the ProductSecret for a registration (RULE-01) and the DeviceSecret
 * for a connection (S4). A DeviceToken is not signed with and does not pass through here.
 */
import { hmac } from '@noble/hashes/hmac.js';
import { md5, sha1 } from '@noble/hashes/legacy.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { connectContents, registrationContent, type ConnectParts, type RegistrationParts } from './content.ts';
import { ProtocolError } from './errors.ts';

/** The HMACs of S1 and S4, spelt as `signmethod` spells them. */
export type SignMethod = 'hmacmd5' | 'hmacsha1' | 'hmacsha256';

/** All methods (S1, S4). */
export const SIGN_METHODS: readonly SignMethod[] = ['hmacmd5', 'hmacsha1', 'hmacsha256'];

/** The method of a connection that names none (S4). */
export const DEFAULT_SIGN_METHOD: SignMethod = 'hmacmd5';

const HASHES = { hmacmd5: md5, hmacsha1: sha1, hmacsha256: sha256 } as const;

/** Reads a method name in any case: `HmacMD5` is in the field (S18). Throws ProtocolError `sign-method` for all others. */
export function parseSignMethod(raw: string): SignMethod {
  const wanted = typeof raw === 'string' ? raw.toLowerCase() : '';
  const method = SIGN_METHODS.find((m) => m === wanted);
  if (method === undefined) throw new ProtocolError('sign-method', `the sign method is none of ${SIGN_METHODS.join(', ')}`);
  return method;
}

/** HMACs that have taken in their key, which is half of the work for a text as short as ours; the longest unused is dropped. */
const KEPT_KEYS = 64;

type Hmac = ReturnType<typeof hmac.create>;

/** The HMACs of one method by key: undefined while a key was met only once, as most DeviceSecrets are. */
class Keys {
  readonly #hash: (typeof HASHES)[SignMethod];
  readonly #kept = new Map<string, Hmac | undefined>();
  /** Where the signing is done: a kept HMAC is only copied from. */
  readonly #scratch: Hmac;

  constructor(method: SignMethod) {
    this.#hash = HASHES[method];
    this.#scratch = hmac.create(this.#hash, new Uint8Array());
  }

  sign(key: string, content: Uint8Array): Uint8Array {
    const met = this.#kept.has(key);
    const keyed = met ? (this.#kept.get(key) ?? hmac.create(this.#hash, encoder.encode(key))) : undefined;
    this.#kept.delete(key);
    this.#kept.set(key, keyed);
    if (!keyed) {
      if (this.#kept.size > KEPT_KEYS) for (const oldest of this.#kept.keys()) if (this.#kept.delete(oldest)) break;
      return hmac(this.#hash, encoder.encode(key), content);
    }
    return keyed._cloneInto(this.#scratch).update(content).digest();
  }
}

const encoder = new TextEncoder();
const KEYS: Readonly<Record<SignMethod, Keys>> = {
  hmacmd5: new Keys('hmacmd5'),
  hmacsha1: new Keys('hmacsha1'),
  hmacsha256: new Keys('hmacsha256'),
};

/**
 * HMAC of `content` under `key`, both as UTF-8, in lower-case hex: 32, 40 or 64 digits (S1, S4). A key that is used again and again, as a
 * ProductSecret is, is taken in once.
 */
export function sign(method: SignMethod, key: string, content: string): string {
  return bytesToHex(KEYS[method].sign(key, encoder.encode(content)));
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
