// How long this program itself stood still: a machine with too much to do hears of an event long after it happened, and must not blame the
// platform for it.
import type { Clock, Timer } from '../../kernel/clock.ts';

/** Between two looks at the clock, milliseconds. */
const EVERY_MS = 100;
/** A timer that is later than this, milliseconds, shows that the program stood still. */
const LATE_MS = 250;

/** Watches until it is ended; ending it gives the sum of what was lost, whole milliseconds. */
export function watchStalls(clock: Clock): () => number {
  let lost = 0;
  let due = clock.now() + EVERY_MS;
  let timer: Timer;
  const look = (): void => {
    const late = clock.now() - due;
    if (late > LATE_MS) lost += late;
  };
  const tick = (): void => {
    look();
    due = clock.now() + EVERY_MS;
    timer = clock.after(EVERY_MS, tick);
  };
  timer = clock.after(EVERY_MS, tick);
  return () => {
    timer.cancel();
    look();
    return Math.round(lost);
  };
}
