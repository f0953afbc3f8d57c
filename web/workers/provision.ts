// What a fleet run finds on the in-page platform: its product, and the names of its pre-registered devices.
import type { StubAgent } from '../../platform-stub/agent.ts';
import type { Snapshot } from '../../platform-stub/core/snapshot.ts';
import { namesToAdd, type FleetPlan } from '../../worker/fleet/plan.ts';

export interface Product {
  readonly productKey: string;
  readonly productSecret: string;
}

export interface Provisioned {
  /** Names that were added; those that were there already are not counted. */
  readonly added: number;
  /** The secret in force: that of the product that was there, if there was one. */
  readonly productSecret: string;
}

/** DeviceNames in one command: the check for doubles costs the square of it. */
const BATCH = 500;

/** Creates what is missing and leaves the rest as the operator made it, the switch included. */
export function provision(agent: StubAgent, { productKey, productSecret }: Product, plan?: FleetPlan): Provisioned {
  const known = (JSON.parse(agent.snapshot()) as Snapshot).products.find((one) => one.productKey === productKey);
  if (!known) {
    const created = agent.operate({ action: 'CreateProduct', productKey, productSecret, dynamicRegistration: true });
    if (!created.ok) throw new Error(created.message);
  }
  const there = new Set(known?.devices.map(({ deviceName }) => deviceName));
  const names = plan ? namesToAdd(plan).filter((name) => !there.has(name)) : [];
  for (let at = 0; at < names.length; at += BATCH) {
    const added = agent.operate({ action: 'AddDevices', productKey, deviceNames: names.slice(at, at + BATCH) });
    if (!added.ok) throw new Error(added.message);
  }
  return { added: names.length, productSecret: known?.productSecret ?? productSecret };
}
