import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ALPHANUMERIC, DIGITS, LOWER_HEX, secureRandom, seededRandom, type Random } from './random.ts';

const draws = (random: Random, n: number, count: number): number[] => Array.from({ length: count }, () => random.below(n));

/** Chi-square of `count` draws over `n` cells. */
function chiSquare(random: Random, n: number, count: number): number {
  const cells = new Array<number>(n).fill(0);
  for (const draw of draws(random, n, count)) cells[draw] = (cells[draw] ?? 0) + 1;
  const expected = count / n;
  return cells.reduce((sum, cell) => sum + (cell - expected) ** 2 / expected, 0);
}

describe('seeded draws', () => {
  it('are the same for the same labels', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.integer()), { maxLength: 4 }), (labels) => {
        expect(draws(seededRandom(...labels), 1000, 20)).toEqual(draws(seededRandom(...labels), 1000, 20));
      }),
    );
  });

  it('are unrelated for other labels, also for labels that only look alike', () => {
    const all = [['a'], ['b'], ['a', 0], ['a', '0'], ['a', 'b'], ['ab'], ['a', 1], ['a', 10], ['a,1'], []].map((labels) =>
      seededRandom(...labels).text(32, LOWER_HEX),
    );
    expect(new Set(all).size).toBe(all.length);
    // Ten thousand units, and no two begin alike.
    expect(new Set(Array.from({ length: 10_000 }, (_, i) => seededRandom('unit', 'seed', '0', i).text(12, ALPHANUMERIC))).size).toBe(
      10_000,
    );
  });

  it('are pinned: a stored seed means the same run on every machine and in every version', () => {
    const random = seededRandom('platform', 'seed', 1);
    expect([random.below(1000), random.below(1000), random.text(8, ALPHANUMERIC), random.float()]).toEqual([
      765,
      969,
      '2sKxuVFL',
      0.78930330183357,
    ]);
  });

  it('below(n) stays in range, up to 2^31', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 2 ** 31 }), (label, n) => {
        for (const draw of draws(seededRandom(label), n, 10)) {
          expect(Number.isInteger(draw)).toBe(true);
          expect(draw).toBeGreaterThanOrEqual(0);
          expect(draw).toBeLessThan(n);
        }
      }),
    );
    expect(draws(seededRandom('one'), 1, 5)).toEqual([0, 0, 0, 0, 0]);
  });

  // 0.1 % quantiles of chi-square with 9 and 61 degrees of freedom.
  it.each([
    [10, 27.9],
    [62, 100.9],
  ])('below(%i) is roughly uniform', (n, limit) => {
    expect(chiSquare(seededRandom('uniform', n), n, 20_000)).toBeLessThan(limit);
  });
});

describe('secure draws', () => {
  it('stay in range and are roughly uniform', () => {
    for (const n of [1, 2, 3, 1000, 2 ** 31]) {
      for (const draw of draws(secureRandom(), n, 50)) expect(draw >= 0 && draw < n && Number.isInteger(draw)).toBe(true);
    }
    // Once in 10^9 runs this is chance: chi-square with 9 degrees of freedom.
    expect(chiSquare(secureRandom(), 10, 20_000)).toBeLessThan(62);
  });

  it('do not repeat', () => {
    expect(secureRandom().text(20, ALPHANUMERIC)).not.toBe(secureRandom().text(20, ALPHANUMERIC));
  });
});

describe('text and float', () => {
  it('text has the length and the alphabet asked for', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(64), fc.constantFrom(ALPHANUMERIC, LOWER_HEX, DIGITS), (label, length, alphabet) => {
        const text = seededRandom(label).text(length, alphabet);
        expect(text).toHaveLength(length);
        expect([...text].every((char) => alphabet.includes(char))).toBe(true);
      }),
    );
  });

  it('float is from 0 to below 1, its mean near a half', () => {
    const random = seededRandom('float');
    const floats = Array.from({ length: 5000 }, () => random.float());
    expect(Math.min(...floats)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...floats)).toBeLessThan(1);
    expect(floats.reduce((sum, one) => sum + one, 0) / floats.length).toBeCloseTo(0.5, 1);
  });

  it('the alphabets need no escape in JSON and none in a client identifier', () => {
    expect(JSON.stringify(ALPHANUMERIC)).toBe(`"${ALPHANUMERIC}"`);
    expect(new Set(ALPHANUMERIC).size).toBe(62);
  });
});
