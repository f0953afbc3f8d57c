// The order of a diagram's rows: of any spans, every unit's events stay in their order and time never runs back.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CaseRecord, SpanRecord } from '../../scenarios/judge/record.ts';
import { diagramOf } from './diagram.ts';
import { packetEvent, span } from './sample.testkit.ts';
import { sequenceOf, type SequenceRow } from './sequence.ts';

const PING = { cmd: 'pingreq' } as const;

/** Spans as a case records them: in the order of their ends. */
const spans = fc
  .array(fc.record({ start: fc.nat(8), steps: fc.array(fc.nat(3), { maxLength: 4 }), unit: fc.nat(8) }), { minLength: 1, maxLength: 8 })
  .map((list) =>
    list
      .map(({ start, steps, unit }, i): SpanRecord => {
        let at = start;
        const events = steps.map((step) => packetEvent('out', PING, (at += step)));
        return span({ name: `s${i}`, unit: `u${unit}`, startedAt: start, endedAt: at, events });
      })
      .sort((a, b) => a.endedAt - b.endedAt),
  );

const timeOf = (row: SequenceRow): number =>
  row.kind === 'event' ? row.event.at : row.kind === 'end' ? row.span.endedAt : row.span.startedAt;

describe('the rows of a sequence', () => {
  it('are every event once, each step in its order, in the order of time', () => {
    fc.assert(
      fc.property(spans, (list) => {
        const { rows, left, columns } = sequenceOf(list, 1_000);
        expect(left).toEqual({ events: 0, spans: 0 });
        const times = rows.map(timeOf);
        expect(times).toEqual(times.toSorted((a, b) => a - b));
        for (const one of list) {
          const own = rows.filter((row) => row.span === one);
          const kinds = one.events.length === 0 ? ['only'] : ['start', ...one.events.map(() => 'event'), 'end'];
          expect(own.map((row) => row.kind)).toEqual(kinds);
          expect(own.flatMap((row) => (row.kind === 'event' ? [row.event] : []))).toEqual(one.events);
        }
        for (const row of rows) {
          expect(row.open).toContain(row.column);
          expect(row.column).toBeLessThan(columns);
        }
      }),
    );
  });

  it('keep steps apart that were over when the next began, though the clock stood still', () => {
    const list = ['a', 'b', 'c'].map((name) => span({ name, events: [packetEvent('out', PING)] }));
    const namesOf = (all: readonly SpanRecord[]): string[] => sequenceOf(all, 10).rows.map((row) => row.span.name);
    expect(namesOf(list).join('')).toBe('aaabbbccc');
    const first = span({ name: 'a', startedAt: 0, endedAt: 5, events: [packetEvent('out', PING, 5)] });
    const second = span({ name: 'b', startedAt: 5, endedAt: 8, events: [packetEvent('out', PING, 5)] });
    expect(namesOf([first, second]).join('')).toBe('aaabbb');
    expect(sequenceOf([first, second], 10).columns).toBe(1);
  });

  it('put what another step waited for before it', () => {
    const kicks = span({ name: 'kicks', unit: 'b', startedAt: 5, endedAt: 5, events: [packetEvent('out', PING, 5)] });
    const watches = span({ name: 'watches', unit: 'a', startedAt: 0, endedAt: 9, events: [packetEvent('in', PING, 5)] });
    const { rows, columns } = sequenceOf([kicks, watches], 10);
    expect(rows.map((row) => `${row.span.name} ${row.kind}`)).toEqual([
      'watches start',
      'kicks start',
      'kicks event',
      'kicks end',
      'watches event',
      'watches end',
    ]);
    expect(columns).toBe(2);
  });

  it('end at the limit with every bracket closed', () => {
    fc.assert(
      fc.property(spans, fc.nat(10), (list, limit) => {
        const { rows, left } = sequenceOf(list, limit);
        const drawn = rows.filter((row) => row.kind === 'event').length;
        expect(drawn).toBeLessThanOrEqual(limit);
        expect(drawn + left.events).toBe(list.flatMap((one) => one.events).length);
        expect(rows.filter((row) => row.kind === 'end')).toHaveLength(rows.filter((row) => row.kind === 'start').length);
      }),
    );
  });

  it('are of the steps that are wanted most, in the order of time', () => {
    const list = ['a', 'b', 'c', 'd'].map((name, at) =>
      span({ name, startedAt: at, endedAt: at, events: [packetEvent('out', PING, at), packetEvent('in', PING, at)] }),
    );
    const { rows, left } = sequenceOf(list, 5, ['d', 'b']);
    expect(rows.flatMap((row) => (row.kind === 'event' ? [row.span.name] : []))).toEqual(['a', 'b', 'b', 'd', 'd']);
    expect(left).toEqual({ events: 3, spans: 2 });
  });

  it('say an outcome once, at the end of the step', () => {
    const outcome = { kind: 'accepted', sessionPresent: false } as const;
    const one = span({ outcome, events: [packetEvent('out', PING), { at: 0, kind: 'outcome', verb: 'connect', outcome }] });
    expect(sequenceOf([one], 10).rows.map((row) => row.kind)).toEqual(['start', 'event', 'end']);
  });

  it('give lanes to six units, and one to the rest', () => {
    const list = Array.from({ length: 9 }, (_, i) => span({ name: `s${i}`, unit: `u${i}` }));
    expect(sequenceOf(list, 100)).toMatchObject({ units: ['u0', 'u1', 'u2', 'u3', 'u4', 'u5'], others: true, operator: false });
  });
});

describe('the arrows of a diagram', () => {
  const record: CaseRecord = {
    case: 'c',
    seed: '1',
    fault: null,
    spans: [span({ events: [packetEvent('out', PING), { at: 0, kind: 'closed', conn: 1, ending: { by: 'local' } }] })],
  };
  const drawn = (seenBy: 'device' | 'platform'): string => diagramOf(record, sequenceOf(record.spans, 10), { seenBy, nth: 1 }).text;

  it('go to the platform when a device sent, and from it when the platform recorded', () => {
    expect(drawn('device')).toContain('unit → PINGREQ');
    expect(drawn('device')).toContain('connection 1 closed by the device');
    expect(drawn('platform')).toContain('unit ← PINGREQ');
    expect(drawn('platform')).toContain('connection 1 closed by the platform');
  });
});
