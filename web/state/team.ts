// The workers of one fleet run: a platform where it is the in-page one, and the devices. Calls go through comlink; devices' bytes go through
// ports that each pair of workers has to itself.
import { releaseProxy, transfer, wrap, type Remote } from 'comlink';
import { ambientClock } from '../../kernel/clock.ts';
import { LOWER_HEX, seededRandom } from '../../kernel/random.ts';
import type { DeviceStatistics } from '../../platform-stub/core/query.ts';
import { FleetController } from '../../worker/fleet/controller.ts';
import type { FleetPlan } from '../../worker/fleet/plan.ts';
import type { FleetWorker } from '../workers/fleet.worker.ts';
import type { StubWorker } from '../workers/stub.worker.ts';
import { fleetWorkerCount, shareOfSockets } from './browser.ts';

export interface Team {
  readonly controller: FleetController;
  readonly fleetWorkers: number;
  /** Names that were added to the in-page platform; null for a target of the user's. */
  readonly added: number | null;
  /** The platform's own count; null where nobody can ask it. */
  statistics(): Promise<DeviceStatistics | null>;
  /** Ends every worker at once. */
  dispose(): void;
}

/** The in-page platform's only product; its secret is invented and follows from the seed. */
export function inventedProduct(seed: string): { productKey: string; productSecret: string } {
  return { productKey: 'a1MusterPage', productSecret: seededRandom('page', seed).text(16, LOWER_HEX) };
}

/**
 * Starts the workers of a run.
 * @param url    the target, or null for the in-page platform
 * @param failed told of a worker that broke, or could not be loaded
 */
export async function assemble(plan: FleetPlan, url: string | null, failed: (why: string) => void): Promise<Team> {
  const workers: Worker[] = [];
  const proxies: Remote<unknown>[] = [];
  const hire = <T>(worker: Worker): Remote<T> => {
    worker.onerror = (event) => failed(event.message || 'a worker could not be loaded');
    workers.push(worker);
    const proxy = wrap<T>(worker);
    proxies.push(proxy);
    return proxy;
  };
  const dispose = (): void => {
    for (const worker of workers) worker.terminate();
    for (const proxy of proxies) proxy[releaseProxy]();
  };
  try {
    const count = fleetWorkerCount();
    const stub =
      url === null ? hire<StubWorker>(new Worker(new URL('../workers/stub.worker.ts', import.meta.url), { type: 'module' })) : null;
    const fleets = Array.from({ length: count }, () =>
      hire<FleetWorker>(new Worker(new URL('../workers/fleet.worker.ts', import.meta.url), { type: 'module' })),
    );
    await stub?.start({ seed: plan.seed });
    const added = (await stub?.provision(plan)) ?? null;
    await Promise.all(
      fleets.map(async (fleet, worker) => {
        const setup = { plan, share: { worker, workers: count }, inventedSecrets: url === null };
        if (!stub) return fleet.prepare({ ...setup, target: { url: url ?? '', ...shareOfSockets(count) } });
        const { port1, port2 } = new MessageChannel();
        await stub.attach(transfer(port1, [port1]));
        await fleet.prepare({ ...setup, target: null }, transfer(port2, [port2]));
      }),
    );
    return {
      controller: new FleetController(plan, fleets, ambientClock()),
      fleetWorkers: count,
      added,
      async statistics() {
        const result = await stub?.operate({ action: 'QueryDeviceStatistics', productKey: plan.productKey });
        return result?.ok && result.kind === 'statistics' ? result.statistics : null;
      },
      dispose,
    };
  } catch (error) {
    dispose();
    throw error;
  }
}
