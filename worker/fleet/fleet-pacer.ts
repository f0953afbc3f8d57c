// Connects of one worker, no more a second than its share of what the target declares.

export class Pacer {
  readonly #gapMs: number;
  #next = -Infinity;

  /** @param perSecond most connects a second */
  constructor(perSecond: number) {
    this.#gapMs = 1000 / perSecond;
  }

  /** How long it is until the next place, milliseconds. */
  wait(now: number): number {
    return Math.max(0, this.#next - now);
  }

  /** Takes the next place and says when it is, milliseconds of the clock; never before `now`. */
  take(now: number): number {
    const at = Math.max(now, this.#next);
    this.#next = at + this.#gapMs;
    return at;
  }
}
