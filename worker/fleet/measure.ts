// Latencies of a fleet, per phase, in mergeable histograms. Latency counts from the intended start, service time from the real one, so
// that a late generator is seen instead of hidden (coordinated omission).
import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js';

export const PHASES = ['register', 'connect', 'post'] as const;
export type Phase = (typeof PHASES)[number];

/** Histograms hold microseconds. */
const PER_MS = 1000;
const HIGHEST_US = 120_000_000;

export type Histograms = { readonly [key in `${'latency' | 'service'}.${Phase}` | 'lag']: Histogram };

export interface Percentiles {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

function newHistogram(): Histogram {
  return build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: HIGHEST_US,
    numberOfSignificantValueDigits: 3,
    bitBucketSize: 32,
    useWebAssembly: false,
  });
}

export const HISTOGRAM_KEYS = [
  'latency.register',
  'latency.connect',
  'latency.post',
  'service.register',
  'service.connect',
  'service.post',
  'lag',
] as const satisfies readonly (keyof Histograms)[];

export function newHistograms(): Histograms {
  return Object.fromEntries(HISTOGRAM_KEYS.map((key) => [key, newHistogram()])) as unknown as Histograms;
}

/** Records a duration in milliseconds; what is longer than the histogram holds counts as its longest. */
export function record(histogram: Histogram, ms: number): void {
  histogram.recordValue(Math.min(HIGHEST_US, Math.max(0, Math.round(ms * PER_MS))));
}

export type EncodedHistograms = { readonly [key in keyof Histograms]: string };

export function encode(histograms: Histograms): EncodedHistograms {
  return Object.fromEntries(
    HISTOGRAM_KEYS.map((key) => [key, encodeIntoCompressedBase64(histograms[key])]),
  ) as unknown as EncodedHistograms;
}

/** Adds the histograms of one worker to those of all. */
export function merge(into: Histograms, encoded: EncodedHistograms): void {
  for (const key of HISTOGRAM_KEYS) into[key].add(decodeFromCompressedBase64(encoded[key], 32, false));
}

/** Percentiles in milliseconds; null where nothing was recorded. */
export function percentiles(histogram: Histogram): Percentiles | null {
  if (histogram.totalCount === 0) return null;
  const at = (p: number): number => histogram.getValueAtPercentile(p) / PER_MS;
  return { p50: at(50), p90: at(90), p99: at(99), max: histogram.maxValue / PER_MS };
}
