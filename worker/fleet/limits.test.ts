// When a fleet was over a limit: exactly at the limit it never is.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Burst, ConnectRate } from './limits.ts';

const rateOf = (perSecond: number, times: readonly number[], workers = 1): ConnectRate => {
  const rate = new ConnectRate(perSecond, workers);
  for (const at of times) rate.note(at);
  return rate;
};
const spaced = (count: number, gapMs: number, from = 0): number[] => Array.from({ length: count }, (_, i) => from + i * gapMs);

describe('new connections a second', () => {
  it('at exactly the limit are never over it, whatever the limit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2_000 }), fc.integer({ min: 1, max: 8 }), (perSecond, workers) => {
        const times = spaced(3 * perSecond, (1_000 * workers) / perSecond);
        const rate = rateOf(perSecond, times, workers);
        expect(times.some((at) => rate.wasOver(at))).toBe(false);
      }),
    );
  });

  it('at twice the limit are over it, the first of the burst with the rest, and those before and after it are not', () => {
    const calm = spaced(5, 200);
    const burst = spaced(40, 50, 5_000);
    const later = spaced(5, 200, 20_000);
    const rate = rateOf(10, [...calm, ...burst, ...later]);
    expect(burst.map((at) => rate.wasOver(at))).toEqual(burst.map(() => true));
    expect([...calm, ...later].some((at) => rate.wasOver(at))).toBe(false);
  });

  it('of one worker count against its share', () => {
    const times = spaced(30, 50);
    expect(rateOf(20, times, 1).wasOver(500)).toBe(false);
    expect(rateOf(20, times, 2).wasOver(500)).toBe(true);
  });

  it('are remembered in bounded memory', () => {
    const times = Array.from({ length: 500 }, (_, i) => [i * 10_000, i * 10_000]).flat();
    const rate = rateOf(1, times);
    expect([rate.wasOver(0), rate.wasOver(4_990_000)]).toEqual([false, true]);
  });
});

describe('what one device does', () => {
  it('is over its limit from the one too many until a window later', () => {
    const burst = new Burst(3, 1_000);
    const seen = [0, 300, 600, 900].map((at) => {
      burst.note(at);
      return burst.isOver(at);
    });
    expect(seen).toEqual([false, false, false, true]);
    expect([burst.isOver(1_899), burst.isOver(1_900)]).toEqual([true, false]);
  });

  it('at exactly its limit is never over it', () => {
    const burst = new Burst(10, 1_000);
    const over = spaced(200, 100).filter((at) => {
      burst.note(at);
      return burst.isOver(at);
    });
    expect(over).toEqual([]);
  });
});
