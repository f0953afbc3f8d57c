import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ManualClock } from './clock.testkit.ts';
import type { Clock, Timer } from './clock.ts';
import { withTimeoutQueues } from './timeout-queue.ts';

const LENGTHS = [0, 300, 999.5, 1_000, 2_000, 10_000] as const;

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ does: fc.constant('set' as const), ms: fc.constantFrom(...LENGTHS) }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('cancel' as const), which: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('advance' as const), ms: fc.nat({ max: 4_000 }) }) },
);

/** What is called, and when; a wait that is the fifth of five sets another of its length when it is called, and cancels the next. */
function told(steps: readonly (typeof step extends fc.Arbitrary<infer S> ? S : never)[], clockOf: (clock: ManualClock) => Clock): string[] {
  const manual = new ManualClock(0);
  const clock = clockOf(manual);
  const timers: Timer[] = [];
  const calls: string[] = [];
  const set = (ms: number): void => {
    const i = timers.length;
    const timer = clock.after(ms, () => {
      calls.push(`${manual.now()}: ${i}`);
      if (i % 5 !== 4) return;
      set(ms);
      timers[i + 1]?.cancel();
    });
    timers.push(timer);
  };
  for (const one of steps) {
    if (one.does === 'set') set(one.ms);
    else if (one.does === 'advance') manual.advance(one.ms);
    else timers[one.which % Math.max(1, timers.length)]?.cancel();
  }
  for (const timer of timers) timer.cancel();
  expect(manual.alarms).toBe(0);
  return calls;
}

describe('waits that share a timer', () => {
  it('end when they would end by themselves, whatever is cancelled, and leave no timer', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        // Of several that end in one millisecond the order is nobody's promise.
        expect(told(steps, withTimeoutQueues).sort()).toEqual(told(steps, (clock) => clock).sort());
      }),
      { numRuns: 500 },
    );
  });

  it('need one timer for each length, and none when all are over', () => {
    const manual = new ManualClock();
    const clock = withTimeoutQueues(manual);
    const timers = Array.from({ length: 5_000 }, (_, i) => clock.after(i % 2 ? 10_000 : 30_000, () => undefined));
    expect(manual.alarms).toBe(2);
    for (const timer of timers) timer.cancel();
    expect(manual.alarms).toBe(0);
  });

  it('end in the order in which they were set, thousands of them', () => {
    const manual = new ManualClock();
    const clock = withTimeoutQueues(manual);
    const order: number[] = [];
    for (let i = 0; i < 5_000; i++) {
      clock.after(10_000, () => order.push(i));
      manual.advance(1);
    }
    manual.advance(20_000);
    expect(order).toEqual(Array.from({ length: 5_000 }, (_, i) => i));
  });

  it('are not pulled along by one that is cancelled', () => {
    const manual = new ManualClock(0);
    const clock = withTimeoutQueues(manual);
    const first = clock.after(1_000, () => undefined);
    manual.advance(400);
    let at = 0;
    clock.after(1_000, () => (at = manual.now()));
    first.cancel();
    manual.advance(5_000);
    expect(at).toBe(1_400);
  });
});
