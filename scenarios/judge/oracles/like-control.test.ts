// What the oracles that compare say, on evidence made by hand.
import mqttPacket from 'mqtt-packet';
import { describe, expect, test } from 'vitest';
import { toHex } from '../../../kernel/bytes/concat.ts';
import type { Outcome } from '../../../kernel/trace/outcome.ts';
import type { SpanRecord, StoredEvent } from '../record.ts';
import { Spans } from '../spans.ts';
import { acceptedLikeControl, answers, oneReply, sameAnswer } from './like-control.ts';
import { deliveries, nothingReceived } from './watched.ts';

const packet = (body: mqttPacket.Packet): StoredEvent => ({
  at: 1,
  kind: 'packet',
  conn: 1,
  dir: 'in',
  hex: toHex(mqttPacket.generate(body)),
});
const connack = (returnCode: number): StoredEvent => packet({ cmd: 'connack', returnCode, sessionPresent: false });
const message = (topic: string): StoredEvent => packet({ cmd: 'publish', topic, payload: '{}', qos: 0, retain: false, dup: false });
const closed: StoredEvent = { at: 1, kind: 'closed', conn: 1, ending: { by: 'remote' } };

function span(name: string, outcome: Outcome | null, events: StoredEvent[] = [], more: Partial<SpanRecord> = {}): SpanRecord {
  return { name, unit: 'u', verb: 'connect', startedAt: 0, endedAt: 10, outcome, facts: {}, events, ...more };
}
const spans = (...all: SpanRecord[]): Spans => new Spans({ case: 'c', seed: '1', spans: all, fault: null });

const ACCEPTED: Outcome = { kind: 'accepted', sessionPresent: false };
const refusal = (code: number): Outcome => ({ kind: 'refused', by: 'connack', code });
const CLOSED: Outcome = { kind: 'closed', stage: 'reply', afterMs: 1 };
const alive = span('alive', ACCEPTED, [], { verb: 'post' });
const control = span('control', ACCEPTED, [connack(0)]);

describe('let through like its control', () => {
  const on = { attempt: 'attempt', control: 'control', alive: 'alive' };
  const refused = span('attempt', refusal(4), [connack(4)]);

  test('passes by itself, and fails only where the control and the known-good unit show that nothing else was the reason', () => {
    expect(acceptedLikeControl(spans(span('attempt', ACCEPTED, [connack(0)])), on).verdict).toBe('pass');
    expect(acceptedLikeControl(spans(refused, control, alive), on)).toMatchObject({
      verdict: 'fail',
      proofs: { stimulus: true, control: true, alive: true },
    });
    expect(acceptedLikeControl(spans(refused, span('control', refusal(4), [connack(4)]), alive), on).verdict).toBe('inconclusive');
    expect(acceptedLikeControl(spans(refused, control), on).verdict).toBe('inconclusive');
    expect(acceptedLikeControl(spans(control, alive), on).verdict).toBe('inconclusive');
  });

  test('after an orphan speaks only where CONNACK 0 came and the reply did not', () => {
    const after = { ...on, orphan: 'orphan' };
    const good = span('attempt', ACCEPTED, [connack(0)]);
    expect(acceptedLikeControl(spans(span('orphan', CLOSED, [connack(0)]), good), after).verdict).toBe('pass');
    for (const orphan of [
      span('orphan', CLOSED),
      span('orphan', refusal(4), [connack(4)]),
      span('orphan', CLOSED, [connack(0), message('/ext/regnwl')]),
    ])
      expect(acceptedLikeControl(spans(orphan, good), after).verdict).toBe('inconclusive');
    expect(acceptedLikeControl(spans(good), after).verdict).toBe('inconclusive');
  });
});

describe('answers', () => {
  const on = { attempts: ['a', 'b'], alive: 'alive' };
  const a = span('a', refusal(4), [connack(4)]);

  test('that are the same pass; a difference is a warning that names them', () => {
    expect(sameAnswer(spans(a, span('b', refusal(4)), alive), on).verdict).toBe('pass');
    const finding = sameAnswer(spans(a, span('b', refusal(5)), alive), on);
    expect(finding.verdict).toBe('warn');
    expect(finding.because.en).toContain('refused connack 4 (a); refused connack 5 (b)');
  });

  test('decide nothing where one is missing, could not be asked for, or nobody lived on', () => {
    const b = span('b', refusal(4));
    expect(sameAnswer(spans(a, alive), on).verdict).toBe('inconclusive');
    expect(sameAnswer(spans(a, b), on).verdict).toBe('inconclusive');
    expect(sameAnswer(spans(a, span('b', { kind: 'local', reason: 'ports' }), alive), on).verdict).toBe('inconclusive');
  });

  test('are a reading by attempt', () => {
    expect(answers(spans(a, span('b', ACCEPTED)), { attempts: ['a', 'b'] })).toMatchObject({
      verdict: 'pass',
      reading: { a: 'refused connack 4', b: 'accepted' },
    });
    expect(answers(spans(a), { attempts: ['a', 'b'] }).verdict).toBe('inconclusive');
  });
});

test('one reply counts over all spans, and none is as wrong as two', () => {
  const during = { during: ['registers', 'listens'] };
  const withReplies = (first: number, second: number): Spans =>
    spans(
      span(
        'registers',
        null,
        Array.from({ length: first }, () => message('/ext/regnwl')),
      ),
      span(
        'listens',
        null,
        Array.from({ length: second }, () => message('/ext/register')),
      ),
    );
  expect([withReplies(1, 0), withReplies(0, 0), withReplies(1, 1), withReplies(2, 0)].map((one) => oneReply(one, during).verdict)).toEqual([
    'pass',
    'fail',
    'fail',
    'fail',
  ]);
  expect(oneReply(spans(span('registers', null)), during).verdict).toBe('inconclusive');
});

describe('a watcher', () => {
  const on = { span: 'listens', heard: 'alive', meanwhile: 'rightful' };
  const rightful = span('rightful', null, [message('/a/b')]);

  test('that hears nothing says something only while the rightful receiver was sent something', () => {
    expect(nothingReceived(spans(span('listens', null), alive, rightful), on).verdict).toBe('pass');
    expect(nothingReceived(spans(span('listens', null), alive, span('rightful', null)), on).verdict).toBe('inconclusive');
    expect(nothingReceived(spans(span('listens', null), alive), on).verdict).toBe('inconclusive');
    expect(nothingReceived(spans(span('listens', null, [message('/a/b')]), alive, rightful), on).verdict).toBe('fail');
  });

  test('may be hung up on for what it tried, where the case says so', () => {
    const hungUp = spans(span('listens', null, [closed]), alive, rightful);
    expect(nothingReceived(hungUp, on).verdict).toBe('inconclusive');
    expect(nothingReceived(hungUp, { ...on, mayBeClosed: true }).verdict).toBe('pass');
  });

  test('counts what came as a reading', () => {
    expect(deliveries(spans(rightful), { span: 'rightful' })).toMatchObject({ verdict: 'pass', reading: 1 });
    expect(deliveries(spans(), { span: 'rightful' }).verdict).toBe('inconclusive');
  });
});
