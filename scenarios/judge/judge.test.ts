// Oracles and roll-up on evidence made by hand: what each says when a proof is missing, when the word of a device is not on the wire, and
// when nothing ever worked.
import fc from 'fast-check';
import mqttPacket from 'mqtt-packet';
import { describe, expect, test } from 'vitest';
import { toHex } from '../../kernel/bytes/concat.ts';
import type { Outcome } from '../../kernel/trace/outcome.ts';
import { judgeCase, type Check, type CheckResult } from './judge.ts';
import { everLetThrough, neverAccepted, rollUp, selectionConformance, type JudgedCase } from './rollup.ts';
import type { CaseRecord, SpanRecord, StoredEvent } from './record.ts';
import { VERDICTS, worst, type Verdict } from './verdict.ts';

const packet = (dir: 'in' | 'out', body: mqttPacket.Packet): StoredEvent => ({
  at: 1,
  kind: 'packet',
  conn: 1,
  dir,
  hex: toHex(mqttPacket.generate(body)),
});
const connack = (returnCode: number): StoredEvent => packet('in', { cmd: 'connack', returnCode, sessionPresent: false });
const reply = (topic: string, payload: string, retain = false): StoredEvent =>
  packet('in', { cmd: 'publish', topic, payload, qos: 0, retain, dup: false });
const SECRET = '{"deviceSecret":"0123456789abcdef0123456789abcdef","productKey":"a1","deviceName":"unit-1"}';

function span(name: string, outcome: Outcome | null, events: StoredEvent[] = [], more: Partial<SpanRecord> = {}): SpanRecord {
  return { name, unit: 'u', verb: 'register', startedAt: 0, endedAt: 10, outcome, facts: {}, events, ...more };
}

const REFUSED: Outcome = { kind: 'refused', by: 'connack', code: 4 };
const ISSUED: Outcome = { kind: 'issued', mode: 'register', via: 'mqtt', topic: '/ext/register' };
const ACCEPTED: Outcome = { kind: 'accepted', sessionPresent: false };
const good = {
  attempt: span('attempt', REFUSED, [connack(4)]),
  control: span('control', ISSUED, [connack(0), reply('/ext/register', SECRET)]),
  alive: span('alive', ACCEPTED, [], { verb: 'post' }),
};
const record = (...spans: SpanRecord[]): CaseRecord => ({ case: 'c', seed: '1', spans, fault: null });
const verdictOf = (check: Omit<Check, 'id' | 'rule'>, spans: SpanRecord[], ruleClass: 'M' | 'S' | 'R' = 'M') => {
  const { checks } = judgeCase(record(...spans), [{ id: 'x', rule: 'RULE-16', ...check } as Check], () => ruleClass);
  return checks[0];
};
const refusal = (code?: number): Omit<Check, 'id' | 'rule'> => ({
  oracle: 'refused',
  on: { attempt: 'attempt', control: 'control', alive: 'alive', ...(code === undefined ? {} : { code }) },
});

describe('a refusal', () => {
  test('passes with its three proofs, and keeps the code as a reading', () => {
    expect(verdictOf(refusal(), Object.values(good))).toMatchObject({
      verdict: 'pass',
      reading: 4,
      proofs: { stimulus: true, control: true, alive: true },
    });
  });

  test.each([
    ['the control was not accepted', '对照未被接受', [good.attempt, { ...good.control, outcome: REFUSED }, good.alive]],
    ['the control was not accepted', '对照未被接受', [good.attempt, good.alive]],
    [
      'the known-good unit did not live on',
      '已知正常的单元未能保持存活',
      [good.attempt, good.control, span('alive', { kind: 'closed', stage: 'session', afterMs: 0 })],
    ],
    ['the stimulus was not witnessed', '没有证据表明激励已到达平台', [span('attempt', REFUSED), good.control, good.alive]],
    ['the control was not accepted and the known-good unit did not live on', '对照未被接受，且已知正常的单元未能保持存活', [good.attempt]],
  ])('is inconclusive when %s', (why, zh, spans) => {
    const finding = verdictOf(refusal(), spans);
    expect(finding).toMatchObject({ verdict: 'inconclusive' });
    expect(finding?.because).toContain(`attempt was refused with CONNACK 4, but ${why}`);
    expect(finding?.zh.because).toContain(`attempt 以 CONNACK 4 被拒绝，但${zh}`);
  });

  test('with another code than the documents state is a failure; any code passes where they state none', () => {
    expect(verdictOf(refusal(2), Object.values(good))).toMatchObject({ verdict: 'fail' });
    expect(verdictOf(refusal(4), Object.values(good))).toMatchObject({ verdict: 'pass' });
  });

  test('that was let through fails, even when the device says it was refused', () => {
    expect(verdictOf(refusal(), [span('attempt', ISSUED), good.control, good.alive])).toMatchObject({ verdict: 'fail' });
    const lying = span('attempt', REFUSED, [connack(4), reply('/ext/register', SECRET)]);
    expect(verdictOf(refusal(), [lying, good.control, good.alive])).toMatchObject({ verdict: 'fail' });
  });

  test('by silence after CONNACK 0 is a warning, never a pass; unreachable and local decide nothing', () => {
    const silent = span('attempt', { kind: 'silent', stage: 'reply', waitedMs: 10_000 }, [connack(0)]);
    expect(verdictOf(refusal(), [silent, good.control, good.alive])).toMatchObject({ verdict: 'warn' });
    for (const outcome of [
      { kind: 'unreachable', stage: 'tcp', code: 'ECONNREFUSED' },
      { kind: 'local', reason: 'ports' },
      { kind: 'aborted', by: 'operator' },
      { kind: 'silent', stage: 'connack', waitedMs: 1 },
    ] as const) {
      expect(verdictOf(refusal(), [span('attempt', outcome), good.control, good.alive])).toMatchObject({ verdict: 'inconclusive' });
    }
  });
});

describe('credentials', () => {
  const issued: Omit<Check, 'id' | 'rule'> = { oracle: 'issued', on: { attempt: 'attempt' } };

  test('must be on the wire, once', () => {
    expect(verdictOf(issued, [span('attempt', ISSUED, [connack(0), reply('/ext/register', SECRET)])])).toMatchObject({ verdict: 'pass' });
    expect(verdictOf(issued, [span('attempt', ISSUED, [connack(0)])])).toMatchObject({ verdict: 'fail' });
    expect(
      verdictOf(issued, [span('attempt', ISSUED, [connack(0), reply('/ext/register', SECRET), reply('/ext/register', SECRET)])]),
    ).toMatchObject({ verdict: 'fail' });
    expect(verdictOf(issued, [])).toMatchObject({ verdict: 'inconclusive' });
  });

  test.each([
    [SECRET, false, 'pass'],
    [SECRET.replaceAll(':', ' : '), false, 'fail'],
    [SECRET, true, 'fail'],
  ])('%s retained %s is %s for the scanners of shipped firmware', (text, retain, verdict) => {
    expect(
      verdictOf({ oracle: 'compactReply', on: { attempt: 'attempt' } }, [
        span('attempt', ISSUED, [connack(0), reply('/ext/register', text, retain)]),
      ]),
    ).toMatchObject({ verdict });
  });

  test('of two units must differ in ClientID and token', () => {
    const token = (clientId: string, deviceToken: string): StoredEvent[] => [
      connack(0),
      reply('/ext/regnwl', JSON.stringify({ clientId, productKey: 'a1', deviceName: 'unit-1', deviceToken })),
    ];
    const nwl: Outcome = { kind: 'issued', mode: 'regnwl', via: 'mqtt' };
    const of = (a: StoredEvent[], b: StoredEvent[]) =>
      verdictOf({ oracle: 'distinctClientIds', on: { attempts: ['a', 'b'] } }, [span('a', nwl, a), span('b', nwl, b)]);
    expect(of(token('c1', 't1'), token('c2', 't2'))).toMatchObject({ verdict: 'pass' });
    expect(of(token('c1', 't1'), token('c1', 't2'))).toMatchObject({ verdict: 'fail' });
    expect(of(token('c1', 't1'), token('c2', 't1'))).toMatchObject({ verdict: 'fail' });
    expect(of(token('c1', 't1'), [connack(0)])).toMatchObject({ verdict: 'inconclusive' });
  });
});

describe('watching', () => {
  const closed = (at: number, by: 'local' | 'remote'): StoredEvent => ({ at, kind: 'closed', conn: 1, ending: { by } });
  const watched = (events: StoredEvent[]) => span('w', null, events, { verb: 'watch', endedAt: 20_000 });

  test.each([
    [[closed(15_000, 'remote')], 'pass'],
    [[closed(12_000, 'remote')], 'fail'],
    [[closed(18_000, 'remote')], 'fail'],
    [[closed(15_000, 'local')], 'fail'],
    [[], 'fail'],
  ] as const)('the end of a session within bounds: %j is %s', (events, verdict) => {
    expect(
      verdictOf({ oracle: 'endedByPlatform', on: { span: 'w', notBefore: 13_000, notAfter: 17_000 } }, [watched([...events])]),
    ).toMatchObject({ verdict });
  });

  test.each([
    [900, 'fail'],
    [1_000, 'inconclusive'],
  ])('an end that is 1,000 ms too late, on a machine that stood still for %i ms, is %s', (stalledMs, verdict) => {
    const machine = { ...span('this machine', null, [], { verb: 'watch' }), facts: { stalledMs } };
    expect(
      verdictOf({ oracle: 'endedByPlatform', on: { span: 'w', notAfter: 17_000 } }, [watched([closed(18_000, 'remote')]), machine]),
    ).toMatchObject({ verdict });
  });

  test('nothing was received is said only of a watcher that could hear', () => {
    const check: Omit<Check, 'id' | 'rule'> = { oracle: 'nothingReceived', on: { span: 'w', heard: 'h' } };
    const heard = span('h', ACCEPTED, [], { verb: 'post' });
    expect(verdictOf(check, [watched([]), heard])).toMatchObject({ verdict: 'pass' });
    expect(verdictOf(check, [watched([])])).toMatchObject({ verdict: 'inconclusive' });
    expect(verdictOf(check, [watched([reply('/ext/register', SECRET)]), heard])).toMatchObject({ verdict: 'fail' });
    expect(verdictOf(check, [watched([closed(1, 'remote')]), heard])).toMatchObject({ verdict: 'inconclusive' });
  });
});

describe('weighing', () => {
  test('a broken SHOULD warns, a reading never fails', () => {
    const spans = [span('attempt', ISSUED), good.control, good.alive];
    expect(verdictOf(refusal(), spans, 'M')?.verdict).toBe('fail');
    expect(verdictOf(refusal(), spans, 'S')?.verdict).toBe('warn');
    expect(verdictOf(refusal(), spans, 'R')?.verdict).toBe('pass');
  });

  test('a fault of the harness is an error, not a verdict about the platform', () => {
    const { verdict, checks } = judgeCase(
      { ...record(), fault: 'operator gone' },
      [{ id: 'x', rule: 'RULE-16', ...refusal() } as Check],
      () => 'M',
    );
    expect(verdict).toBe('error');
    expect(checks[0]).toMatchObject({ verdict: 'error', because: 'operator gone', zh: { because: '用例未能驱动到底：operator gone' } });
  });
});

const checkOf = (rule: string, verdict: Verdict): CheckResult => ({
  id: 'x',
  rule,
  verdict,
  kind: 'judged',
  expected: '',
  because: '',
  zh: { expected: '', because: '' },
  evidence: [],
});

describe('rolling up', () => {
  const one = (verdict: Verdict, rule = 'RULE-16'): JudgedCase => ({ id: 'c', verdict, checks: [checkOf(rule, verdict)] });
  const required = [{ id: 'RULE-16', class: 'M' as const }];

  test.each([
    ['pass', 'conformant'],
    ['fail', 'not-conformant'],
    ['inconclusive', 'undetermined'],
    ['error', 'undetermined'],
    ['not_run', 'undetermined'],
  ] as const)('a MUST that is %s makes the target %s', (verdict, conformance) => {
    expect(rollUp([one(verdict)], required, false).conformance).toBe(conformance);
  });

  test('a MUST that no case spoke of leaves the target undetermined, and so does a selection', () => {
    expect(rollUp([one('pass', 'RULE-01')], required, false)).toMatchObject({
      conformance: 'undetermined',
      rules: [{ verdict: 'not_run' }],
    });
    expect(rollUp([], required, false).reasons).toEqual([{ en: 'not decided: RULE-16 (not_run)', 'zh-CN': '尚未判定：RULE-16（未运行）' }]);
    expect(rollUp([one('pass')], required, true)).toMatchObject({
      conformance: 'undetermined',
      reasons: [{ en: 'only a selection of the cases ran', 'zh-CN': '只运行了一部分用例' }],
    });
    expect(selectionConformance([one('pass')])).toBe('conformant');
    expect(selectionConformance([one('pass'), one('fail')])).toBe('not-conformant');
    expect(selectionConformance([])).toBe('undetermined');
  });

  test('a broken SHOULD does not make a target not conformant', () => {
    expect(rollUp([one('pass'), one('warn', 'RULE-08')], [...required, { id: 'RULE-08', class: 'S' }], false).conformance).toBe(
      'conformant',
    );
  });

  test('where nothing was ever accepted, failures decide nothing', () => {
    expect(everLetThrough([record(good.attempt)])).toBe(false);
    expect(everLetThrough([record(good.attempt, good.control)])).toBe(true);
    expect(neverAccepted([one('fail')])[0]).toMatchObject({ verdict: 'inconclusive', checks: [{ verdict: 'inconclusive' }] });
  });

  test('the worst of several does not depend on their order', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([...VERDICTS], { minLength: 1 }), (verdicts) => {
        expect(worst(verdicts, 'pass')).toBe(worst([...verdicts].reverse(), 'pass'));
        expect(verdicts).toContain(worst(verdicts, 'pass'));
      }),
    );
  });
});
