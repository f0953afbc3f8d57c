// A unit that waits for a moment of the clock: for its next post, the end of a pause, its place among the connects of the run.
import type { Clock, Timer } from '../../kernel/clock.ts';
import type { Meter } from './meter.ts';

/** Longest time a timer can wait, milliseconds. */
export const LONGEST_MS = 2 ** 31 - 1;

/** A class, since each unit of a fleet has one or two at any time. */
export class Wait {
  readonly #clock: Clock;
  readonly #at: number;
  readonly #meter: Meter;
  /** All of the unit's; it is among them for as long as it lasts. */
  readonly #waits: Set<Wait>;
  readonly #over: (inTime: boolean) => void;
  #timer: Timer | undefined;

  /**
   * @param meter told how late the moment was noticed
   * @param over  told once how it ended: the moment has come, or nobody waits for it any more
   */
  constructor(clock: Clock, at: number, meter: Meter, waits: Set<Wait>, over: (inTime: boolean) => void) {
    this.#clock = clock;
    this.#at = at;
    this.#meter = meter;
    this.#waits = waits;
    this.#over = over;
    waits.add(this);
    this.#arm();
  }

  /** Nobody waits for it any more. */
  end(): void {
    this.#timer?.cancel();
    this.#finish(false);
  }

  /**
   * Never early: a timer cuts fractions of a millisecond off, and what starts early reads as faster than it was. It may come early by itself
   * too, and holds no more than 2^31 milliseconds.
   */
  #arm(): void {
    const left = this.#at - this.#clock.now();
    if (left > 0) {
      this.#timer = this.#clock.after(Math.min(Math.ceil(left), LONGEST_MS), () => this.#arm());
      return;
    }
    this.#meter.late(-left);
    this.#finish(true);
  }

  #finish(inTime: boolean): void {
    this.#waits.delete(this);
    this.#over(inTime);
  }
}
