// The evidence of a run while it goes on: `transcript.jsonl` of --out begins with the run and gains the lines of each case as it ends, in the
// order in which they end. A run that is killed leaves it like that, without a footer; one that ends puts the whole one in its place.
import { appendFileSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../kernel/errors.ts';
import { FORMATS } from '../report/formats.ts';
import { TRANSCRIPT_FILE } from '../report/model.ts';
import { caseLines, headerLine, parseTranscript, type StoredCase } from '../report/transcript.ts';
import type { RunAbout } from '../scenarios/judge/results.ts';

/** Adds the evidence of a case that has ended. */
export type KeepEvidence = (one: StoredCase) => void;

/**
 * Begins the evidence of a run in `out`. The report of an earlier run there goes first: beside evidence that stops in the middle, or after
 * a run that never ended, it would speak of something else.
 */
export function openEvidence(out: string, about: RunAbout): KeepEvidence {
  for (const { file } of Object.values(FORMATS)) if (isFile(join(out, file))) rmSync(join(out, file));
  const path = join(out, TRANSCRIPT_FILE);
  // What is no file, such as a pipe, gets the whole when it is there.
  if (statSync(path, { throwIfNoEntry: false }) && !isFile(path)) return () => undefined;
  let lost = false;
  const write = (how: (path: string, text: string) => void, lines: readonly string[]): void => {
    if (lost) return;
    try {
      how(path, `${lines.join('\n')}\n`);
    } catch (error) {
      const code = codeOf(error);
      if (code === undefined) throw error;
      // The run goes on: what it found may still be written at its end.
      lost = true;
      process.stderr.write(`muster: ${path} cannot be written yet (${code}): what a killed run found would be lost\n`);
    }
  };
  write(writeFileSync, [headerLine(about)]);
  return (one) => write(appendFileSync, caseLines(one));
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** What a run left behind that never came to its end. */
export interface CutShort {
  readonly file: string;
  /** Cases whose evidence is whole. */
  readonly cases: number;
}

/** Is there evidence in the directory of a run, without footer, and no report? Then the run was killed, or is still going on. */
export function cutShort(path: string): CutShort | undefined {
  const file = join(path, TRANSCRIPT_FILE);
  if (!isFile(file) || isFile(join(path, FORMATS.json.file))) return undefined;
  const text = readFileSync(file, 'utf8');
  const { cases } = parseTranscript(text);
  // A line that was torn as it was written belongs to a case that is not whole.
  return { file, cases: text.endsWith('\n') ? cases.length : Math.max(0, cases.length - 1) };
}
