// What a run of the page needs from all its parts: the Run button, the demo, and the end of the page.
import { DEVICES_MAX, planOf, RATE_MAX } from './fields.ts';
import { fleet } from './fleet.svelte.ts';
import { form } from './form.svelte.ts';
import { suite } from './suite.svelte.ts';
import { inventedProduct } from './team.ts';

const DEMO_DEVICES = 2000;

/** Runs the fleet that the form describes. */
export async function runFleet(): Promise<void> {
  const { values } = form;
  await fleet.start(planOf(values, inventedProduct), values.target === 'wss' ? values.url : null);
}

/** Devices in both modes on one in-page platform, and the suite on a platform and a worker of its own. */
export function runDemo(devices = DEMO_DEVICES, rate = Number(form.values.rate)): void {
  Object.assign(form.values, { target: 'stub', mode: 'mixed', devices: String(devices), rate: String(rate) });
  void runFleet();
  void suite.run(form.values.seed);
}

/** `?run=demo`, with `devices` and `rate` where they are wanted; numbers that make no sense are left alone. */
export function startFromAddress(address: URLSearchParams): void {
  addEventListener('pagehide', () => {
    fleet.leave();
    suite.stop();
  });
  if (address.get('run') !== 'demo') return;
  const wanted = (name: string, most: number): number | undefined => {
    const value = Number(address.get(name));
    return Number.isInteger(value) && value >= 1 && value <= most ? value : undefined;
  };
  runDemo(wanted('devices', DEVICES_MAX), wanted('rate', RATE_MAX));
}
