// What the relay measured, over all workers of a run.
import { decodeHistogram, newHistogram, percentiles, type Percentiles } from '../../worker/fleet/measure.ts';
import type { EncodedRelayTimes } from '../workers/relay-times.ts';

export const RELAY_TIMES = ['waited', 'tcp', 'tls', 'firstByte'] as const;
type RelayTime = (typeof RELAY_TIMES)[number];

export interface RelayFigures {
  readonly percentiles: Readonly<Record<RelayTime, Percentiles | null>>;
  /** Connections of which there is such a time. */
  readonly counts: Readonly<Record<RelayTime, number>>;
}

export function relayFigures(shares: readonly EncodedRelayTimes[]): RelayFigures {
  const merged = RELAY_TIMES.map((time) => {
    const all = newHistogram(2);
    for (const share of shares) all.add(decodeHistogram(share[time]));
    return [time, all] as const;
  });
  const each = <T>(of: (histogram: (typeof merged)[number][1]) => T): Record<RelayTime, T> =>
    Object.fromEntries(merged.map(([time, histogram]) => [time, of(histogram)])) as Record<RelayTime, T>;
  return { percentiles: each(percentiles), counts: each((histogram) => histogram.totalCount) };
}
