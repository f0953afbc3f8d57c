// Time as an argument. Everything that waits or measures asks a Clock, so that a cell can run on a virtual one.
// Not here: schedules of arrivals (worker/fleet/arrivals.ts).

/** A pending call; cancelling it twice is harmless. */
export interface Timer {
  cancel(): void;
}

/** The only source of time in isomorphic code. */
export interface Clock {
  /** Milliseconds since the Unix epoch, with a fraction where the platform gives one; never runs backwards. */
  now(): number;
  /** Calls `fn` once, `ms` milliseconds from now. */
  after(ms: number, fn: () => void): Timer;
  /** Calls `fn` in the next turn of the event loop, after everything already queued: one hop of a memory stream. */
  turn(fn: () => void): void;
}

/** A class, since each device of a fleet starts several. */
class AmbientTimer implements Timer {
  readonly #handle: ReturnType<typeof setTimeout>;

  constructor(handle: ReturnType<typeof setTimeout>) {
    this.#handle = handle;
  }

  cancel(): void {
    clearTimeout(this.#handle);
  }
}

/**
 * The clock of this thread's globals. They are looked up when it is made and at each call, so a thread that replaced
 * `setTimeout`, `performance` and `setImmediate` first (a cell) gets the virtual time from the same function.
 */
export function ambientClock(): Clock {
  const base = Date.now() - performance.now();
  return {
    now: () => base + performance.now(),
    after: (ms, fn) => new AmbientTimer(setTimeout(fn, ms)),
    turn(fn) {
      setImmediate(fn);
    },
  };
}

/** Waits `ms` milliseconds of `clock`. */
export function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => clock.after(ms, resolve));
}

/**
 * Settles as `work` does, or with `late()` when `ms` milliseconds of `clock` pass first. The timer never outlives the result.
 */
export function within<T, L>(clock: Clock, ms: number, work: Promise<T>, late: () => L): Promise<T | L> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(ms, () => resolve(late()));
    work.then(
      (value) => {
        timer.cancel();
        resolve(value);
      },
      (error: unknown) => {
        timer.cancel();
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}
