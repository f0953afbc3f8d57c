// What a target is known to limit, and when this fleet itself went beyond it: a connection that the platform closes then was probably
// throttled (section 8 names limits and no answer to who exceeds them). Every estimate errs towards "not over": no failure is excused for free.

/** Limits that a target declares or its vendor documents; absent where none is known. */
export interface TargetLimits {
  /** New connections of all devices together, a second. */
  readonly connectsPerSecond?: number;
  /** Connections of one device in a minute. */
  readonly connectsPerDevicePerMinute?: number;
  /** Publishes of one device a second, by their QoS. */
  readonly publishesPerDevicePerSecond?: { readonly qos0: number; readonly qos1: number };
}

export type LimitName = 'new-connections' | 'device-connects' | 'device-publishes';

const SECOND_MS = 1_000;
/** Timers count whole milliseconds: two that are a second apart by plan may come this much closer. */
const TICK_MS = 1;
/** Stretches that are remembered; a run that goes over and back more often forgets the oldest. */
const STRETCHES_MAX = 64;

/** The new connections of one worker, and which of them fell into a second with more than its share of the limit. */
export class ConnectRate {
  readonly #times: Float64Array;
  #count = 0;
  /** Moments whose second was over the limit, each stretch behind the one before it. */
  readonly #over: { readonly from: number; to: number }[] = [];

  /** @param perSecond the limit of all workers together; a share is rounded up */
  constructor(perSecond: number, workers: number) {
    this.#times = new Float64Array(Math.max(1, Math.ceil(perSecond / workers)));
  }

  /** A connection was opened. @param at milliseconds of the clock, never before the one before it */
  note(at: number): void {
    const place = this.#count % this.#times.length;
    const before = this.#count < this.#times.length ? -Infinity : (this.#times[place] as number);
    this.#times[place] = at;
    this.#count += 1;
    if (at - before >= SECOND_MS - TICK_MS) return;
    const last = this.#over.at(-1);
    if (last && at - SECOND_MS <= last.to) last.to = at;
    else this.#over.push({ from: at - SECOND_MS, to: at });
    if (this.#over.length > STRETCHES_MAX) this.#over.shift();
  }

  /** Was a connection that was opened at this moment one of too many? */
  wasOver(openedAt: number): boolean {
    return this.#over.some(({ from, to }) => from < openedAt && openedAt <= to);
  }
}

/** What one device does, and when it last did more of it in a window than its limit. A burst across two windows may go unseen. */
export class Burst {
  readonly #most: number;
  readonly #windowMs: number;
  #since = -Infinity;
  #count = 0;
  #overAt = -Infinity;

  constructor(most: number, windowMs: number) {
    this.#most = most;
    this.#windowMs = windowMs;
  }

  note(at: number): void {
    if (at - this.#since >= this.#windowMs) {
      this.#since = at;
      this.#count = 0;
    }
    this.#count += 1;
    if (this.#count > this.#most) this.#overAt = at;
  }

  /** Was it over its limit within the last window? */
  isOver(at: number): boolean {
    return at - this.#overAt < this.#windowMs;
  }
}
