// `muster verify platform` and `muster verify firmware`: the conformance suite, in both directions.
import { join } from 'node:path';
import type { Command } from 'commander';
import { ambientClock } from '../../kernel/clock.ts';
import { EXIT, UserError, type ExitCode } from '../../kernel/errors.ts';
import { LOWER_HEX, secureRandom } from '../../kernel/random.ts';
import { Redactor } from '../../kernel/trace/redact.ts';
import { transcriptOf } from '../../report/transcript.ts';
import { caseLine, closingLines } from '../../report/text.ts';
import { aboutOf, makeReport, type ReportCase } from '../../report/model.ts';
import type { CaseDefinition, PlatformCase } from '../../scenarios/engine/case.ts';
import type { CellAgent } from '../../scenarios/engine/cell-agent.ts';
import { CASES, casesMatching } from '../../scenarios/engine/cases.ts';
import { driveCase } from '../../scenarios/engine/drive.ts';
import { examine } from '../../scenarios/engine/doctor.ts';
import type { Operator } from '../../scenarios/engine/operator.ts';
import type { Direction } from '../../scenarios/engine/requirements.ts';
import { runSuite, type CaseRun, type CaseRunner, type SuiteResult } from '../../scenarios/engine/suite.ts';
import { judgedMutants } from '../../scenarios/mutants/all.ts';
import type { Conformance } from '../../scenarios/judge/rollup.ts';
import { stubOperator } from '../../scenarios/operators/stub.ts';
import type { Profile } from '../../scenarios/rules/catalogue.ts';
import { DEFAULT_TIMEOUTS } from '../../worker/session/session.ts';
import { openReferenceSession } from '../../worker/session/reference.ts';
import { tcpTransport } from '../../worker/transport/tcp.node.ts';
import { requireFolder, requireWritable, writeWhole } from '../files.ts';
import { listenForInterrupt } from '../interrupt.ts';
import { wholeNumber } from '../numbers.ts';
import { operatorClient } from '../operator-client.ts';
import { openProgress } from '../progress.ts';
import { coloured } from '../table.ts';
import { chooseTarget, type RemoteTarget, type TargetOptions } from '../target.ts';
import { openThread, type Thread } from '../threads.ts';
import { VERSION } from '../version.ts';
import { openStub, type OpenStub } from '../open-stub.ts';
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
  readonly delayTurns: number;
  readonly device?: string;
}

const PROFILES: readonly Profile[] = ['prereg', 'nwl', 'operator', 'https'];
const EMBEDDED_PROFILES: readonly Profile[] = ['prereg', 'nwl', 'operator'];
const JOBS_MAX = 16;
const NAMESPACE_LENGTH = 8;
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
  if (options.case === 'list') {
    process.stdout.write(
      `${casesOf(direction)
        .map((one) => one.id)
        .join('\n')}\n`,
    );
    return EXIT.asked;
  }
  const mutant = options.mutant === undefined ? undefined : requireMutant(direction, options.mutant);
  const cases = selectCases(direction, options.case);
  if (options.json !== undefined && options.json !== '-') requireWritable(options.json, '--json');
  if (options.out !== undefined) requireFolder(options.out);
  const chosen = chooseTarget(options);
  if (chosen.kind === 'remote' && mutant !== undefined) {
    throw new UserError('--mutant is of the embedded stub', 'start the other process with `muster stub --mutant`, and leave it out here');
  }

  const runner = chosen.kind === 'stub' ? embeddedRunner(options, mutant) : await remoteRunner(chosen, options);
  const { namespace } = runner;
  const interrupt = listenForInterrupt();
  process.stderr.write(
    `muster: ${cases.length === 1 ? '1 case' : `${cases.length} cases`} at ${runner.name}, seed ${options.seed}, namespace ${namespace}\n`,
  );
  const progress = openProgress(`verify ${direction}`, cases.length);
  try {
    const result = await runSuite({
      direction,
      cases,
      partial: options.case !== undefined,
      profiles: options.profile ?? runner.profiles,
      target: runner.name,
      edition: runner.edition,
      seed: options.seed,
      namespace,
      version: VERSION,
      jobs: options.jobs,
      run: runner.run,
      onCase: (one, done) => progress.update(done, one.id),
      stopped: interrupt.interrupted,
    });
    progress.stop();
    publish(result, options);
    return interrupt.interrupted() ? EXIT.interrupted : EXIT_OF[result.exit];
  } finally {
    progress.stop();
    interrupt.release();
    await runner.close();
  }
}

interface Runner {
  readonly name: string;
  readonly edition: 'doc2020' | 'doc2021' | 'doc2023';
  readonly profiles: readonly Profile[];
  readonly namespace: string;
  readonly run: CaseRunner;
  close(): Promise<void>;
}

/** Cells in threads; cases that need sockets meet a stub on loopback ports of this process. */
function embeddedRunner(options: VerifyOptions, mutant: string | undefined): Runner {
  const namespace = options.namespace ?? '0';
  const edition = 'doc2020';
  const threads = new Set<Thread<CellAgent>>();
  const idle: Thread<CellAgent>[] = [];
  const runCell = async (definition: CaseDefinition): Promise<CaseRun> => {
    const thread = idle.pop() ?? openThread<CellAgent>('cell');
    threads.add(thread);
    const record = await thread.remote.run({
      caseId: definition.id,
      seed: options.seed,
      namespace,
      edition,
      extraTurns: options.delayTurns,
      ...(mutant === undefined ? {} : { mutant }),
    });
    idle.push(thread);
    return { kind: 'ran', record, clock: 'virtual' };
  };
  let sockets: Promise<OpenStub> | undefined;
  let leftBehind: (() => void) | undefined;
  const open = (): Promise<OpenStub> =>
    openStub(
      { json: true, seed: options.seed, ...(mutant === undefined ? {} : { mutant }) },
      {
        policyOf: policyOfMutant,
        // A second Ctrl-C ends the process without `close`.
        holds(removeFiles) {
          leftBehind = removeFiles;
          process.on('exit', removeFiles);
        },
      },
    );
  return {
    name: 'the embedded stub',
    edition,
    profiles: EMBEDDED_PROFILES,
    namespace,
    async run(definition) {
      if (definition.needs === 'cell') return runCell(definition);
      sockets ??= open();
      const stub = await sockets;
      const target = chooseTarget({ target: stub.target });
      if (target.kind !== 'remote' || definition.direction !== 'platform')
        return { kind: 'not-run', why: 'it needs a platform on sockets' };
      return overSockets(definition, target, options, namespace);
    },
    async close() {
      await Promise.all([...threads].map((thread) => thread.terminate()));
      await (await sockets)?.close();
      if (leftBehind) process.removeListener('exit', leftBehind);
    },
  };
}

/** Every case over sockets, on the wall clock. */
async function remoteRunner(target: RemoteTarget, options: VerifyOptions): Promise<Runner> {
  const namespace = options.namespace ?? secureRandom().text(NAMESPACE_LENGTH, LOWER_HEX);
  const complaint = await examine(tcpTransport({ ...target.sockets, clock: ambientClock(), timeouts: DEFAULT_TIMEOUTS }), 'encrypted');
  if (complaint) throw new UserError(`${target.name} cannot be reached: ${complaint.what}`, complaint.remedy, EXIT.unreachable);
  const modes = target.profiles ?? ['prereg', 'nwl', 'operator'];
  return {
    name: target.name,
    edition: target.edition,
    profiles: target.administrator ? modes : modes.filter((profile) => profile === 'nwl'),
    namespace,
    run: (definition) =>
      definition.direction === 'platform'
        ? overSockets(definition, target, options, namespace)
        : Promise.resolve({ kind: 'not-run', why: 'a device is judged by a stub, not by a target' }),
    close: () => Promise.resolve(),
  };
}

async function overSockets(definition: PlatformCase, target: RemoteTarget, options: VerifyOptions, namespace: string): Promise<CaseRun> {
  const clock = ambientClock();
  const transport = tcpTransport({ ...target.sockets, clock, timeouts: DEFAULT_TIMEOUTS });
  if (definition.needs === 'sockets' && !transport.offersPlain) return { kind: 'not-run', why: 'the target names no plain endpoint' };
  const record = await driveCase(definition, {
    clock,
    seed: options.seed,
    namespace,
    transport,
    openSession: openReferenceSession,
    timeouts: DEFAULT_TIMEOUTS,
    edition: target.edition,
    operator: operatorOf(target, options.seed, namespace),
    paceMs: target.paceMs,
    redactor: new Redactor(target.administrator ? `run ${options.seed}` : secureRandom().text(32, LOWER_HEX)),
  });
  return { kind: 'ran', record, clock: 'wall' };
}

/** A stub's operator makes a product for each case; without one, cases share the target's product and cannot be administered. */
function operatorOf(target: RemoteTarget, seed: string, namespace: string): Operator {
  if (target.administrator) return stubOperator(operatorClient(target.administrator), seed, namespace);
  const { productKey, productSecret } = target;
  const nobody = (): Promise<never> => Promise.reject(new Error('the target has no administrator'));
  return {
    provideProduct: () => Promise.resolve({ productKey, productSecret }),
    setDynamicRegistration: nobody,
    addDevice: nobody,
    deleteDevice: nobody,
    resetThing: nobody,
    disable: nobody,
    enable: nobody,
    readDevice: nobody,
    clientIds: nobody,
    switchClientId: nobody,
    clearClientIds: nobody,
  };
}

function requireMutant(direction: Direction, id: string): string {
  if (!judgedMutants(direction).some((mutant) => mutant.id === id)) {
    throw new UserError(`--mutant ${id} names no mutant of this version`, `see \`muster verify ${direction} --mutant list\``);
  }
  return id;
}

/** The policy of a mutant, for a stub in this or another process. */
export function policyOfMutant(id: string): ReturnType<typeof policyOrThrow> {
  return policyOrThrow(id);
}

function policyOrThrow(id: string) {
  const found = judgedMutants('platform').find((mutant) => mutant.id === id);
  if (!found || !('policy' in found))
    throw new UserError(`--mutant ${id} names no mutant of this version`, 'see `muster verify platform --mutant list`');
  return found.policy;
}

function selectCases(direction: Direction, glob: string | undefined): CaseDefinition[] {
  const cases = glob === undefined ? casesOf(direction) : casesMatching(glob).filter((one) => one.direction === direction);
  if (cases.length > 0) return cases;
  throw new UserError(`--case ${glob ?? ''} matches no case of direction ${direction}`, `see \`muster verify ${direction} --case list\``);
}

function casesOf(direction: Direction): CaseDefinition[] {
  return CASES.filter((one) => one.direction === direction);
}

function publish({ findings, records }: SuiteResult, options: VerifyOptions): void {
  const report = makeReport(findings);
  const json = `${JSON.stringify(report, null, 2)}\n`;
  if (options.out !== undefined) {
    writeWhole(join(options.out, 'report.json'), json);
    writeWhole(join(options.out, 'transcript.jsonl'), transcriptOf(aboutOf(report), records));
  }
  if (options.json === '-') {
    process.stdout.write(json);
    return;
  }
  if (options.json !== undefined) writeWhole(options.json, json);
  const width = Math.max(...report.cases.map((one) => one.verdict.length));
  const lines = report.cases.map((one: ReportCase) => `${coloured(one.verdict, one.verdict.padEnd(width))}  ${caseLine(one)}`);
  lines.push(...closingLines(report), '', coloured(report.result.conformance, report.result.headline));
  process.stdout.write(`${lines.join('\n')}\n`);
}

function profile(text: string, before: Profile[] | undefined): Profile[] {
  const found = PROFILES.find((one) => one === text);
  if (!found) throw new UserError(`--profile ${text} is no profile`, `give one of ${PROFILES.join(', ')}; repeat the option for several`);
  return [...(before ?? []), found];
}

function common(command: Command): Command {
  return command
    .option('--case <glob>', 'only the cases whose id matches, such as platform/nwl/*; ** crosses a slash, `list` prints the ids')
    .option('--mutant <id>', 'run against a stub or device that is wrong on purpose; `list` prints the ids')
    .option('--seed <text>', 'names and draws follow from it', '1')
    .option('--namespace <text>', 'keeps two runs against one platform apart')
    .option('--jobs <n>', 'cases at once', wholeNumber(1, JOBS_MAX), 2)
    .option('--json <file>', 'write report.json there; - for stdout')
    .option('--out <dir>', 'write report.json and transcript.jsonl into this directory')
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
    .option('--profile <profile>', 'what the target claims: prereg, nwl, operator, https; repeatable', profile)
    .addHelpText(
      'after',
      `\nExamples:\n  $ muster verify platform\n  $ muster verify platform --target staging.yaml --out results\n  $ muster verify platform --case 'platform/nwl/*'\n\n${CODES}\n`,
    )
    .action(async (options: VerifyOptions) => exit(await verify('platform', options)));
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
      exit(await verify('firmware', options));
    });
}
