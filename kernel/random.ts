// Randomness as an argument: one named stream per purpose, so that no draw depends on the order of another's.
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';

/** Letters and digits: the alphabet of issued ClientIDs and tokens, free of anything JSON or a CONNECT would escape. */
export const ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
export const LOWER_HEX = '0123456789abcdef';
export const DIGITS = '0123456789';

/** A stream of random draws. */
export interface Random {
  /** A whole number from 0 to `n` - 1; `n` from 1 to 2^31. */
  below(n: number): number;
  /** A number from 0 (included) to 1 (excluded). */
  float(): number;
  /** `length` characters, each drawn from `alphabet`. */
  text(length: number, alphabet: string): string;
}

/** Draws by `below`. A class, since each device of a fleet has several: closures would hold on to all that they were made from. */
abstract class Draws implements Random {
  abstract below(n: number): number;

  float(): number {
    return this.below(0x4000_0000) / 0x4000_0000;
  }

  text(length: number, alphabet: string): string {
    let out = '';
    for (let i = 0; i < length; i++) out += alphabet.charAt(this.below(alphabet.length));
    return out;
  }
}

/** Its state is worked out at the first draw: most devices of a load never draw anything, and a hash costs as much as their signature. */
class SeededDraws extends Draws {
  readonly #labels: readonly (string | number)[];
  #generator: RandomGenerator | undefined;

  constructor(labels: readonly (string | number)[]) {
    super();
    this.#labels = labels;
  }

  below(n: number): number {
    this.#generator ??= xoroshiro128plusFromState(stateOf(this.#labels));
    return uniformInt(this.#generator, 0, n - 1);
  }
}

/** Seeds are 128 bits of SHA-256 over the labels, so ten thousand units do not meet. */
function stateOf(labels: readonly (string | number)[]): number[] {
  const digest = new DataView(sha256(utf8ToBytes(JSON.stringify(labels))).buffer);
  return [0, 4, 8, 12].map((offset) => digest.getInt32(offset));
}

class SecureDraws extends Draws {
  readonly #word = new Uint32Array(1);

  below(n: number): number {
    const word = this.#word;
    const limit = Math.floor(0x1_0000_0000 / n) * n;
    do crypto.getRandomValues(word);
    while ((word[0] as number) >= limit);
    return (word[0] as number) % n;
  }
}

/** The stream that belongs to `labels`: the same labels give the same draws on every machine, other labels unrelated ones. */
export function seededRandom(...labels: readonly (string | number)[]): Random {
  return new SeededDraws(labels);
}

/** Draws that nobody can predict, for keys and for namespaces of a run. */
export function secureRandom(): Random {
  return new SecureDraws();
}
