import { describe, expect, it } from 'vitest';
import type { Clock } from '../../kernel/clock.ts';
import { TICK_MS, Wheel, wheelOf } from './wheel.ts';

/** A clock that is moved by hand and counts its timers. */
class HandClock implements Clock {
  time = 1_000_000;
  readonly timers = new Set<{ at: number; fn: () => void }>();
  now(): number {
    return this.time;
  }
  after(ms: number, fn: () => void): { cancel(): void } {
    const timer = { at: this.time + ms, fn };
    this.timers.add(timer);
    return { cancel: () => this.timers.delete(timer) };
  }
  turn(): void {
    throw new Error('a wheel takes no turns');
  }
  /** Calls what is due at `time`, which may be late. */
  wake(time: number): void {
    this.time = time;
    for (const timer of [...this.timers]) {
      if (timer.at > time) continue;
      this.timers.delete(timer);
      timer.fn();
    }
  }
}

describe('the wheel', () => {
  it('has one timer for any number of waiters, and none when it is idle', () => {
    const clock = new HandClock();
    const wheel = new Wheel(clock);
    const waiters = Array.from({ length: 1000 }, (_, i) => ({ due: () => undefined, at: clock.now() + 60_000 + i * 100 }));
    const slots = waiters.map((one) => wheel.add(one, one.at));
    expect(clock.timers.size).toBe(1);
    waiters.forEach((one, i) => wheel.remove(one, slots[i] as number));
    expect(clock.timers.size).toBe(0);
  });

  it('calls each once, in order, and less than a tick before its time', () => {
    const clock = new HandClock();
    const wheel = new Wheel(clock);
    const called: [number, number][] = [];
    const times = [5_000, 100, 1_249, 90_000, 1_250, 1_251, 5_000].map((ms) => clock.now() + ms);
    for (const at of times) wheel.add({ due: (now) => called.push([at, now]) }, at);
    while (clock.timers.size > 0) clock.wake(Math.min(...[...clock.timers].map((timer) => timer.at)));
    expect(called.map(([at]) => at)).toEqual([...times].sort((a, b) => a - b));
    for (const [at, now] of called) expect(at - now).toBeGreaterThanOrEqual(0);
    for (const [at, now] of called) expect(at - now).toBeLessThan(TICK_MS);
  });

  it('is late with all that came while its thread slept, and takes back whoever comes again', () => {
    const clock = new HandClock();
    const wheel = new Wheel(clock);
    const called: string[] = [];
    const again = {
      due(now: number): void {
        if (called.push('again') === 1) wheel.add(again, now + 1_000);
      },
    };
    wheel.add(again, clock.now() + 1_000);
    wheel.add({ due: () => called.push('other') }, clock.now() + 40_000);
    clock.wake(clock.now() + 60_000);
    expect(called).toEqual(['again', 'other']);
    clock.wake(clock.now() + 1_000);
    expect(called).toEqual(['again', 'other', 'again']);
    expect(clock.timers.size).toBe(0);
  });

  it('is one for each clock', () => {
    const clock = new HandClock();
    expect(wheelOf(clock)).toBe(wheelOf(clock));
    expect(wheelOf(new HandClock())).not.toBe(wheelOf(clock));
  });
});
