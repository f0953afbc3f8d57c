// What the relay measured, over all workers of a run.
import { decodeHistogram, newHistogram, percentiles, type Percentiles } from '../../worker/fleet/measure.ts';
import type { EncodedRelayTimes } from '../workers/relay-times.ts';

export const RELAY_TIMES = ['tcp', 'tls', 'firstByte'] as const;
export type RelayFigures = Readonly<Record<(typeof RELAY_TIMES)[number], Percentiles | null>>;

export function relayFigures(shares: readonly EncodedRelayTimes[]): RelayFigures {
  const merged = RELAY_TIMES.map((key) => {
    const all = newHistogram(2);
    for (const share of shares) all.add(decodeHistogram(share[key]));
    return [key, percentiles(all)] as const;
  });
  return Object.fromEntries(merged) as RelayFigures;
}
