// A declared limit of each device, on the virtual clock: never more attempts than it in any minute, and no wait that it does not ask for.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ambientClock, pause, type Clock } from '../../kernel/clock.ts';
import { CONNECT_WINDOW_MS, CONNECTS_PER_DEVICE } from '../../protocol/limits.ts';
import type { HttpsRegistrar } from '../../worker/transport/http-register.ts';
import type { Dialled, Transport } from '../../worker/transport/transport.ts';
import { PACE_MS } from './pace.ts';
import { devicePace, paceMsOf, type DevicePace } from './pacing.ts';
import { installVirtualTime } from './virtual-time.ts';

const NOBODY: Dialled = { ok: false, outcome: { kind: 'unreachable', stage: 'tcp', code: 'TEST' } };

async function onVirtualTime<T>(work: (clock: Clock) => Promise<T>): Promise<T> {
  const time = installVirtualTime();
  try {
    return await time.run(work(ambientClock()));
  } finally {
    time.uninstall();
  }
}

/** A device that only dials; its CONNECT reaches the platform when the dial is done, which takes as long as `dial` is told. */
function dialler(pace: DevicePace, device: string, clock: Clock): { dial(ms?: number): Promise<Dialled>; readonly seen: number[] } {
  const seen: number[] = [];
  const takes: number[] = [];
  const wire: Transport = {
    offersPlain: false,
    async dial() {
      await pause(clock, takes.shift() ?? 0);
      seen.push(clock.now());
      return NOBODY;
    },
  };
  const paced = pace.transport(device, wire);
  return {
    seen,
    dial(ms = 0) {
      takes.push(ms);
      return paced.dial('encrypted');
    },
  };
}

/** The most that fall into one minute, as a platform with a rolling window counts. */
function busiestMinute(times: readonly number[]): number {
  return Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + CONNECT_WINDOW_MS).length));
}

/** The first dial is done last, and a third comes a minute after it began. */
const OVERTAKEN = [1001, 0, 0, 0].map((dialMs) => ({ afterMs: 0, dialMs, rests: false }));

test('no minute of a device holds more attempts than declared, however they come and however long a dial takes', async () => {
  const dials = fc.array(fc.record({ afterMs: fc.nat(30_000), dialMs: fc.nat(9_000), rests: fc.boolean() }), {
    minLength: 1,
    maxLength: 25,
  });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 12 }), dials, async (perMinute, plan) => {
      const seen = await onVirtualTime(async (clock) => {
        const pace = devicePace(clock, perMinute);
        const device = dialler(pace, 'one', clock);
        const under: Promise<unknown>[] = [];
        for (const { afterMs, dialMs, rests } of plan) {
          await pause(clock, afterMs);
          if (rests) await pace.rest();
          under.push(device.dial(dialMs));
        }
        await Promise.all(under);
        return device.seen;
      });
      expect(seen).toHaveLength(plan.length);
      expect(busiestMinute(seen)).toBeLessThanOrEqual(perMinute);
    }),
    { numRuns: 60, examples: [[2, OVERTAKEN]] },
  );
});

test.each([
  [1, 9],
  [2, 5],
  [3, 3],
  [5, 1],
  [10, 0],
  [60, 0],
])('where %i are declared, ten attempts in two rows of five wait %i times for the window', async (perMinute, waits) => {
  const lasted = await onVirtualTime(async (clock) => {
    const startedAt = clock.now();
    const pace = devicePace(clock, perMinute);
    const device = dialler(pace, 'one', clock);
    for (let row = 0; row < 2; row++) {
      await pace.rest();
      for (let n = 0; n < CONNECTS_PER_DEVICE; n++) await device.dial();
    }
    return clock.now() - startedAt;
  });
  expect(lasted / PACE_MS).toBeCloseTo(waits, 2);
});

test('devices do not wait for one another, and HTTPS counts with MQTT', async () => {
  const { other, overHttps } = await onVirtualTime(async (clock) => {
    const startedAt = clock.now();
    const pace = devicePace(clock, 1);
    await dialler(pace, 'one', clock).dial();
    await dialler(pace, 'two', clock).dial();
    const other = clock.now() - startedAt;
    const registrar: HttpsRegistrar = { post: () => Promise.resolve(NOBODY) };
    await pace.registrar('one', registrar).post({ body: '', contentType: null }, (stream) => stream);
    return { other, overHttps: clock.now() - startedAt };
  });
  expect(other).toBeLessThan(1);
  expect(overHttps).toBeCloseTo(PACE_MS, 0);
});

test('a case that rested finds room for the vendor’s five, where that many are declared', async () => {
  await onVirtualTime(async (clock) => {
    const pace = devicePace(clock, 7);
    const device = dialler(pace, 'one', clock);
    for (let n = 0; n < 7; n++) await device.dial();
    await pace.rest();
    const rested = clock.now();
    for (let n = 0; n < CONNECTS_PER_DEVICE; n++) await device.dial();
    expect(clock.now()).toBe(rested);
  });
});

test('what a forecast counts with is a minute for the vendor’s five, and in proportion for others', () => {
  expect([5, 10, 1].map(paceMsOf)).toEqual([PACE_MS, PACE_MS / 2, PACE_MS * 5]);
  // A limit, however generous, is one: cases that need none are not run.
  expect(paceMsOf(1e9)).toBeGreaterThan(0);
});
