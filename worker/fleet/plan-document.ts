// The document of a fleet: what a person writes in a plan file. Times are seconds, or written with their unit; here they are milliseconds.
// docs/schemas/plan.schema.json is made of it.
import * as v from 'valibot';
import { DEVICES_MAX, NAMESPACE_MAX } from './plan.ts';
import type { Range } from './plan-cohort.ts';

/** Most units a second that a plan may ask for. */
export const RATE_MAX = 100_000;
const TIME_MAX_MS = 7 * 24 * 3_600_000;
const BYTES_MAX = 2 ** 30;
const ATTEMPTS_MAX = 1_000_000;

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
const TIME = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/;

const text = v.pipe(v.string(), v.nonEmpty('is empty'));
const whole = (least: number, most: number) =>
  v.pipe(v.number(), v.integer('is no whole number'), v.minValue(least, `is less than ${least}`), v.maxValue(most, `is more than ${most}`));
const between = (least: number, most: number) =>
  v.pipe(v.number(), v.minValue(least, `is less than ${least}`), v.maxValue(most, `is more than ${most}`));

function milliseconds(written: string | number): number {
  if (typeof written === 'number') return written * UNITS.s;
  const [, number, unit = 's'] = TIME.exec(written) ?? [];
  return number === undefined ? Number.NaN : Number(number) * UNITS[unit as keyof typeof UNITS];
}

const isTime = (ms: number): boolean => ms >= 0 && ms <= TIME_MAX_MS;
const NO_TIME = 'is no time: write seconds as a number, or 500ms, 20s, 5m, 1h';

/** Milliseconds, written as seconds or with a unit. */
const time = v.pipe(
  v.union([v.number(), v.string()]),
  v.check((written) => isTime(milliseconds(written)), NO_TIME),
  v.transform(milliseconds),
);

function rangeOf(written: string | number, read: (one: string | number) => number): Range {
  const [min = '', max = min, ...rest] = typeof written === 'number' ? [written] : written.split('..').map((one) => one.trim());
  return rest.length > 0 ? { min: Number.NaN, max: Number.NaN } : { min: read(min), max: read(max) };
}

/** A time, or `2s..5s`. */
const times = v.pipe(
  v.union([v.number(), v.string()]),
  v.check((written) => {
    const { min, max } = rangeOf(written, milliseconds);
    return isTime(min) && isTime(max) && min <= max;
  }, `${NO_TIME}; or two of them, the smaller first: 2s..5s`),
  v.transform((written) => rangeOf(written, milliseconds)),
);

/** A number of bytes, or `100..2000`. */
const bytes = v.pipe(
  v.union([v.number(), v.string()]),
  v.check((written) => {
    const { min, max } = rangeOf(written, Number);
    return [min, max].every((one) => Number.isInteger(one) && one >= 0 && one <= BYTES_MAX) && min <= max;
  }, 'is no number of bytes: write 4000, or 100..4000'),
  v.transform((written) => rangeOf(written, Number)),
);

const rate = v.pipe(
  v.number(),
  v.check((one) => one > 0, 'is no rate: units per second, above 0'),
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

const attempts = v.exactOptional(whole(1, ATTEMPTS_MAX));
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
      every: v.exactOptional(
        v.pipe(
          time,
          v.check((ms) => ms > 0, 'is no time between two publishes'),
        ),
      ),
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

const how = v.picklist(['disconnect', 'drop']);
/** How connections end, and how many a second; all at once where nothing says. */
const TEARDOWN = v.union([how, v.strictObject({ how: v.optional(how, 'disconnect'), rate })]);

const count = v.exactOptional(whole(1, DEVICES_MAX));

/** The shape of a plan file. */
export const PLAN = v.strictObject({
  name: v.exactOptional(text),
  target: v.exactOptional(text),
  seed: v.exactOptional(v.pipe(v.union([text, v.number()]), v.transform(String))),
  namespace: v.exactOptional(
    v.pipe(
      v.union([v.string(), v.number()]),
      v.transform(String),
      v.regex(new RegExp(`^[A-Za-z0-9]{1,${NAMESPACE_MAX}}$`), `is not 1-${NAMESPACE_MAX} letters and digits`),
    ),
  ),
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
