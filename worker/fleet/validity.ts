// May the latencies of this run be believed? If our own generator was late, the percentiles are withheld and the reason is given.
import type { ErrorCount } from './errors.ts';
import type { Histograms } from './measure.ts';
import { percentiles } from './measure.ts';

/** Lag of the scheduler at its 99th percentile beyond which latencies are ours, not the platform's, milliseconds. */
export const LAG_P99_MAX_MS = 50;
/** Achieved arrivals by offered ones below which the offered load was not offered. */
export const ACHIEVED_MIN = 0.95;

export interface Validity {
  readonly ok: boolean;
  readonly reasons: readonly string[];
  /** Attempts that nobody answered while this machine was late itself: they decide nothing. Absent where there were none. */
  readonly doubtfulSilences?: number;
}

export interface Rate {
  /** Arrivals per second: as planned, and as they were started. */
  readonly offered: number;
  readonly achieved: number;
  /** By how much longer than planned it took until the last arrival, milliseconds; absent where there was no rate. */
  readonly overrunMs?: number;
  /**
   * All were due at one moment, or nobody came: there is no rate. `offered` counts them as due in one second, `achieved` says how long it took
   * to start them, and neither decides anything; the lag does.
   */
  readonly atOnce?: true;
}

/** Each by itself: a hundred posts in time would hide each late arrival. */
const LAGS = [
  ['', 'lag.arrivals'],
  [' of posts, reconnects and pauses', 'lag.steps'],
] as const;

/** Attempts that our own machine could not make: those of units that came back too, which are no ending. */
export function localAttempts(errors: readonly Pick<ErrorCount, 'family' | 'count'>[]): number {
  return errors.reduce((sum, { family, count }) => (family === 'local' ? sum + count : sum), 0);
}

/**
 * Judges the generator of a run.
 * @param local attempts that our own machine could not make
 * @param lost  workers that died, and their latencies with them
 * @param silent attempts that nobody answered
 */
export function validity(histograms: Histograms, rate: Rate, local: number, lost = 0, silent = 0): Validity {
  const reasons: string[] = [];
  for (const [of, key] of LAGS) {
    // Whole milliseconds, as they are shown: a histogram reads up to a thousandth high, and 50 ms are not more than 50.
    const late = Math.round(percentiles(histograms[key])?.p99 ?? 0);
    if (late > LAG_P99_MAX_MS) reasons.push(`scheduler lag p99${of} was ${late} ms, more than ${LAG_P99_MAX_MS} ms`);
  }
  // Arrivals of less than a second differ by more than 5 % for a delay that is tolerated of each of them: then the lag alone says it.
  if (!rate.atOnce && rate.achieved < ACHIEVED_MIN * rate.offered && (rate.overrunMs ?? Infinity) > LAG_P99_MAX_MS) {
    reasons.push(
      `${rate.achieved.toFixed(0)} of ${rate.offered.toFixed(0)} arrivals a second were achieved, less than ${ACHIEVED_MIN * 100} %`,
    );
  }
  const doubtful = reasons.length > 0 ? silent : 0;
  if (doubtful > 0) reasons.push(`${doubtful} attempts that nobody answered may be this machine's own doing`);
  if (local > 0) reasons.push(`${local} attempts failed on this machine's own limits`);
  if (lost > 0) reasons.push(lost === 1 ? 'a worker died in mid-run' : `${lost} workers died in mid-run`);
  return { ok: reasons.length === 0, reasons, ...(doubtful > 0 ? { doubtfulSilences: doubtful } : {}) };
}
