// The workers of one fleet run: a platform where it is the in-page one, and the devices. Calls go through comlink; devices' bytes go through
// ports that each pair of workers has to itself.
import { releaseProxy, transfer, wrap, type Remote } from 'comlink';
import { ambientClock } from '../../kernel/clock.ts';
import type { SessionName } from '../../kernel/trace/event.ts';
import type { DeviceStatistics } from '../../platform-stub/core/query.ts';
import { FleetController } from '../../worker/fleet/controller.ts';
import { namePrefix, type FleetPlan } from '../../worker/fleet/plan.ts';
import type { RelayedPage } from '../../worker/transport/mux-websocket.web.ts';
import type { FleetWorker } from '../workers/fleet.worker.ts';
import { fleetWorkerCount, heldAtCap, shareOfSockets } from './browser.ts';
import { inPage } from './in-page.svelte.ts';
import { relayFigures, type RelayFigures } from './relay-figures.ts';

export interface Team {
  /** As it was asked for, with the ProductSecret that the platform really has. */
  readonly plan: FleetPlan;
  readonly controller: FleetController;
  readonly fleetWorkers: number;
  /** Names that were added to the in-page platform; null for a target of the user's. */
  readonly added: number | null;
  /** The platform's own count of the devices of this run; null where nobody can ask it. */
  statistics(): Promise<DeviceStatistics | null>;
  /** Devices that the platform activated in this run; null where nobody can ask it, or where an earlier run may have activated some of them. */
  activated(): Promise<number | null>;
  /** What the relay measured; null where there is none between. */
  relayed(): Promise<RelayFigures | null>;
  /** WebSockets that the page holds, where the browser had no more; null while it had, or where devices need none. */
  heldAtCap(): Promise<number | null>;
  /** Ends every worker at once. */
  dispose(): void;
}

export interface Target {
  /** How devices speak MQTT to it. */
  readonly session: SessionName;
  /** Null for the in-page platform. */
  readonly url: string | null;
  /** How the relay is reached that leads there; null for a way without. */
  readonly relay: RelayedPage | null;
  /** The in-page platform forgets what earlier runs and the console left there. */
  readonly empty: boolean;
}

/**
 * Starts the workers of a run.
 * @param failed told of a worker that broke, or could not be loaded
 */
export async function assemble(asked: FleetPlan, { url, relay, empty, session }: Target, failed: (why: string) => void): Promise<Team> {
  const workers: Worker[] = [];
  const proxies: Remote<unknown>[] = [];
  const hire = <T>(worker: Worker): Remote<T> => {
    worker.onerror = (event) => failed(event.message || 'a worker could not be loaded');
    workers.push(worker);
    const proxy = wrap<T>(worker);
    proxies.push(proxy);
    return proxy;
  };
  const platform = url === null ? inPage.forRun(asked.seed, empty) : null;
  const deaf = platform?.onFailure(failed);
  const dispose = (): void => {
    deaf?.();
    if (platform) inPage.release(platform);
    for (const worker of workers) worker.terminate();
    for (const proxy of proxies) proxy[releaseProxy]();
  };
  try {
    const count = fleetWorkerCount();
    const fleets = Array.from({ length: count }, () =>
      hire<FleetWorker>(new Worker(new URL('../workers/fleet.worker.ts', import.meta.url), { type: 'module' })),
    );
    const provisioned = (await platform?.provide(asked, asked)) ?? null;
    const plan = { ...asked, productSecret: provisioned?.productSecret ?? asked.productSecret };
    const prefix = namePrefix(plan);
    const statistics = async (): Promise<DeviceStatistics | null> => (await platform?.statistics(plan.productKey, prefix)) ?? null;
    const before = (await statistics())?.activeCount;
    await Promise.all(
      fleets.map(async (fleet, worker) => {
        const setup = { plan, share: { worker, workers: count }, inventedSecrets: url === null, session };
        if (!platform) return fleet.prepare({ ...setup, target: relay ?? { url: url ?? '', ...shareOfSockets(count) } });
        const { port1, port2 } = new MessageChannel();
        await platform.attach(port1);
        await fleet.prepare({ ...setup, target: null }, transfer(port2, [port2]));
      }),
    );
    return {
      plan,
      controller: new FleetController(plan, fleets, ambientClock()),
      fleetWorkers: count,
      added: provisioned?.added ?? null,
      statistics,
      // A device that was active before is none the more so once it has registered again: then the count says nothing of this run.
      activated: async () => (before === 0 ? ((await statistics())?.activeCount ?? null) : null),
      relayed: async () => (relay ? relayFigures(await Promise.all(fleets.map((fleet) => fleet.relayTimes()))) : null),
      heldAtCap: async () => (url === null || relay !== null ? null : heldAtCap(await Promise.all(fleets.map((fleet) => fleet.sockets())))),
      dispose,
    };
  } catch (error) {
    dispose();
    throw error;
  }
}
