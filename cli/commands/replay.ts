// `muster replay`: a case that a report is about, run again from the report's seed, and compared with the stored evidence byte by byte.
import { dirname, join } from 'node:path';
import { statSync } from 'node:fs';
import type { Command } from 'commander';
import { EXIT, UserError, type ExitCode } from '../../kernel/errors.ts';
import { isEditionName } from '../../protocol/editions.ts';
import { REPORT_FORMAT, TRANSCRIPT_FILE, type Report } from '../../report/model.ts';
import { parseTranscript, type StoredCase } from '../../report/transcript.ts';
import type { CellAgent } from '../../scenarios/engine/cell-agent.ts';
import { CASES } from '../../scenarios/engine/cases.ts';
import type { CaseRecord, SpanRecord } from '../../scenarios/judge/record.ts';
import { loadExtensions } from '../extensions.ts';
import { readText } from '../files.ts';
import { openThread } from '../threads.ts';
import { VERSION } from '../version.ts';

interface ReplayOptions {
  readonly case?: string;
  readonly cases?: string;
}

async function replay(path: string, options: ReplayOptions): Promise<ExitCode> {
  const file = statSync(path, { throwIfNoEntry: false })?.isDirectory() ? join(path, 'report.json') : path;
  const report = readReport(file);
  const { cases, fault } = parseTranscript(readText(join(dirname(file), TRANSCRIPT_FILE), 'the evidence beside the report'));
  if (fault !== undefined) process.stderr.write(`muster: ${fault}; what could be read is compared all the same\n`);
  const chosen = cases.filter((one) => options.case === undefined || one.record.case === options.case);
  if (chosen.length === 0)
    throw new UserError(
      options.case === undefined ? `the evidence of ${file} holds no case` : `the evidence of ${file} holds no case ${options.case}`,
      'the cases of a report are listed by `muster report show`',
    );
  if (report.version !== VERSION)
    process.stderr.write(`muster: the report is of version ${report.version}, this is ${VERSION}: a difference may be of the version\n`);
  const own = options.cases === undefined ? [] : await loadExtensions(options.cases);
  const modules = new Map(own.map((one) => [one.definition.id, one.url]));
  const thread = openThread<CellAgent>('cell');
  let different = 0;
  try {
    for (const stored of chosen) {
      const why = await difference(stored, report, modules, (request) => thread.remote.run(request));
      if (why !== undefined) different += 1;
      process.stdout.write(
        `${why === undefined ? 'identical' : 'different'}  ${stored.record.case}${why === undefined ? '' : `  ${why}`}\n`,
      );
    }
  } finally {
    await thread.terminate();
  }
  return different === 0 ? EXIT.asked : EXIT.ownError;
}

/** Why the case does not repeat itself; undefined where it does, to the byte. */
async function difference(
  { record, clock }: StoredCase,
  report: Report,
  modules: ReadonlyMap<string, string>,
  run: CellAgent['run'],
): Promise<string | undefined> {
  if (clock !== 'virtual' || report.subject.kind === 'platform' || report.subject.kind === 'stub')
    return 'it ran over sockets, on a clock that cannot be turned back';
  const module = modules.get(record.case);
  if (module === undefined && report.extensions.some((one) => one.id === record.case))
    return 'it is a case of your own: give its module with --cases DIR';
  if (module === undefined && !CASES.some((one) => one.id === record.case)) return 'this version has no such case';
  if (!isEditionName(report.edition)) return `this version has no edition ${report.edition}`;
  const { mutant } = report.subject;
  const session = report.asked?.session;
  const again = await run({
    caseId: record.case,
    ...(module === undefined ? {} : { module }),
    seed: report.seed,
    namespace: report.namespace,
    edition: report.edition,
    ...(mutant === undefined ? {} : { mutant }),
    ...(session === undefined ? {} : { session }),
  });
  return textOf(again) === textOf(record) ? undefined : firstDifference(record, again);
}

/** What is compared, in one order of its keys. */
function textOf({ fault, spans }: CaseRecord): string {
  return JSON.stringify({ fault, spans });
}

function firstDifference(before: CaseRecord, after: CaseRecord): string {
  if (before.fault !== after.fault) return `it ended ${after.fault === null ? 'well' : `early: ${after.fault}`}, and had not before`;
  for (let i = 0; i < Math.max(before.spans.length, after.spans.length); i += 1) {
    const [one, other] = [before.spans[i], after.spans[i]];
    if (!one || !other) return `it has ${after.spans.length} spans, and had ${before.spans.length}`;
    if (JSON.stringify(one) !== JSON.stringify(other)) return `the span ${one.name} differs${eventOf(one, other)}`;
  }
  return 'the records differ';
}

function eventOf(one: SpanRecord, other: SpanRecord): string {
  const at = one.events.findIndex((event, i) => JSON.stringify(event) !== JSON.stringify(other.events[i]));
  if (at >= 0) return ` from its event ${at + 1} on`;
  return other.events.length > one.events.length ? ` from its event ${one.events.length + 1} on` : '';
}

function readReport(file: string): Report {
  let report: (Partial<Report> & { readonly kind?: string }) | null;
  try {
    report = JSON.parse(readText(file, 'the report')) as typeof report;
  } catch (error) {
    if (error instanceof SyntaxError) throw new UserError(`${file} is not JSON`, 'give the report.json of a run');
    throw error;
  }
  if (report?.format !== REPORT_FORMAT) throw new UserError(`${file} is no ${REPORT_FORMAT}`, 'give the report.json of a run');
  if (report.kind === 'load')
    throw new UserError(
      `${file} is of a fleet, which leaves no evidence to compare`,
      'run its plan again: the digest of the report says whether it was the same',
    );
  return report as Report;
}

/** Adds `replay` to the program. */
export function registerReplay(program: Command, exit: (code: ExitCode) => void): void {
  program
    .command('replay')
    .argument('<report>', 'report.json of a run, or its directory')
    .description('run the cases of a report again from its seed, and compare with its evidence byte by byte')
    .option('--case <id>', 'this case alone')
    .option('--cases <dir>', 'the *.case.mjs files of your own cases, where the report has any')
    .addHelpText(
      'after',
      '\nExamples:\n  $ muster verify platform --out results\n  $ muster replay results --case platform/nwl/sixth-unit\n\nExit codes: 0 identical, 4 different or not repeatable, 64 usage.\n',
    )
    .action(async (report: string, options: ReplayOptions) => exit(await replay(report, options)));
}
