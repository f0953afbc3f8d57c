// Schedules of arrivals, pauses before reconnecting, thresholds and templates: figures that follow from their definitions.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../kernel/random.ts';
import { offsets, spaced, type Arrival } from './arrivals.ts';
import { ConnectWindow, retryDelay } from './backoff.ts';
import { Pacer } from './fleet-pacer.ts';

const draws = () => seededRandom('test');
const at = (arrival: Arrival, count: number): number[] => [...offsets(arrival, count, draws())];
const within = (times: readonly number[], from: number, to: number): number => times.filter((ms) => ms >= from && ms < to).length;

describe('arrivals', () => {
  it('come at a constant rate: 1,000 a second are 10,000 in 10 s', () => {
    const times = at({ shape: 'constant', rate: 1000 }, 10_000);
    expect([times[0], times[1], times.at(-1)]).toEqual([0, 1, 9_999]);
    for (let second = 0; second < 10; second++) expect(within(times, second * 1000, second * 1000 + 1000)).toBe(1000);
  });

  it('ramp: so many by each moment as the area under the rate', () => {
    const times = at({ shape: 'ramp', from: 10, to: 110, overMs: 10_000 }, 1_000);
    // 10·t + 5·t² arrivals after t seconds; the rate stays at 110 afterwards.
    for (const t of [1, 2, 5, 10]) expect(Math.abs(within(times, 0, t * 1000) - (10 * t + 5 * t * t))).toBeLessThanOrEqual(1);
    expect(within(times, 10_500, 11_500)).toBe(110);
    expect(at({ shape: 'ramp', from: 10, to: 0, overMs: 10_000 }, 51)[50]).toBe(Infinity);
  });

  it('step and spike: each rate for its time', () => {
    const steps = at({ shape: 'step', steps: [{ rate: 10, forMs: 1000 }, { rate: 0, forMs: 500 }, { rate: 100 }] }, 200);
    expect([within(steps, 0, 1000), within(steps, 1000, 1500), within(steps, 1500, 2500)]).toEqual([10, 0, 100]);
    const spike = at({ shape: 'spike', rate: 10, peak: 200, atMs: 2000, forMs: 1000 }, 250);
    expect([within(spike, 0, 2000), within(spike, 2000, 3000), within(spike, 3000, 5000)]).toEqual([20, 200, 20]);
  });

  it('storm: all at once, or within a window', () => {
    expect(new Set(at({ shape: 'storm', withinMs: 0 }, 100))).toEqual(new Set([0]));
    const times = at({ shape: 'storm', withinMs: 500 }, 1000);
    expect(Math.max(...times)).toBeLessThan(500);
    expect(Math.abs(within(times, 0, 250) - 500)).toBeLessThan(60);
  });

  it('poisson: gaps are exponential about their mean, the same for a seed', () => {
    const arrival: Arrival = { shape: 'poisson', rate: 100 };
    const times = at(arrival, 20_000);
    const gaps = times.map((ms, i) => ms - (times[i - 1] ?? 0));
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length);
    expect(mean).toBeGreaterThan(9.7);
    expect(mean).toBeLessThan(10.3);
    // Mean and deviation of an exponential are equal; a third of the gaps are longer than the mean.
    expect(deviation / mean).toBeCloseTo(1, 1);
    expect(gaps.filter((gap) => gap > mean).length / gaps.length).toBeCloseTo(Math.exp(-1), 1);
    expect(at(arrival, 20_000)).toEqual(times);
    expect([...offsets(arrival, 20, seededRandom('other'))]).not.toEqual(times.slice(0, 20));
  });

  it('never go back, whatever the shape', () => {
    const rate = fc.double({ min: 0.1, max: 10_000, noNaN: true });
    const ms = fc.integer({ min: 0, max: 100_000 });
    const arrival = fc.oneof<fc.Arbitrary<Arrival>[]>(
      fc.record({ shape: fc.constant('constant' as const), rate }),
      fc.record({ shape: fc.constant('poisson' as const), rate }),
      fc.record({ shape: fc.constant('ramp' as const), from: rate, to: rate, overMs: ms }),
      fc.record({ shape: fc.constant('spike' as const), rate, peak: rate, atMs: ms, forMs: ms }),
      fc.record({ shape: fc.constant('storm' as const), withinMs: ms }),
    );
    fc.assert(
      fc.property(arrival, fc.integer({ min: 1, max: 300 }), fc.integer({ min: 0, max: 50 }), (one, count, gap) => {
        const times = at(one, count);
        times.forEach((time, i) => expect(time).toBeGreaterThanOrEqual(times[i - 1] ?? 0));
        const kept = spaced(Float64Array.from(times), gap);
        kept.forEach((time, i) => {
          expect(time).toBeGreaterThanOrEqual(times[i] as number);
          if (i > 0) expect(time - (kept[i - 1] as number)).toBeGreaterThanOrEqual(gap - 1e-6);
        });
      }),
    );
  });
});

describe('coming back', () => {
  it('never, at a fixed pause, or with full jitter under a growing cap', () => {
    expect(retryDelay({ policy: 'none' }, 1, draws())).toBeUndefined();
    expect([1, 2, 3].map((failed) => retryDelay({ policy: 'fixed', delayMs: 5, attempts: 2 }, failed, draws()))).toEqual([5, 5, undefined]);
    const random = draws();
    const policy = { policy: 'exponential', baseMs: 100, capMs: 1_000, attempts: 60 } as const;
    for (const [failed, cap] of [
      [1, 100],
      [2, 200],
      [4, 800],
      [5, 1_000],
      [60, 1_000],
    ] as const) {
      const delays = Array.from({ length: 500 }, () => retryDelay(policy, failed, random) as number);
      expect(Math.max(...delays)).toBeLessThan(cap);
      expect(Math.max(...delays)).toBeGreaterThan(cap * 0.9);
      expect(Math.min(...delays)).toBeLessThan(cap * 0.1);
    }
  });

  it('no faster than a target takes connects of one device, and of all', () => {
    const window = new ConnectWindow(2, 60_000);
    expect(window.wait(0)).toBe(0);
    window.note(0);
    window.note(10_000);
    expect(window.wait(20_000)).toBe(40_000);
    window.note(60_000);
    expect([window.wait(60_000), window.wait(70_000)]).toEqual([10_000, 0]);
    const pacer = new Pacer(100);
    expect([0, 0, 0, 25, 200].map((now) => pacer.take(now))).toEqual([0, 10, 20, 30, 200]);
  });
});
