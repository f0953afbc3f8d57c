// What a run of the page needs from all its parts: the Run button, the demo, and the end of the page.
import { paceAt } from './ahead.ts';
import { DEVICES_MAX, planOf, RATE_MAX } from './fields.ts';
import { fleet } from './fleet.svelte.ts';
import { form } from './form.svelte.ts';
import { t } from '../i18n/t.svelte.ts';
import { inventedProduct } from './in-page.svelte.ts';
import { log } from './log.svelte.ts';
import { relay } from './relay.svelte.ts';
import { suite } from './suite.svelte.ts';

const DEMO_DEVICES = 2000;
/** After this the fleet of the demo no longer waits for the suite, milliseconds. */
const SUITE_PATIENCE_MS = 20_000;

/** Runs the fleet that the form describes. */
export async function runFleet(): Promise<void> {
  const { values } = form;
  const { session } = values;
  if (values.target !== 'relay') {
    const plan = planOf(values, inventedProduct, paceAt(values, null, relay.besidePort));
    await fleet.start(plan, { url: values.target === 'wss' ? values.url : null, relay: null, empty: form.emptyFirst, session });
    return;
  }
  // The server may have been started anew since: another relay, another token.
  await relay.look();
  const { destination } = relay;
  const through = destination && relay.pageTo(destination.target);
  if (destination && through) {
    const plan = planOf(values, inventedProduct, paceAt(values, destination.target, undefined));
    await fleet.start({ ...plan, security: destination.security }, { url: destination.url, relay: through, empty: false, session });
    return;
  }
  log.say(t('help.relay'), 'bad');
  form.values.target = 'wss';
}

/** Devices in both modes on one in-page platform, and the suite on a platform and a worker of its own. */
export async function runDemo(devices = DEMO_DEVICES, rate = Number(form.values.rate)): Promise<void> {
  Object.assign(form.values, { target: 'stub', mode: 'mixed', devices: String(devices), rate: String(rate) });
  // One after the other: the suite lasts some seconds, and would take the cores that the fleet is measured on.
  const patience = new Promise((resolve) => setTimeout(resolve, SUITE_PATIENCE_MS));
  await Promise.race([suite.run(form.values.seed), patience]);
  if (fleet.phase === 'idle') await runFleet();
}

/** `?run=demo`, with `devices` and `rate` where they are wanted; numbers that make no sense are left alone. */
export function startFromAddress(address: URLSearchParams): void {
  void relay.look();
  addEventListener('pagehide', () => {
    fleet.leave();
    suite.stop();
  });
  if (address.get('run') !== 'demo') return;
  const wanted = (name: string, most: number): number | undefined => {
    const value = Number(address.get(name));
    return Number.isInteger(value) && value >= 1 && value <= most ? value : undefined;
  };
  void runDemo(wanted('devices', DEVICES_MAX), wanted('rate', RATE_MAX));
}
