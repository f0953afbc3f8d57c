// What the charts draw: a few columns of numbers over time, bounded. No drawing here.
import type { FleetView } from '../../worker/fleet/controller.ts';
import { newHistograms, percentiles, type Histograms, type Phase } from '../../worker/fleet/measure.ts';

/** A column per line, the first is seconds since the start of the run; null is a gap. */
export type Columns = (number | null)[][];

const LONGEST = 1200;
/** Rates over less than this are noise, seconds. */
const SHORTEST = 0.2;

function push(columns: Columns, row: readonly (number | null)[]): Columns {
  return columns.map((column, i) => [...(column.length >= LONGEST ? column.slice(1) : column), row[i] ?? null]);
}

/** Registrations, connects and posts a second, from the counters of two moments. */
export class Throughput {
  columns: Columns = [[], [], [], []];
  peak = { register: 0, connect: 0 };
  #before: { at: number; counts: readonly number[] } | undefined;

  /** @param at seconds since the start of the run */
  add(at: number, view: FleetView): void {
    const counts = countsOf(view);
    const before = this.#before ?? { at: 0, counts: [0, 0, 0] };
    if (at - before.at < SHORTEST) return;
    this.#before = { at, counts };
    const rates = counts.map((count, i) => (count - (before.counts[i] ?? 0)) / (at - before.at));
    this.columns = push(this.columns, [at, ...rates]);
    this.peak = { register: Math.max(this.peak.register, rates[0] ?? 0), connect: Math.max(this.peak.connect, rates[1] ?? 0) };
  }

  /**
   * The one row of a run that was over before there was a line to draw: its averages.
   * @param seconds how long it took
   */
  whole(seconds: number, view: FleetView): void {
    const [register = 0, connect = 0, post = 0] = countsOf(view).map((count) => (seconds > 0 ? count / seconds : 0));
    this.columns = [[seconds], [register], [connect], [post]];
    this.peak = { register, connect };
  }
}

function countsOf({ outcomes }: FleetView): number[] {
  const sum = (prefix: string): number =>
    Object.entries(outcomes).reduce((total, [key, n]) => (key.startsWith(prefix) ? total + n : total), 0);
  return [sum('issued '), sum('accepted'), sum('replied')];
}

/** Median and 99th percentile of what ended since the last look, for two phases. */
export class Latency {
  columns: Columns = [[], [], [], [], []];
  #before: Histograms | undefined;

  add(at: number, now: Histograms): void {
    const since = newHistograms();
    const quantiles = (phase: Phase): readonly (number | null)[] => {
      const key = `latency.${phase}` as const;
      since[key].add(now[key]);
      if (this.#before) since[key].subtract(this.#before[key]);
      const found = percentiles(since[key]);
      return [found?.p50 ?? null, found?.p99 ?? null];
    };
    this.columns = push(this.columns, [at, ...quantiles('register'), ...quantiles('connect')]);
    this.#before = now;
  }
}
