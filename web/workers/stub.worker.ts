// The in-page platform in a Web Worker of its own, with the product that a planned fleet needs.
import '../shims/globals.ts';
import { expose } from 'comlink';
import type { PortLike } from '../../kernel/bytes/carrier.ts';
import { stubAgent, type StubAgent } from '../../platform-stub/agent.ts';
import { namesToAdd, type FleetPlan } from '../../worker/fleet/plan.ts';

/** DeviceNames in one command: the check for doubles costs the square of it. */
const BATCH = 500;

export interface StubWorker extends Omit<StubAgent, 'attach'> {
  attach(port: MessagePort): void;
  /** Creates the product of `plan` and adds the names of its pre-registered devices; how many. */
  provision(plan: FleetPlan): number;
}

const agent = stubAgent();
const worker: StubWorker = {
  ...agent,
  attach: (port) => agent.attach(port as unknown as PortLike),
  provision(plan) {
    const { productKey, productSecret } = plan;
    const names = namesToAdd(plan);
    const created = agent.operate({ action: 'CreateProduct', productKey, productSecret, dynamicRegistration: true });
    if (!created.ok) throw new Error(created.message);
    for (let at = 0; at < names.length; at += BATCH) {
      const added = agent.operate({ action: 'AddDevices', productKey, deviceNames: names.slice(at, at + BATCH) });
      if (!added.ok) throw new Error(added.message);
    }
    return names.length;
  },
};
expose(worker);
