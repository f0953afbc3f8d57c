// fleet.json of the page: the account of the fleet as the command writes it, and beside it what the relay measured.
import type { SessionName } from '../../kernel/trace/event.ts';
import type { FleetReport } from '../../worker/fleet/controller.ts';
import type { Percentiles } from '../../worker/fleet/measure.ts';
import type { RelayFigures } from './relay-figures.ts';

/** Milliseconds of the relay's clock, and of how many connections; the count alone where nothing was timed or the run is not believed. */
type RelayTimings = { readonly count: number } & Partial<Percentiles>;

export interface PageReport extends FleetReport {
  /** The most WebSockets that the page held once the browser had no more; absent where it had. */
  readonly browser?: { readonly connections: number };
  /** Without the way between page and relay, which `latencyMs` and `serviceMs` hold; absent where no relay was between. */
  readonly relay?: Readonly<Record<'waitedMs' | 'tcpMs' | 'tlsMs' | 'firstByteMs', RelayTimings>>;
}

interface OfPage {
  readonly session: SessionName;
  /** What the relay measured; null where there was none. */
  readonly relay: RelayFigures | null;
  readonly heldAtCap?: number | null;
}

export function pageReport(report: FleetReport, { session, relay, heldAtCap = null }: OfPage): PageReport {
  const browser = heldAtCap === null ? {} : { browser: { connections: heldAtCap } };
  if (!relay) return { ...report, session, ...browser };
  const { counts, percentiles } = relay;
  const timings = (time: keyof typeof counts): RelayTimings => ({
    count: counts[time],
    ...(report.validity.ok ? percentiles[time] : null),
  });
  const times = { waitedMs: timings('waited'), tcpMs: timings('tcp'), tlsMs: timings('tls'), firstByteMs: timings('firstByte') };
  return { ...report, session, relay: times };
}
