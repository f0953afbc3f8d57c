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
  #pattern: RegExp | undefined;

  constructor(runKey: string) {
    this.#runKey = utf8ToBytes(runKey);
  }

  /** Declares a ProductSecret, DeviceSecret, DeviceToken or a signature made with one. */
  secret(text: string): void {
    if (text.length < SHORTEST || this.#tokens.has(text)) return;
    const token = tokenFor(this.#runKey, text);
    this.#tokens.set(text, token);
    // As `bytes` sees it; the same text but for what is no ASCII.
    this.#tokens.set(latinOf(utf8ToBytes(text)), latinOf(utf8ToBytes(token)));
    this.#pattern = undefined;
  }

  /** The text with every known secret replaced. */
  text(text: string): string {
    if (this.#tokens.size === 0) return text;
    this.#pattern ??= new RegExp(
      [...this.#tokens.keys()]
        .sort((a, b) => b.length - a.length)
        .map((secret) => secret.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
        .join('|'),
      'g',
    );
    return text.replace(this.#pattern, (secret) => this.#tokens.get(secret) as string);
  }

  /** The bytes with every known secret replaced; length and place stay. */
  bytes(bytes: Uint8Array): Uint8Array {
    const latin = latinOf(bytes);
    const clean = this.text(latin);
    return clean === latin ? bytes : Uint8Array.from(clean, (char) => char.charCodeAt(0));
  }
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
