// From a plan as it was written to a fleet that can be run: defaults filled in, flags put over it, and everything refused that could not
// be carried out, before the first packet.
import { mention, mentionName } from '../../kernel/mention.ts';
import { UserError } from '../../kernel/errors.ts';
import { isDeviceName } from '../../protocol/names.ts';
import type { Arrival } from './arrivals.ts';
import { offeredRate } from './pace.ts';
import { DEFAULT_RATE, DEVICES_MAX, units, type FleetMode, type FleetPlan } from './plan.ts';
import { cohortOf, arrivalFrom, type ReadUnits } from './plan-translate.ts';
import type { Cohort } from './plan-cohort.ts';
import { requireContent } from './plan-content.ts';
import { tidied, type PlanDocument } from './plan-document.ts';
import { requireDue } from './plan-due.ts';
import type { PlanSource } from './plan-source.ts';
import { parseThreshold, type Threshold } from './thresholds.ts';

/** What flags put over the document. */
export interface Overrides {
  readonly devices?: number;
  readonly mode?: FleetMode;
  readonly rate?: number;
  readonly seed?: string;
  readonly namespace?: string;
  readonly holdMs?: number;
}

/** When a run ends before its time. */
export interface StopConditions {
  readonly afterMs?: number;
  readonly failures?: number;
  readonly refusals?: number;
  readonly throttled?: number;
  readonly lost?: number;
}

/** A plan without what its target supplies. */
export type Fleetwide = Omit<FleetPlan, 'productKey' | 'productSecret' | 'namespace'> & { readonly cohorts: readonly Cohort[] };

export interface ResolvedPlan {
  readonly fleet: Fleetwide;
  /** The namespace, where document or flags name one. */
  readonly namespace: string | undefined;
  readonly holdMs: number;
  readonly stop: StopConditions;
  readonly thresholds: readonly Threshold[];
}

/** A plan that no file holds: one cohort. */
export function planOfFlags(devices: number, mode: FleetMode): PlanSource {
  const document: PlanDocument = {
    model: 'open',
    teardown: 'disconnect',
    thresholds: [],
    cohorts: [{ name: 'devices', mode, count: devices }],
  };
  return { document, complain: (_path, what, remedy) => new UserError(what, remedy) };
}

/**
 * Resolves a plan. UserErrors name the place that could not be carried out.
 * @param listed reads the CSV that a cohort names at a place of the plan
 */
export function resolvePlan(source: PlanSource, flags: Overrides, listed: ReadUnits): ResolvedPlan {
  const { document, complain } = source;
  if (flags.seed === '') throw new UserError('--seed is empty', 'give a text or a number, or leave it out');
  const seed = flags.seed ?? document.seed ?? '1';
  const whole = document.cohorts.map((written, i) => cohortOf(source, i, written, flags.mode, listed));
  const cohorts = flags.devices === undefined ? whole : scaled(source, whole, flags.devices);
  requireDistinct(source, cohorts);
  const devices = cohorts.reduce((sum, cohort) => sum + cohort.devices, 0);
  if (devices > DEVICES_MAX)
    throw complain(['cohorts'], `${devices} devices are more than the ${DEVICES_MAX} of one run`, 'lower the counts, or run several plans');
  const { closed, arrival, cohorts: arriving } = arrivals(source, flags.rate, cohorts);
  const fleet: Fleetwide = {
    devices,
    mode: arriving.length === 1 && arriving[0] ? arriving[0].mode : 'mixed',
    rate: arrival.shape === 'constant' ? arrival.rate : DEFAULT_RATE,
    seed,
    arrival,
    cohorts: arriving,
    ...(typeof document.teardown === 'string'
      ? { teardown: document.teardown }
      : { teardown: document.teardown.how, teardownRate: document.teardown.rate }),
    ...(closed === undefined ? {} : { closed }),
  };
  requireDue(source, fleet, flags.rate);
  requireContent(source, arriving);
  return {
    fleet: { ...fleet, rate: offeredRate(fleet) },
    namespace: flags.namespace ?? document.namespace,
    holdMs: tidied(flags.holdMs ?? document.hold ?? 0),
    stop: stopOf(document),
    thresholds: document.thresholds.map((text, i) => {
      const parsed = parseThreshold(text);
      if (!parsed.ok) throw complain(['thresholds', i], parsed.why, parsed.remedy);
      return parsed.threshold;
    }),
  };
}

/** Refuses names that are none, or that two units would have. */
export function requireNames(plan: FleetPlan, source: PlanSource): void {
  const cohorts = plan.cohorts ?? [];
  /** By DeviceName, the cohort that has it. */
  const seen = new Map<string, number>();
  for (const { identity, cohort } of units(plan)) {
    const { deviceName } = identity;
    const i = cohorts.indexOf(cohort);
    if (!isDeviceName(deviceName))
      throw source.complain(
        ['cohorts', i, cohort.listed ? 'csv' : 'names'],
        `${mention(deviceName)} is no DeviceName`,
        'a DeviceName is 4-32 letters, digits or - _ @ . :',
      );
    const before = seen.get(deviceName);
    if (before !== undefined) throw sharedName(source, deviceName, before, i);
    seen.set(deviceName, i);
  }
}

/** Of a name that the units of two cohorts have, or two of one. The names of a list are its own: no template makes them. */
function sharedName({ document, complain }: PlanSource, deviceName: string, before: number, i: number): UserError {
  const [one, other] = [document.cohorts[before], document.cohorts[i]];
  if (other?.csv === undefined)
    return complain(
      ['cohorts', i, 'names'],
      `two units would be named ${mentionName(deviceName)}`,
      'put {{index}} into the names, or another beginning for each cohort',
    );
  const [first, second] = [mentionName(one?.name ?? ''), mentionName(other.name)];
  return one?.csv === other.csv
    ? complain(
        ['cohorts', i, 'csv'],
        `the cohorts ${first} and ${second} name the same devices of ${other.csv}`,
        'give each a list of its own, or one of them names',
      )
    : complain(
        ['cohorts', i, 'csv'],
        `${other.csv} names ${mentionName(deviceName)}, and so does the cohort ${first}`,
        'take the line out of one of them',
      );
}

/** The same cohorts with `devices` units in all, each with its part of them, at least one. */
function scaled({ document, complain }: PlanSource, cohorts: readonly Cohort[], devices: number): Cohort[] {
  const before = cohorts.reduce((sum, cohort) => sum + cohort.devices, 0);
  if (devices < cohorts.length)
    throw complain(
      ['cohorts'],
      `--devices ${devices} is less than the ${cohorts.length} cohorts of the plan`,
      'give each cohort one device at the least',
    );
  let left = devices;
  return cohorts.map((cohort, i) => {
    const rest = cohorts.length - 1 - i;
    const part = rest === 0 ? left : Math.min(left - rest, Math.max(1, Math.round((cohort.devices * devices) / before)));
    left -= part;
    const { listed } = cohort;
    if (listed && listed.length < part)
      throw complain(
        ['cohorts', i, 'csv'],
        `--devices ${devices} needs ${part} units, and ${document.cohorts[i]?.csv} names ${listed.length}`,
        'add lines to it, or give fewer devices',
      );
    return { ...cohort, devices: part };
  });
}

function arrivals(
  { document, complain }: PlanSource,
  rate: number | undefined,
  cohorts: readonly Cohort[],
): { readonly closed?: number; readonly arrival: Arrival; readonly cohorts: readonly Cohort[] } {
  const { model, concurrency, arrival } = document;
  if (model === 'closed') {
    if (concurrency === undefined)
      throw complain(['model'], 'a closed model needs a concurrency', 'say how many units are on their way at a time: concurrency: 50');
    const own = document.cohorts.findIndex((cohort) => cohort.arrival !== undefined);
    if (arrival || own >= 0)
      throw complain(
        arrival ? ['arrival'] : ['cohorts', own, 'arrival'],
        'a closed model has no arrivals: the next unit starts when another has arrived',
        'leave arrival out, or write model: open',
      );
    if (rate !== undefined) throw new UserError('--rate does not fit a closed model', 'leave it out, or give a plan with model: open');
    return { closed: concurrency, arrival: { shape: 'storm', withinMs: 0 }, cohorts };
  }
  if (concurrency !== undefined)
    throw complain(['concurrency'], 'an open model has no concurrency', 'write model: closed, or leave concurrency out');
  if (rate !== undefined) return { arrival: { shape: 'constant', rate }, cohorts: cohorts.map(({ arrival: _own, ...cohort }) => cohort) };
  return { arrival: arrival ? arrivalFrom(arrival) : { shape: 'constant', rate: DEFAULT_RATE }, cohorts };
}

function requireDistinct({ complain }: PlanSource, cohorts: readonly Cohort[]): void {
  cohorts.forEach(({ name }, i) => {
    if (cohorts.findIndex((other) => other.name === name) < i)
      throw complain(['cohorts', i], `two cohorts are named ${mentionName(name)}`, 'give each a name of its own: name: meters');
  });
}

function stopOf({ stop = {} }: PlanDocument): StopConditions {
  const { after, ...counts } = stop;
  return { ...counts, ...(after === undefined ? {} : { afterMs: after }) };
}
