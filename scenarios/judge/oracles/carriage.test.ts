// What carries MQTT, from spans made by hand: the least TLS of firmware in the field, and answers in other versions of MQTT.
import { describe, expect, test } from 'vitest';
import type { TlsFacts } from '../../../kernel/bytes/stream.ts';
import type { Outcome } from '../../../kernel/trace/outcome.ts';
import { unlessBroken } from '../broken.ts';
import type { SpanRecord, StoredEvent } from '../record.ts';
import { Spans } from '../spans.ts';
import { warn } from '../verdict.ts';
import { firstAnswers, tlsFloor } from './carriage.ts';
import { betterRefused } from './reply.ts';

const ACCEPTED: Outcome = { kind: 'accepted', sessionPresent: false };
const REFUSED: Outcome = { kind: 'refused', by: 'connack', code: 2 };
const ALERT: Outcome = { kind: 'unreachable', stage: 'tls', code: 'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE' };
const RESET: Outcome = { kind: 'unreachable', stage: 'tls', code: 'ECONNRESET' };
const NOWHERE: Outcome = { kind: 'unreachable', stage: 'ws', code: 'NO_ENDPOINT' };
const TLS: TlsFacts = { version: 'TLSv1.2', cipher: 'AES256-SHA256', keyEncipherment: true };

function span(name: string, outcome: Outcome | null, events: readonly StoredEvent[] = []): SpanRecord {
  return { name, unit: 'u', verb: 'connect', startedAt: 0, endedAt: 1, outcome, facts: {}, events };
}

function spansOf(...spans: SpanRecord[]): Spans {
  return new Spans({ case: 'c', seed: '1', spans, fault: null });
}

const opened = (tls?: TlsFacts): StoredEvent[] => [
  { at: 0, kind: 'opened', conn: 1, facts: { kind: 'tls', encrypted: true, peer: 'p', port: 1, ...(tls ? { tls } : {}) } },
];
const packet = (hex: string): StoredEvent[] => [{ at: 0, kind: 'packet', conn: 1, dir: 'in', hex }];

describe('the least TLS of shipped firmware', () => {
  const judged = (outcome: Outcome, events: readonly StoredEvent[] = [], control: Outcome = ACCEPTED, alive: Outcome = ACCEPTED) =>
    tlsFloor(spansOf(span('a', outcome, events), span('b', control), span('c', alive)), { attempt: 'a', control: 'b', alive: 'c' });

  test('is served, with a certificate that permits it', () => {
    expect(judged(ACCEPTED, opened(TLS))).toMatchObject({ verdict: 'pass', reading: 'TLSv1.2 AES256-SHA256, with keyEncipherment' });
    expect(judged(ACCEPTED, opened({ ...TLS, keyEncipherment: false })).verdict).toBe('warn');
    expect(judged(ACCEPTED, opened()).verdict).toBe('inconclusive');
  });

  test('is not served: a warning where the handshake was answered, and the proofs are there', () => {
    expect(judged(ALERT).verdict).toBe('warn');
    expect(judged({ kind: 'unreachable', stage: 'tls', code: 'ERR_TLS_CERT_ALTNAME_INVALID' }).verdict).toBe('warn');
    expect(judged(RESET).verdict).toBe('inconclusive');
    expect(judged(NOWHERE).verdict).toBe('inconclusive');
    expect(judged(ALERT, [], REFUSED).verdict).toBe('inconclusive');
    expect(judged(ALERT, [], ACCEPTED, REFUSED).verdict).toBe('inconclusive');
  });
});

test('what a handshake answers, or what was never dialled, is no broken connection', () => {
  const judged = (outcome: Outcome) => unlessBroken(spansOf(span('a', outcome)), warn('it warns', '警告'), ['a']).verdict;
  expect([ALERT, NOWHERE, RESET].map(judged)).toEqual(['warn', 'warn', 'inconclusive']);
});

test('the first packet of an answer, of any version of MQTT', () => {
  const spans = spansOf(
    span('old', ACCEPTED, packet('20020000')),
    span('new', { kind: 'malformed', what: 'connack', why: 'x' }, packet('2003008500')),
    span('none', RESET),
    span('other', ACCEPTED, packet('d000')),
  );
  expect(firstAnswers(spans, { attempts: ['old', 'new', 'none', 'other'] }).reading).toEqual({
    old: 'CONNACK 0',
    new: 'CONNACK 0x85 (MQTT 5)',
    none: 'unreachable tls ECONNRESET',
    other: 'accepted',
  });
  expect(firstAnswers(spans, { attempts: ['gone'] }).verdict).toBe('inconclusive');
});

test('what had better be refused: let through is a warning, and nothing is said without its control', () => {
  const judged = (outcome: Outcome, control: Outcome) =>
    betterRefused(spansOf(span('a', outcome), span('b', control)), { attempt: 'a', control: 'b' });
  expect(judged(ACCEPTED, ACCEPTED)).toMatchObject({ verdict: 'warn', reading: 'let through' });
  expect(judged(REFUSED, ACCEPTED).verdict).toBe('pass');
  expect(judged(REFUSED, REFUSED).verdict).toBe('inconclusive');
  expect(judged(RESET, ACCEPTED).verdict).toBe('inconclusive');
});
