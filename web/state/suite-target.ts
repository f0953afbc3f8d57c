// From the form to what the suite is run against.
import { LOWER_HEX, secureRandom } from '../../kernel/random.ts';
import type { CaseDefinition } from '../../scenarios/engine/case.ts';
import { DEFAULT_EDITION } from '../../protocol/editions.ts';
import { noAdministration, personAdministration, stubAdministration } from './administration.ts';
import { asking } from './asking.svelte.ts';
import { form } from './form.svelte.ts';
import { relay } from './relay.svelte.ts';
import { openSockets } from './socket-runner.ts';
import { suiteForm } from './suite-form.svelte.ts';
import { IN_PAGE, suite, type SuiteTarget } from './suite.svelte.ts';

const NAMESPACE_LENGTH = 8;

/** A platform remembers names: every run there gets new ones. */
const freshNames = (seed: string) => ({ seed, namespace: secureRandom().text(NAMESPACE_LENGTH, LOWER_HEX) });

/** The relay as it is now: the server may have been started anew since, with another token. */
async function throughRelay() {
  await relay.look();
  return suiteForm.relayedTarget && relay.pageTo(suiteForm.relayedTarget);
}

function chosenTarget(): SuiteTarget {
  const { kind, session, beside, profiles, edition, administrator, destination, reach, perDevicePerMinute, destructiveAllowed } = suiteForm;
  const common = { profiles, claims: suiteForm.claims, reach, directions: ['platform'] as const };
  if (kind === 'beside' && session && beside) {
    const url = `wss://${location.hostname}:${session.stub.wss}/mqtt`;
    const target = { url, kind: 'stub' as const, edition: DEFAULT_EDITION, profiles, reach, perDevicePerMinute, destructiveAllowed };
    return {
      ...common,
      label: url,
      edition: DEFAULT_EDITION,
      open: async (seed, started) => {
        const names = freshNames(seed);
        return openSockets({ ...target, relay: await throughRelay() }, stubAdministration(beside, names), names, started);
      },
    };
  }
  const url = kind === 'wss' ? form.values.url : kind === 'relay' ? destination?.url : undefined;
  if (url === undefined) return IN_PAGE;
  const { productKey, productSecret } = form.values;
  const product = { productKey, productSecret };
  const target = { url, kind: 'platform' as const, edition, profiles, reach, perDevicePerMinute, destructiveAllowed };
  return {
    ...common,
    label: `${url} ${productKey}`,
    edition,
    open: async (seed, started, quit) => {
      const administration = administrator === 'human' ? personAdministration(product, quit) : noAdministration(product);
      return openSockets({ ...target, relay: kind === 'relay' ? await throughRelay() : null }, administration, freshNames(seed), started);
    },
  };
}

/** Runs what the form describes: all cases, or some. */
export async function runSuiteOfPage(only?: readonly CaseDefinition[]): Promise<void> {
  asking.reset();
  try {
    await suite.run(form.values.seed, chosenTarget(), only);
  } finally {
    asking.reset();
  }
}
