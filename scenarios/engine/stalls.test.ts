import { expect, it } from 'vitest';
import type { Clock } from '../../kernel/clock.ts';
import { ManualClock } from '../../kernel/clock.testkit.ts';
import { watchStalls } from './stalls.ts';

/** A clock that goes on while its timers stand still. */
function machine(): { clock: Clock; run(ms: number): void; freeze(ms: number): void } {
  const timers = new ManualClock();
  let frozen = 0;
  return {
    clock: { now: () => timers.now() + frozen, after: (ms, fn) => timers.after(ms, fn), turn: (fn) => timers.turn(fn) },
    run: (ms) => timers.advance(ms),
    freeze: (ms) => (frozen += ms),
  };
}

it('adds up how late its own timers were', () => {
  const { clock, run, freeze } = machine();
  const end = watchStalls(clock);
  run(1_050);
  freeze(3_000);
  run(1_000);
  freeze(200);
  run(1_000);
  freeze(2_000);
  run(100);
  expect(end()).toBe(5_000);
});

it('is nothing on a machine that keeps up, and leaves no timer', () => {
  const timers = new ManualClock();
  const end = watchStalls(timers);
  timers.advance(60_000);
  expect([end(), timers.alarms]).toEqual([0, 0]);
});
