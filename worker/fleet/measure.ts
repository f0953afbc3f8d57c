// Latencies of a fleet, per phase, in mergeable histograms. Latency counts from the intended start, service time from the real one, so
// that a late generator is seen instead of hidden (coordinated omission).
import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64, JsHistogram, type Histogram } from 'hdr-histogram-js';

export const PHASES = ['register', 'connect', 'post'] as const;
export type Phase = (typeof PHASES)[number];

/** Histograms hold microseconds. */
const PER_MS = 1000;
const HIGHEST_US = 120_000_000;

export interface Percentiles {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
  /** The smallest, and of how many values all of these are; a report of an earlier version has neither. */
  readonly min?: number;
  readonly count?: number;
}

/**
 * How many values a percentile needs to be more than the largest of them (or the smallest): 100 for the 99th, 10 for the 90th.
 * @param p from 0 to 100; the extremes need one value
 */
export function samplesNeeded(p: number): number {
  const beyond = Math.min(p, 100 - p);
  // 100 - 99.9 is a little less than 0.1.
  return beyond <= 0 ? 1 : Math.ceil(100 / beyond - 1e-6);
}

/** The same for those that a report shows. */
export const SAMPLES_NEEDED = { p50: samplesNeeded(50), p90: samplesNeeded(90), p99: samplesNeeded(99) } as const;

/** Significant digits of the histograms of a whole run. */
const DIGITS = 3;

/** An empty histogram of microseconds. @param digits how many of a value are kept; fewer take less memory */
export function newHistogram(digits: 1 | 2 | 3 = DIGITS): Histogram {
  return build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: HIGHEST_US,
    numberOfSignificantValueDigits: digits,
    bitBucketSize: 32,
    useWebAssembly: false,
  });
}

/**
 * What a worker records. How late its own timers were is kept apart for arrivals and for what units do afterwards (posts, reconnects,
 * pauses): of these there may be a hundred for each arrival, and a late arrival would not be seen among them.
 */
export const HISTOGRAM_KEYS = [
  'latency.register',
  'latency.connect',
  'latency.post',
  'service.register',
  'service.connect',
  'service.post',
  'lag.arrivals',
  'lag.steps',
] as const;
type Recorded = { readonly [key in (typeof HISTOGRAM_KEYS)[number]]: Histogram };

/** Those of a whole run. `lag` is arrivals and steps together; it is made where workers are merged. */
export type Histograms = Recorded & { readonly lag: Histogram };

export function newHistograms(): Histograms {
  return Object.fromEntries([...HISTOGRAM_KEYS, 'lag'].map((key) => [key, newHistogram()])) as unknown as Histograms;
}

/** Records a duration in milliseconds; what is longer than the histogram holds counts as its longest. */
export function record(histogram: Histogram, ms: number): void {
  histogram.recordValue(Math.min(HIGHEST_US, Math.max(0, Math.round(ms * PER_MS))));
}

export type EncodedHistograms = { readonly [key in keyof Recorded]: string };

/** A histogram as it travels between threads (HdrHistogram V2, compressed, base64). */
export function encodeHistogram(histogram: Histogram): string {
  return encodeIntoCompressedBase64(histogram);
}

export function decodeHistogram(encoded: string): Histogram {
  return decodeFromCompressedBase64(encoded, 32, false);
}

export function encode(histograms: Histograms): EncodedHistograms {
  return Object.fromEntries(HISTOGRAM_KEYS.map((key) => [key, encodeHistogram(histograms[key])])) as unknown as EncodedHistograms;
}

/** Adds the histograms of one worker to those of all. */
export function merge(into: Histograms, encoded: EncodedHistograms): void {
  for (const key of HISTOGRAM_KEYS) {
    const one = decodeHistogram(encoded[key]);
    into[key].add(one);
    if (key === 'lag.arrivals' || key === 'lag.steps') into.lag.add(one);
  }
}

/** One percentile in milliseconds; 0 where nothing was recorded. */
export function percentile(histogram: Histogram, p: number): number {
  return histogram.getValueAtPercentile(p) / PER_MS;
}

/** The percentile of the smallest value. Of 0 itself the library gives the beginning of a bucket, of all others the end. */
const SMALLEST = Number.MIN_VALUE;

/** Percentiles in milliseconds; null where nothing was recorded. */
export function percentiles(histogram: Histogram): Required<Percentiles> | null {
  const count = histogram.totalCount;
  if (count === 0) return null;
  const at = (p: number): number => percentile(histogram, p);
  return { p50: at(50), p90: at(90), p99: at(99), max: histogram.maxValue / PER_MS, min: at(SMALLEST), count };
}

/** How many values are at most each bound, and the sum of all: what a scrape shows. A value on a bound counts as within it. */
export interface Cumulative {
  readonly counts: readonly number[];
  readonly total: number;
  readonly sumMs: number;
}

/** @param boundsMs in ascending order, milliseconds */
export function cumulative(histogram: Histogram, boundsMs: readonly number[]): Cumulative {
  if (!(histogram instanceof JsHistogram)) throw new Error('a histogram of another kind than ours');
  const counts = boundsMs.map(() => 0);
  let total = 0;
  let sum = 0;
  const values = histogram.recordedValuesIterator;
  values.reset();
  while (values.hasNext()) {
    const { valueIteratedTo, countAddedInThisIterationStep } = values.next();
    const low = histogram.lowestEquivalentValue(valueIteratedTo);
    total += countAddedInThisIterationStep;
    sum += histogram.medianEquivalentValue(valueIteratedTo) * countAddedInThisIterationStep;
    boundsMs.forEach((bound, i) => {
      if (low <= bound * PER_MS) counts[i] = (counts[i] ?? 0) + countAddedInThisIterationStep;
    });
  }
  return { counts, total, sumMs: sum / PER_MS };
}
