// The in-page platform in a Web Worker of its own, with the product that a planned fleet needs.
import '../shims/globals.ts';
import { expose } from 'comlink';
import type { PortLike } from '../../kernel/bytes/carrier.ts';
import { stubAgent, type StubAgent } from '../../platform-stub/agent.ts';
import type { FleetPlan } from '../../worker/fleet/plan.ts';
import { provision, type Product, type Provisioned } from './provision.ts';

export interface StubWorker extends Omit<StubAgent, 'attach'> {
  attach(port: MessagePort): void;
  /** Makes sure that a product exists, and the names of a plan's pre-registered devices. */
  provision(product: Product, plan?: FleetPlan): Provisioned;
}

const agent = stubAgent();
const worker: StubWorker = {
  ...agent,
  attach: (port) => agent.attach(port as unknown as PortLike),
  provision: (product, plan) => provision(agent, product, plan),
};
expose(worker);
