// The parts of a plan document as the fleet wants them, each checked for what its keys cannot mean together.
import type { Reconnect } from './backoff.ts';
import type { Arrival } from './arrivals.ts';
import type { FleetMode } from './plan.ts';
import type { Cohort, FaultPlan, ListedUnit, Publishing } from './plan-cohort.ts';
import { isNoTopic, NO_TOPIC } from './plan-content.ts';
import type { ArrivalDocument, CohortDocument } from './plan-document.ts';
import type { Path, PlanSource } from './plan-source.ts';
import { TemplateCompiler, TemplateError } from './template.ts';

export function arrivalFrom(written: ArrivalDocument): Arrival {
  switch (written.shape) {
    case 'constant':
    case 'poisson':
      return written;
    case 'ramp':
      return { shape: 'ramp', from: written.from, to: written.to, overMs: written.over };
    case 'step':
      return {
        shape: 'step',
        steps: written.steps.map((step) => ({ rate: step.rate, ...(step.for === undefined ? {} : { forMs: step.for }) })),
      };
    case 'spike':
      return { shape: 'spike', rate: written.rate, peak: written.peak, atMs: written.at, forMs: written.for };
    case 'storm':
      return { shape: 'storm', withinMs: written.within };
  }
}

/** Reads the units of a file that is named at a place of a plan. */
export type ReadUnits = (file: string, place: Path) => readonly ListedUnit[];

/** One cohort; a UserError names its place in the plan. */
export function cohortOf(source: PlanSource, i: number, written: CohortDocument, mode: FleetMode | undefined, read: ReadUnits): Cohort {
  const at = (...rest: Path): Path => ['cohorts', i, ...rest];
  const { complain } = source;
  const { csv, names, name, arrival, think, session, reconnect, publish, faults } = written;
  if (csv !== undefined && names !== undefined)
    throw complain(at('names'), 'names and csv both say what units are called', 'leave one of them out');
  const listed = csv === undefined ? undefined : read(csv, at('csv'));
  const devices = written.count ?? listed?.length;
  if (devices === undefined) throw complain(at(), 'nothing says how many units this cohort has', 'give count, or csv with a line for each');
  if (listed && devices > listed.length)
    throw complain(at('count'), `${devices} units, but ${csv} names ${listed.length}`, 'add lines to it, or lower the count');
  if (names !== undefined) requireName(source, at('names'), names);
  const chosen = mode ?? written.mode;
  return {
    name,
    mode: chosen,
    devices,
    start: startOf(source, at, written, chosen, listed?.slice(0, devices)),
    ...(names === undefined ? {} : { names }),
    ...(listed ? { listed } : {}),
    ...(arrival ? { arrival: arrivalFrom(arrival) } : {}),
    ...(think ? { think } : {}),
    ...(publish ? { publish: publishingFrom(source, at('publish'), publish, chosen) } : {}),
    ...(session ? { sessionMs: session } : {}),
    ...(reconnect ? { reconnect: reconnectFrom(reconnect) } : {}),
    ...(faults ? { faults: faultsFrom(faults) } : {}),
  };
}

/** Nobody but the platform can give a ClientID and a DeviceToken, so units without a DeviceSecret cannot begin with credentials. */
function startOf(
  { complain }: PlanSource,
  at: (...rest: Path) => Path,
  written: CohortDocument,
  mode: FleetMode,
  listed: readonly ListedUnit[] | undefined,
): Cohort['start'] {
  const start = written.start ?? (mode === 'connect' ? 'provisioned' : 'blank');
  if (mode === 'connect' && start === 'blank')
    throw complain(
      at('start'),
      'units of mode connect cannot start blank: they register nothing',
      'write start: provisioned, or another mode',
    );
  const allHave = listed?.every((unit) => unit.credentials !== undefined) ?? false;
  if (start === 'provisioned' && (mode === 'regnwl' || mode === 'mixed') && !allHave)
    throw complain(
      at(written.start === undefined ? 'mode' : 'start'),
      `units of mode ${mode} cannot start provisioned: only the platform issues a ClientID and a DeviceToken`,
      'give a csv with clientId and deviceToken, use --flash, or write mode: connect',
    );
  return start;
}

function requireName({ complain }: PlanSource, path: Path, names: string): void {
  try {
    new TemplateCompiler('name').text(names);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    throw complain(path, error.message, error.remedy);
  }
}

function publishingFrom(
  { complain }: PlanSource,
  path: Path,
  written: NonNullable<CohortDocument['publish']>,
  mode: FleetMode,
): Publishing {
  const { every, qos, properties, topic, payload, reply } = written;
  if (topic !== undefined && properties !== undefined)
    throw complain([...path, 'topic'], 'topic and properties both say what is published', 'leave one of them out');
  if (topic === undefined && payload !== undefined)
    throw complain([...path, 'payload'], 'a payload needs a topic', 'give topic, or properties instead');
  // Its texts in expressions too: one that is drawn seldom would be refused by the platform, in the middle of the run.
  if (topic !== undefined && isNoTopic(topic.replace(/\{\{.*?\}\}/g, (call) => call.match(/'[^']*'/g)?.join('') ?? '')))
    throw complain([...path, 'topic'], ...NO_TOPIC);
  if (topic !== undefined && reply === true)
    throw complain([...path, 'reply'], 'only a post of properties has a reply', 'leave reply out, or publish properties');
  return {
    qos,
    reply: reply ?? (topic === undefined && mode !== 'connect'),
    ...(every === undefined ? {} : { everyMs: every }),
    ...(properties ? { properties } : {}),
    ...(topic === undefined ? {} : { topic, payload: payload ?? '' }),
  };
}

function reconnectFrom(written: NonNullable<CohortDocument['reconnect']>): Reconnect {
  if (written.policy === 'none') return written;
  const { attempts } = written;
  if (written.policy === 'fixed') return { policy: 'fixed', delayMs: written.delay, attempts };
  return { policy: 'exponential', baseMs: written.base, capMs: written.cap, attempts };
}

type LaneDocument = NonNullable<NonNullable<CohortDocument['faults']>['in']>;

function laneFrom({ delay, jitter, bytesPerSecond, slice }: LaneDocument): NonNullable<FaultPlan['in']> {
  return {
    ...(delay === undefined ? {} : { delayMs: delay }),
    ...(jitter === undefined ? {} : { jitterMs: jitter }),
    ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }),
    ...(slice === undefined ? {} : { sliceMax: slice }),
  };
}

function faultsFrom(written: NonNullable<CohortDocument['faults']>): FaultPlan {
  const { share, in: inward, out, resetAfter, halfOpenAfter } = written;
  return {
    share,
    ...(inward ? { in: laneFrom(inward) } : {}),
    ...(out ? { out: laneFrom(out) } : {}),
    ...(resetAfter ? { resetAfter } : {}),
    ...(halfOpenAfter ? { halfOpenAfter } : {}),
  };
}
