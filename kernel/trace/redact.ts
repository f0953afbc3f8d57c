// Secrets leave the process as tokens of the same length and alphabet, so stored packets still parse and equal secrets stay equal.
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';

const CLASSES = ['0123456789', 'abcdef', 'ABCDEF', 'ghijklmnopqrstuvwxyz', 'GHIJKLMNOPQRSTUVWXYZ'] as const;

/** Shorter texts are no secrets: replacing them would rewrite names and topics. */
const SHORTEST = 6;

/**
 * Knows the secrets of one run and replaces them in what is stored. `runKey` comes from the seed where the stub invented every secret,
 * else from `secureRandom` and is forgotten.
 */
export class Redactor {
  readonly #runKey: Uint8Array;
  readonly #tokens = new Map<string, string>();
  /** Lengths of the secrets that begin with six characters of one hash, longest first. */
  readonly #lengths = new Map<number, number[]>();

  constructor(runKey: string) {
    this.#runKey = utf8ToBytes(runKey);
  }

  /** Declares a ProductSecret, DeviceSecret, DeviceToken or a signature made with one. */
  secret(text: string): void {
    if (text.length < SHORTEST || this.#tokens.has(text)) return;
    const token = tokenFor(this.#runKey, text);
    this.#know(text, token);
    // As `bytes` sees it; the same text but for what is no ASCII.
    this.#know(latinOf(utf8ToBytes(text)), latinOf(utf8ToBytes(token)));
  }

  /** The text with every known secret replaced, the longest that begins at a place first. Its time depends on the text alone. */
  text(text: string): string {
    if (this.#tokens.size === 0) return text;
    let clean = '';
    let copied = 0;
    for (let at = 0; at + SHORTEST <= text.length; at++) {
      const found = this.#secretAt(text, at);
      if (found === undefined) continue;
      clean += text.slice(copied, at) + (this.#tokens.get(found) as string);
      copied = at + found.length;
      at = copied - 1;
    }
    return copied === 0 ? text : clean + text.slice(copied);
  }

  /** The bytes with every known secret replaced; length and place stay. */
  bytes(bytes: Uint8Array): Uint8Array {
    const latin = latinOf(bytes);
    const clean = this.text(latin);
    return clean === latin ? bytes : Uint8Array.from(clean, (char) => char.charCodeAt(0));
  }

  #know(secret: string, token: string): void {
    this.#tokens.set(secret, token);
    const begin = beginningAt(secret, 0);
    const lengths = this.#lengths.get(begin);
    if (!lengths) this.#lengths.set(begin, [secret.length]);
    else if (!lengths.includes(secret.length)) {
      lengths.push(secret.length);
      lengths.sort((a, b) => b - a);
    }
  }

  #secretAt(text: string, at: number): string | undefined {
    for (const length of this.#lengths.get(beginningAt(text, at)) ?? []) {
      const part = text.slice(at, at + length);
      if (this.#tokens.has(part)) return part;
    }
    return undefined;
  }
}

/** Hash of the first six characters from a place on (FNV-1a): no secret is shorter, and whoever matches is compared in full. */
function beginningAt(text: string, at: number): number {
  let hash = 0x811c9dc5;
  for (let i = at; i < at + SHORTEST; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}

function latinOf(bytes: Uint8Array): string {
  let latin = '';
  for (const byte of bytes) latin += String.fromCharCode(byte);
  return latin;
}

function tokenFor(key: Uint8Array, secret: string): string {
  let out = '';
  let block = hmac(sha256, key, utf8ToBytes(secret));
  let used = 0;
  for (const char of secret) {
    if (used === block.length) {
      block = sha256(block);
      used = 0;
    }
    const alphabet = CLASSES.find((chars) => chars.includes(char));
    out += alphabet ? alphabet.charAt((block[used++] as number) % alphabet.length) : char;
  }
  return out;
}
