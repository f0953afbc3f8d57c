// Refuses, before the start, schedules that would never be through: units that are never due, and those that nobody waits for.
import { UserError } from '../../kernel/errors.ts';
import { seededRandom } from '../../kernel/random.ts';
import { offsets, type Arrival } from './arrivals.ts';
import { TIME_MAX_MS } from './plan-document.ts';
import type { Fleetwide } from './plan-resolve.ts';
import type { Path, PlanSource } from './plan-source.ts';

const HOUR_MS = 3_600_000;
const SHOWN_DIGITS = 3;

/** @param asked the rate of the command line, which stands instead of the plan's arrivals */
export function requireDue({ complain }: PlanSource, fleet: Fleetwide, asked: number | undefined): void {
  const { cohorts, arrival, devices, seed, teardownRate } = fleet;
  const check = (one: Arrival, count: number, path: Path): void => {
    const due = offsets(one, count, seededRandom('arrivals', seed));
    const never = due.findIndex((at) => at === Infinity);
    if (never >= 0 && asked === undefined)
      throw complain(
        path,
        `only ${never} of ${count} units would ever be due: the rate ends at 0`,
        'end with a rate above 0, or lower the count',
      );
    const last = due.at(-1) ?? 0;
    if (last <= TIME_MAX_MS) return;
    const what = `the last of ${count} units would be due after ${tooLong(last)}`;
    const remedy = one.shape === 'constant' ? slowest(count) : 'raise it, or lower the count';
    if (asked !== undefined) throw new UserError(`--rate: ${what}`, remedy);
    throw complain([...path, ...lastRateOf(one)], what, remedy);
  };
  const own = cohorts.reduce((sum, cohort) => sum + (cohort.arrival ? cohort.devices : 0), 0);
  if (arrival && own < devices) check(arrival, devices - own, ['arrival']);
  cohorts.forEach((cohort, i) => {
    if (cohort.arrival) check(cohort.arrival, cohort.devices, ['cohorts', i, 'arrival']);
  });
  const endsMs = teardownRate === undefined ? 0 : ((devices - 1) * 1000) / teardownRate;
  if (endsMs > TIME_MAX_MS)
    throw complain(['teardown', 'rate'], `the last of ${devices} connections would end after ${tooLong(endsMs)}`, slowest(devices));
}

/** Where the rate is written at which the last units come. */
function lastRateOf(arrival: Arrival): Path {
  switch (arrival.shape) {
    case 'constant':
    case 'poisson':
    case 'spike':
      return ['rate'];
    case 'ramp':
      return ['to'];
    case 'step':
      return ['steps', arrival.steps.length - 1, 'rate'];
    case 'storm':
      return ['within'];
  }
}

function tooLong(ms: number): string {
  return `${Number((ms / HOUR_MS).toPrecision(SHOWN_DIGITS))} h, and a plan may take ${TIME_MAX_MS / HOUR_MS} h`;
}

/** The rate at which as many are through in time; rounded up, or it would be refused again. */
function slowest(count: number): string {
  const least = ((count - 1) * 1000) / TIME_MAX_MS;
  const unit = 10 ** (Math.floor(Math.log10(least)) - SHOWN_DIGITS + 1);
  return `give ${Number((Math.ceil(least / unit) * unit).toPrecision(SHOWN_DIGITS))} or more, or lower the count`;
}
