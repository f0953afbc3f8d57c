// The oracles of a registration's answer, each with what it must not take for right.
import { describe, expect, test } from 'vitest';
import mqttPacket, { type Packet } from 'mqtt-packet';
import { toHex } from '../../../kernel/bytes/concat.ts';
import type { Outcome } from '../../../kernel/trace/outcome.ts';
import type { SpanRecord, StoredEvent } from '../record.ts';
import { Spans } from '../spans.ts';
import { httpIssued, httpRefused } from './https.ts';
import { betterRefused, closeCountsFrom, replyInOrder } from './reply.ts';

const ISSUED: Outcome = { kind: 'issued', mode: 'register', via: 'mqtt', topic: '/ext/register' };
const REPLY = '{"deviceSecret":"0123456789abcdef","productKey":"a1B2c3D4e5F","deviceName":"sensor"}';

const packet = (at: number, dir: 'in' | 'out', hex: string): StoredEvent => ({ at, kind: 'packet', conn: 1, dir, hex });
const made = (one: Packet): string => toHex(new Uint8Array(mqttPacket.generate(one)));
const publish = (text: string): string =>
  made({ cmd: 'publish', topic: '/ext/register', payload: Buffer.from(text), qos: 0, retain: false, dup: false });
const CONNECT = made({
  cmd: 'connect',
  protocolId: 'MQTT',
  protocolVersion: 4,
  clean: true,
  keepalive: 60,
  clientId: 'c|random=1|',
  username: 'sensor&a1B2c3D4e5F',
  password: Buffer.from('x'),
});

function span(name: string, outcome: Outcome | null, events: StoredEvent[]): SpanRecord {
  return { name, unit: 'unit', verb: 'register', startedAt: 0, endedAt: 1, outcome, facts: {}, events };
}
const spansOf = (...all: SpanRecord[]): Spans => new Spans({ case: 'c', seed: '1', spans: all, fault: null });

describe('the answer over MQTT', () => {
  const judged = (...incoming: string[]) =>
    replyInOrder(spansOf(span('a', ISSUED, [packet(0, 'out', CONNECT), ...incoming.map((hex, i) => packet(i + 1, 'in', hex))])), {
      attempt: 'a',
    });

  test('is CONNACK 0 in four bytes, then credentials of the names that asked', () => {
    expect(judged('20020000', publish(REPLY)).verdict).toBe('pass');
    expect(judged('2003000000', publish(REPLY)).verdict).toBe('fail');
    expect(judged(publish(REPLY), '20020000').verdict).toBe('fail');
    expect(judged('20020000', 'd000', publish(REPLY)).verdict).toBe('fail');
    expect(judged('20020000', publish(REPLY.replace('sensor', 'another'))).verdict).toBe('fail');
    expect(replyInOrder(spansOf(), { attempt: 'a' }).verdict).toBe('inconclusive');
  });

  test.each([
    [15_000, 20_000, 'reply'],
    [15_000, 15_000, 'connack'],
  ])('counts the time to its end from where it fits (%i, %i)', (_wanted, closedAt, from) => {
    const register = span('a', ISSUED, [packet(0, 'in', '20020000'), packet(5_000, 'in', publish(REPLY))]);
    const linger = span('l', null, [{ at: closedAt, kind: 'closed', conn: 1, ending: { by: 'remote' } }]);
    expect(closeCountsFrom(spansOf(register, linger), { register: 'a', linger: 'l' }).reading).toBe(from);
  });

  test('in clear had better be a refusal', () => {
    const verdict = (outcome: Outcome): string => betterRefused(spansOf(span('a', outcome, [])), { attempt: 'a' }).verdict;
    expect(verdict(ISSUED)).toBe('warn');
    expect(verdict({ kind: 'refused', by: 'connack', code: 2 })).toBe('pass');
    expect(verdict({ kind: 'unreachable', stage: 'ws', code: 'NO_ENDPOINT' })).toBe('pass');
    expect(verdict({ kind: 'silent', stage: 'connack', waitedMs: 1 })).toBe('inconclusive');
  });
});

describe('the answer over HTTPS', () => {
  const answer = (text: string): StoredEvent[] => [
    { at: 0, kind: 'bytes', conn: 1, dir: 'in', hex: toHex(new Uint8Array(Buffer.from(text))) },
  ];
  const OVER: Outcome = { kind: 'issued', mode: 'register', via: 'https' };
  const control = span('control', OVER, []);
  const alive = span('alive', { kind: 'accepted', sessionPresent: false }, []);
  const refused = (outcome: Outcome, text: string, code?: number, ...more: SpanRecord[]) =>
    httpRefused(spansOf(span('a', outcome, answer(text)), ...(more.length > 0 ? more : [control, alive])), {
      attempt: 'a',
      control: 'control',
      alive: 'alive',
      ...(code === undefined ? {} : { code }),
    }).verdict;
  const NO: Outcome = { kind: 'refused', by: 'http', code: 6289 };

  test('delivers a secret under code 200', () => {
    const judged = (outcome: Outcome, text: string): string =>
      httpIssued(spansOf(span('a', outcome, answer(text))), { attempt: 'a' }).verdict;
    expect(judged(OVER, '{"code":200,"data":{"deviceSecret":"x"}}')).toBe('pass');
    expect(judged(OVER, '{"code":2001,"data":{"deviceSecret":"x"}}')).toBe('fail');
    expect(judged(OVER, '{"code":200}')).toBe('fail');
    expect(judged(NO, '{"code":6289}')).toBe('fail');
    expect(judged({ kind: 'unreachable', stage: 'tcp', code: 'ECONNREFUSED' }, '')).toBe('inconclusive');
  });

  test('refuses with the code of the documents, and all three proofs', () => {
    expect(refused(NO, '{"code":6289}', 6289)).toBe('pass');
    expect(refused(NO, '{"code":6289}', 6288)).toBe('fail');
    expect(refused(NO, '{"code":6289,"data":{"deviceSecret":"x"}}')).toBe('fail');
    expect(refused(OVER, '{"code":200}')).toBe('fail');
    expect(refused({ kind: 'malformed', what: 'http', why: 'x' }, '<html>')).toBe('fail');
    expect(refused({ kind: 'closed', stage: 'reply', afterMs: 1 }, '')).toBe('inconclusive');
    expect(refused(NO, '{"code":6289}', 6289, alive)).toBe('inconclusive');
    expect(refused(NO, '{"code":6289}', 6289, control)).toBe('inconclusive');
  });
});
