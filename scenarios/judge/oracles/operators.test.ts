// Readings of operators' actions and of messages, from spans made by hand: what each says, and when it says that something is wrong.
import mqttPacket from 'mqtt-packet';
import { expect, test } from 'vitest';
import { toHex } from '../../../kernel/bytes/concat.ts';
import type { Outcome } from '../../../kernel/trace/outcome.ts';
import type { SpanRecord, StoredEvent } from '../record.ts';
import { Spans } from '../spans.ts';
import { acknowledged, messageOn, postAnswer } from './messages.ts';
import { clientIdTime, operatorLatency, sessionFate } from './operators.ts';

const REPLY = '/sys/pk/dn/thing/event/property/post_reply';
const ENDS = '/thing/event/property/post_reply';

function span(name: string, more: Partial<SpanRecord> = {}): SpanRecord {
  return { name, unit: 'u', verb: 'watch', startedAt: 1000, endedAt: 2000, outcome: null, facts: {}, events: [], ...more };
}

function spansOf(...spans: SpanRecord[]): Spans {
  return new Spans({ case: 'c', seed: '1', spans, fault: null });
}

function packet(dir: 'in' | 'out', what: Parameters<typeof mqttPacket.generate>[0]): StoredEvent {
  return { at: 1500, kind: 'packet', conn: 1, dir, hex: toHex(mqttPacket.generate(what)) };
}

const answer = (payload: string, qos: 0 | 1 = 0, retain = false): StoredEvent =>
  packet('in', { cmd: 'publish', topic: REPLY, payload, qos, retain, dup: false, ...(qos ? { messageId: 3 } : {}) });
const closed = (at: number, by: 'local' | 'remote'): StoredEvent => ({ at, kind: 'closed', conn: 1, ending: { by } });
const refused: Outcome = { kind: 'refused', by: 'connack', code: 4 };
const accepted: Outcome = { kind: 'accepted', sessionPresent: false };

test('latency of an action on a session: from its answer to the end of the session', () => {
  const action = span('act', { endedAt: 1200 });
  const read = (ended: SpanRecord) => operatorLatency(spansOf(action, ended), { action: 'act', ended: 'w' }).reading;
  expect(read(span('w', { events: [closed(1450, 'remote')] }))).toBe(250);
  expect(read(span('w', { events: [closed(1150, 'remote')] }))).toBe(0);
  expect(read(span('w', { events: [closed(1450, 'local')] }))).toBeNull();
  expect(operatorLatency(spansOf(), { action: 'act' }).verdict).toBe('inconclusive');
});

test('latency of an action on attempts: from its answer to the first that was not let through', () => {
  const action = span('act', { endedAt: 1000 });
  const first = span('try-1', { startedAt: 1000, outcome: accepted });
  const second = span('try-2', { startedAt: 3000, outcome: refused });
  const args = { action: 'act', attempts: ['try-1', 'try-2', 'try-3'] };
  expect(operatorLatency(spansOf(action, first, second), args).reading).toBe(2000);
  expect(operatorLatency(spansOf(action, first), args).reading).toBeNull();
});

test('fate of a session', () => {
  const fate = (...events: StoredEvent[]) => sessionFate(spansOf(span('w', { events })), { span: 'w' }).reading;
  expect(fate()).toBe('kept');
  expect(fate(closed(1100, 'local'))).toBe('kept');
  expect(fate(closed(1100, 'remote'))).toBe('ended');
});

test('time of a ClientID', () => {
  const read = (time: number) =>
    clientIdTime(
      spansOf(
        span('list', { facts: { times: [time] } }),
        span('issued', { startedAt: 10_000, endedAt: 10_100 }),
        span('connected', { startedAt: 20_000, endedAt: 20_100 }),
      ),
      { list: 'list', issued: 'issued', connected: 'connected' },
    ).reading;
  expect([read(10_050), read(20_050), read(1)]).toEqual(['registered', 'first-connected', 'another']);
});

test('the answer to a post, good and bad', () => {
  const judged = (...events: StoredEvent[]) => postAnswer(spansOf(span('post', { events })), { span: 'post', topicEnds: ENDS });
  const good = '{"code":200,"data":{},"id":"1","message":"success","method":"thing.event.property.post","version":"1.0"}';
  expect(judged(answer(good))).toMatchObject({ verdict: 'pass', reading: 'code,data,id,message,method,version' });
  expect(judged().verdict).toBe('fail');
  for (const bad of [
    [answer(good), answer(good)],
    [answer(good, 1)],
    [answer(good, 0, true)],
    [answer('{"code":460,"id":"1"}')],
    [answer('text')],
  ]) {
    const { verdict, because } = judged(...bad);
    expect(verdict).toBe('fail');
    // What is wrong is said in the language of the sentence; only the answer itself and the names of the protocol stay.
    const said = because['zh-CN'].replace(/：.*/, '').replaceAll(/\b(id|code|JSON|QoS)\b/g, '');
    expect(said).not.toMatch(/[a-z]/i);
  }
});

test('a message on a topic', () => {
  const args = { span: 'w', topicEnds: ENDS };
  expect(messageOn(spansOf(span('w', { events: [answer('hello')] })), args).reading).toBe('hello');
  expect(messageOn(spansOf(span('w')), args).reading).toBeNull();
});

test('every message at QoS 1 is acknowledged by its id', () => {
  const out = (messageId: number): StoredEvent =>
    packet('out', { cmd: 'publish', topic: '/pk/dn/user/update', payload: 'x', qos: 1, messageId, retain: false, dup: false });
  const back = (messageId: number): StoredEvent => packet('in', { cmd: 'puback', messageId });
  const verdict = (...events: StoredEvent[]) => acknowledged(spansOf(span('p', { events })), { span: 'p' }).verdict;
  expect(verdict(out(1), out(2), back(1), back(2))).toBe('pass');
  expect(verdict(out(1), out(2), back(1))).toBe('fail');
  expect(verdict(out(1), back(2))).toBe('fail');
  expect(verdict()).toBe('inconclusive');
});
