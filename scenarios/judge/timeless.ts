// The record of a case that ran over sockets of this process, without what differs from run to run. It is judged and stored like this, so
// that one seed gives the same bytes; no oracle that measures time may be used on it.
import type { CaseRecord, SpanRecord, StoredEvent } from './record.ts';

/** The record with all times and ports 0. */
export function timeless(record: CaseRecord): CaseRecord {
  return { ...record, spans: record.spans.map(spanWithoutTimes) };
}

function spanWithoutTimes(span: SpanRecord): SpanRecord {
  const outcome = span.outcome?.kind === 'closed' ? { ...span.outcome, afterMs: 0 } : span.outcome;
  return { ...span, startedAt: 0, endedAt: 0, outcome, events: span.events.map(eventWithoutTimes) };
}

function eventWithoutTimes(event: StoredEvent): StoredEvent {
  if (event.kind === 'opened') return { ...event, at: 0, facts: { ...event.facts, port: 0 } };
  if (event.kind === 'outcome' && event.outcome.kind === 'closed') return { ...event, at: 0, outcome: { ...event.outcome, afterMs: 0 } };
  return { ...event, at: 0 };
}
