// The record of a case that ran over sockets of this process, without what differs from run to run. It is judged and stored like this, so
// that one seed gives the same bytes; no oracle that measures time may be used on it.
import { fromHex, toHex } from '../../kernel/bytes/concat.ts';
import type { CaseRecord, SpanRecord, StoredEvent } from './record.ts';

/** The record with all times and ports 0. */
export function timeless(record: CaseRecord): CaseRecord {
  return { ...record, spans: record.spans.map(spanWithoutTimes) };
}

function spanWithoutTimes(span: SpanRecord): SpanRecord {
  const outcome = span.outcome?.kind === 'closed' ? { ...span.outcome, afterMs: 0 } : span.outcome;
  const facts = 'activatedAt' in span.facts ? { ...span.facts, activatedAt: 0 } : span.facts;
  return { ...span, startedAt: 0, endedAt: 0, outcome, facts, events: span.events.map(eventWithoutTimes) };
}

/** The date in the head of an HTTP answer; no oracle reads it. */
const HTTP_DATE = /\r\nDate: [^\r]{29}\r\n/;
const NO_DATE = '\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n';

function withoutDate(hex: string): string {
  const latin = String.fromCharCode(...(fromHex(hex) ?? []));
  if (!HTTP_DATE.test(latin)) return hex;
  return toHex(Uint8Array.from(latin.replace(HTTP_DATE, NO_DATE), (char) => char.charCodeAt(0)));
}

function eventWithoutTimes(event: StoredEvent): StoredEvent {
  if (event.kind === 'bytes' && 'hex' in event) return { ...event, at: 0, hex: withoutDate(event.hex) };
  if (event.kind === 'opened') return { ...event, at: 0, facts: { ...event.facts, port: 0 } };
  if (event.kind === 'outcome' && event.outcome.kind === 'closed') return { ...event, at: 0, outcome: { ...event.outcome, afterMs: 0 } };
  return { ...event, at: 0 };
}
