// A clock that a test moves by hand: turns and timers run when told, all in one call, so that a test of bytes or of the platform needs no
// waiting. Not for code that uses timers of its own (aedes, MQTT.js): see virtual-time.testkit.ts.
import type { Clock, Timer } from './clock.ts';

interface Alarm {
  readonly at: number;
  readonly fn: () => void;
}

export class ManualClock implements Clock {
  #now: number;
  #turns: (() => void)[] = [];
  readonly #alarms = new Set<Alarm>();

  constructor(now = 1_700_000_000_000) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, fn: () => void): Timer {
    const alarm = { at: this.#now + Math.max(0, ms), fn };
    this.#alarms.add(alarm);
    return { cancel: () => void this.#alarms.delete(alarm) };
  }

  turn(fn: () => void): void {
    this.#turns.push(fn);
  }

  /** Timers that wait. */
  get alarms(): number {
    return this.#alarms.size;
  }

  /** One turn of the event loop: what was queued before it runs, in order. False when nothing was. */
  step(): boolean {
    const turns = this.#turns;
    this.#turns = [];
    for (const fn of turns) fn();
    return turns.length > 0;
  }

  /** Turns until nothing is queued. */
  settle(): void {
    for (let turns = 0; this.step(); turns++) {
      if (turns > 100_000) throw new Error('the turns never end');
    }
  }

  /** Moves on by `ms`, running what is due in its order, each followed by the turns it causes. */
  advance(ms: number): void {
    const end = this.#now + ms;
    this.settle();
    for (;;) {
      let next: Alarm | undefined;
      for (const alarm of this.#alarms) if (alarm.at <= end && (!next || alarm.at < next.at)) next = alarm;
      if (!next) break;
      this.#alarms.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.fn();
      this.settle();
    }
    this.#now = end;
  }
}
