// One in-page platform in a worker of its own, as the page and a fleet run call it.
import { releaseProxy, transfer, wrap, type Remote } from 'comlink';
import type { DeviceStatistics } from '../../platform-stub/core/query.ts';
import type { FleetPlan } from '../../worker/fleet/plan.ts';
import type { Product, Provisioned } from '../workers/provision.ts';
import type { StubWorker } from '../workers/stub.worker.ts';
import { workerLink, type OperatorLink } from './operator-link.ts';

export class InPagePlatform {
  readonly link: OperatorLink;
  readonly #worker = new Worker(new URL('../workers/stub.worker.ts', import.meta.url), { type: 'module' });
  readonly #stub: Remote<StubWorker> = wrap<StubWorker>(this.#worker);
  readonly #ready: Promise<void>;
  readonly #ended: Promise<never>;
  readonly #failed = new Set<(why: string) => void>();
  #giveUp: (why: Error) => void = () => undefined;
  #over = false;

  constructor(seed: string) {
    this.#ended = new Promise<never>((_, reject) => (this.#giveUp = reject));
    this.#ended.catch(() => undefined);
    this.#worker.onerror = (event) => {
      const why = event.message || 'a worker could not be loaded';
      for (const failed of [...this.#failed]) failed(why);
      this.end(why);
    };
    this.#ready = Promise.race([this.#stub.start({ seed }), this.#ended]);
    this.#ready.catch(() => undefined);
    this.link = workerLink(this.#stub, this.#ready, this.#ended);
  }

  /** Told why the worker broke, if it does, until the function returned is called. */
  onFailure(failed: (why: string) => void): () => void {
    this.#failed.add(failed);
    return () => void this.#failed.delete(failed);
  }

  /** Makes sure that a product exists, and the names that a plan needs. */
  async provide(product: Product, plan?: FleetPlan): Promise<Provisioned> {
    return this.#whenReady((stub) => stub.provision(product, plan));
  }

  /** Serves the devices at the other end of a port. */
  async attach(port: MessagePort): Promise<void> {
    await this.#whenReady((stub) => stub.attach(transfer(port, [port])));
  }

  /** Of the devices whose names begin with `prefix`. */
  async statistics(productKey: string, prefix: string): Promise<DeviceStatistics | null> {
    const result = await this.link.operate({ action: 'QueryDeviceStatistics', productKey, prefix });
    return result.ok && result.kind === 'statistics' ? result.statistics : null;
  }

  /** Its memory as JSON text, secrets included. */
  async snapshot(): Promise<string> {
    return this.#whenReady((stub) => stub.snapshot());
  }

  /** Puts a snapshot in its place; what is wrong with the text, if anything is. */
  async restore(text: string): Promise<string | undefined> {
    return this.#whenReady((stub) => stub.restore(text));
  }

  end(why = 'the platform was ended'): void {
    if (this.#over) return;
    this.#over = true;
    this.#failed.clear();
    this.#worker.terminate();
    this.#stub[releaseProxy]();
    this.#giveUp(new Error(why));
  }

  /** What a worker that is gone was asked is answered no more, so nobody waits for it. */
  #whenReady<T>(ask: (stub: Remote<StubWorker>) => Promise<T>): Promise<T> {
    return Promise.race([this.#ready.then(() => ask(this.#stub)), this.#ended]);
  }
}
