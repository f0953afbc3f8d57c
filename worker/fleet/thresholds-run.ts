// What the thresholds of a plan can ask of a finished run.
import type { FleetReport } from './controller.ts';
import { percentile, type Histograms } from './measure.ts';
import type { CountName, Measured, SeriesName } from './thresholds.ts';

/** What attempts count as that nobody answered. */
const OF_SILENCE: ReadonlySet<CountName> = new Set(['activated', 'failed', 'answered', 'lost']);

/** What says nothing where all came at once. */
const OF_RATE: ReadonlySet<CountName> = new Set(['offered', 'achieved']);

/** A finished run, for `judge`. Times are withheld where the run's own validity forbids them, and so are counts that silences
 * are part of which may be ours. */
export function measuredOf(report: FleetReport, histograms: Histograms): Measured {
  const counts: Readonly<Record<CountName, number>> = {
    devices: report.devices,
    activated: report.activated,
    refused: report.refused,
    failed: report.failed,
    local: report.local,
    aborted: report.aborted,
    throttled: report.throttled,
    offered: report.rate.offered,
    achieved: report.rate.achieved,
    published: report.traffic.published,
    answered: report.traffic.answered,
    overruns: report.traffic.overruns,
    missed: report.traffic.missed,
    lost: report.traffic.lost,
    reconnected: report.traffic.reconnected,
  };
  const timed = (of: SeriesName): Histograms[keyof Histograms] =>
    histograms[of === 'lag' || of.startsWith('service.') ? (of as keyof Histograms) : (`latency.${of}` as keyof Histograms)];
  const doubtful = report.validity.doubtfulSilences !== undefined;
  return {
    count: (name) => ((doubtful && OF_SILENCE.has(name)) || (report.rate.atOnce && OF_RATE.has(name)) ? null : counts[name]),
    samples: (of) => timed(of).totalCount,
    percentile(of, p) {
      const histogram = timed(of);
      // How late the generator was is what says whether the others may be believed.
      return histogram.totalCount === 0 || (!report.validity.ok && of !== 'lag') ? null : percentile(histogram, p);
    },
  };
}
