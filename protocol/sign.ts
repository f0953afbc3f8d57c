/**
 * Signing and verifying: HMAC over the texts of content.ts, with the ProductSecret for a registration (RULE-01) and the DeviceSecret
 * for a connection (S4). A DeviceToken is not signed with and does not pass through here.
 */
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

/** Reads a method name in any case: `HmacMD5` is in the field (S18). Throws ProtocolError `sign-method` for all others. */
export function parseSignMethod(raw: string): SignMethod {
  const wanted = typeof raw === 'string' ? raw.toLowerCase() : '';
  const method = SIGN_METHODS.find((m) => m === wanted);
  if (method === undefined) throw new ProtocolError('sign-method', `the sign method is none of ${SIGN_METHODS.join(', ')}`);
  return method;
}

/** Hashes that have taken in their padded keys, which is half of the work for a text as short as ours; the longest unused are dropped. */
const KEPT_KEYS = 64;
/** What a key is padded with for the two hashes (RFC 2104, section 2). */
const [INNER_PAD, OUTER_PAD] = [0x36, 0x5c];

/** What is used of the library's hashes, which can all be started from another's state. */
interface Hash {
  readonly blockLen: number;
  readonly outputLen: number;
  update(bytes: Uint8Array): this;
  digestInto(out: Uint8Array): void;
  digest(): Uint8Array;
  clone(): this;
  _cloneInto(to: unknown): this;
}
/** The inner and the outer hash, both after the key. */
type Keyed = readonly [Hash, Hash];

const encoder = new TextEncoder();

/**
 * HMAC (RFC 2104) of one method over the library's hashes. The library's own HMAC makes a dozen objects for each signature, which is more
 * work than the hashing of a text as short as ours: here one hash is started anew each time.
 */
class Signer {
  readonly #create: () => Hash;
  /** Never fed: what the others start from. */
  readonly #fresh: Hash;
  readonly #working: Hash;
  readonly #block: Uint8Array;
  readonly #digest: Uint8Array;
  /** By key: undefined while a key was met only once, as most DeviceSecrets are. */
  readonly #kept = new Map<string, Keyed | undefined>();

  constructor(create: () => Hash) {
    this.#create = create;
    this.#fresh = create();
    this.#working = create();
    this.#block = new Uint8Array(this.#fresh.blockLen);
    this.#digest = new Uint8Array(this.#fresh.outputLen);
  }

  /** The bytes belong to the signer until the next call. */
  sign(key: string, content: string): Uint8Array {
    const keyed = this.#keyed(key);
    const bytes = keyed ? undefined : this.#keyBytes(key);
    const inner = bytes ? this.#padded(bytes, INNER_PAD) : this.#from(keyed?.[0]);
    inner.update(encoder.encode(content)).digestInto(this.#digest);
    const outer = bytes ? this.#padded(bytes, OUTER_PAD) : this.#from(keyed?.[1]);
    outer.update(this.#digest).digestInto(this.#digest);
    return this.#digest;
  }

  /** The hashes of a key that was met before; remembers that this one was. */
  #keyed(key: string): Keyed | undefined {
    const met = this.#kept.has(key);
    const kept = this.#kept.get(key);
    this.#kept.delete(key);
    const keyed = kept ?? (met ? this.#take(this.#keyBytes(key)) : undefined);
    this.#kept.set(key, keyed);
    if (this.#kept.size > KEPT_KEYS) for (const oldest of this.#kept.keys()) if (this.#kept.delete(oldest)) break;
    return keyed;
  }

  #take(key: Uint8Array): Keyed {
    return [this.#padded(key, INNER_PAD).clone(), this.#padded(key, OUTER_PAD).clone()];
  }

  /** A key that is longer than a block is hashed first. */
  #keyBytes(key: string): Uint8Array {
    const bytes = encoder.encode(key);
    return bytes.length > this.#block.length ? this.#create().update(bytes).digest() : bytes;
  }

  #padded(key: Uint8Array, pad: number): Hash {
    const block = this.#block.fill(pad);
    for (let i = 0; i < key.length; i++) block[i] = (key[i] as number) ^ pad;
    return this.#from(this.#fresh).update(block);
  }

  #from(state: Hash | undefined): Hash {
    return (state ?? this.#fresh)._cloneInto(this.#working);
  }
}

const SIGNERS: Readonly<Record<SignMethod, Signer>> = {
  hmacmd5: new Signer(md5.create as () => Hash),
  hmacsha1: new Signer(sha1.create as () => Hash),
  hmacsha256: new Signer(sha256.create),
};

/**
 * HMAC of `content` under `key`, both as UTF-8, in lower-case hex: 32, 40 or 64 digits (S1, S4). A key that is used again and again, as a
 * ProductSecret is, is taken in once.
 */
export function sign(method: SignMethod, key: string, content: string): string {
  return bytesToHex(SIGNERS[method].sign(key, content));
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
