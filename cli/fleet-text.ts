// What a fleet says on a terminal: a forecast before it starts, and a summary when it has ended.
import { says, tooFewSaid } from '../report/load-latency.ts';
import type { FleetReport } from '../worker/fleet/controller.ts';
import type { FleetForecast } from '../worker/fleet/plan-forecast.ts';
import { duration } from './forecast.ts';
import { coloured, table } from './table.ts';

const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;

/** One line: what the run will take and leave behind. */
export function fleetForecastLine(one: FleetForecast): string {
  const time = one.ms === undefined ? 'as fast as the platform answers' : `about ${duration(one.ms)}`;
  const parts = [
    counted(one.names, 'DeviceName'),
    counted(one.registrations, 'registration'),
    counted(one.clientIds, 'ClientID'),
    counted(one.connects, 'connection'),
    ...(one.publishesPerSecond > 0 ? [`then ${Number(one.publishesPerSecond.toFixed(1))} publishes a second`] : []),
  ];
  return `forecast: ${counted(one.devices, 'device')}, ${time}; ${parts.join(', ')}`;
}

/** As they came, and as they were planned. */
function arrivals({ offered, achieved, atOnce }: FleetReport['rate']): string {
  const [planned, came] = [offered, achieved].map((rate) => Number(rate.toFixed(rate < 10 ? 1 : 0)));
  return atOnce ? `all due at once, ${came} arrivals/s` : `${came} of ${planned} arrivals/s`;
}

/** The smallest and the largest are honest of any number of samples. */
const POINTS = ['min', 'p50', 'p90', 'p99', 'max'] as const;

/** The end of a run, for a person. */
export function fleetSummary(report: FleetReport, target: string): string {
  const byPlatform = report.platform ? `, ${report.platform.activated} by the platform's count` : '';
  const lines = [
    `${report.activated} of ${report.devices} devices activated at ${target}${byPlatform}; ${report.refused} refused, ${report.failed} failed, ${report.local} local, ${report.aborted} aborted`,
    `seed ${report.seed}, namespace ${report.namespace}, ${arrivals(report.rate)}, ${counted(report.workers, 'worker')}`,
    ...(report.stopped ? [`stopped before its time: ${report.stopped}`] : []),
    '',
  ];
  if (report.validity.ok) {
    const ms = (value: number | undefined): string => value?.toFixed(1) ?? '-';
    const rows = (['register', 'connect', 'post'] as const).map((phase) => {
      const found = report.latencyMs[phase];
      const cells = POINTS.map((point) => (found && says(found, point, report.samplesNeeded) ? ms(found[point]) : '-'));
      return [phase, ...cells, found ? String(found.count) : '-'];
    });
    lines.push(table([['latency, ms', ...POINTS, 'samples'], ...rows]));
    const few = tooFewSaid(report);
    if (few) lines.push('', few.en);
    if (report.measures === 'self') lines.push('', 'The platform shared this machine with the fleet: these figures measure Muster itself.');
  } else lines.push(`No percentiles: ${report.validity.reasons.join('; ')}.`);
  const others = Object.entries(report.outcomes).filter(([key]) => !/^(issued|accepted|replied|acknowledged|sent)\b/.test(key));
  if (others.length > 0) lines.push('', table(others.map(([key, count]) => [key, String(count)])));
  const traffic = trafficLine(report);
  if (traffic !== undefined) lines.push('', traffic);
  if (report.cohorts.length > 1) lines.push('', cohortTable(report));
  if (report.thresholds && report.thresholds.length > 0) lines.push('', thresholdLines(report.thresholds));
  return lines.join('\n');
}

/** What happened while devices were online, where more did than the first post of each. */
function trafficLine({ traffic, throttled, throttledProbable, ownFaults, activated }: FleetReport): string | undefined {
  const { published, answered, overruns, missed, lost, reconnected, left } = traffic;
  const parts = [
    ...(published > activated ? [`${published} publishes, ${answered} of them well`] : []),
    ...(overruns > 0 ? [`${overruns} late behind another`] : []),
    ...(missed > 0 ? [`${missed} left out without a connection`] : []),
    ...(lost > 0 ? [`${lost} connections lost, ${reconnected} devices back`] : []),
    ...(left > 0 ? [`${left} sessions over`] : []),
    ...(throttled > 0 ? [`${throttled} attempts throttled by the platform, not failed`] : []),
    ...(throttledProbable > 0 ? [`${throttledProbable} connections closed while over a limit of the target, probably throttled`] : []),
    ...(ownFaults > 0 ? [`${ownFaults} attempts broken by the plan's own bad network`] : []),
  ];
  return parts.length === 0 ? undefined : parts.join('; ');
}

function cohortTable({ cohorts }: FleetReport): string {
  const head = ['cohort', 'devices', 'activated', 'refused', 'failed', 'local', 'aborted'];
  const rows = cohorts.map((one) => [one.name, one.devices, one.activated, one.refused, one.failed, one.local, one.aborted].map(String));
  return table([head, ...rows]);
}

function thresholdLines(thresholds: NonNullable<FleetReport['thresholds']>): string {
  const said = thresholds.map(({ text, ok, actual, tooFew }) => {
    const verdict = ok === null ? 'undetermined' : ok ? 'pass' : 'fail';
    const is = actual === null ? 'the run does not say' : `is ${Number(actual.toPrecision(6))}`;
    const value = tooFew ? `not judged: it takes ${tooFew.needed} samples, and there were ${tooFew.had}` : is;
    return [coloured(verdict === 'undetermined' ? 'undetermined' : verdict, verdict), text, value];
  });
  return table(said);
}
