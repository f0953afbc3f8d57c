// What a report shows of a check stands in both languages: over every case on the stub and on some mutants, and over every end of an attempt.
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { LocalReason, Outcome, Stage } from '../../kernel/trace/outcome.ts';
import { CASES } from '../engine/cases.ts';
import type { CellAgent } from '../engine/cell-agent.ts';
import { judgedClass } from '../engine/requirements.ts';
import { countImmediates } from '../engine/virtual-time.ts';
import { judgeCase, withoutEvidence, type Check, type CheckResult } from './judge.ts';
import type { CaseRecord, SpanRecord } from './record.ts';
import { neverAccepted } from './rollup.ts';
import { outcomeSaid } from './words.ts';

let cells: CellAgent;

// The engine is imported after immediates are counted, as in the workers: libraries keep the function that they find.
beforeAll(async () => {
  countImmediates();
  cells = (await import('../engine/cell-agent.ts')).cellAgent;
});

const IN_CELLS = CASES.filter((one) => one.needs === 'cell');
const BROKEN = /undefined|\[object|NaN|^\s*$/;
const CHINESE = /\p{Script=Han}/u;

/** What is wrong with the words of a check. */
function wrongIn(check: CheckResult): string[] {
  const { expected, because, zh } = check;
  return [
    [expected, zh.expected],
    [because, zh.because],
  ].flatMap(([en = '', zhCN = '']) => {
    const ok = !BROKEN.test(en) && !BROKEN.test(zhCN) && !CHINESE.test(en) && CHINESE.test(zhCN);
    return ok ? [] : [`${check.id} (${check.verdict}): ${en} | ${zhCN}`];
  });
}

const SCALE = /^platform\/scale\//;

/** Mutants in which many checks, or rare ones, turn red, and the cases that they meet: crowds take long. */
const MUTANTS = [
  ['off:RULE-01', /^platform\/(?!scale)/],
  ['off:RULE-55', /^platform\/(?!scale)/],
  ['replies-published', /^platform\/(?!scale)/],
  ['switch-ends-sessions', /^platform\/switch\//],
  ['no-cap', SCALE],
  ['never-stores', /^firmware\//],
] as const;

const ABOUT = { seed: '1', namespace: '0', edition: 'doc2020' } as const;

describe('a whole run', () => {
  test('on the stub says everything in two languages, and rests every check on spans that were recorded', async () => {
    const wrong: string[] = [];
    for (const definition of IN_CELLS) {
      const record = await cells.run({ caseId: definition.id, ...ABOUT });
      const recorded = record.spans.map((span) => span.name);
      for (const check of judgeCase(record, definition.checks, judgedClass).checks) {
        wrong.push(...wrongIn(check).map((what) => `${definition.id}#${what}`));
        if (check.evidence.length === 0 || check.evidence.some((name) => !recorded.includes(name)))
          wrong.push(`${definition.id}#${check.id} rests on ${check.evidence.join(', ')}`);
      }
    }
    expect(wrong).toEqual([]);
  }, 120_000);

  test.each(MUTANTS)(
    'on %s says everything in two languages',
    async (mutant, which) => {
      const wrong: string[] = [];
      let red = 0;
      for (const definition of IN_CELLS.filter((one) => which.test(one.id))) {
        const record = await cells.run({ caseId: definition.id, mutant, ...ABOUT });
        const { verdict, checks } = judgeCase(record, definition.checks, judgedClass);
        red += checks.filter((check) => check.verdict === 'fail' || check.verdict === 'warn').length;
        const dead = neverAccepted([{ id: definition.id, verdict, checks }]).flatMap((one) => one.checks);
        for (const check of [...checks, ...dead]) wrong.push(...wrongIn(check).map((what) => `${definition.id}#${what}`));
      }
      expect(wrong).toEqual([]);
      // A mutant that turned nothing red would have shown no sentence of a failure.
      expect(red).toBeGreaterThan(0);
    },
    120_000,
  );
});

const STAGES: readonly Stage[] = ['dns', 'tcp', 'tls', 'ws', 'connack', 'reply', 'session'];
const LOCAL: readonly LocalReason[] = ['ports', 'descriptors', 'browser-cap', 'generator-late', 'relay'];

const anyOutcome: fc.Arbitrary<Outcome> = fc.oneof(
  fc.record({
    kind: fc.constant('issued' as const),
    mode: fc.constantFrom('register' as const, 'regnwl' as const),
    via: fc.constantFrom('mqtt' as const, 'https' as const),
  }),
  fc.record({ kind: fc.constant('accepted' as const), sessionPresent: fc.boolean() }),
  fc.record({ kind: fc.constant('refused' as const), by: fc.constantFrom('connack' as const, 'http' as const), code: fc.nat(7000) }),
  fc.record({
    kind: fc.constant('malformed' as const),
    what: fc.constantFrom('connack' as const, 'reply' as const, 'packet' as const, 'http' as const),
    why: fc.constant('a reply without a key'),
  }),
  fc.record({ kind: fc.constant('closed' as const), stage: fc.constantFrom(...STAGES), afterMs: fc.nat(99) }),
  fc.record({ kind: fc.constant('silent' as const), stage: fc.constantFrom(...STAGES), waitedMs: fc.nat(99) }),
  fc.record({
    kind: fc.constant('unreachable' as const),
    stage: fc.constantFrom('dns' as const, 'tcp' as const, 'tls' as const, 'ws' as const),
    code: fc.constant('ECONNREFUSED'),
  }),
  fc.record({ kind: fc.constant('aborted' as const), by: fc.constantFrom('operator' as const, 'stop-condition' as const) }),
  fc.record({ kind: fc.constant('local' as const), reason: fc.constantFrom(...LOCAL) }),
);

/** Every oracle that looks at how an attempt ended. */
const OF_ATTEMPTS = [
  { oracle: 'accepted', on: { attempt: 'a' } },
  { oracle: 'acceptedLikeControl', on: { attempt: 'a', control: 'b', alive: 'c' } },
  { oracle: 'acceptedLikeControl', on: { attempt: 'a', control: 'b', alive: 'c', orphan: 'b' } },
  { oracle: 'answers', on: { attempts: ['a', 'b'] } },
  { oracle: 'compactReply', on: { attempt: 'a' } },
  { oracle: 'distinctClientIds', on: { attempts: ['a', 'b'] } },
  { oracle: 'issued', on: { attempt: 'a' } },
  { oracle: 'refused', on: { attempt: 'a', control: 'b', alive: 'c' } },
  { oracle: 'refused', on: { attempt: 'a', control: 'b', alive: 'c', code: 4 } },
  { oracle: 'replyTopic', on: { attempt: 'a' } },
  { oracle: 'sameAnswer', on: { attempts: ['a', 'b'], alive: 'c' } },
  { oracle: 'sixthStaysOut', on: { sixth: ['a', 'b'], control: 'b', alive: 'c' } },
  { oracle: 'unsolicited', on: { attempt: 'a' } },
].map((check, i) => ({ id: `${i} ${check.oracle}`, rule: 'RULE-16', ...check }) as Check);

test('every end of an attempt has a name in each language', () => {
  fc.assert(
    fc.property(anyOutcome, (outcome) => {
      const { en, 'zh-CN': zh } = outcomeSaid(outcome);
      expect(en).not.toMatch(CHINESE);
      expect(zh).toMatch(CHINESE);
    }),
  );
});

test('every end of an attempt has its words, also where spans are missing', () => {
  const anySpan = (name: string): fc.Arbitrary<SpanRecord[]> =>
    fc
      .option(
        fc.record({ outcome: fc.option(anyOutcome), verb: fc.constantFrom('register' as const, 'connect' as const, 'post' as const) }),
      )
      .map((one) => (one ? [{ name, unit: 'u', startedAt: 0, endedAt: 1, facts: {}, events: [], ...one }] : []));
  fc.assert(
    fc.property(anySpan('a'), anySpan('b'), anySpan('c'), fc.constantFrom(null, 'operator gone'), (a, b, c, fault) => {
      const record: CaseRecord = { case: 'c', seed: '1', spans: [...a, ...b, ...c], fault };
      expect(judgeCase(record, OF_ATTEMPTS, () => 'M').checks.flatMap(wrongIn)).toEqual([]);
    }),
    { numRuns: 500 },
  );
});

describe('what is expected', () => {
  const refused = {
    id: 'x',
    rule: 'RULE-16',
    oracle: 'refused',
    on: { attempt: 'bad-sign', control: 'register', alive: 'alive', code: 4 },
  };
  const span = (name: string): SpanRecord => ({
    name,
    unit: 'u',
    verb: 'register',
    startedAt: 0,
    endedAt: 1,
    outcome: null,
    facts: {},
    events: [],
  });

  test('names what it is about; evidence is only what was recorded', () => {
    const record: CaseRecord = { case: 'c', seed: '1', spans: ['alive', 'bad-sign', 'other'].map(span), fault: null };
    expect(judgeCase(record, [refused as Check], () => 'M').checks[0]).toMatchObject({
      expected: 'bad-sign is refused with CONNACK 4, while its control register is accepted and alive lives on',
      zh: { expected: 'bad-sign 以 CONNACK 4 被拒绝，而对照 register 被接受，且 alive 保持存活' },
      evidence: ['bad-sign', 'alive'],
    });
    expect(withoutEvidence(refused as Check, 'M', 'not_run', { en: 'not run', 'zh-CN': '未运行' }).evidence).toEqual([]);
  });

  test('can be said of a module of a user that asks for nonsense', () => {
    const nonsense = { id: 'x', rule: 'MINE-1', oracle: 'answers', on: { attempts: 7 } } as unknown as Check;
    expect(withoutEvidence(nonsense, 'M', 'error', { en: 'broken', 'zh-CN': '出错' }).expected).toContain('answers, asked with');
  });
});
