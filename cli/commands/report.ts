// `muster report`: shows a stored report, compares two, and works a stored run out anew.
import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { codeOf, EXIT, UserError, type ExitCode } from '../../kernel/errors.ts';
import { diffLines, diffReports } from '../../report/diff.ts';
import { diffLoads, loadDiffLines } from '../../report/load-diff.ts';
import { loadLines } from '../../report/load-text.ts';
import { verifyLoad } from '../../report/load-verify.ts';
import { TRANSCRIPT_FILE } from '../../report/model.ts';
import { caseLine, closingLines } from '../../report/text.ts';
import { verifyRun } from '../../report/verify.ts';
import { readAnyReport, type Problem, type ReadLoadReport, type ReadReport, type RunFile } from '../../report/verify-files.ts';
import type { JudgingVersion } from '../../report/verify-rebuild.ts';
import { CASES } from '../../scenarios/engine/cases.ts';
import { judgedClass, judgedProfiles, requirementSet } from '../../scenarios/engine/requirements.ts';
import { cutShort } from '../evidence.ts';
import { loadExtensions } from '../extensions.ts';
import { coloured } from '../table.ts';
import { VERSION } from '../version.ts';

const JUDGING: JudgingVersion = { version: VERSION, cases: CASES, classOf: judgedClass, requirementSet, judgedProfiles };

/** How a verdict of a load run looks. */
const LOOK = { pass: 'pass', fail: 'fail', undecided: 'inconclusive' } as const;

/** Of one run; the rest is counted. */
const PROBLEMS_NAMED = 25;

function show(path: string): ExitCode {
  const read = load(path);
  if (read.kind === 'load') {
    const { report } = read;
    print([...loadLines(report), '', coloured(LOOK[report.result.verdict], report.result.headline)]);
    return EXIT.asked;
  }
  const { report } = read;
  const width = Math.max(0, ...report.cases.map((one) => one.verdict.length));
  const lines = report.cases.map((one) => `${coloured(one.verdict, one.verdict.padEnd(width))}  ${caseLine(one)}`);
  lines.push(...closingLines(report), '', coloured(report.result.conformance, report.result.headline));
  print(lines);
  return EXIT.asked;
}

function diff(before: string, after: string, { json }: { readonly json?: true }): ExitCode {
  const [was, is] = [load(before), load(after)];
  if (was.kind === 'load' && is.kind === 'load') {
    const found = diffLoads(was.report, is.report);
    print(json ? [JSON.stringify(found, null, 2)] : loadDiffLines(found));
    return found.regression ? EXIT.notConformant : EXIT.asked;
  }
  if (was.kind === 'load' || is.kind === 'load')
    throw new UserError('one report is of a fleet, the other of a conformance run', 'compare two of one kind');
  const found = diffReports(was.report, is.report);
  print(json ? [JSON.stringify(found, null, 2)] : diffLines(found));
  return found.regression ? EXIT.notConformant : EXIT.asked;
}

async function verify(paths: readonly string[], { cases: folder }: { readonly cases?: string }): Promise<ExitCode> {
  // What cannot be read at all is said before anything is worked out.
  // Only a directory can hold evidence without a report: a path below a file is none.
  const folders = paths.filter((path) => reportFileOf(path) !== path);
  const torn = new Map(folders.flatMap((path) => [cutShort(path)].flatMap((one) => (one ? [[path, one] as const] : []))));
  const runs = paths
    .filter((path) => !torn.has(path))
    .map((path) => {
      const file = reportFileOf(path);
      const report = readRunFile(file, 'the report');
      const load = verifyAlone(report, join(dirname(file), TRANSCRIPT_FILE));
      return load ?? ([report, readRunFile(join(dirname(file), TRANSCRIPT_FILE), 'the evidence beside the report')] as const);
    });
  const own = folder === undefined ? [] : await loadExtensions(folder);
  const judging: JudgingVersion = { ...JUDGING, own: new Map(own.map((one) => [one.definition.id, one])) };
  let good = true;
  for (const run of runs) {
    if ('facts' in run) {
      good &&= run.problems.length === 0;
      if (run.problems.length > 0) print([coloured('fail', `not verified  ${run.name}`), ...problemLines(run.problems)]);
      else print([`${coloured('pass', 'verified')}  ${run.name}: ${run.facts}`]);
      continue;
    }
    const [reportFile, transcriptFile] = run;
    const { problems, notes, report, judged, notJudged } = verifyRun(reportFile, transcriptFile, judging);
    for (const note of notes) process.stderr.write(`muster: ${reportFile.name}: ${note}\n`);
    if (problems.length > 0 || !report) {
      good = false;
      print([coloured('fail', `not verified  ${reportFile.name}`), ...problemLines(problems)]);
    } else {
      const { transcript, result, cases, extensions } = report;
      const facts = `${judged} of ${cases.length + extensions.length} cases judged again, ${transcript.lines} lines of evidence; ${result.headline}`;
      print([`${coloured('pass', 'verified')}  ${reportFile.name}: ${facts}`]);
    }
    if (notJudged.length > 0) print(notJudgedLines(notJudged, report?.version === VERSION, folder));
  }
  for (const { file, cases } of torn.values())
    print([`${coloured('undetermined', 'undetermined')}  ${file}: no footer and no report: the run has not ended; ${cases} cases did`]);
  if (!good) return EXIT.notConformant;
  return torn.size > 0 ? EXIT.undetermined : EXIT.asked;
}

/** A report that has no evidence beside it: of a fleet, or too broken to tell; undefined where it is of a conformance run. */
function verifyAlone(file: RunFile, evidence: string): { name: string; problems: readonly Problem[]; facts: string } | undefined {
  const problems: Problem[] = [];
  const read = readAnyReport(file, problems);
  const { name } = file;
  if (read?.kind === 'load') {
    problems.push(...verifyLoad(name, read.report));
    return { name, problems, facts: `${read.report.checks.length} verdicts worked out again; ${read.report.result.headline}` };
  }
  if (read || statSync(evidence, { throwIfNoEntry: false })) return undefined;
  return { name, problems, facts: '' };
}

/** What the user's own cases say is taken as it stands, unless their modules are at hand. */
function notJudgedLines(checks: readonly string[], sameVersion: boolean, folder: string | undefined): string[] {
  const modules =
    folder === undefined ? 'their modules are not part of a report; give them with --cases DIR' : `${folder} does not hold their modules`;
  const why = sameVersion ? modules : 'the report is of another version';
  const count = checks.length === 1 ? '1 check' : `${checks.length} checks`;
  return [`  not judged again, ${count} of your own cases: ${why}`, ...checks.map((name) => `    ${name}`)];
}

function problemLines(problems: readonly Problem[]): string[] {
  const lines = problems.slice(0, PROBLEMS_NAMED).map(({ where, what }) => `  ${where}: ${what}`);
  if (problems.length > PROBLEMS_NAMED) lines.push(`  and ${problems.length - PROBLEMS_NAMED} more`);
  return lines;
}

function print(lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

function reportFileOf(path: string): string {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ? join(path, 'report.json') : path;
}

function readRunFile(path: string, what: string): RunFile {
  try {
    return { name: path, bytes: readFileSync(path) };
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    const why = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`;
    throw new UserError(`${what} ${path} ${why}`, 'give the directory that `muster verify … --out` wrote');
  }
}

/** A report to show or to compare: a broken one is a mistake of the user's; whether it is true is for `verify` to say. */
function load(path: string): ReadReport | ReadLoadReport {
  const problems: Problem[] = [];
  const read = readAnyReport(readRunFile(reportFileOf(path), 'the report'), problems);
  const [first] = problems;
  if (!read)
    throw new UserError(`${first?.where ?? path}: ${first?.what ?? 'it is no report'}`, 'give the report.json of a run, or its directory');
  if (first) process.stderr.write(`muster: ${first.where}: ${first.what}; see \`muster report verify\`\n`);
  return read;
}

/** Adds `report` to the program. */
export function registerReport(program: Command, exit: (code: ExitCode) => void): void {
  const command = program.command('report').description('show, compare and verify stored reports');
  command
    .command('show')
    .argument('<report>', 'report.json of a run, or its directory')
    .description('print the table of a report')
    .addHelpText('after', '\nExample:\n  $ muster report show results\n\nExit codes: 0 shown, 64 usage.\n')
    .action((path: string) => exit(show(path)));
  command
    .command('diff')
    .argument('<before>', 'the earlier report.json, or its directory')
    .argument('<after>', 'the later one')
    .description('compare two reports: verdicts, readings, latency')
    .option('--json', 'print the comparison as JSON')
    .addHelpText(
      'after',
      '\nExample:\n  $ muster report diff results-1 results-2\n\nExit codes: 0 no regression, 1 a regression, 64 usage.\n',
    )
    .action((before: string, after: string, options: { json?: true }) => exit(diff(before, after, options)));
  command
    .command('verify')
    .argument('<reports...>', 'report.json of runs, or their directories')
    .description('work stored runs out anew: digests, completeness, and every verdict from the evidence')
    .option('--cases <dir>', 'judge your own cases again too, by the *.case.mjs files of this directory')
    .addHelpText(
      'after',
      '\nExamples:\n  $ muster report verify results\n  $ muster report verify results --cases my-cases\n\nExit codes: 0 verified, 1 not, 2 a run that never ended, 64 usage.\n',
    )
    .action(async (paths: string[], options: { cases?: string }) => exit(await verify(paths, options)));
}
