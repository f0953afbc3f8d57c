/**
 * HMAC (RFC 2104) over short texts, fast enough for thousands of devices that each sign once. `portableHmac` runs everywhere;
 * `nativeHmac` uses the hashes of Node where this is Node. Both give the same digits.
 */
import { md5, sha1 } from '@noble/hashes/legacy.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';

/** The hashes under the HMACs of S1 and S4. */
export type HashName = 'md5' | 'sha1' | 'sha256';

/** HMAC of `content` under `key`, both as UTF-8, in lower-case hex. */
export type Hmac = (key: string, content: string) => string;

/** What a key is padded with for the two hashes, and the bytes that it is padded to by all three of them (RFC 2104, section 2). */
const [INNER_PAD, OUTER_PAD, BLOCK] = [0x36, 0x5c, 64];

/** Hashes that have taken in their padded keys, which is half of the work for a text as short as ours; the longest unused are dropped. */
const KEPT_KEYS = 64;
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
 * HMAC over the library's hashes. The library's own HMAC makes a dozen objects for each signature, which is more
 * work than the hashing of a text as short as ours: here one hash is started anew each time.
 */
class PortableSigner {
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

/** HMAC by the library's own hashes, which need nothing of the machine. A key that is used again and again is taken in once. */
export function portableHmac(hash: HashName): Hmac {
  const signer = new PortableSigner({ md5: md5.create as () => Hash, sha1: sha1.create as () => Hash, sha256: sha256.create }[hash]);
  return (key, content) => bytesToHex(signer.sign(key, content));
}

/** What a text of UTF-16 units takes in UTF-8 at most. */
const BYTES_A_UNIT = 3;

/** HMAC by Node's one-shot hash, which makes no object for a signature; `createHmac` makes several, and costs twice as much. */
class NativeSigner {
  readonly #hash: (content: Uint8Array) => string;
  /** A padded key, and behind it what is hashed with it. */
  #bytes = Buffer.alloc(1024);

  constructor(hash: (content: Uint8Array) => string) {
    this.#hash = hash;
  }

  sign(key: string, content: string): string {
    const room = BLOCK + Math.max(key.length, content.length) * BYTES_A_UNIT;
    if (room > this.#bytes.length) this.#bytes = Buffer.alloc(room);
    const bytes = this.#bytes;
    const keyLength = this.#putKey(key);
    for (let i = 0; i < BLOCK; i++) bytes[i] = (i < keyLength ? (bytes[i] as number) : 0) ^ INNER_PAD;
    const inner = this.#hash(bytes.subarray(0, BLOCK + bytes.write(content, BLOCK, 'utf8')));
    for (let i = 0; i < BLOCK; i++) bytes[i] = (bytes[i] as number) ^ INNER_PAD ^ OUTER_PAD;
    return this.#hash(bytes.subarray(0, BLOCK + bytes.write(inner, BLOCK, 'hex')));
  }

  /** Puts the key to the front, hashed first when it is longer than a block; returns its length in bytes. */
  #putKey(key: string): number {
    const length = this.#bytes.write(key, 0, 'utf8');
    return length <= BLOCK ? length : this.#bytes.write(this.#hash(this.#bytes.subarray(0, length)), 0, 'hex');
  }
}

/** The part of this thread's globals that is there in Node only. */
interface NodeGlobals {
  readonly process?: { getBuiltinModule?(id: 'node:crypto'): { hash?(name: HashName, content: Uint8Array, encoding: 'hex'): string } };
}

/** HMAC by Node's hashes (OpenSSL); undefined elsewhere, and where this Node does without the hash, as one under FIPS does without MD5. */
export function nativeHmac(name: HashName): Hmac | undefined {
  const hash = (globalThis as NodeGlobals).process?.getBuiltinModule?.('node:crypto').hash;
  try {
    if (!hash?.(name, new Uint8Array(), 'hex')) return undefined;
  } catch {
    return undefined;
  }
  const signer = new NativeSigner((content) => hash(name, content, 'hex'));
  return (key, content) => signer.sign(key, content);
}
