// The two files of a run as bytes: is each whole, and as it was written? What is changed is told by its line.
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import * as v from 'valibot';
import { REPORT_FORMAT, reportDigest, type Report } from './model.ts';
import type { LoadReport } from './load.ts';
import { LOAD_REPORT } from './load-schema.ts';
import { REPORT } from './schema.ts';
import { footerLine, LINE_DIGEST, lineDigest, parseTranscript, TRANSCRIPT_FORMAT, type StoredCase } from './transcript.ts';

/** Something that is not as it should be, and where. */
export interface Problem {
  /** `report.json:12`; the line is left out where none can be told. */
  readonly where: string;
  readonly what: string;
}

export interface RunFile {
  /** As it is called in what is said. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Of one file; where everything is another, the rest says nothing new. */
const LINES_NAMED = 20;

function textOf({ name, bytes }: RunFile, problems: Problem[]): string | undefined {
  try {
    // A byte that is no UTF-8 must not be read as a character that stands for one.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    problems.push({ where: `${name}:${firstBadLine(bytes)}`, what: 'it is not UTF-8: a byte was changed or lost' });
    return undefined;
  }
}

function firstBadLine(bytes: Uint8Array): number {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let line = 1;
  let from = 0;
  // A line feed is one byte and part of no other character.
  for (let end = bytes.indexOf(0x0a); end !== -1; end = bytes.indexOf(0x0a, from)) {
    try {
      decoder.decode(bytes.subarray(from, end));
    } catch (error) {
      if (error instanceof TypeError) return line;
      throw error;
    }
    line += 1;
    from = end + 1;
  }
  return line;
}

export interface ReadReport {
  readonly kind: 'conformance';
  readonly report: Report;
  readonly text: string;
}

export interface ReadLoadReport {
  readonly kind: 'load';
  readonly report: LoadReport;
  readonly text: string;
}

/** The report of a conformance run, if it is one; whether it matches its footer is among the problems. */
export function readReportFile(file: RunFile, problems: Problem[]): ReadReport | undefined {
  const read = readAnyReport(file, problems);
  if (read?.kind !== 'load') return read;
  problems.push({ where: file.name, what: 'it is the report of a fleet, not of a conformance run' });
  return undefined;
}

/** The report of either kind, if it is one; whether it matches its footer is among the problems. */
export function readAnyReport(file: RunFile, problems: Problem[]): ReadReport | ReadLoadReport | undefined {
  const text = textOf(file, problems);
  if (text === undefined) return undefined;
  const { name } = file;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    problems.push({ where: `${name}${lineOfSyntax(text, error)}`, what: 'it is not JSON: it was cut off or changed' });
    return undefined;
  }
  const { format, footer, kind } = (typeof value === 'object' ? (value ?? {}) : {}) as {
    format?: unknown;
    footer?: unknown;
    kind?: unknown;
  };
  if (format !== REPORT_FORMAT) {
    const given = typeof format === 'string' ? `of format ${format}` : 'of no format';
    problems.push({ where: name, what: `it is ${given}; this version reads ${REPORT_FORMAT}` });
    return undefined;
  }
  if (footer === undefined) problems.push({ where: name, what: 'it has no footer: it was cut off or written by hand' });
  const parsed = v.safeParse(kind === 'load' ? LOAD_REPORT : REPORT, value);
  if (!parsed.success) {
    for (const issue of parsed.issues.slice(0, LINES_NAMED)) {
      const path = (issue.path ?? []).map((part) => part.key as string | number);
      if (path[0] === 'footer' && footer === undefined) continue;
      problems.push({ where: `${name}${lineOfPath(text, value, path)}`, what: `${path.join('.')}: ${issue.message}` });
    }
    return undefined;
  }
  const report = value as Report | LoadReport;
  if (report.footer.sha256 !== reportDigest(report))
    problems.push({ where: name, what: 'its content does not match the digest of its footer: it was changed' });
  return 'kind' in report ? { kind: 'load', report, text } : { kind: 'conformance', report, text };
}

export interface ReadTranscript {
  readonly cases: readonly StoredCase[];
  readonly header: Readonly<Record<string, unknown>>;
  /** Number of the line on which a case begins. */
  readonly lineOf: ReadonlyMap<string, number>;
  readonly lines: number;
  readonly sha256: string;
}

/** The evidence, as far as it can be read. */
export function readTranscriptFile(file: RunFile, problems: Problem[]): ReadTranscript | undefined {
  const text = textOf(file, problems);
  if (text === undefined) return undefined;
  const { name } = file;
  const all = text.split('\n');
  const tail = all.pop();
  const footer = objectOf(all.at(-1) ?? '');
  if (tail !== '' || footer?.['kind'] !== 'footer') {
    const line = tail === '' ? Math.max(1, all.length) : all.length + 1;
    problems.push({ where: `${name}:${line}`, what: 'it does not end with a whole footer: it was cut off or changed' });
    return undefined;
  }
  const lines = all.slice(0, -1);
  const header = objectOf(lines[0] ?? '');
  if (header?.['kind'] !== 'header' || header['format'] !== TRANSCRIPT_FORMAT) {
    problems.push({ where: `${name}:1`, what: `it does not begin with the header of ${TRANSCRIPT_FORMAT}` });
    return undefined;
  }
  const digest = bytesToHex(sha256(utf8ToBytes(`${lines.join('\n')}\n`)));
  if (all.at(-1) !== footerLine(lines, digest)) problems.push(...changedLines(name, lines, footer, digest));
  const lineOf = new Map<string, number>();
  for (const [at, line] of lines.entries()) {
    const entry = objectOf(line);
    if (!entry) problems.push({ where: `${name}:${at + 1}`, what: 'the line is not JSON' });
    if (entry?.['kind'] === 'case') lineOf.set(String(entry['case']), at + 1);
  }
  return { cases: parseTranscript(text).cases, header, lineOf, lines: lines.length, sha256: digest };
}

function changedLines(name: string, lines: readonly string[], footer: Readonly<Record<string, unknown>>, digest: string): Problem[] {
  if (footer['sha256'] === digest && footer['lines'] === lines.length)
    return [{ where: `${name}:${lines.length + 1}`, what: 'the footer is not as it was written; the lines before it are' }];
  const each = typeof footer['each'] === 'string' ? footer['each'] : '';
  const found = lines.flatMap((line, at): Problem[] => {
    if (each.slice(at * LINE_DIGEST, (at + 1) * LINE_DIGEST) === lineDigest(line)) return [];
    const entry = objectOf(line);
    const about = entry?.['kind'] === 'span' ? ` (case ${String(entry['case'])}, span ${String(entry['name'])})` : '';
    return [{ where: `${name}:${at + 1}`, what: `the line was changed${about}` }];
  });
  if (each.length !== lines.length * LINE_DIGEST || found.length === 0) {
    const first = found[0]?.where ?? `${name}:${lines.length + 1}`;
    return [
      {
        where: first,
        what: `its footer speaks of other lines, of which there were ${String(footer['lines'])}: it was changed from here on`,
      },
    ];
  }
  return found.slice(0, LINES_NAMED);
}

function objectOf(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function lineOfSyntax(text: string, error: SyntaxError): string {
  // Node says either where it stopped or that the text ended.
  const at = Number(/position (\d+)/.exec(error.message)?.[1] ?? text.length);
  return `:${text.slice(0, at).split('\n').length}`;
}

/** A character that no report holds, since JSON escapes it. */
const MARK = '\u0001here';

/** `:12`, the line of a value in the text; empty where the text is laid out in another way than ours. */
export function lineOfPath(text: string, value: unknown, path: readonly (string | number)[]): string {
  if (text !== `${JSON.stringify(value, null, 2)}\n`) return '';
  const marked = JSON.stringify(withMark(value, path), null, 2);
  return `:${marked.slice(0, marked.indexOf(JSON.stringify(MARK))).split('\n').length}`;
}

/** The value with a mark in place of what is at the path, or of the nearest thing around it that exists. */
function withMark(value: unknown, [key, ...rest]: readonly (string | number)[]): unknown {
  if (key === undefined || typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return MARK;
  const inner = withMark((value as Record<string | number, unknown>)[key], rest);
  if (!Array.isArray(value)) return { ...value, [key]: inner };
  return value.map((item: unknown, at) => (at === key ? inner : item));
}
