// The document of a fleet: what a person writes in a plan file. Times are seconds, or written with their unit; here they are milliseconds.
// docs/schemas/plan.schema.json is made of it.
import * as v from 'valibot';
import { ATTEMPTS } from './backoff.ts';
import { DEVICES_MAX, NAMESPACE_MAX } from './plan.ts';
import type { Range } from './plan-cohort.ts';

/** Most units a second that a plan may ask for. */
export const RATE_MAX = 100_000;
/** Longest time that a plan may name, or may take until the last unit is due. */
export const TIME_MAX_MS = 7 * 24 * 3_600_000;
/** Shortest time between two publishes of a device: what a timer tells apart, and far beyond what platforms take of one device. */
const INTERVAL_MIN_MS = 1;
const BYTES_MAX = 2 ** 30;
const ATTEMPTS_MAX = 1_000_000;

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
const TIME = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/;
/** Patterns whole, with their ranges, since they are all that the published schema says of texts. */
const INTERVAL = /^(?=\d*[1-9]|\d+\.\d{0,2}[1-9]\d*s$|.*[1-9].*[mh]$)\d+(\.\d+)?(ms|s|m|h)$/;
const TIMES = /^\s*\d+(\.\d+)?(ms|s|m|h)\s*(\.\.\s*\d+(\.\d+)?(ms|s|m|h)\s*)?$/;
const BYTES = /^\s*\d+\s*(\.\.\s*\d+\s*)?$/;
const NAMESPACE = new RegExp(`^[A-Za-z0-9]{1,${NAMESPACE_MAX}}$`);

const text = v.pipe(v.string(), v.nonEmpty('is empty'));
const whole = (least: number, most: number) =>
  v.pipe(v.number(), v.integer('is no whole number'), v.minValue(least, `is less than ${least}`), v.maxValue(most, `is more than ${most}`));
const between = (least: number, most: number) =>
  v.pipe(v.number(), v.minValue(least, `is less than ${least}`), v.maxValue(most, `is more than ${most}`));

function milliseconds(written: string | number): number {
  if (typeof written === 'number') return tidied(written * UNITS.s);
  const [, number, unit = 's'] = TIME.exec(written) ?? [];
  return number === undefined ? Number.NaN : tidied(Number(number) * UNITS[unit as keyof typeof UNITS]);
}

/** To the microsecond: what is finer is the noise of a multiplication, or could not be written with a unit again. */
export function tidied(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

const NO_TIME = 'is no time: write seconds as a number, or 500ms, 20s, 5m, 1h';
const NO_TIMES = `${NO_TIME}; or two of them, the smaller first: 2s..5s`;
const NO_INTERVAL = `is no time between two publishes of a device: at least ${INTERVAL_MIN_MS}ms; write seconds as a number, or 500ms, 20s, 5m, 1h`;
const TOO_LONG = `is longer than ${TIME_MAX_MS / UNITS.h}h (7 days), the longest time of a plan`;
const NO_BYTES = 'is no number of bytes: write 4000, or 100..4000, the smaller first';
const NO_NAMESPACE = `is not 1-${NAMESPACE_MAX} letters and digits`;

/** @param pattern of those that are written with a unit */
const timeLike = (pattern: RegExp, no: string, least = 0) =>
  v.union([
    v.pipe(v.number(), v.minValue(least, no), v.maxValue(TIME_MAX_MS / UNITS.s, TOO_LONG)),
    v.pipe(v.string(), v.regex(pattern, no)),
  ]);
const isPatient = (ms: number): boolean => !(ms > TIME_MAX_MS);

/** Milliseconds, written as seconds or with a unit. */
const time = v.pipe(timeLike(TIME, NO_TIME), v.transform(milliseconds), v.check(isPatient, TOO_LONG));

/** The same, and no shorter than two publishes may be apart; of minutes and hours the pattern only says that it is some time. */
const interval = v.pipe(
  timeLike(INTERVAL, NO_INTERVAL, INTERVAL_MIN_MS / UNITS.s),
  v.transform(milliseconds),
  v.check(isPatient, TOO_LONG),
  v.check((ms) => ms >= INTERVAL_MIN_MS, NO_INTERVAL),
);

function rangeOf(written: string | number, read: (one: string | number) => number): Range {
  const [min = '', max = min] = typeof written === 'number' ? [written] : written.split('..').map((one) => one.trim());
  return { min: read(min), max: read(max) };
}

const isOrdered = ({ min, max }: Range): boolean => min <= max;

/** A time, or `2s..5s`. */
const times = v.pipe(
  timeLike(TIMES, NO_TIMES),
  v.transform((written) => rangeOf(written, milliseconds)),
  v.check(({ max }) => isPatient(max), TOO_LONG),
  v.check(isOrdered, NO_TIMES),
);

/** A number of bytes, or `100..2000`. */
const bytes = v.pipe(
  v.union([
    v.pipe(v.number(), v.integer(NO_BYTES), v.minValue(0, NO_BYTES), v.maxValue(BYTES_MAX, NO_BYTES)),
    v.pipe(v.string(), v.regex(BYTES, NO_BYTES)),
  ]),
  v.transform((written) => rangeOf(written, Number)),
  v.check(({ max }) => max <= BYTES_MAX, `is more than ${BYTES_MAX} bytes`),
  v.check(isOrdered, NO_BYTES),
);

const rate = v.pipe(
  v.number(),
  v.gtValue(0, 'is no rate: units per second, above 0'),
  v.maxValue(RATE_MAX, `is impossible: at most ${RATE_MAX} a second`),
);
const rateOrNone = between(0, RATE_MAX);

const ARRIVAL = v.variant('shape', [
  v.strictObject({ shape: v.literal('constant'), rate }),
  v.strictObject({ shape: v.literal('ramp'), from: rateOrNone, to: rateOrNone, over: time }),
  v.strictObject({
    shape: v.literal('step'),
    steps: v.pipe(
      v.array(v.strictObject({ rate: rateOrNone, for: v.exactOptional(time) })),
      v.nonEmpty('has no step'),
      // The last one stays until all have arrived.
      v.checkItems(
        (step, i, steps) => i === steps.length - 1 || step.for !== undefined,
        'says no `for`, and only the last step may leave it out',
      ),
    ),
  }),
  v.strictObject({ shape: v.literal('poisson'), rate }),
  v.strictObject({ shape: v.literal('spike'), rate, peak: rate, at: time, for: time }),
  v.strictObject({ shape: v.literal('storm'), within: v.optional(time, 0) }),
]);

const attempts = v.optional(whole(1, ATTEMPTS_MAX), ATTEMPTS);
const RECONNECT = v.variant('policy', [
  v.strictObject({ policy: v.literal('none') }),
  v.strictObject({ policy: v.literal('fixed'), delay: time, attempts }),
  v.strictObject({ policy: v.literal('exponential'), base: v.optional(time, 1), cap: v.optional(time, 60), attempts }),
]);

const LANE = v.strictObject({
  delay: v.exactOptional(time),
  jitter: v.exactOptional(time),
  bytesPerSecond: v.exactOptional(whole(1, BYTES_MAX)),
  slice: v.exactOptional(whole(1, BYTES_MAX)),
});

const COHORT = v.strictObject({
  name: v.optional(v.pipe(text, v.maxLength(32, 'is longer than 32 characters')), 'devices'),
  mode: v.optional(v.picklist(['register', 'regnwl', 'mixed', 'connect']), 'mixed'),
  count: v.exactOptional(whole(1, DEVICES_MAX)),
  names: v.exactOptional(text),
  csv: v.exactOptional(text),
  start: v.exactOptional(v.picklist(['blank', 'provisioned'])),
  arrival: v.exactOptional(ARRIVAL),
  think: v.exactOptional(times),
  publish: v.exactOptional(
    v.strictObject({
      every: v.exactOptional(interval),
      qos: v.optional(v.picklist([0, 1]), 0),
      properties: v.exactOptional(v.record(v.string(), v.unknown())),
      topic: v.exactOptional(text),
      payload: v.exactOptional(v.string()),
      reply: v.exactOptional(v.boolean()),
    }),
  ),
  session: v.exactOptional(times),
  reconnect: v.exactOptional(RECONNECT),
  faults: v.exactOptional(
    v.strictObject({
      share: v.optional(between(0, 1), 1),
      in: v.exactOptional(LANE),
      out: v.exactOptional(LANE),
      resetAfter: v.exactOptional(bytes),
      halfOpenAfter: v.exactOptional(bytes),
    }),
  ),
});

const NUMBERS_MAX = 10 ** NAMESPACE_MAX - 1;
const namespace = v.union([
  v.pipe(v.string(), v.regex(NAMESPACE, NO_NAMESPACE)),
  v.pipe(v.number(), v.integer(NO_NAMESPACE), v.minValue(0, NO_NAMESPACE), v.maxValue(NUMBERS_MAX, NO_NAMESPACE)),
]);

const how = v.picklist(['disconnect', 'drop']);
/** How connections end, and how many a second; all at once where nothing says. */
const TEARDOWN = v.union([how, v.strictObject({ how: v.optional(how, 'disconnect'), rate })]);

const count = v.exactOptional(whole(1, DEVICES_MAX));

/** The shape of a plan file. */
export const PLAN = v.strictObject({
  name: v.exactOptional(text),
  target: v.exactOptional(text),
  seed: v.exactOptional(v.pipe(v.union([text, v.number()]), v.transform(String))),
  namespace: v.exactOptional(v.pipe(namespace, v.transform(String))),
  session: v.exactOptional(v.picklist(['reference', 'lean'])),
  model: v.optional(v.picklist(['open', 'closed']), 'open'),
  concurrency: v.exactOptional(whole(1, DEVICES_MAX)),
  arrival: v.exactOptional(ARRIVAL),
  cohorts: v.pipe(v.array(COHORT), v.nonEmpty('has no cohort')),
  hold: v.exactOptional(time),
  teardown: v.optional(TEARDOWN, 'disconnect'),
  stop: v.exactOptional(v.strictObject({ after: v.exactOptional(time), failures: count, refusals: count, throttled: count, lost: count })),
  thresholds: v.optional(v.array(text), []),
});

export type PlanDocument = v.InferOutput<typeof PLAN>;
export type ArrivalDocument = v.InferOutput<typeof ARRIVAL>;
export type CohortDocument = PlanDocument['cohorts'][number];
