// Time-outs of thousands of devices: nearly all are cancelled, and most are of one of three lengths. Those of a length come due in the order
// in which they were set, so that one timer of the thread is enough for them.
import type { Clock, Timer } from './clock.ts';

/** Waits of whole seconds are time-outs, milliseconds; others are somebody's pace, and hardly two of them are alike. */
const WHOLE_MS = 1_000;
/** Waits that are over are cut off the front of a queue when there are so many. */
const CUT_AT = 1_024;

/** Waits of one length, in the order of their ends. */
class TimeoutQueue {
  readonly #clock: Clock;
  readonly #ms: number;
  #waits: Wait[] = [];
  /** All before it are over. */
  #first = 0;
  #live = 0;
  #timer: Timer | undefined;

  constructor(clock: Clock, ms: number) {
    this.#clock = clock;
    this.#ms = ms;
  }

  add(fn: () => void): Timer {
    const wait = new Wait(this, this.#clock.now() + this.#ms, fn);
    this.#waits.push(wait);
    this.#live += 1;
    this.#timer ??= this.#clock.after(this.#ms, () => this.#due());
    return wait;
  }

  /** One is over. An empty queue has no timer, or a process could not end. */
  left(): void {
    this.#live -= 1;
    if (this.#live > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#waits = [];
    this.#first = 0;
  }

  /** Calls who is due. The timer was the first one's: it may have been cancelled, and a timer may come a moment early. */
  #due(): void {
    const now = this.#clock.now();
    const due: Wait[] = [];
    let next = this.#waits[this.#first];
    while (next && (next.isOver || next.at <= now)) {
      if (!next.isOver) due.push(next);
      this.#first += 1;
      next = this.#waits[this.#first];
    }
    if (this.#first >= CUT_AT) {
      this.#waits = this.#waits.slice(this.#first);
      this.#first = 0;
    }
    this.#timer = next && this.#clock.after(next.at - now, () => this.#due());
    for (const wait of due) wait.call();
  }
}

class Wait implements Timer {
  readonly at: number;
  readonly #queue: TimeoutQueue;
  /** Undefined once it was called or cancelled. */
  #fn: (() => void) | undefined;

  constructor(queue: TimeoutQueue, at: number, fn: () => void) {
    this.at = at;
    this.#queue = queue;
    this.#fn = fn;
  }

  get isOver(): boolean {
    return this.#fn === undefined;
  }

  call(): void {
    const fn = this.#fn;
    this.cancel();
    fn?.();
  }

  cancel(): void {
    if (!this.#fn) return;
    this.#fn = undefined;
    this.#queue.left();
  }
}

/**
 * The same clock for many devices: waits of whole seconds share a timer with others of their length. A browser takes several
 * microseconds to set a timer and as many to clear it.
 */
export function withTimeoutQueues(clock: Clock): Clock {
  const queues = new Map<number, TimeoutQueue>();
  return {
    now: () => clock.now(),
    turn: (fn) => clock.turn(fn),
    after(ms, fn) {
      if (ms < WHOLE_MS || ms % WHOLE_MS !== 0) return clock.after(ms, fn);
      let queue = queues.get(ms);
      if (!queue) queues.set(ms, (queue = new TimeoutQueue(clock, ms)));
      return queue.add(fn);
    },
  };
}
