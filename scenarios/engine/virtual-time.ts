// A clock that a cell moves by itself. Time stands still while anything can still happen in it: it advances to the next timer only when no
// byte is in flight and no counted `setImmediate` is pending in two successive turns. (Advancing on every turn overtakes bytes.)
// Only for what stays in one thread: an answer from a socket, a port or a file is invisible here.
import FakeTimers from '@sinonjs/fake-timers';

/** Where virtual time begins: any instant will do, as long as it is always the same. */
export const EPOCH = Date.UTC(2026, 0, 1);
/** A case that lasts longer than this has lost its way, milliseconds of virtual time. */
export const LONGEST_CASE_MS = 4 * 60 * 60 * 1000;

/** Quiet turns in a row before time moves on: in a browser one turn may run while microtasks are still owed. */
const QUIET_TURNS = 2;

/** Immediates that were asked for and have not run. */
const pending = new Set<unknown>();
let realSetImmediate: typeof setImmediate | undefined;

/**
 * Counts `setImmediate` from now on and for good: libraries keep the function that they find at import, so a second cell of this thread
 * must find the same one.
 */
export function countImmediates(): void {
  if (realSetImmediate) return;
  const real = globalThis.setImmediate;
  const realClear = globalThis.clearImmediate;
  realSetImmediate = real;
  const counted = (fn: (...args: unknown[]) => void, ...args: unknown[]): unknown => {
    const handle: unknown = real(() => {
      pending.delete(handle);
      fn(...args);
    });
    pending.add(handle);
    return handle;
  };
  globalThis.setImmediate = counted as typeof setImmediate;
  globalThis.clearImmediate = ((handle: NodeJS.Immediate) => {
    pending.delete(handle);
    realClear(handle);
  }) as typeof clearImmediate;
}

export interface VirtualTime {
  /** Moves time on until `work` settles. Rejects when virtual time runs out first. */
  run<T>(work: Promise<T>): Promise<T>;
  uninstall(): void;
}

/**
 * Replaces timers, `Date`, `performance` and `Math.random` of this thread, and counts `setImmediate`. Install it before libraries that
 * keep a reference to `setImmediate` are imported.
 */
export function installVirtualTime(): VirtualTime {
  countImmediates();
  const realRandom = Math.random;
  const fake = FakeTimers.install({
    now: EPOCH,
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'],
  });
  // Libraries draw a first message id from it; our own draws are seeded.
  Math.random = () => 0.5;

  const settle = async (): Promise<void> => {
    let quiet = 0;
    while (quiet < QUIET_TURNS) {
      await new Promise<void>((resolve) => realSetImmediate?.(resolve));
      quiet = pending.size > 0 ? 0 : quiet + 1;
    }
  };
  return {
    async run(work) {
      let over = false;
      const finished = work.finally(() => {
        over = true;
      });
      // The rejection is reported by the caller, who awaits `finished`.
      finished.catch(() => undefined);
      for (;;) {
        await settle();
        if (over) return finished;
        if (fake.now - EPOCH > LONGEST_CASE_MS)
          throw new Error(`the case did not end within ${LONGEST_CASE_MS / 60_000} minutes of virtual time`);
        fake.next();
      }
    },
    uninstall() {
      Math.random = realRandom;
      fake.uninstall();
    },
  };
}
