// The end of a fleet: all at once, or so many connections a second. A person does not wait for that pace.
import type { Clock } from '../../kernel/clock.ts';
import type { Unit } from '../unit/unit.ts';

export interface TeardownPace {
  readonly clock: Clock;
  /** Between two connections that end, milliseconds; 0: all at once. */
  readonly gapMs: number;
  /** `drop`: as a power cut; else each with a DISCONNECT. */
  readonly how: 'drop' | 'disconnect';
}

export class Teardown {
  #hurried = false;
  #skipWait: (() => void) | undefined;

  /** Ends all at once that wait for their turn to end; harmless where nobody does. */
  hurry(): void {
    this.#hurried = this.#skipWait !== undefined;
    this.#skipWait?.();
  }

  /** Resolves when every connection has ended. */
  async run(units: Iterable<Unit>, { clock, gapMs, how }: TeardownPace): Promise<void> {
    const startAt = clock.now();
    const ends: Promise<void>[] = [];
    let place = 0;
    for (const unit of units) {
      const wait = unit.state === 'online' ? startAt + place++ * gapMs - clock.now() : 0;
      if (wait > 0 && !this.#hurried)
        await new Promise<void>((resolve) => {
          const timer = clock.after(wait, resolve);
          this.#skipWait = () => {
            timer.cancel();
            resolve();
          };
        });
      if (how === 'drop') unit.cutPower();
      else ends.push(unit.disconnect());
    }
    await Promise.all(ends);
  }
}
