// A report with one of everything, in which every text that can come from outside is the text given.
import mqttPacket, { type Packet } from 'mqtt-packet';
import { toHex } from '../../kernel/bytes/concat.ts';
import type { CheckResult } from '../../scenarios/judge/judge.ts';
import type { CaseRecord, SpanRecord, StoredEvent } from '../../scenarios/judge/record.ts';
import { stepsOf, type CaseResult, type RunFindings } from '../../scenarios/judge/results.ts';
import { VERDICTS } from '../../scenarios/judge/verdict.ts';
import { makeReport, type Report } from '../model.ts';
import type { StoredCase } from '../transcript.ts';

export function packetEvent(dir: 'out' | 'in', packet: Packet, at = 0): StoredEvent {
  return { at, kind: 'packet', conn: 1, dir, hex: toHex(mqttPacket.generate(packet)) };
}

export function span(more: Partial<SpanRecord>): SpanRecord {
  return { name: 'span', unit: 'unit', verb: 'watch', startedAt: 0, endedAt: 0, outcome: null, facts: {}, events: [], ...more };
}

/** A case of one unit that publishes so often. */
export function busyCase(id: string, publishes: number, size = 60): { result: CaseResult; stored: StoredCase } {
  const payload = Buffer.from(`{"n":"${'x'.repeat(size)}"}`);
  const packet: Packet = { cmd: 'publish', topic: '/sys/a/b/thing', payload, qos: 0, retain: false, dup: false };
  const events = Array.from({ length: publishes }, (_, i) => packetEvent('out', packet, i));
  const record: CaseRecord = { case: id, seed: '1', fault: null, spans: [span({ events, endedAt: publishes })] };
  return { stored: { record, clock: 'virtual' }, result: resultOf(record, { id }) };
}

export function resultOf(record: CaseRecord, more: Partial<CaseResult>): CaseResult {
  const zh = { title: '标题', note: null };
  return {
    id: record.case,
    title: 'A title',
    zh,
    verdict: 'pass',
    clock: 'virtual',
    steps: stepsOf(record),
    checks: [],
    note: null,
    ...more,
  };
}

export function reportOf(cases: readonly CaseResult[], more: Partial<RunFindings> = {}): Report {
  const findings: RunFindings = {
    about: {
      version: '0.1.0',
      direction: 'platform',
      target: 'target',
      edition: 'doc2020',
      profiles: ['prereg'],
      seed: '1',
      namespace: '0',
      requirementSet: 'muster-0.1.0/doc2020/prereg',
    },
    subject: { name: 'the subject', kind: 'embedded-stub', endpoints: [], administrator: 'stub', paceMs: 0, destructiveAllowed: true },
    environment: { runner: 'node', runtime: 'v20', system: 'linux', jobs: 1, startedAt: null, endedAt: null },
    attestations: [],
    conformance: 'conformant',
    partial: false,
    reasons: [],
    cases,
    extensions: [],
    rules: [],
    notCovered: [],
    profilesNotJudged: [],
    ...more,
  };
  return makeReport(findings, { text: '', lines: 7, sha256: 'ab12' });
}

/** Everything that a report can have, every foreign text being `text`. */
export function fullReport(text: string): { report: Report; evidence: StoredCase[] } {
  const unit = `unit ${text}`;
  const connect: Packet = {
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clientId: text,
    username: text,
    password: Buffer.from(text),
    keepalive: 60,
    clean: true,
  };
  const publish: Packet = {
    cmd: 'publish',
    topic: `/t/${text}`,
    payload: Buffer.from(`${text}{"code":6288}`),
    qos: 1,
    messageId: 4,
    retain: true,
    dup: false,
  };
  const facts = { kind: 'tls', encrypted: true, peer: text, port: 1 } as const;
  const spans = [
    span({ name: 'added', unit: null, verb: 'operator', facts: { [text]: text } }),
    span({
      name: text,
      unit,
      verb: 'register',
      endedAt: 900,
      outcome: { kind: 'malformed', what: 'reply', why: text },
      events: [
        { at: 0, kind: 'opened', conn: 1, facts },
        packetEvent('out', connect, 1),
        packetEvent('in', { cmd: 'connack', returnCode: 4, sessionPresent: false }, 2),
        packetEvent('in', publish, 3),
        { at: 4, kind: 'bytes', conn: 1, dir: 'in', hex: toHex(Buffer.from(text)) },
        { at: 4, kind: 'packet', conn: 1, dir: 'in', hex: 'ff' },
        { at: 5, kind: 'operator', action: text, facts: {} },
        { at: 6, kind: 'witness', what: text, holds: false },
        { at: 7, kind: 'closed', conn: 1, ending: { by: 'fault', code: text } },
        { at: 900, kind: 'outcome', verb: 'register', outcome: { kind: 'malformed', what: 'reply', why: text } },
      ],
    }),
  ];
  const record: CaseRecord = { case: `platform/${text}`, seed: text, fault: text, spans };
  const check = (verdict: CheckResult['verdict'], i: number): CheckResult => ({
    id: `${i} ${text}`,
    rule: 'RULE-01',
    verdict,
    kind: i === 0 ? 'reading' : 'judged',
    expected: `en ${text}`,
    because: `en ${text}`,
    zh: { expected: `zh ${text}`, because: `zh ${text}` },
    evidence: [text, 'never recorded'],
    proofs: { stimulus: true, control: false, alive: true },
    reading: { [text]: text },
  });
  const checks = VERDICTS.map(check);
  const one = resultOf(record, { title: text, zh: { title: `zh ${text}`, note: text }, note: text, verdict: 'fail', checks });
  const theirs: CaseRecord = { ...record, case: `mine/${text}` };
  const report = reportOf([one], {
    about: { ...reportOf([]), target: text, edition: text, profiles: [text], seed: text, namespace: text, requirementSet: text },
    subject: { name: text, kind: 'platform', endpoints: [text], administrator: 'human', paceMs: 61_000, destructiveAllowed: false },
    environment: { runner: 'browser', runtime: text, system: text, jobs: 1, startedAt: text, endedAt: text },
    attestations: [{ case: one.id, span: 'added', what: text, who: text, when: text, answer: text }],
    conformance: 'not-conformant',
    partial: true,
    reasons: [{ en: text, 'zh-CN': text }],
    extensions: [{ ...one, id: theirs.case }],
    rules: VERDICTS.map((verdict, i) => ({
      id: `RULE-0${i + 1}`,
      class: 'M',
      verdict,
      checks: i === 0 ? checks.map(({ id }) => `${one.id}#${id}`) : [],
    })),
    notCovered: [{ id: text, class: 'S' }],
    profilesNotJudged: [text],
  });
  return { report, evidence: [record, theirs].map((one) => ({ record: one, clock: 'wall' })) };
}
