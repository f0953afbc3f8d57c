import { describe, expect, it } from 'vitest';
import { ManualClock } from './clock.testkit.ts';
import { ambientClock, pause, within } from './clock.ts';

const never = new Promise<string>(() => undefined);

describe('within', () => {
  it('gives what the work gives, and leaves no timer', async () => {
    const clock = new ManualClock();
    expect(await within(clock, 1000, Promise.resolve('done'), () => 'late')).toBe('done');
    expect(clock.alarms).toBe(0);
  });

  it('fails as the work fails, with an Error, and leaves no timer', async () => {
    const clock = new ManualClock();
    await expect(within(clock, 1000, Promise.reject(new TypeError('broken')), () => 'late')).rejects.toThrow(TypeError);
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- what a library may do
    await expect(within(clock, 1000, Promise.reject('text'), () => 'late')).rejects.toThrow('text');
    expect(clock.alarms).toBe(0);
  });

  it('is late at the very millisecond, not before, and once', async () => {
    const clock = new ManualClock();
    let lates = 0;
    let settled = false;
    const result = within(clock, 1000, never, () => ++lates);
    void result.then(() => (settled = true));
    clock.advance(999);
    await Promise.resolve();
    expect([lates, settled]).toEqual([0, false]);
    clock.advance(1);
    expect(await result).toBe(1);
    clock.advance(10_000);
    expect(lates).toBe(1);
  });

  it('stays late when the work ends afterwards', async () => {
    const clock = new ManualClock();
    let finish: (value: string) => void = () => undefined;
    const result = within(clock, 10, new Promise<string>((resolve) => (finish = resolve)), () => 'late');
    clock.advance(10);
    finish('done');
    expect(await result).toBe('late');
  });
});

it('pause waits its time of the clock', async () => {
  const clock = new ManualClock();
  let over = false;
  const waiting = pause(clock, 50).then(() => (over = true));
  clock.advance(49);
  await Promise.resolve();
  expect(over).toBe(false);
  clock.advance(1);
  await waiting;
  expect(over).toBe(true);
});

describe('the ambient clock', () => {
  it('is near the wall clock and never runs backwards', () => {
    const clock = ambientClock();
    expect(Math.abs(clock.now() - Date.now())).toBeLessThan(100);
    let last = clock.now();
    for (let i = 0; i < 10_000; i++) {
      const now = clock.now();
      expect(now >= last).toBe(true);
      last = now;
    }
  });

  it('runs a turn after everything already queued, and no cancelled timer', async () => {
    const clock = ambientClock();
    const order: string[] = [];
    const timer = clock.after(0, () => order.push('cancelled'));
    timer.cancel();
    timer.cancel();
    await new Promise<void>((resolve) => {
      clock.turn(() => order.push('first'));
      process.nextTick(() => order.push('tick'));
      void Promise.resolve().then(() => order.push('microtask'));
      clock.turn(() => order.push('second'));
      clock.after(5, resolve);
    });
    expect(order.slice(0, 2).sort()).toEqual(['microtask', 'tick']);
    expect(order.slice(2)).toEqual(['first', 'second']);
  });
});
