// A run of the conformance suite from its options to its exit code: what is only printed, what is selected, the run, and what is published.
import { EXIT, UserError, type ExitCode } from '../kernel/errors.ts';
import type { SessionName } from '../kernel/trace/event.ts';
import { applyBaseline, baselineLines, readBaseline, type BaselineEntry } from '../report/baseline.ts';
import type { Report } from '../report/model.ts';
import type { FormatName } from '../report/formats.ts';
import type { Direction } from '../scenarios/engine/requirements.ts';
import { aboutOf, runSuite, type CaseRunner, type SuiteOptions, type SuiteResult } from '../scenarios/engine/suite.ts';
import type { Conformance } from '../scenarios/judge/rollup.ts';
import type { Said } from '../scenarios/judge/verdict.ts';
import { judgedMutants } from '../scenarios/mutants/all.ts';
import type { Profile } from '../scenarios/rules/catalogue.ts';
import { dryRun } from './administrator-dry.ts';
import { openEvidence, type KeepEvidence } from './evidence.ts';
import { loadExtensions } from './extensions.ts';
import { readText, requireFolder, requireWritable } from './files.ts';
import { leave, listenForInterrupt, type Interrupt } from './interrupt.ts';
import { requireMutant } from './mutants.ts';
import { openProgress } from './progress.ts';
import { publish } from './publish.ts';
import { embeddedRunner, remoteRunner, type Runner } from './runners.ts';
import { casesOf, selectCases, type SelectedCases } from './select-cases.ts';
import { chooseTarget, type ChosenTarget, type TargetOptions } from './target.ts';
import { VERSION } from './version.ts';

/** What the command line says of a run. */
export interface VerifyOptions extends TargetOptions {
  readonly profile?: Profile[];
  readonly case?: string;
  readonly mutant?: string;
  readonly seed: string;
  readonly namespace?: string;
  readonly jobs: number;
  readonly json?: string;
  readonly out?: string;
  readonly reporter?: FormatName[];
  readonly cases?: string;
  readonly allowDestructive?: boolean;
  readonly dryRun?: boolean;
  readonly timeout?: number;
  readonly session?: SessionName;
  readonly baseline?: string;
  readonly delayTurns: number;
  readonly device?: string;
}

const EXIT_OF: Readonly<Record<Conformance, ExitCode>> = {
  conformant: EXIT.asked,
  'not-conformant': EXIT.notConformant,
  undetermined: EXIT.undetermined,
};

/** Runs the suite of a direction and publishes what it found, or prints what was asked for instead. */
export async function verifyCommand(direction: Direction, options: VerifyOptions): Promise<ExitCode> {
  const code = await verify(direction, options);
  // What was called off may still wait, for a platform or a minute of pacing; an interrupted command does not wait with it.
  return code === EXIT.interrupted ? leave(code) : code;
}

async function verify(direction: Direction, options: VerifyOptions): Promise<ExitCode> {
  if (options.mutant === 'list') return print(judgedMutants(direction).map((mutant) => mutant.id));
  const own = options.cases === undefined ? [] : await loadExtensions(options.cases);
  if (options.case === 'list') return print([...casesOf(direction), ...own.map((one) => one.definition)].map((one) => one.id));
  const mutant = options.mutant === undefined ? undefined : requireMutant(direction, options.mutant);
  const selected = selectCases(direction, options.case, own);
  if (options.json !== undefined && options.json !== '-') requireWritable(options.json, '--json');
  if (options.out !== undefined) requireFolder(options.out);
  const baseline = options.baseline === undefined ? undefined : readBaseline(readText(options.baseline, '--baseline'), options.baseline);
  const chosen = chooseTarget(options);
  if (chosen.kind === 'remote' && mutant !== undefined) {
    throw new UserError('--mutant is of the embedded stub', 'start the other process with `muster stub --mutant`, and leave it out here');
  }
  if (options.dryRun) return print(await callsOf(chosen, selected, options));

  const modules = new Map(selected.extensions.map((one) => [one.definition.id, one.url]));
  const runner = chosen.kind === 'stub' ? embeddedRunner({ ...options, modules }, mutant) : await remoteRunner(chosen, options);
  const interrupt = listenForInterrupt();
  try {
    const result = await runSelected(direction, options, selected, runner, interrupt);
    const report = await publish(result, options);
    if (interrupt.interrupted()) return EXIT.interrupted;
    return EXIT_OF[baseline === undefined ? result.exit : heldAgainst(baseline, report, result.exit)];
  } finally {
    // Until everything is removed: a signal that nobody listens to would end the process before.
    await runner.close();
    interrupt.release();
  }
}

function print(lines: readonly string[]): ExitCode {
  process.stdout.write(`${lines.join('\n')}\n`);
  return EXIT.asked;
}

/** The calls that a run would make at the cloud API, for `--dry-run`. */
async function callsOf(chosen: ChosenTarget, { cases, extensions }: SelectedCases, options: VerifyOptions): Promise<string[]> {
  if (chosen.kind === 'stub')
    throw new UserError('--dry-run needs a --target with an administrator', 'the embedded stub is asked nothing over a network');
  const lines = await dryRun(chosen, cases, { seed: options.seed, namespace: options.namespace ?? 'dry' });
  for (const { definition } of extensions) lines.push(definition.id, '  (a case of yours: what it asks for is known only when it runs)');
  return lines;
}

/** The run itself: told of on stderr, its evidence kept in `--out`. */
async function runSelected(
  direction: Direction,
  options: VerifyOptions,
  { cases, extensions }: SelectedCases,
  runner: Runner,
  interrupt: Interrupt,
): Promise<SuiteResult> {
  const { namespace } = runner;
  const startedAt = new Date().toISOString();
  const all = [...cases, ...extensions.map((one) => one.definition)];
  process.stderr.write(
    `muster: ${all.length === 1 ? '1 case' : `${all.length} cases`} at ${runner.subject.name}, seed ${options.seed}, namespace ${namespace}\n`,
  );
  for (const line of runner.before?.(all, options.jobs, options.profile) ?? []) process.stderr.write(`muster: ${line}\n`);
  const progress = openProgress(`verify ${direction}`, all.length);
  try {
    const suite: Omit<SuiteOptions, 'run'> = {
      direction,
      cases,
      extensions,
      partial: options.case !== undefined,
      profiles: options.profile ?? runner.profiles,
      context: {
        subject: direction === 'firmware' ? { ...runner.subject, name: 'the reference device', kind: 'reference-device' } : runner.subject,
        environment: () => ({
          runner: 'node',
          runtime: process.version,
          system: `${process.platform} ${process.arch}`,
          jobs: options.jobs,
          startedAt: runner.repeatable ? null : startedAt,
          endedAt: runner.repeatable ? null : new Date().toISOString(),
        }),
        attestations: () => runner.attestations?.() ?? [],
      },
      edition: runner.edition,
      seed: options.seed,
      namespace,
      version: VERSION,
      jobs: options.jobs,
      onCase: (one, done) => progress.update(done, one.id),
      stopped: interrupt.interrupted,
    };
    const keep = options.out === undefined ? undefined : openEvidence(options.out, aboutOf(suite));
    return await runSuite({ ...suite, run: interruptible(runner.run, interrupt, keep) });
  } finally {
    progress.stop();
  }
}

const CUT_SHORT: Said = { en: 'it was cut short: the run was stopped', 'zh-CN': '用例被中断：运行已被停止' };

/** The same runner: an interrupt ends the case under way, whatever it waits for, and the evidence of each that ended is kept. */
function interruptible(run: CaseRunner, interrupt: Interrupt, keep: KeepEvidence | undefined): CaseRunner {
  const stopped = new Promise<void>((resolve) => interrupt.onInterrupt(resolve));
  return async (definition) => {
    const one = await Promise.race([run(definition), stopped.then(() => ({ kind: 'not-run', why: CUT_SHORT }) as const)]);
    if (one.kind === 'ran') keep?.(one);
    return one;
  };
}

/** What the run comes to beside the failures that are known. They change what the command ends with, never what the report says. */
function heldAgainst(baseline: readonly BaselineEntry[], report: Report, exit: Conformance): Conformance {
  const held = applyBaseline(report, baseline, new Date().toISOString().slice(0, 10));
  for (const line of baselineLines(held)) process.stderr.write(`${line}\n`);
  // Where it has nothing to say, the run ends as without it: a selection speaks of what was selected.
  return held.exit === 'undetermined' && held.unexpected.length === 0 ? exit : held.exit;
}
