// Lets so many through at a time, first come first served; whoever takes long no longer counts after a while. How many follows from how quick
// the way is at its quickest: where it takes long, many have to be under way for a fleet to come fast; where it is short, more at once only
// wait for each other, and what they hold meanwhile has to be cleared away.
import type { Clock } from '../../kernel/clock.ts';

/** How many may be inside. */
export interface GateSize {
  /** However quick the way is, and while that is not known. */
  readonly least: number;
  readonly most: number;
  /** How many a second there should be room for at the quickest. */
  readonly perSecond: number;
}

export class Gate {
  readonly #waiting = new Set<() => void>();
  readonly #clock: Clock;
  readonly #size: GateSize;
  readonly #holdMs: number;
  #inside = 0;
  /** The least time that anyone was inside who came out at the other end, since one was held too long; milliseconds. */
  #quickestMs = 0;

  constructor(clock: Clock, size: GateSize, holdMs: number) {
    this.#clock = clock;
    this.#size = size;
    this.#holdMs = holdMs;
  }

  /**
   * Calls `go` when it is its turn.
   * @returns what leaves, or no longer waits; calling it twice is harmless. `through`: it was all the way
   */
  enter(go: () => void): (through?: boolean) => void {
    let leave = (): void => void this.#waiting.delete(start);
    let since: number | undefined;
    const start = (): void => {
      this.#inside += 1;
      let over = false;
      since = this.#clock.now();
      leave = () => {
        if (over) return;
        over = true;
        timer.cancel();
        this.#inside -= 1;
        this.#next();
      };
      const timer = this.#clock.after(this.#holdMs, () => {
        // The way has become long, or leads nowhere: those who wait must not be kept for what was.
        this.#quickestMs = this.#holdMs;
        leave();
      });
      go();
    };
    this.#waiting.add(start);
    this.#next();
    return (through = false) => {
      if (through && since !== undefined) this.#took(this.#clock.now() - since);
      leave();
    };
  }

  #took(ms: number): void {
    this.#quickestMs = this.#quickestMs === 0 ? ms : Math.min(this.#quickestMs, ms);
  }

  #next(): void {
    const { least, most, perSecond } = this.#size;
    const size = Math.min(most, Math.max(least, Math.ceil((perSecond * this.#quickestMs) / 1000)));
    for (const start of this.#waiting) {
      if (this.#inside >= size) return;
      this.#waiting.delete(start);
      start();
    }
  }
}
