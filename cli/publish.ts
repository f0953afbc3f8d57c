// What a run of the suite found, as files and as a table on stdout.
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { FORMAT_NAMES, FORMATS, type Format, type FormatName } from '../report/formats.ts';
import { makeReport, TRANSCRIPT_FILE, type Report, type RunAsked } from '../report/model.ts';
import { caseLine, closingLines } from '../report/text.ts';
import { transcriptSteps } from '../report/transcript.ts';
import type { SuiteResult } from '../scenarios/engine/suite.ts';
import { writeWhole } from './files.ts';
import { coloured } from './table.ts';

/** Where the report goes, and what the run was asked for. */
export interface PublishOptions extends RunAsked {
  readonly json?: string;
  readonly out?: string;
  readonly reporter?: readonly FormatName[];
}

/** `--target stub`, the default. */
const EMBEDDED = 'stub';

/**
 * Writes what was asked for; the report. It takes seconds for a long run, and lets signals in between its steps: a second Ctrl-C waits for
 * nothing.
 */
export async function publish({ findings, records }: SuiteResult, options: PublishOptions): Promise<Report> {
  const steps = transcriptSteps(findings.about, records);
  let step = steps.next();
  for (; !step.done; step = steps.next()) await turn();
  const transcript = step.value;
  const report = makeReport(findings, transcript, askedOf(options));
  if (options.out !== undefined) {
    writeWhole(join(options.out, TRANSCRIPT_FILE), transcript.text);
    // Whatever is asked for, the report itself is there: the others cannot be verified.
    for (const name of new Set<FormatName>(['json', ...(options.reporter ?? FORMAT_NAMES)])) {
      await turn();
      const { file, render }: Format = FORMATS[name];
      writeWhole(join(options.out, file), render(report, records));
    }
  }
  const json = FORMATS.json.render(report);
  if (options.json === '-') {
    process.stdout.write(json);
    return report;
  }
  if (options.json !== undefined) writeWhole(options.json, json);
  const width = Math.max(...report.cases.map((one) => one.verdict.length));
  const lines = report.cases.map((one) => `${coloured(one.verdict, one.verdict.padEnd(width))}  ${caseLine(one)}`);
  lines.push(...closingLines(report), '', coloured(report.result.conformance, report.result.headline));
  process.stdout.write(`${lines.join('\n')}\n`);
  return report;
}

/** The options that a report repeats. A secret may stand in a URL; the others hold none, whatever they are. */
function askedOf({ target, productKey, ca, case: cases, cases: folder, allowDestructive, timeout, session }: PublishOptions): RunAsked {
  return {
    ...(target === undefined || target === EMBEDDED ? {} : { target: target.replace(/(?<=:\/\/)[^/@]*@/, '') }),
    ...(productKey === undefined ? {} : { productKey }),
    ...(ca === undefined ? {} : { ca }),
    ...(cases === undefined ? {} : { case: cases }),
    ...(folder === undefined ? {} : { cases: folder }),
    ...(allowDestructive === undefined ? {} : { allowDestructive }),
    ...(timeout === undefined ? {} : { timeout }),
    ...(session === undefined ? {} : { session }),
  };
}
