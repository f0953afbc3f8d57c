// A resolved plan as a document again: read back, it is the same fleet. No secret is in it.
import { stringify } from 'yaml';
import type { Arrival } from './arrivals.ts';
import type { Reconnect } from './backoff.ts';
import type { Cohort, FaultPlan, Publishing, Range } from './plan-cohort.ts';
import type { ResolvedPlan } from './plan-resolve.ts';

/** What of a plan is known beside its fleet. */
export interface PrintedWith {
  readonly name?: string | undefined;
  readonly target?: string | undefined;
  readonly session?: string | undefined;
  readonly namespace: string;
  /** The CSV of a cohort, where it has one. */
  readonly csvOf: (cohort: Cohort) => string | undefined;
}

/** Seconds where they are whole enough, else milliseconds. */
const time = (ms: number): number | string => (ms % 100 === 0 ? ms / 1000 : `${ms}ms`);
const withUnit = (ms: number): string => (ms % 100 === 0 ? `${ms / 1000}s` : `${ms}ms`);
const times = ({ min, max }: Range): number | string => (min === max ? time(min) : `${withUnit(min)}..${withUnit(max)}`);
const bytes = ({ min, max }: Range): number | string => (min === max ? min : `${min}..${max}`);

/** YAML of the plan. */
export function printPlan({ fleet, holdMs, stop, thresholds }: ResolvedPlan, known: PrintedWith): string {
  const { afterMs, ...counts } = stop;
  const how = fleet.teardown ?? 'disconnect';
  const ends = { ...(afterMs === undefined ? {} : { after: time(afterMs) }), ...counts };
  return stringify({
    ...(known.name === undefined ? {} : { name: known.name }),
    ...(known.target === undefined ? {} : { target: known.target }),
    ...(known.session === undefined ? {} : { session: known.session }),
    seed: fleet.seed,
    namespace: known.namespace,
    ...(fleet.closed === undefined
      ? { model: 'open', ...(fleet.arrival ? { arrival: arrival(fleet.arrival) } : {}) }
      : { model: 'closed', concurrency: fleet.closed }),
    cohorts: fleet.cohorts.map((cohort) => written(cohort, known.csvOf(cohort))),
    hold: time(holdMs),
    teardown: fleet.teardownRate === undefined ? how : { how, rate: fleet.teardownRate },
    ...(Object.keys(ends).length > 0 ? { stop: ends } : {}),
    ...(thresholds.length > 0 ? { thresholds: thresholds.map(({ text }) => text) } : {}),
  });
}

function arrival(one: Arrival): Record<string, unknown> {
  switch (one.shape) {
    case 'constant':
    case 'poisson':
      return { ...one };
    case 'ramp':
      return { shape: 'ramp', from: one.from, to: one.to, over: time(one.overMs) };
    case 'step':
      return { shape: 'step', steps: one.steps.map(({ rate, forMs }) => ({ rate, ...(forMs === undefined ? {} : { for: time(forMs) }) })) };
    case 'spike':
      return { shape: 'spike', rate: one.rate, peak: one.peak, at: time(one.atMs), for: time(one.forMs) };
    case 'storm':
      return { shape: 'storm', within: time(one.withinMs) };
  }
}

function written(cohort: Cohort, csv: string | undefined): Record<string, unknown> {
  const { name, mode, devices, names, start, think, publish, sessionMs, reconnect, faults } = cohort;
  return {
    name,
    mode,
    count: devices,
    ...(names === undefined ? {} : { names }),
    ...(csv === undefined ? {} : { csv }),
    start,
    ...(cohort.arrival ? { arrival: arrival(cohort.arrival) } : {}),
    ...(think ? { think: times(think) } : {}),
    ...(publish ? { publish: publishing(publish) } : {}),
    ...(sessionMs ? { session: times(sessionMs) } : {}),
    ...(reconnect ? { reconnect: comingBack(reconnect) } : {}),
    ...(faults ? { faults: network(faults) } : {}),
  };
}

function publishing({ everyMs, qos, reply, properties, topic, payload }: Publishing): Record<string, unknown> {
  return {
    ...(everyMs === undefined ? {} : { every: time(everyMs) }),
    qos,
    ...(topic === undefined ? { reply } : { topic, payload }),
    ...(properties ? { properties } : {}),
  };
}

function comingBack(one: Reconnect): Record<string, unknown> {
  if (one.policy === 'none') return { policy: 'none' };
  const { attempts } = one;
  if (one.policy === 'fixed') return { policy: 'fixed', delay: time(one.delayMs), attempts };
  return { policy: 'exponential', base: time(one.baseMs), cap: time(one.capMs), attempts };
}

function network({ share, in: inward, out, resetAfter, halfOpenAfter }: FaultPlan): Record<string, unknown> {
  const lane = ({ delayMs, jitterMs, bytesPerSecond, sliceMax }: NonNullable<FaultPlan['in']>): Record<string, unknown> => ({
    ...(delayMs === undefined ? {} : { delay: time(delayMs) }),
    ...(jitterMs === undefined ? {} : { jitter: time(jitterMs) }),
    ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }),
    ...(sliceMax === undefined ? {} : { slice: sliceMax }),
  });
  return {
    share,
    ...(inward ? { in: lane(inward) } : {}),
    ...(out ? { out: lane(out) } : {}),
    ...(resetAfter ? { resetAfter: bytes(resetAfter) } : {}),
    ...(halfOpenAfter ? { halfOpenAfter: bytes(halfOpenAfter) } : {}),
  };
}
