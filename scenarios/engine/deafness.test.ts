import { expect, test } from 'vitest';
import { standsFor } from '../../kernel/bytes/stands-for.ts';
import type { CaseRecord, StoredEvent } from '../judge/record.ts';
import { Deafness } from './deafness.ts';

const OPENED: StoredEvent = { at: 0, kind: 'opened', conn: 1, facts: standsFor('encrypted', 'platform') };
const OUT: StoredEvent = { at: 1, kind: 'packet', conn: 1, dir: 'out', hex: '10' };
const IN: StoredEvent = { at: 2, kind: 'bytes', conn: 1, dir: 'in', hex: '20' };

/** A record of one span for each list of events. */
const record = (...spans: StoredEvent[][]): CaseRecord => ({
  case: 'c',
  seed: '1',
  fault: null,
  spans: spans.map((events, i) => ({
    name: `s${i}`,
    unit: null,
    verb: 'watch',
    startedAt: 0,
    endedAt: 1,
    outcome: null,
    facts: {},
    events,
  })),
});

/** What is thought of the target after each case. */
function after(...records: CaseRecord[]): boolean[] {
  const deafness = new Deafness();
  return records.map((one) => {
    deafness.note(one);
    return deafness.proven;
  });
}

const UNANSWERED = record([OPENED, OUT]);

test('a target is deaf once three cases have dialled and heard nothing', () => {
  expect(after(UNANSWERED, UNANSWERED, UNANSWERED, UNANSWERED)).toEqual([false, false, true, true]);
});

test('a case that dials nothing does not count', () => {
  expect(after(UNANSWERED, record([], []), UNANSWERED, record(), UNANSWERED)).toEqual([false, false, false, false, true]);
});

test('a single byte is an answer for good, before or after', () => {
  const answered = record([OPENED, OUT], [IN]);
  expect(after(answered, UNANSWERED, UNANSWERED, UNANSWERED)).toEqual([false, false, false, false]);
  expect(after(UNANSWERED, UNANSWERED, UNANSWERED, answered)).toEqual([false, false, true, false]);
});
