// One timer for the deadlines of thousands of sessions: they wait in slots of a quarter of a second, and only the earliest slot has a timer.
import type { Clock, Timer } from '../../kernel/clock.ts';

/** Width of a slot, milliseconds: how much earlier than asked a deadline may be called. */
export const TICK_MS = 250;

/** Somebody with a deadline: it has come, or is less than TICK_MS away. */
export interface Waiter {
  due(now: number): void;
}

export class Wheel {
  readonly #clock: Clock;
  readonly #slots = new Map<number, Set<Waiter>>();
  #timer: Timer | undefined;
  /** The slot that the timer is set for; an idle wheel has no timer, or a process could not end. */
  #next = Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `waiter.due` once, at `at` (milliseconds of the clock) or less than TICK_MS before; returns the slot, for `remove`. */
  add(waiter: Waiter, at: number): number {
    const slot = Math.floor(at / TICK_MS);
    const waiters = this.#slots.get(slot);
    if (waiters) waiters.add(waiter);
    else this.#slots.set(slot, new Set([waiter]));
    if (slot < this.#next) this.#arm(slot);
    return slot;
  }

  /** Forgets a waiter; harmless when it was called already. */
  remove(waiter: Waiter, slot: number): void {
    const waiters = this.#slots.get(slot);
    if (waiters?.delete(waiter) && waiters.size === 0) this.#slots.delete(slot);
    if (this.#slots.size === 0) this.#arm(Infinity);
  }

  #arm(slot: number): void {
    this.#timer?.cancel();
    this.#next = slot;
    this.#timer =
      slot === Infinity ? undefined : this.#clock.after(Math.max(0, slot * TICK_MS - this.#clock.now()), () => this.#turn(slot));
  }

  /** @param slot the one that was waited for: a timer may come a moment early, and a thread that slept comes late to several */
  #turn(slot: number): void {
    const now = this.#clock.now();
    const last = Math.max(slot, Math.floor(now / TICK_MS));
    const come = [...this.#slots].filter(([one]) => one <= last);
    for (const [one] of come) this.#slots.delete(one);
    this.#arm(Math.min(Infinity, ...this.#slots.keys()));
    for (const [, waiters] of come.sort(([a], [b]) => a - b)) for (const waiter of waiters) waiter.due(now);
  }
}

const wheels = new WeakMap<Clock, Wheel>();

/** The wheel of all sessions on `clock`. */
export function wheelOf(clock: Clock): Wheel {
  const wheel = wheels.get(clock) ?? new Wheel(clock);
  wheels.set(clock, wheel);
  return wheel;
}
