// A run of a fleet from its plan to its report: workers, stop conditions, what is kept and written, and the exit code.
import { availableParallelism, platform as systemName, release } from 'node:os';
import { join } from 'node:path';
import type { MessagePort } from 'node:worker_threads';
import { ambientClock } from '../kernel/clock.ts';
import { EXIT, UserError, type ExitCode } from '../kernel/errors.ts';
import { DEFAULT_EDITION } from '../protocol/editions.ts';
import { isMiscounted, loadChecks } from '../report/load-checks.ts';
import { loadFiles } from '../report/load.ts';
import type { FleetAgent } from '../worker/fleet/agent.ts';
import { FleetController, type FleetReport, type FleetView } from '../worker/fleet/controller.ts';
import { forecastFleet } from '../worker/fleet/plan-forecast.ts';
import { namesToAdd, type FleetPlan } from '../worker/fleet/plan.ts';
import type { StopConditions } from '../worker/fleet/plan-resolve.ts';
import { seriesCsv } from '../worker/fleet/series.ts';
import { judge } from '../worker/fleet/thresholds.ts';
import { measuredOf } from '../worker/fleet/thresholds-run.ts';
import { DEFAULT_TIMEOUTS } from '../worker/session/session.ts';
import type { TcpTransportOptions } from '../worker/transport/tcp.node.ts';
import { requireFolder, requireWritable, writeWhole } from './files.ts';
import { requireFlashWritable } from './flash.ts';
import { FlashKeeper } from './fleet-keeper.ts';
import { planFleet, type FleetToRun, type PlanOptions } from './fleet-plan.ts';
import { describe, embedded, openCount, provide, remote, requireReachable, type Backing } from './fleet-platform.ts';
import { fleetForecastLine, fleetSummary } from './fleet-text.ts';
import { listenForInterrupt, type Interrupt } from './interrupt.ts';
import { serveMetrics, type MetricsServer } from './metrics.ts';
import { destinationsOf, requireRoom, TIME_WAIT_SECONDS } from './preflight.ts';
import { openProgress } from './progress.ts';
import { answerOf, openMortalThread, type MortalThread } from './threads.ts';
import { VERSION } from './version.ts';

export interface FleetOptions extends PlanOptions {
  readonly workers?: number;
  readonly json?: string;
  readonly csv?: string;
  readonly metrics?: number;
  readonly out?: string;
  readonly printPlan?: boolean;
  readonly printNames?: boolean;
}

type SocketTarget = Omit<TcpTransportOptions, 'clock' | 'timeouts'> | null;
type Agent = FleetAgent<SocketTarget, MessagePort>;

const PROGRESS_MS = 200;

/** Runs a fleet and reports; the exit code says whether it went as the plan demands. */
export async function fleetCommand(file: string | undefined, options: FleetOptions): Promise<ExitCode> {
  const run = planFleet(file, options);
  if (options.printPlan) {
    process.stdout.write(run.text);
    return EXIT.asked;
  }
  const { plan, chosen, resolved } = run;
  if (options.printNames) return printNames(plan);
  const forecast = forecastFleet(plan, resolved.holdMs, resolved.stop);
  if (options.json !== undefined && options.json !== '-') requireWritable(options.json, '--json');
  if (options.csv !== undefined) requireWritable(options.csv, '--csv');
  if (options.flash !== undefined) requireFlashWritable(options.flash);
  if (options.out !== undefined) requireFolder(options.out);
  if (chosen.kind === 'remote') {
    await requireReachable(chosen, plan.security ?? 'encrypted');
    await requireRoom({
      connections: plan.devices,
      closing: Math.min(forecast.registrations, Math.ceil(plan.rate * TIME_WAIT_SECONDS)),
      destinations: destinationsOf({ ...chosen.sockets.endpoints }),
    });
  }

  const startedAt = new Date();
  const interrupt = listenForInterrupt();
  const backing = chosen.kind === 'stub' ? await embedded(plan) : remote(chosen);
  const threads: MortalThread<Agent>[] = [];
  let metrics: MetricsServer | undefined;
  let keeper: FlashKeeper | undefined;
  try {
    if (options.metrics !== undefined) {
      metrics = await serveMetrics(options.metrics);
      process.stderr.write(`muster: metrics at ${metrics.url}\n`);
    }
    for (const note of run.notes) process.stderr.write(`muster: ${note}\n`);
    process.stderr.write(`muster: ${fleetForecastLine(forecast)}\n`);
    await provide(plan, chosen, backing.operator, run.resumed);
    const count = await openCount(plan, backing.operator);
    const controller = await openController(run, options, backing, threads);
    metrics?.show(controller);
    if (options.flash !== undefined) keeper = new FlashKeeper(options.flash, run, controller);
    process.stderr.write(
      `muster: ${plan.devices} ${plan.devices === 1 ? 'device' : 'devices'} at ${describe(chosen)}, seed ${plan.seed}, namespace ${plan.namespace}\n`,
    );
    const stopped = await untilDone(controller, plan.devices, interrupt, resolved.holdMs, resolved.stop);
    const counted = count && (await countOrSay(count));
    const platform = typeof counted === 'number' ? { activated: counted } : null;
    const about = { version: VERSION, measures: chosen.kind === 'stub' ? 'self' : 'target', platform } as const;
    const { report: measured, histograms } = await controller.final(about);
    const thresholds = judge(resolved.thresholds, measuredOf(measured, histograms));
    const report: FleetReport = {
      ...measured,
      ...(run.name === undefined ? {} : { plan: run.name }),
      session: run.session,
      ...(typeof counted === 'string' ? { uncounted: counted } : {}),
      thresholds,
    };
    if (!interrupt.interrupted()) await controller.stop('end');
    // A person may also interrupt the end of all connections.
    const whole = { ...report, stopped: stopped ?? (interrupt.interrupted() ? 'interrupted' : null) };
    publish(whole, options, run, file, startedAt);
    await keeper?.finish();
    return interrupt.interrupted() ? EXIT.interrupted : exitOf(whole);
  } finally {
    interrupt.release();
    keeper?.stop();
    await metrics?.close();
    await Promise.all(threads.map((thread) => thread.terminate()));
    await backing.close();
  }
}

/** Starts the workers. They are put into `threads` one by one, so that none is left when a later one fails. */
async function openController(
  { plan, chosen, session }: FleetToRun,
  { workers: asked }: FleetOptions,
  backing: Backing,
  threads: MortalThread<Agent>[],
): Promise<FleetController> {
  // In a closed model each worker has one place at the least.
  const workers = Math.min(asked ?? Math.max(1, Math.min(4, availableParallelism() - 1)), plan.closed ?? Infinity);
  for (let worker = 0; worker < workers; worker++) {
    const thread = openMortalThread<Agent>('fleet');
    threads.push(thread);
    const port = await backing.port();
    const prepared = thread.remote.prepare(
      {
        plan,
        share: { worker, workers },
        edition: chosen.kind === 'remote' ? chosen.edition : DEFAULT_EDITION,
        timeouts: DEFAULT_TIMEOUTS,
        session,
        target: chosen.kind === 'remote' ? chosen.sockets : null,
        inventedSecrets: chosen.kind === 'stub',
      },
      port,
    );
    await answerOf(thread, prepared);
  }
  return new FleetController(
    plan,
    threads.map(({ remote: agent }) => agent),
    ambientClock(),
    threads.map(({ death }) => death),
  );
}

/** Runs and holds; what ended it before its time, if anything did: a stop condition, or `interrupted`. */
async function untilDone(
  controller: FleetController,
  devices: number,
  interrupt: Interrupt,
  holdMs: number,
  stop: StopConditions,
): Promise<string | null> {
  const progress = openProgress('fleet', devices);
  let stopping: Promise<void> | undefined;
  let stopped: string | null = null;
  let release: () => void = () => undefined;
  const end = (by: 'operator' | 'stop-condition'): void => {
    // A person who interrupts what the plan is ending already does not wait for its pace.
    const ending = controller.stop(by);
    stopping ??= ending;
    release();
  };
  const endFor = (reason: string): void => {
    if (stopping) return;
    stopped = reason;
    end('stop-condition');
  };
  interrupt.onInterrupt(() => {
    stopped ??= 'interrupted';
    end('operator');
  });
  let looking = false;
  const look = async (): Promise<void> => {
    // Workers that are busy answer late: nothing is gained by asking them again meanwhile.
    if (looking) return;
    looking = true;
    const view = await controller.view();
    looking = false;
    progress.update(view.finished, `${view.online} online`);
    const reason = reasonToStop(view, stop);
    if (reason !== undefined) endFor(reason);
  };
  const show = setInterval(() => void look(), PROGRESS_MS);
  const afterMs = stop.afterMs;
  const deadline = afterMs === undefined ? undefined : setTimeout(() => endFor(`${afterMs / 1000} s are over`), afterMs);
  try {
    if (!interrupt.interrupted()) await controller.run();
    if (!interrupt.interrupted() && !stopping) {
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
    clearTimeout(deadline);
    progress.stop();
    await stopping;
  }
  return stopped;
}

/** The condition that holds by now, if one does. */
function reasonToStop({ endings, throttled, traffic }: FleetView, stop: StopConditions): string | undefined {
  const conditions = [
    ['failures', endings.failed],
    ['refusals', endings.refused],
    ['throttled', throttled],
    ['lost', traffic.lost],
  ] as const;
  const met = conditions.find(([name, count]) => count >= (stop[name] ?? Infinity));
  return met && `${met[0]} reached ${stop[met[0]]}`;
}

/** Activated devices by the platform's count, or why there is none: a platform that has gone meanwhile must not cost the report. */
async function countOrSay(count: () => Promise<number>): Promise<number | string> {
  try {
    return await count();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    process.stderr.write(`muster: ${error.message}; the report is without the platform's own count\n`);
    return error.message;
  }
}

/** As the report judges the run; what is a fault of ours, or the platform's absence, comes first. */
function exitOf(report: FleetReport): ExitCode {
  for (const { worker, reason, units } of report.workersLost) {
    process.stderr.write(`muster: worker ${worker} died: ${reason}; ${units} of its devices had not ended and are counted as local\n`);
  }
  if (report.workersLost.length > 0) return EXIT.ownError;
  const checks = loadChecks(report);
  if (isMiscounted(report)) {
    process.stderr.write(`muster: ${checks.find(({ id }) => id === 'platform count')?.because ?? ''}\n`);
    return EXIT.ownError;
  }
  if (report.uncounted !== undefined) return EXIT.unreachable;
  if (checks.some(({ verdict }) => verdict === 'fail')) return EXIT.notConformant;
  return checks.some(({ verdict }) => verdict === 'error') ? EXIT.undetermined : EXIT.asked;
}

/** DeviceNames that have to be added before the fleet runs, one a line, for whoever adds them. */
function printNames(plan: FleetPlan): ExitCode {
  const names = namesToAdd(plan);
  process.stdout.write(names.map((name) => `${name}\n`).join(''));
  const same = `--seed ${plan.seed} --namespace ${plan.namespace}`;
  process.stderr.write(
    names.length === 0
      ? 'muster: no DeviceName has to be added beforehand\n'
      : `muster: ${names.length} DeviceNames to add at the platform; then run the same fleet with ${same}\n`,
  );
  return EXIT.asked;
}

function publish(report: FleetReport, options: FleetOptions, { chosen }: FleetToRun, file: string | undefined, startedAt: Date): void {
  if (options.out !== undefined) {
    const environment = {
      runner: 'node',
      runtime: process.version,
      system: `${systemName()} ${release()}`,
      startedAt: startedAt.toISOString(),
      endedAt: new Date().toISOString(),
    } as const;
    const { target, productKey, ca, devices, mode, rate, hold, session } = options;
    const asked = Object.fromEntries(
      Object.entries({ plan: file, target, productKey, ca, devices, mode, rate, hold, session }).filter(([, value]) => value !== undefined),
    );
    for (const { name, text } of loadFiles(report, { target: describe(chosen), environment, asked }))
      writeWhole(join(options.out, name), text);
  }
  if (options.json === '-') process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  else if (options.json !== undefined) writeWhole(options.json, `${JSON.stringify(report, null, 2)}\n`);
  if (options.csv !== undefined) writeWhole(options.csv, seriesCsv(report.series));
  if (options.json !== '-') process.stdout.write(`${fleetSummary(report, describe(chosen))}\n`);
}
