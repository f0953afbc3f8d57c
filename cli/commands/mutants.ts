// `muster mutants`: the suite judged. Every wrong platform and every wrong firmware meets every case, and has to be found by its own rule.
import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { EXIT, UserError, type ExitCode } from '../../kernel/errors.ts';
import { DEFAULT_EDITION } from '../../protocol/editions.ts';
import { CASES } from '../../scenarios/engine/cases.ts';
import type { CellAgent } from '../../scenarios/engine/cell-agent.ts';
import { judgedClass } from '../../scenarios/engine/requirements.ts';
import { judgeCase } from '../../scenarios/judge/judge.ts';
import { matrixMutants } from '../../scenarios/mutants/all.ts';
import {
  meets,
  problemsOf,
  rowOf,
  type Killed,
  type MatrixProblem,
  type MatrixRow,
  type MutantCase,
} from '../../scenarios/mutants/matrix.ts';
import { matrixPage, readMatrixPage, tlsPage } from '../../scenarios/mutants/matrix-page.ts';
import type { FirmwareMutant, PlatformMutant } from '../../scenarios/mutants/mutant.ts';
import { readText, requireWritable, writeWhole } from '../files.ts';
import { wholeNumber } from '../numbers.ts';
import { openProgress } from '../progress.ts';
import { judgeOverTls } from '../mutant-process.ts';
import { embeddedRunner } from '../runners.ts';
import { table } from '../table.ts';
import { openThread } from '../threads.ts';

interface MutantsOptions {
  readonly jobs: number;
  readonly page?: string;
  readonly only?: string;
  readonly overTls?: boolean;
  readonly known?: string;
  readonly tlsPage?: string;
}

const JOBS_MAX = 16;
const SEED = '1';

async function mutants(options: MutantsOptions): Promise<ExitCode> {
  if (options.page !== undefined) requireWritable(options.page, '--page');
  if (options.tlsPage !== undefined) requireWritable(options.tlsPage, '--tls-page');
  if (options.known !== undefined) return knownOverTls(options, options.known);
  const all = (['platform', 'firmware'] as const).flatMap((direction) => matrixMutants(direction).map((mutant) => ({ direction, mutant })));
  const chosen = options.only === undefined ? all : all.filter(({ mutant }) => mutant.id === options.only);
  const progress = openProgress('mutants', chosen.length);
  const rows = new Map<string, MatrixRow>();
  const queue = [...chosen];
  const work = async (): Promise<void> => {
    const thread = openThread<CellAgent>('cell');
    try {
      for (let next = queue.shift(); next; next = queue.shift()) {
        const { direction, mutant } = next;
        const cases = CASES.filter((one) => one.direction === direction);
        const verdicts: MutantCase[] = [];
        for (const definition of cases) {
          if (definition.needs !== 'cell' || !meets(definition, mutant.rule)) continue;
          const request = { caseId: definition.id, seed: SEED, namespace: '0', edition: DEFAULT_EDITION, mutant: mutant.id };
          verdicts.push(await thread.remote.judge(request));
        }
        verdicts.push(...(await overSockets(mutant)));
        rows.set(mutant.id, rowOf(mutant, cases, verdicts));
        progress.update(rows.size, mutant.id);
      }
    } finally {
      await thread.terminate();
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.max(1, options.jobs) }, work));
  } finally {
    progress.stop();
  }
  const matrix = [...rows.values()].sort((a, b) => (a.rule === b.rule ? order(a.mutant, b.mutant) : order(a.rule, b.rule)));
  const problems = problemsOf(matrix);
  if (options.overTls) problems.push(...(await overTls(matrix, options)));
  if (options.page !== undefined) writeWhole(options.page, matrixPage(matrix, CASES));
  process.stdout.write(`${table(matrix.map((row) => [row.mutant, row.rule, String(row.killers.length), row.killers[0] ?? '-']))}\n`);
  return conclude(matrix.length, problems);
}

function conclude(count: number, problems: readonly MatrixProblem[]): ExitCode {
  for (const { mutant, what } of problems) process.stderr.write(`muster: ${mutant} ${what}\n`);
  process.stdout.write(`\n${count} mutants, ${problems.length} problems\n`);
  return problems.length === 0 ? EXIT.asked : EXIT.notConformant;
}

/** What a matrix of an earlier run says found them has to find them over TLS. */
async function knownOverTls(options: MutantsOptions, page: string): Promise<ExitCode> {
  if (!options.overTls) throw new UserError('--known is of use with --over-tls only', 'add --over-tls');
  const known = readMatrixPage(readText(page, 'the matrix'));
  if (known.length === 0) throw new UserError(`${page} is no kill matrix`, 'give a page that `muster mutants --page` wrote');
  const chosen = options.only === undefined ? known : known.filter(({ mutant }) => mutant === options.only);
  return conclude(chosen.length, await overTls(chosen, options));
}

async function overTls(killed: readonly Killed[], { jobs, tlsPage: page }: MutantsOptions): Promise<readonly MatrixProblem[]> {
  const from = performance.now();
  const { rows, problems } = await judgeOverTls(killed, jobs);
  const seconds = (performance.now() - from) / 1000;
  process.stdout.write(`${rows.length} mutants found over TLS in ${seconds.toFixed(0)} s\n`);
  if (page !== undefined) writeWhole(page, tlsPage(rows, seconds, jobs));
  return problems;
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Cases that need sockets meet the mutants of the rules that they judge. */
async function overSockets(mutant: PlatformMutant | FirmwareMutant): Promise<MutantCase[]> {
  if (!('policy' in mutant)) return [];
  const cases = CASES.filter((one) => one.needs === 'sockets' && one.checks.some((check) => check.rule === mutant.rule && !check.reading));
  if (cases.length === 0) return [];
  const runner = embeddedRunner({ seed: SEED, delayTurns: 0 }, mutant.id);
  try {
    const verdicts: MutantCase[] = [];
    for (const definition of cases) {
      const run = await runner.run(definition);
      if (run.kind !== 'ran') continue;
      const { verdict, checks } = judgeCase(run.record, definition.checks, judgedClass);
      verdicts.push({ case: definition.id, verdict, checks });
    }
    return verdicts;
  } finally {
    await runner.close();
  }
}

/** Adds `mutants` to the program. */
export function registerMutants(program: Command, exit: (code: ExitCode) => void): void {
  program
    .command('mutants')
    .description('judge the suite itself: every wrong platform and firmware has to be found by a check of the rule that it breaks')
    .option('--jobs <n>', 'threads', wholeNumber(1, JOBS_MAX), Math.min(JOBS_MAX, availableParallelism()))
    .option('--only <id>', 'this mutant alone')
    .option('--page <file>', 'write the matrix as Markdown')
    .option('--over-tls', 'judge each of them once more as another process, over TLS, by one of the checks that found it')
    .option('--known <file>', 'with --over-tls: take what finds each mutant from a page of an earlier run, and run no cell')
    .option('--tls-page <file>', 'write what found each mutant over TLS as Markdown')
    .addHelpText(
      'after',
      '\nExamples:\n  $ muster mutants --page docs/kill-matrix.md\n  $ muster mutants --only no-cap\n\nExit codes: 0 all found, 1 not.\n',
    )
    .action(async (options: MutantsOptions) => exit(await mutants(options)));
}
