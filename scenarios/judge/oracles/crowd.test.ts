// Crowds on evidence made by hand: packets count, not words, and a connection that broke decides nothing.
import mqttPacket from 'mqtt-packet';
import { expect, test } from 'vitest';
import { toHex } from '../../../kernel/bytes/concat.ts';
import type { Outcome } from '../../../kernel/trace/outcome.ts';
import { tokenIdentifier } from '../../../protocol/identifier.ts';
import { judgeCase, type Check } from '../judge.ts';
import type { SpanRecord, StoredEvent } from '../record.ts';
import { member } from './crowd.ts';

const CROWD = { name: 'racer', count: 10 } as const;
const packet = (dir: 'in' | 'out', body: mqttPacket.Packet): StoredEvent => ({
  at: 1,
  kind: 'packet',
  conn: 1,
  dir,
  hex: toHex(mqttPacket.generate(body)),
});
const signIn = packet('out', {
  cmd: 'connect',
  clientId: tokenIdentifier('c1', []),
  protocolId: 'MQTT',
  protocolVersion: 4,
  keepalive: 60,
  clean: true,
});
const connack = (returnCode: number): StoredEvent => packet('in', { cmd: 'connack', returnCode, sessionPresent: false });
const RESET: StoredEvent = { at: 1, kind: 'closed', conn: 1, ending: { by: 'fault', code: 'ECONNRESET' } };
const REFUSED: Outcome = { kind: 'refused', by: 'connack', code: 4 };
const ACCEPTED: Outcome = { kind: 'accepted', sessionPresent: false };
const CLOSED: Outcome = { kind: 'closed', stage: 'connack', afterMs: 1 };

const span = (name: string, outcome: Outcome, events: StoredEvent[]): SpanRecord => ({
  name,
  unit: name,
  verb: 'boot',
  startedAt: 0,
  endedAt: 1,
  outcome,
  facts: {},
  events,
});
const online = (n: number, outcome: Outcome = ACCEPTED): SpanRecord => span(member(CROWD, n), outcome, [signIn, connack(0)]);
const refused = (n: number): SpanRecord => span(member(CROWD, n), REFUSED, [signIn, connack(4)]);
const broken = (n: number): SpanRecord => span(member(CROWD, n), CLOSED, [signIn, RESET]);
const OTHERS = [span('control', ACCEPTED, [connack(0)]), span('alive', ACCEPTED, [])];
const CHECK: Check = {
  id: 'x',
  rule: 'RULE-39',
  oracle: 'exactlyOnline',
  on: { crowd: CROWD, retries: { name: 'retry', count: 10 }, online: 5, control: 'control', alive: 'alive' },
};

const tenth = (five: readonly SpanRecord[], others: readonly SpanRecord[], last: SpanRecord): SpanRecord[] => [...five, ...others, last];
const FIVE = [1, 2, 3, 4, 5].map((n) => online(n));
const FOUR = [6, 7, 8, 9].map(refused);

test.each([
  ['five online and the others refused', tenth(FIVE, FOUR, refused(10)), 'pass'],
  ['a sixth that got CONNACK 0 and says that it was refused', tenth(FIVE, FOUR, online(10, REFUSED)), 'fail'],
  ['one that claims to be refused without a CONNACK', tenth(FIVE, FOUR, span('racer-10', REFUSED, [signIn])), 'inconclusive'],
  ['one whose connection broke', tenth(FIVE, FOUR, broken(10)), 'inconclusive'],
  ['only four', tenth(FIVE.slice(1), [refused(1), ...FOUR], refused(10)), 'fail'],
  ['only four, and one that broke', tenth(FIVE.slice(1), [broken(1), ...FOUR], refused(10)), 'inconclusive'],
  ['a racer that never started', [...FIVE, ...FOUR], 'inconclusive'],
] as const)('of %s', (_what, spans, verdict) => {
  const record = { case: 'c', seed: '1', spans: [...spans, ...OTHERS], fault: null };
  const { checks } = judgeCase(record, [CHECK], () => 'M');
  expect(checks[0]).toMatchObject({ verdict });
});

test('without the control that room was the reason it is inconclusive', () => {
  const record = { case: 'c', seed: '1', spans: [...tenth(FIVE, FOUR, refused(10)), ...OTHERS.slice(1)], fault: null };
  expect(judgeCase(record, [CHECK], () => 'M').checks[0]).toMatchObject({ verdict: 'inconclusive', proofs: { control: false } });
});
