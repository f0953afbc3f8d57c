// `muster verify platform` and `muster verify firmware`: the conformance suite, in both directions.
import type { Command } from 'commander';
import { EXIT, UserError, type ExitCode } from '../../kernel/errors.ts';
import { EDITIONS, isEditionName, type EditionName } from '../../protocol/editions.ts';
import type { SessionName } from '../../kernel/trace/event.ts';
import { applyBaseline, baselineLines, readBaseline } from '../../report/baseline.ts';
import { FORMAT_NAMES, type FormatName } from '../../report/formats.ts';
import type { Direction } from '../../scenarios/engine/requirements.ts';
import { aboutOf, runSuite, type CaseRunner, type SuiteOptions } from '../../scenarios/engine/suite.ts';
import { judgedMutants } from '../../scenarios/mutants/all.ts';
import type { Conformance } from '../../scenarios/judge/rollup.ts';
import type { Said } from '../../scenarios/judge/verdict.ts';
import type { Profile } from '../../scenarios/rules/catalogue.ts';
import { SESSIONS } from '../../worker/session/choose.ts';
import { loadExtensions } from '../extensions.ts';
import { dryRun } from '../administrator-dry.ts';
import { openEvidence, type KeepEvidence } from '../evidence.ts';
import { readText, requireFolder, requireWritable } from '../files.ts';
import { leave, listenForInterrupt, type Interrupt } from '../interrupt.ts';
import { requireMutant } from '../mutants.ts';
import { positiveNumber, wholeNumber } from '../numbers.ts';
import { openProgress } from '../progress.ts';
import { publish } from '../publish.ts';
import { embeddedRunner, remoteRunner } from '../runners.ts';
import { casesOf, selectCases } from '../select-cases.ts';
import { chooseTarget, type TargetOptions } from '../target.ts';
import { VERSION } from '../version.ts';
import { withTarget } from './fleet.ts';

interface VerifyOptions extends TargetOptions {
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

const PROFILES: readonly Profile[] = ['prereg', 'nwl', 'operator', 'https'];
const JOBS_MAX = 16;
const TURNS_MAX = 1_000;

const EXIT_OF: Readonly<Record<Conformance, ExitCode>> = {
  conformant: EXIT.asked,
  'not-conformant': EXIT.notConformant,
  undetermined: EXIT.undetermined,
};

/** Runs the suite of a direction and publishes what it found. */
async function verify(direction: Direction, options: VerifyOptions): Promise<ExitCode> {
  if (options.mutant === 'list') {
    process.stdout.write(
      `${judgedMutants(direction)
        .map((mutant) => mutant.id)
        .join('\n')}\n`,
    );
    return EXIT.asked;
  }
  const own = options.cases === undefined ? [] : await loadExtensions(options.cases);
  if (options.case === 'list') {
    process.stdout.write(`${[...casesOf(direction), ...own.map((one) => one.definition)].map((one) => one.id).join('\n')}\n`);
    return EXIT.asked;
  }
  const mutant = options.mutant === undefined ? undefined : requireMutant(direction, options.mutant);
  const { cases, extensions } = selectCases(direction, options.case, own);
  const all = [...cases, ...extensions.map((one) => one.definition)];
  if (options.json !== undefined && options.json !== '-') requireWritable(options.json, '--json');
  if (options.out !== undefined) requireFolder(options.out);
  const baseline = options.baseline === undefined ? undefined : readBaseline(readText(options.baseline, '--baseline'), options.baseline);
  const modules = new Map(extensions.map((one) => [one.definition.id, one.url]));
  const chosen = chooseTarget(options);
  if (chosen.kind === 'remote' && mutant !== undefined) {
    throw new UserError('--mutant is of the embedded stub', 'start the other process with `muster stub --mutant`, and leave it out here');
  }

  if (options.dryRun) {
    if (chosen.kind === 'stub')
      throw new UserError('--dry-run needs a --target with an administrator', 'the embedded stub is asked nothing over a network');
    const lines = await dryRun(chosen, cases, { seed: options.seed, namespace: options.namespace ?? 'dry' });
    for (const { definition } of extensions) lines.push(definition.id, '  (a case of yours: what it asks for is known only when it runs)');
    process.stdout.write(`${lines.join('\n')}\n`);
    return EXIT.asked;
  }

  const runner = chosen.kind === 'stub' ? embeddedRunner({ ...options, modules }, mutant) : await remoteRunner(chosen, options);
  const { namespace } = runner;
  const interrupt = listenForInterrupt();
  const startedAt = new Date().toISOString();
  process.stderr.write(
    `muster: ${all.length === 1 ? '1 case' : `${all.length} cases`} at ${runner.subject.name}, seed ${options.seed}, namespace ${namespace}\n`,
  );
  try {
    for (const line of runner.before?.(all, options.jobs, options.profile) ?? []) process.stderr.write(`muster: ${line}\n`);
  } catch (error) {
    await runner.close();
    interrupt.release();
    throw error;
  }
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
    const result = await runSuite({ ...suite, run: interruptible(runner.run, interrupt, keep) });
    progress.stop();
    const report = await publish(result, options);
    if (interrupt.interrupted()) return EXIT.interrupted;
    if (baseline === undefined) return EXIT_OF[result.exit];
    // It changes what the command ends with, never what the report says.
    const held = applyBaseline(report, baseline, new Date().toISOString().slice(0, 10));
    for (const line of baselineLines(held)) process.stderr.write(`${line}\n`);
    // Where it has nothing to say, the run ends as without it: a selection speaks of what was selected.
    const silent = held.exit === 'undetermined' && held.unexpected.length === 0;
    return EXIT_OF[silent ? result.exit : held.exit];
  } finally {
    progress.stop();
    // Until everything is removed: a signal that nobody listens to would end the process before.
    await runner.close();
    interrupt.release();
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

/** What was called off may still wait, for a platform or a minute of pacing; an interrupted command does not wait with it. */
async function ended(code: ExitCode): Promise<ExitCode> {
  return code === EXIT.interrupted ? leave(code) : code;
}

function reporter(text: string, before: FormatName[] | undefined): FormatName[] {
  const names = text.split(',').map((name) => {
    const found = FORMAT_NAMES.find((one) => one === name);
    if (!found) throw new UserError(`--reporter ${name} is no format`, `give some of ${FORMAT_NAMES.join(',')}`);
    return found;
  });
  return [...(before ?? []), ...names];
}

function profile(text: string, before: Profile[] | undefined): Profile[] {
  const claimed = text.split(',').map((name) => {
    const found = PROFILES.find((one) => one === name);
    if (!found) throw new UserError(`--profile ${name} is no profile`, `give some of ${PROFILES.join(',')}`);
    return found;
  });
  return [...(before ?? []), ...claimed];
}

function sessionName(text: string): SessionName {
  const found = SESSIONS.find((one) => one === text);
  if (!found) throw new UserError(`--session ${text} is no session`, `give one of ${SESSIONS.join(', ')}`);
  return found;
}

function edition(text: string): EditionName {
  if (isEditionName(text)) return text;
  throw new UserError(`--edition ${text} is no edition`, `give one of ${Object.keys(EDITIONS).join(', ')}`);
}

function common(command: Command): Command {
  return command
    .option('--case <glob>', 'only the cases whose id matches, such as platform/nwl/*; ** crosses a slash, `list` prints the ids')
    .option('--mutant <id>', 'run against a stub or device that is wrong on purpose; `list` prints the ids')
    .option('--seed <text>', 'names and draws follow from it', '1')
    .option('--namespace <text>', 'keeps two runs against one platform apart')
    .option('--jobs <n>', 'cases at once', wholeNumber(1, JOBS_MAX), 2)
    .option('--baseline <file>', 'failures that are known, each with a reason and a date: they change the exit code only (docs/reports.md)')
    .option('--json <file>', 'write report.json there; - for stdout')
    .option('--out <dir>', 'write the report in every format, and its evidence, into this directory')
    .option('--reporter <formats>', `only these formats in --out: ${FORMAT_NAMES.join(',')}`, reporter)
    .option(
      '--delay-turns <n>',
      'slow every hop of a cell down by n turns of its event loop; verdicts must not change',
      wholeNumber(0, TURNS_MAX),
      0,
    );
}

const CODES = 'Exit codes: 0 conformant, 1 not conformant, 2 undetermined, 3 unreachable, 4 a fault of Muster, 64 usage, 130 interrupted.';

/** Adds `verify` to the program. */
export function registerVerify(program: Command, exit: (code: ExitCode) => void): void {
  const command = program.command('verify').description('run the conformance suite');
  withTarget(common(command.command('platform')))
    .description('judge a platform: our devices drive it')
    .option(
      '--edition <edition>',
      `which revision of the documents the embedded stub follows: ${Object.keys(EDITIONS).join(', ')}`,
      edition,
    )
    .option(
      '--cases <dir>',
      'also run the *.case.mjs files of this directory, judged by their own rules: those that --case matches, or all where it matches none (docs/write-a-case.md)',
    )
    .option('--allow-destructive', 'elsewhere than on a stub: permit cases that delete, disable, reset, clear or turn the switch')
    .option('--timeout <s>', 'how long the target may take for each answer, seconds (default: 10)', positiveNumber(600))
    .option('--session <name>', `what the devices' MQTT sessions are: ${SESSIONS.join(' or ')} (default: reference)`, sessionName)
    .option('--dry-run', 'print the calls that the run would make at the cloud API, and make none')
    .option('--profile <profile>', 'what the target claims, some of prereg,nwl,operator,https', profile)
    .addHelpText(
      'after',
      `\nExamples:\n  $ muster verify platform\n  $ muster verify platform --target staging.yaml --out results\n  $ muster verify platform --case 'platform/nwl/*'\n  $ muster verify platform --cases my-cases --case 'acme/**'\n\n${CODES}\n`,
    )
    .action(async (options: VerifyOptions) => exit(await ended(await verify('platform', options))));
  common(command.command('firmware'))
    .description('judge a firmware: our stub drives it')
    .option('--device <device>', 'the device under test', 'reference')
    .addHelpText(
      'after',
      `\nExamples:\n  $ muster verify firmware --device reference\n  $ muster verify firmware --mutant registers-at-every-boot\n\n${CODES}\n`,
    )
    .action(async (options: VerifyOptions) => {
      if (options.device !== 'reference') {
        throw new UserError(
          `--device ${options.device ?? ''}: this version can judge the reference device only`,
          'give --device reference',
        );
      }
      exit(await ended(await verify('firmware', options)));
    });
}
