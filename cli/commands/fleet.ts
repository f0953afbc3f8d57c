// `muster fleet`: many virtual devices against the embedded platform or a target, and what they saw of it.
import { availableParallelism } from 'node:os';
import type { MessagePort } from 'node:worker_threads';
import type { Command } from 'commander';
import { ambientClock } from '../../kernel/clock.ts';
import { EXIT, UserError, type ExitCode } from '../../kernel/errors.ts';
import { ALPHANUMERIC, LOWER_HEX, secureRandom, seededRandom } from '../../kernel/random.ts';
import type { StubAgent } from '../../platform-stub/agent.ts';
import { examine } from '../../scenarios/engine/doctor.ts';
import type { OperatorRequest } from '../../scenarios/operators/stub.ts';
import type { FleetAgent } from '../../worker/fleet/agent.ts';
import { FleetController, type FleetReport } from '../../worker/fleet/controller.ts';
import {
  DEFAULT_RATE,
  DEVICES_MAX,
  namePrefix,
  namesToAdd,
  NAMESPACE_MAX,
  type FleetMode,
  type FleetPlan,
} from '../../worker/fleet/plan.ts';
import { DEFAULT_TIMEOUTS } from '../../worker/session/session.ts';
import { tcpTransport, type TcpTransportOptions } from '../../worker/transport/tcp.node.ts';
import { requireWritable, writeWhole } from '../files.ts';
import { listenForInterrupt, type Interrupt } from '../interrupt.ts';
import { positiveNumber, seconds, wholeNumber } from '../numbers.ts';
import { activeCount, addNames, operatorClient } from '../operator-client.ts';
import { openProgress } from '../progress.ts';
import { table } from '../table.ts';
import { chooseTarget, type ChosenTarget, type RemoteTarget, type TargetOptions } from '../target.ts';
import { openThread, portPair, type Thread } from '../threads.ts';
import { VERSION } from '../version.ts';

export interface FleetOptions extends TargetOptions {
  readonly devices: number;
  readonly mode: FleetMode;
  readonly rate: number;
  readonly workers?: number;
  readonly seed: string;
  readonly namespace?: string;
  readonly hold: number;
  readonly json?: string;
}

type SocketTarget = Omit<TcpTransportOptions, 'clock' | 'timeouts'> | null;
type Agent = FleetAgent<SocketTarget, MessagePort>;

/** Most workers that a run may have. */
const WORKERS_MAX = 64;
const RATE_MAX = 100_000;
const PROGRESS_MS = 200;
const NAMESPACE_LENGTH = 8;

/** The platform behind a fleet: where names are added and activations counted. */
interface Backing {
  readonly operator: OperatorRequest | undefined;
  readonly product: { readonly productKey: string; readonly productSecret: string };
  /** A port for the next worker; undefined where devices use sockets. */
  port(): Promise<MessagePort | undefined>;
  close(): Promise<void>;
}

/** Runs a fleet and reports; the exit code says whether every device was activated. */
export async function fleetCommand(options: FleetOptions): Promise<ExitCode> {
  const chosen = chooseTarget(options);
  const namespace = options.namespace ?? (chosen.kind === 'stub' ? '0' : secureRandom().text(NAMESPACE_LENGTH, LOWER_HEX));
  if (!/^[A-Za-z0-9]+$/.test(namespace) || namespace.length > NAMESPACE_MAX) {
    throw new UserError(`--namespace ${namespace} is not 1-${NAMESPACE_MAX} letters and digits`, 'it becomes part of every DeviceName');
  }
  if (options.json !== undefined && options.json !== '-') requireWritable(options.json, '--json');
  if (chosen.kind === 'remote') await requireReachable(chosen);

  const interrupt = listenForInterrupt();
  const backing = chosen.kind === 'stub' ? await embedded(options.seed) : remote(chosen);
  const threads: Thread<Agent>[] = [];
  try {
    const { devices, mode, rate, seed } = options;
    const plan: FleetPlan = { devices, mode, rate, seed, namespace, ...backing.product };
    const names = namesToAdd(plan);
    if (backing.operator) await addNames(backing.operator, plan.productKey, names);
    else if (names.length > 0)
      process.stderr.write(`muster: nobody can add DeviceNames at ${describe(chosen)}; ${names.length} must have been added beforehand\n`);
    const before = backing.operator ? await activeCount(backing.operator, plan.productKey, namePrefix(plan)) : 0;

    const workers = options.workers ?? Math.max(1, Math.min(4, availableParallelism() - 1));
    for (let worker = 0; worker < workers; worker++) {
      const thread = openThread<Agent>('fleet');
      threads.push(thread);
      const port = await backing.port();
      await thread.remote.prepare(
        {
          plan,
          share: { worker, workers },
          edition: chosen.kind === 'remote' ? chosen.edition : 'doc2020',
          timeouts: DEFAULT_TIMEOUTS,
          target: chosen.kind === 'remote' ? chosen.sockets : null,
          inventedSecrets: chosen.kind === 'stub',
        },
        port,
      );
    }
    const clock = ambientClock();
    const controller = new FleetController(
      plan,
      threads.map(({ remote: agent }) => agent),
      clock,
    );
    process.stderr.write(`muster: ${devices} devices at ${describe(chosen)}, seed ${seed}, namespace ${namespace}\n`);
    await untilDone(controller, devices, interrupt, options.hold * 1000);
    const count = backing.operator && (await countOrSay(backing.operator, plan));
    const platform = count === undefined ? null : { activated: count - before };
    const report = await controller.report({ version: VERSION, measures: chosen.kind === 'stub' ? 'self' : 'target', platform });
    if (!interrupt.interrupted()) await controller.stop();
    publish(report, options, chosen);
    if (interrupt.interrupted()) return EXIT.interrupted;
    return backing.operator && !platform ? EXIT.unreachable : exitOf(report);
  } finally {
    interrupt.release();
    await Promise.all(threads.map((thread) => thread.terminate()));
    await backing.close();
  }
}

async function untilDone(controller: FleetController, devices: number, interrupt: Interrupt, holdMs: number): Promise<void> {
  const progress = openProgress('fleet', devices);
  let stopping: Promise<void> | undefined;
  let release: () => void = () => undefined;
  interrupt.onInterrupt(() => {
    stopping = controller.stop();
    release();
  });
  const show = setInterval(() => {
    void controller.view().then((view) => progress.update(view.finished, `${view.online} online`));
  }, PROGRESS_MS);
  try {
    if (!interrupt.interrupted()) await controller.run();
    if (!interrupt.interrupted()) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, holdMs);
        release = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  } finally {
    clearInterval(show);
    progress.stop();
    await stopping;
  }
}

async function embedded(seed: string): Promise<Backing> {
  const thread = openThread<StubAgent>('stub');
  await thread.remote.start({ seed });
  const draw = seededRandom('fleet product', seed);
  const product = { productKey: `a1${draw.text(8, ALPHANUMERIC)}`, productSecret: draw.text(16, LOWER_HEX) };
  const operator: OperatorRequest = (command) => thread.remote.operate(command);
  await operator({ action: 'CreateProduct', ...product, dynamicRegistration: true });
  return {
    operator,
    product,
    async port() {
      const [ours, theirs] = portPair();
      await thread.remote.attach(ours as never);
      return theirs;
    },
    close: () => thread.terminate(),
  };
}

function remote(target: RemoteTarget): Backing {
  const { productKey, productSecret, administrator } = target;
  return {
    operator: administrator?.kind === 'stub' ? operatorClient(administrator) : undefined,
    product: { productKey, productSecret },
    port: () => Promise.resolve(undefined),
    close: () => Promise.resolve(),
  };
}

async function requireReachable(target: RemoteTarget): Promise<void> {
  const complaint = await examine(tcpTransport({ ...target.sockets, clock: ambientClock(), timeouts: DEFAULT_TIMEOUTS }), 'encrypted');
  if (complaint) throw new UserError(`${target.name} cannot be reached: ${complaint.what}`, complaint.remedy, EXIT.unreachable);
}

function describe(chosen: ChosenTarget): string {
  return chosen.kind === 'stub' ? 'the embedded stub' : chosen.name;
}

/** Activated devices by the platform's count; a platform that has gone meanwhile must not cost the report. */
async function countOrSay(operator: OperatorRequest, plan: FleetPlan): Promise<number | undefined> {
  try {
    return await activeCount(operator, plan.productKey, namePrefix(plan));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    process.stderr.write(`muster: ${error.message}; the report is without the platform's own count\n`);
    return undefined;
  }
}

function exitOf(report: FleetReport): ExitCode {
  if (report.platform && report.platform.activated !== report.activated) {
    process.stderr.write(`muster: ${report.activated} devices say they were activated, the platform counts ${report.platform.activated}\n`);
    return EXIT.ownError;
  }
  return report.activated === report.devices ? EXIT.asked : EXIT.notConformant;
}

function publish(report: FleetReport, options: FleetOptions, chosen: ChosenTarget): void {
  if (options.json === '-') process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  else if (options.json !== undefined) writeWhole(options.json, `${JSON.stringify(report, null, 2)}\n`);
  if (options.json !== '-') process.stdout.write(`${summary(report, chosen)}\n`);
}

function summary(report: FleetReport, chosen: ChosenTarget): string {
  const counted = report.platform ? `, ${report.platform.activated} by the platform's count` : '';
  const lines = [
    `${report.activated} of ${report.devices} devices activated at ${describe(chosen)}${counted}; ${report.refused} refused, ${report.failed} failed, ${report.local} local, ${report.aborted} aborted`,
    `seed ${report.seed}, namespace ${report.namespace}, ${report.rate.achieved.toFixed(0)} of ${report.rate.offered} arrivals/s, ${report.workers} workers`,
    '',
  ];
  if (report.validity.ok) {
    const ms = (value: number): string => value.toFixed(1);
    const rows = (['register', 'connect', 'post'] as const).map((phase) => {
      const p = report.latencyMs[phase];
      return p ? [phase, ms(p.p50), ms(p.p90), ms(p.p99), ms(p.max)] : [phase, '-', '-', '-', '-'];
    });
    lines.push(table([['latency, ms', 'p50', 'p90', 'p99', 'max'], ...rows]));
    if (report.measures === 'self') lines.push('', 'The platform shared this machine with the fleet: these figures measure Muster itself.');
  } else lines.push(`No percentiles: ${report.validity.reasons.join('; ')}.`);
  const others = Object.entries(report.outcomes).filter(([key]) => !/^(issued|accepted|replied)/.test(key));
  if (others.length > 0) lines.push('', table(others.map(([key, count]) => [key, String(count)])));
  return lines.join('\n');
}

const EXAMPLES = `
Examples:
  $ muster fleet --devices 2000 --json out.json
  $ muster fleet --devices 200 --target mqtts://127.0.0.1:8883 --ca ca.pem
                        with MUSTER_PRODUCT_KEY and MUSTER_PRODUCT_SECRET set
  $ muster fleet --devices 200 --target staging.yaml

A target file:
  name: staging
  endpoints: { mqtts: mqtts://host:8883 }
  product: { key: a1Muster0001, secretEnv: MUSTER_PRODUCT_SECRET }
  tls: { ca: ./ca.pem }

Exit codes: 0 all activated, 1 not all, 3 unreachable, 4 a fault of Muster, 64 usage, 130 interrupted.
`;

/** Options that say which platform a command is about. */
export function withTarget(command: Command): Command {
  return command
    .option('--target <target>', 'stub (embedded), a target file, or a URL such as mqtts://host:8883', 'stub')
    .option('--product-key <key>', 'ProductKey at a target URL; else MUSTER_PRODUCT_KEY')
    .option('--product-secret <secret>', 'ProductSecret; others can see it, MUSTER_PRODUCT_SECRET they cannot')
    .option('--ca <file>', 'certificates to trust at the target, PEM');
}

/** Adds `fleet` to the program. */
export function registerFleet(program: Command, exit: (code: ExitCode) => void): void {
  withTarget(program.command('fleet'))
    .description('run thousands of virtual devices: register, connect, post, hold')
    .option('--devices <n>', 'how many', wholeNumber(1, DEVICES_MAX), 100)
    .option('--mode <mode>', 'register, regnwl or mixed (even index register, odd regnwl)', 'mixed')
    .option('--rate <n>', 'devices due per second, on an absolute schedule', positiveNumber(RATE_MAX), DEFAULT_RATE)
    .option('--workers <n>', 'worker threads', wholeNumber(1, WORKERS_MAX))
    .option('--seed <text>', 'identities and schedule follow from it', '1')
    .option('--namespace <text>', 'part of every DeviceName; 0 with the embedded stub, else fresh for each run')
    .option('--hold <s>', 'seconds to stay online before leaving', seconds, 0)
    .option('--json <file>', 'write the report there; - for stdout')
    .addHelpText('after', EXAMPLES)
    .action(async (options: FleetOptions) => {
      if (!['register', 'regnwl', 'mixed'].includes(options.mode)) {
        throw new UserError(`--mode ${options.mode} is no mode of this version`, 'give register, regnwl or mixed');
      }
      exit(await fleetCommand(options));
    });
}
