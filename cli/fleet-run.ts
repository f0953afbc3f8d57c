// A run of a fleet from its plan to its report: workers, stop conditions, what is kept and written, and the exit code.
import { availableParallelism, platform as systemName, release } from 'node:os';
import { join } from 'node:path';
import type { MessagePort } from 'node:worker_threads';
import { ambientClock } from '../kernel/clock.ts';
import { EXIT, UserError, type ExitCode } from '../kernel/errors.ts';
import { DEFAULT_EDITION } from '../protocol/editions.ts';
import { loadFiles } from '../report/load.ts';
import type { FleetAgent } from '../worker/fleet/agent.ts';
import { FleetController, type FleetReport, type FleetView } from '../worker/fleet/controller.ts';
import { forecastFleet } from '../worker/fleet/plan-forecast.ts';
import type { StopConditions } from '../worker/fleet/plan-resolve.ts';
import { seriesCsv } from '../worker/fleet/series.ts';
import { judge, judgesAccount } from '../worker/fleet/thresholds.ts';
import { measuredOf } from '../worker/fleet/thresholds-run.ts';
import { DEFAULT_TIMEOUTS } from '../worker/session/session.ts';
import type { TcpTransportOptions } from '../worker/transport/tcp.node.ts';
import { requireFolder, requireWritable, writeWhole } from './files.ts';
import { requireFlashWritable, writeFlash } from './flash.ts';
import { planFleet, type FleetToRun, type PlanOptions } from './fleet-plan.ts';
import { addDevices, describe, embedded, openCount, remote, requireReachable, type Backing } from './fleet-platform.ts';
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
  const forecast = forecastFleet(plan, resolved.holdMs);
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
  try {
    if (options.metrics !== undefined) {
      metrics = await serveMetrics(options.metrics);
      process.stderr.write(`muster: metrics at ${metrics.url}\n`);
    }
    for (const note of run.notes) process.stderr.write(`muster: ${note}\n`);
    process.stderr.write(`muster: ${fleetForecastLine(forecast)}\n`);
    await addDevices(plan, chosen, backing.operator);
    const count = await openCount(plan, backing.operator);
    const controller = await openController(run, options, backing, threads);
    metrics?.show(controller);
    process.stderr.write(
      `muster: ${plan.devices} ${plan.devices === 1 ? 'device' : 'devices'} at ${describe(chosen)}, seed ${plan.seed}, namespace ${plan.namespace}\n`,
    );
    const stopped = await untilDone(controller, plan.devices, interrupt, resolved.holdMs, resolved.stop);
    const activated = count && (await countOrSay(count));
    const platform = activated === undefined ? null : { activated };
    const measured = await controller.report({ version: VERSION, measures: chosen.kind === 'stub' ? 'self' : 'target', platform });
    const thresholds = judge(resolved.thresholds, measuredOf(measured, await controller.histograms()));
    const report: FleetReport = {
      ...measured,
      ...(run.name === undefined ? {} : { plan: run.name }),
      session: run.session,
      stopped,
      thresholds,
    };
    if (!interrupt.interrupted()) await controller.stop('end');
    if (options.flash !== undefined) await keepFlash(options.flash, run, controller);
    publish(report, options, run, file, startedAt);
    if (interrupt.interrupted()) return EXIT.interrupted;
    return count && !platform ? EXIT.unreachable : exitOf(report, judgesAccount(resolved.thresholds));
  } finally {
    interrupt.release();
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
  const show = setInterval(() => {
    void controller.view().then((view) => {
      progress.update(view.finished, `${view.online} online`);
      const reason = reasonToStop(view, stop);
      if (reason !== undefined) endFor(reason);
    });
  }, PROGRESS_MS);
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

/** Activated devices by the platform's count; a platform that has gone meanwhile must not cost the report. */
async function countOrSay(count: () => Promise<number>): Promise<number | undefined> {
  try {
    return await count();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    process.stderr.write(`muster: ${error.message}; the report is without the platform's own count\n`);
    return undefined;
  }
}

/** Keeps what units hold now beside what the file had of others. */
async function keepFlash(path: string, { plan, flash }: FleetToRun, controller: FleetController): Promise<void> {
  const { productKey, seed, namespace } = plan;
  const devices = { ...flash?.devices, ...(await controller.credentials()) };
  writeFlash(path, { productKey, seed, namespace, devices });
  process.stderr.write(`muster: ${path} holds the secrets of ${Object.keys(devices).length} devices; only you can read it\n`);
}

function exitOf(report: FleetReport, judgedByThresholds: boolean): ExitCode {
  for (const { worker, reason, units } of report.workersLost) {
    process.stderr.write(`muster: worker ${worker} died: ${reason}; ${units} of its devices had not ended and are counted as local\n`);
  }
  if (report.workersLost.length > 0) return EXIT.ownError;
  if (report.platform && report.platform.activated !== report.activated) {
    process.stderr.write(`muster: ${report.activated} devices say they were activated, the platform counts ${report.platform.activated}\n`);
    return EXIT.ownError;
  }
  const { thresholds = [] } = report;
  if (thresholds.some(({ ok }) => ok === false)) return EXIT.notConformant;
  // Where no threshold says how many may end otherwise, none may.
  if (!judgedByThresholds && report.activated !== report.devices) return EXIT.notConformant;
  return thresholds.some(({ ok }) => ok === null) ? EXIT.undetermined : EXIT.asked;
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
