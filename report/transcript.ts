// The evidence of a run as JSON lines: a header, the spans of every case, a footer with count and digest. Without its footer a transcript
// is torn, and decides nothing. What is written is what was judged, to the byte.
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { CaseRecord, SpanRecord } from '../scenarios/judge/record.ts';
import type { RunAbout } from '../scenarios/judge/results.ts';

export const TRANSCRIPT_FORMAT = 'muster-transcript/1';

/** The evidence of one case, with the clock that its times are of. */
export interface StoredCase {
  readonly record: CaseRecord;
  readonly clock: 'virtual' | 'wall';
}

export interface Transcript {
  /** The file, footer included. */
  readonly text: string;
  /** Lines before the footer. */
  readonly lines: number;
  /** Digest of the lines before the footer. */
  readonly sha256: string;
}

/** The transcript of a run. */
export function transcriptOf(about: RunAbout, records: readonly StoredCase[]): Transcript {
  const steps = transcriptSteps(about, records);
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}

/** Some milliseconds' worth; a crowd has thousands. */
const STEP_LINES = 32;

/** The same in steps, each of a case or of some lines of one: a run has megabytes, and whoever writes them may have something else to listen to. */
export function* transcriptSteps(about: RunAbout, records: readonly StoredCase[]): Generator<undefined, Transcript> {
  const whole = sha256.create();
  const all: string[] = [];
  const each: string[] = [];
  const add = (line: string): void => {
    whole.update(utf8ToBytes(`${line}\n`));
    all.push(line);
    each.push(lineDigest(line));
  };
  add(headerLine(about));
  for (const one of records) {
    add(caseLine(one));
    for (const span of one.record.spans) {
      add(spanLine(one, span));
      if (all.length % STEP_LINES === 0) yield;
    }
    yield;
  }
  const digest = bytesToHex(whole.digest());
  return { text: `${[...all, footer(digest, each)].join('\n')}\n`, lines: all.length, sha256: digest };
}

/** The first line. */
export function headerLine(about: RunAbout): string {
  return JSON.stringify({ kind: 'header', format: TRANSCRIPT_FORMAT, ...about });
}

/** The lines of one case, in the order of its spans. */
export function caseLines(one: StoredCase): string[] {
  return [caseLine(one), ...one.record.spans.map((span) => spanLine(one, span))];
}

const caseLine = ({ record, clock }: StoredCase): string => JSON.stringify({ kind: 'case', case: record.case, clock, fault: record.fault });
const spanLine = ({ record }: StoredCase, span: SpanRecord): string => JSON.stringify({ kind: 'span', case: record.case, ...span });

/** Hex digits of the digest that the footer gives of each line, so that a change can be told by its line. */
export const LINE_DIGEST = 8;

/** The last line, for the lines before it and their digest. */
export function footerLine(lines: readonly string[], digest: string): string {
  return footer(digest, lines.map(lineDigest));
}

function footer(digest: string, each: readonly string[]): string {
  return JSON.stringify({ kind: 'footer', lines: each.length, sha256: digest, each: each.join('') });
}

/** The beginning of the SHA-256 of one line. */
export function lineDigest(line: string): string {
  return bytesToHex(sha256(utf8ToBytes(line))).slice(0, LINE_DIGEST);
}

export interface ParsedTranscript {
  readonly cases: readonly StoredCase[];
  /** As its own footer should state it. */
  readonly sha256: string;
  /** Undefined where nothing is wrong. */
  readonly fault: string | undefined;
}

/** Reads a transcript back; a missing or wrong footer is a fault, and what could be read is returned all the same. */
export function parseTranscript(text: string): ParsedTranscript {
  const lines = text.split('\n').filter((line) => line !== '');
  const footer = readLine(lines.at(-1) ?? '');
  const cases: { record: { case: string; seed: string; fault: string | null; spans: SpanRecord[] }; clock: 'virtual' | 'wall' }[] = [];
  let seed = '';
  for (const line of lines) {
    const entry = readLine(line);
    if (entry?.kind === 'header') seed = String(entry['seed']);
    if (entry?.kind === 'case') {
      const record = { case: String(entry['case']), seed, fault: (entry['fault'] as string | null) ?? null, spans: [] };
      cases.push({ record, clock: entry['clock'] === 'wall' ? 'wall' : 'virtual' });
    }
    if (entry?.kind === 'span') {
      const { kind: _kind, case: _case, ...span } = entry;
      cases.at(-1)?.record.spans.push(span as unknown as SpanRecord);
    }
  }
  const body = `${lines.slice(0, -1).join('\n')}\n`;
  const digest = bytesToHex(sha256(utf8ToBytes(body)));
  if (footer?.kind !== 'footer') return { cases, sha256: digest, fault: 'the transcript has no footer: it was cut off' };
  if (footer['lines'] !== lines.length - 1 || footer['sha256'] !== digest)
    return { cases, sha256: digest, fault: 'the transcript does not match its footer: it was changed' };
  return { cases, sha256: digest, fault: undefined };
}

function readLine(line: string): ({ kind: string } & Record<string, unknown>) | undefined {
  try {
    return JSON.parse(line) as { kind: string } & Record<string, unknown>;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
