// The evidence of a run as JSON lines: a header, the spans of every case, a footer with count and digest. Without its footer a transcript
// is torn, and decides nothing. Times of the wall clock and ports are left out: what is stored is the same for the same behaviour.
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { CaseRecord, SpanRecord, StoredEvent } from '../scenarios/judge/record.ts';
import type { RunAbout } from '../scenarios/judge/results.ts';

export const TRANSCRIPT_FORMAT = 'muster-transcript/1';

/** The lines of a transcript, footer included, each with its line break. */
export function transcriptOf(
  about: RunAbout,
  records: readonly { readonly record: CaseRecord; readonly clock: 'virtual' | 'wall' }[],
): string {
  const lines = [JSON.stringify({ kind: 'header', format: TRANSCRIPT_FORMAT, ...about })];
  for (const { record, clock } of records) {
    lines.push(JSON.stringify({ kind: 'case', case: record.case, clock, fault: record.fault }));
    for (const span of record.spans)
      lines.push(JSON.stringify({ kind: 'span', case: record.case, ...(clock === 'virtual' ? span : timeless(span)) }));
  }
  const body = `${lines.join('\n')}\n`;
  return `${body}${JSON.stringify({ kind: 'footer', lines: lines.length, sha256: bytesToHex(sha256(utf8ToBytes(body))) })}\n`;
}

function timeless(span: SpanRecord): SpanRecord {
  const outcome = span.outcome?.kind === 'closed' ? { ...span.outcome, afterMs: 0 } : span.outcome;
  return { ...span, startedAt: 0, endedAt: 0, outcome, events: span.events.map(timelessEvent) };
}

function timelessEvent(event: StoredEvent): StoredEvent {
  if (event.kind === 'opened') return { ...event, at: 0, facts: { ...event.facts, port: 0 } };
  if (event.kind === 'outcome' && event.outcome.kind === 'closed') return { ...event, at: 0, outcome: { ...event.outcome, afterMs: 0 } };
  return { ...event, at: 0 };
}

export interface ParsedTranscript {
  readonly records: readonly CaseRecord[];
  /** Undefined where nothing is wrong. */
  readonly fault: string | undefined;
}

/** Reads a transcript back; a missing or wrong footer is a fault, and what could be read is returned all the same. */
export function parseTranscript(text: string): ParsedTranscript {
  const lines = text.split('\n').filter((line) => line !== '');
  const footer = readLine(lines.at(-1) ?? '');
  const records: { case: string; seed: string; fault: string | null; spans: SpanRecord[] }[] = [];
  let seed = '';
  for (const line of lines) {
    const entry = readLine(line);
    if (entry?.kind === 'header') seed = String(entry['seed']);
    if (entry?.kind === 'case')
      records.push({ case: String(entry['case']), seed, fault: (entry['fault'] as string | null) ?? null, spans: [] });
    if (entry?.kind === 'span') {
      const { kind: _kind, case: _case, ...span } = entry;
      records.at(-1)?.spans.push(span as unknown as SpanRecord);
    }
  }
  if (footer?.kind !== 'footer') return { records, fault: 'the transcript has no footer: it was cut off' };
  const body = `${lines.slice(0, -1).join('\n')}\n`;
  if (footer['lines'] !== lines.length - 1 || footer['sha256'] !== bytesToHex(sha256(utf8ToBytes(body)))) {
    return { records, fault: 'the transcript does not match its footer: it was changed' };
  }
  return { records, fault: undefined };
}

function readLine(line: string): ({ kind: string } & Record<string, unknown>) | undefined {
  try {
    return JSON.parse(line) as { kind: string } & Record<string, unknown>;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
