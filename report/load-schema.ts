// What a load report looks like, for whoever reads one that another version or another hand wrote. The published JSON Schema holds it beside
// that of a conformance run. Unknown keys are let through: a later version may add some.
import * as v from 'valibot';

const Text = v.string();
const Count = v.pipe(v.number(), v.integer(), v.minValue(0));
const Digest = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/), v.description('SHA-256, hex'));
const Time = v.nullable(v.pipe(v.string(), v.isoTimestamp()));
const Milliseconds = v.pipe(v.number(), v.minValue(0), v.description('milliseconds'));

const Figures = v.object({
  p50: Milliseconds,
  p90: Milliseconds,
  p99: Milliseconds,
  max: Milliseconds,
  min: v.exactOptional(Milliseconds),
  count: v.exactOptional(v.pipe(Count, v.description('values that were timed: with too few a percentile is only the largest'))),
});
const Latencies = v.object(
  v.entriesFromList(
    ['register', 'connect', 'post'],
    v.pipe(v.nullable(Figures), v.description('null where nothing was timed, or where the figures are withheld')),
  ),
);
const Second = v.object({
  second: Count,
  ...v.entriesFromList(['online', 'offered', 'started', 'activated', 'refused', 'throttled', 'failed', 'local', 'aborted'], v.number()),
  posts: Count,
  replies: Count,
  latencyMs: v.object(v.entriesFromList(['register', 'connect', 'post'], v.nullable(v.object({ p50: v.number(), p99: v.number() })))),
});

/** The account of a fleet: what `muster fleet --json` writes. */
const LOAD = v.object({
  ...v.entriesFromList(['devices', 'activated', 'refused', 'failed', 'local', 'aborted'], Count),
  outcomes: v.record(Text, Count),
  traffic: v.exactOptional(v.record(Text, v.number())),
  cohorts: v.exactOptional(
    v.array(v.object({ name: Text, ...v.entriesFromList(['devices', 'activated', 'refused', 'failed', 'local', 'aborted'], Count) })),
  ),
  throttled: v.exactOptional(v.pipe(Count, v.description('attempts that the platform itself put off'))),
  throttledProbable: v.exactOptional(
    v.pipe(Count, v.description('connections closed without a reason while the fleet was over a limit of the target')),
  ),
  ownFaults: v.exactOptional(v.pipe(Count, v.description('attempts that the bad network of the plan itself broke'))),
  errors: v.exactOptional(
    v.array(
      v.object({
        family: Text,
        kind: Text,
        count: Count,
        example: v.object({ deviceName: Text, phase: Text, atMs: v.number(), detail: Text }),
        en: Text,
        zh: Text,
        throttled: v.exactOptional(v.literal('probable')),
      }),
    ),
  ),
  rate: v.object({
    offered: v.number(),
    achieved: v.number(),
    atOnce: v.exactOptional(v.pipe(v.literal(true), v.description('all were due at one moment: no rate was offered'))),
    overrunMs: v.exactOptional(v.pipe(v.number(), v.description('by how much longer than planned all arrivals took'))),
  }),
  latencyMs: v.pipe(Latencies, v.description('from the intended start')),
  serviceMs: v.pipe(Latencies, v.description('from the real start')),
  samplesNeeded: v.exactOptional(
    v.pipe(
      v.object(v.entriesFromList(['p50', 'p90', 'p99'], Count)),
      v.description('values that a percentile takes to be more than the largest of them'),
    ),
  ),
  validity: v.object({ ok: v.boolean(), reasons: v.array(Text), doubtfulSilences: v.exactOptional(Count) }),
  lagMs: v.exactOptional(
    v.pipe(
      v.object({ arrivals: v.nullable(Figures), steps: v.nullable(Figures) }),
      v.description('how late arrivals were by this machine, and what devices did later'),
    ),
  ),
  seed: Text,
  namespace: Text,
  version: Text,
  digest: Digest,
  workers: Count,
  measures: v.picklist(['target', 'self']),
  platform: v.nullable(v.object({ activated: v.number() })),
  uncounted: v.exactOptional(v.pipe(Text, v.description("why the platform's own count could not be taken"))),
  workersLost: v.exactOptional(v.array(v.object({ worker: Count, reason: Text, units: Count }))),
  series: v.exactOptional(v.array(Second)),
  thresholds: v.exactOptional(
    v.array(
      v.object({
        text: Text,
        ok: v.nullable(v.boolean()),
        actual: v.nullable(v.number()),
        tooFew: v.exactOptional(v.pipe(v.object({ had: Count, needed: Count }), v.description('samples: why a percentile was not judged'))),
      }),
    ),
  ),
});

/** A report of the format `muster-report/1` and the kind `load`. */
export const LOAD_REPORT = v.object({
  format: v.literal('muster-report/1'),
  kind: v.literal('load'),
  version: v.pipe(Text, v.description('of Muster')),
  target: Text,
  seed: Text,
  namespace: Text,
  environment: v.object({
    runner: v.picklist(['node', 'browser']),
    runtime: Text,
    system: Text,
    startedAt: Time,
    endedAt: Time,
  }),
  asked: v.exactOptional(v.record(Text, v.union([Text, v.number(), v.boolean()]))),
  result: v.object({
    verdict: v.pipe(v.picklist(['pass', 'fail', 'undecided']), v.description('undecided: the figures cannot be believed')),
    headline: Text,
    reasons: v.array(Text),
    zh: v.object({ headline: Text, reasons: v.array(Text) }),
  }),
  checks: v.array(
    v.object({
      id: v.pipe(Text, v.description('a threshold as it was written, or the name of what every run is asked')),
      kind: v.picklist(['threshold', 'account', 'validity']),
      verdict: v.picklist(['pass', 'fail', 'error']),
      because: Text,
      zh: v.object({ because: Text }),
      measured: v.nullable(v.number()),
    }),
  ),
  load: LOAD,
  footer: v.pipe(
    v.object({ sha256: Digest }),
    v.description('digest of the JSON with sorted keys and without this key; a report without it was cut off'),
  ),
});
