// Lets so many through at a time, first come first served; whoever takes long no longer counts after a while.
import type { Clock } from '../../kernel/clock.ts';

export class Gate {
  readonly #waiting = new Set<() => void>();
  readonly #clock: Clock;
  readonly #size: number;
  readonly #holdMs: number;
  #inside = 0;

  constructor(clock: Clock, size: number, holdMs: number) {
    this.#clock = clock;
    this.#size = size;
    this.#holdMs = holdMs;
  }

  /** Calls `go` when it is its turn. @returns what leaves, or no longer waits; calling it twice is harmless */
  enter(go: () => void): () => void {
    let leave = (): void => void this.#waiting.delete(start);
    const start = (): void => {
      this.#inside += 1;
      let over = false;
      leave = () => {
        if (over) return;
        over = true;
        timer.cancel();
        this.#inside -= 1;
        this.#next();
      };
      const timer = this.#clock.after(this.#holdMs, () => leave());
      go();
    };
    this.#waiting.add(start);
    this.#next();
    return () => leave();
  }

  #next(): void {
    for (const start of this.#waiting) {
      if (this.#inside >= this.#size) return;
      this.#waiting.delete(start);
      start();
    }
  }
}
