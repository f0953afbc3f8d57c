// From the form to what the suite is run against.
import { LOWER_HEX, secureRandom } from '../../kernel/random.ts';
import type { CaseDefinition } from '../../scenarios/engine/case.ts';
import { DEFAULT_EDITION } from '../../protocol/editions.ts';
import { noAdministration, personAdministration, stubAdministration } from './administration.ts';
import { asking } from './asking.svelte.ts';
import { form } from './form.svelte.ts';
import { openSockets } from './socket-runner.ts';
import { suiteForm } from './suite-form.svelte.ts';
import { IN_PAGE, suite, type SuiteTarget } from './suite.svelte.ts';

const NAMESPACE_LENGTH = 8;

/** A platform remembers names: every run there gets new ones. */
const freshNames = (seed: string) => ({ seed, namespace: secureRandom().text(NAMESPACE_LENGTH, LOWER_HEX) });

function chosenTarget(): SuiteTarget {
  const { kind, session, beside, profiles, edition, administrator, paceMs, destructiveAllowed } = suiteForm;
  if (kind === 'beside' && session && beside) {
    const url = `wss://${location.hostname}:${session.stub.wss}/mqtt`;
    return {
      label: url,
      edition: DEFAULT_EDITION,
      profiles,
      directions: ['platform'],
      open: (seed, started) => {
        const names = freshNames(seed);
        const target = { url, kind: 'stub' as const, edition: DEFAULT_EDITION, profiles, paceMs: 0, destructiveAllowed: true };
        return openSockets(target, stubAdministration(beside, names), names, started);
      },
    };
  }
  if (kind !== 'wss') return IN_PAGE;
  const { url, productKey, productSecret } = form.values;
  const product = { productKey, productSecret };
  return {
    label: `${url} ${productKey}`,
    edition,
    profiles,
    directions: ['platform'],
    open: (seed, started, quit) => {
      const target = { url, kind: 'platform' as const, edition, profiles, paceMs, destructiveAllowed };
      const administration = administrator === 'human' ? personAdministration(product, quit) : noAdministration(product);
      return openSockets(target, administration, freshNames(seed), started);
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
