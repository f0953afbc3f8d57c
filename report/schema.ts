// What a report looks like, for whoever reads one that another version or another hand wrote. The published JSON Schema is made of this.
// Unknown keys are let through: a later version of the same format may add some.
import * as v from 'valibot';
import { VERDICTS } from '../scenarios/judge/verdict.ts';

const Text = v.string();
const Count = v.pipe(v.number(), v.integer(), v.minValue(0));
const Digest = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/), v.description('SHA-256, hex'));
const Time = v.nullable(v.pipe(v.string(), v.isoTimestamp()));
const Verdict = v.picklist(VERDICTS);
const RuleClass = v.picklist(['M', 'S', 'R']);
const Conformance = v.picklist(['conformant', 'not-conformant', 'undetermined']);
const list = <Item extends v.GenericSchema>(item: Item) => v.array(item);

const Stage = v.picklist(['dns', 'tcp', 'tls', 'ws', 'connack', 'reply', 'session']);
const Outcome = v.variant('kind', [
  v.object({
    kind: v.literal('issued'),
    mode: v.picklist(['register', 'regnwl']),
    via: v.picklist(['mqtt', 'https']),
    topic: v.exactOptional(Text),
  }),
  v.object({ kind: v.literal('accepted'), sessionPresent: v.boolean() }),
  v.object({ kind: v.literal('refused'), by: v.picklist(['connack', 'http']), code: v.number() }),
  v.object({ kind: v.literal('malformed'), what: v.picklist(['connack', 'reply', 'packet', 'http']), why: Text }),
  v.object({ kind: v.literal('closed'), stage: Stage, afterMs: v.number() }),
  v.object({ kind: v.literal('silent'), stage: Stage, waitedMs: v.number() }),
  v.object({ kind: v.literal('unreachable'), stage: v.picklist(['dns', 'tcp', 'tls', 'ws']), code: Text }),
  v.object({ kind: v.literal('aborted'), by: v.picklist(['operator', 'stop-condition']) }),
  v.object({ kind: v.literal('local'), reason: Text }),
]);

const Step = v.object({
  name: Text,
  unit: v.nullable(Text),
  verb: Text,
  outcome: v.nullable(Outcome),
  ms: v.pipe(v.number(), v.description('milliseconds of the clock that the case ran on')),
});

const Check = v.object({
  id: v.pipe(Text, v.description('unique within the case')),
  rule: Text,
  verdict: Verdict,
  kind: v.pipe(v.picklist(['judged', 'reading']), v.description('a reading is measured and reported, never judged')),
  expected: Text,
  because: v.pipe(Text, v.description('what was seen')),
  zh: v.object({ expected: Text, because: Text }),
  evidence: v.pipe(list(Text), v.description('names of spans of the case in the transcript')),
  proofs: v.exactOptional(v.object({ stimulus: v.boolean(), control: v.boolean(), alive: v.boolean() })),
  reading: v.exactOptional(v.unknown()),
});

const Case = v.object({
  id: Text,
  title: Text,
  zh: v.object({ title: Text, note: v.nullable(Text) }),
  verdict: Verdict,
  clock: v.pipe(v.nullable(v.picklist(['virtual', 'wall'])), v.description('null where the case did not run')),
  steps: list(Step),
  checks: list(Check),
  note: v.pipe(v.nullable(Text), v.description('why it has no steps, or why driving it ended early')),
});

const Required = { id: Text, class: RuleClass };

/** A report of the format `muster-report/1`. */
export const REPORT = v.object({
  format: v.literal('muster-report/1'),
  version: v.pipe(Text, v.description('of Muster')),
  direction: v.picklist(['platform', 'firmware']),
  target: Text,
  edition: Text,
  profiles: list(Text),
  seed: Text,
  namespace: Text,
  asked: v.exactOptional(
    v.pipe(
      v.object({
        target: v.exactOptional(Text),
        productKey: v.exactOptional(Text),
        ca: v.exactOptional(Text),
        case: v.exactOptional(Text),
        cases: v.exactOptional(Text),
        allowDestructive: v.exactOptional(v.boolean()),
        timeout: v.exactOptional(v.number()),
        session: v.exactOptional(v.picklist(['reference', 'lean'])),
      }),
      v.description('options of the command, as they were given and without secrets, so that the run can be repeated'),
    ),
  ),
  requirementSet: v.pipe(Text, v.description('muster-<version>/<edition>/<profiles>')),
  subject: v.object({
    name: Text,
    kind: Text,
    endpoints: list(Text),
    administrator: Text,
    paceMs: v.number(),
    destructiveAllowed: v.boolean(),
    mutant: v.exactOptional(Text),
  }),
  environment: v.object({
    runner: v.picklist(['node', 'browser']),
    runtime: Text,
    system: Text,
    jobs: Count,
    startedAt: Time,
    endedAt: Time,
  }),
  requirements: v.object({ set: Text, sha256: Digest }),
  result: v.object({
    conformance: Conformance,
    partial: v.pipe(v.boolean(), v.description('a selection of the cases ran: it decides nothing about the subject')),
    headline: Text,
    reasons: list(Text),
    completeness: v.object({ required: Count, exercised: Count, missing: list(Text) }),
    counts: v.object(v.entriesFromList(VERDICTS, Count)),
    zh: v.object({ headline: Text, reasons: list(Text) }),
  }),
  rules: list(
    v.object({
      ...Required,
      verdict: Verdict,
      checks: v.pipe(list(Text), v.description('case#check')),
      title: Text,
      text: Text,
      source: Text,
      zh: v.object({ title: Text, text: Text }),
    }),
  ),
  readings: list(v.object({ rule: Text, case: Text, check: Text, value: v.unknown(), said: Text, zh: v.object({ said: Text }) })),
  notCovered: list(v.object({ ...Required, title: Text, zh: v.exactOptional(v.object({ title: Text })) })),
  profilesNotJudged: list(Text),
  cases: list(Case),
  extensions: v.pipe(list(Case), v.description('cases that the user brought along; they decide nothing about conformance')),
  attestations: list(v.object({ case: Text, span: Text, what: Text, who: Text, when: Text, answer: Text })),
  outOfScope: list(Text),
  zh: v.object({ outOfScope: list(Text) }),
  transcript: v.object({ file: Text, lines: Count, sha256: Digest }),
  footer: v.pipe(
    v.object({ sha256: Digest }),
    v.description('digest of the JSON with sorted keys and without this key; a report without it was cut off'),
  ),
});
