// Who operates a platform that the page runs cases against: the stub beside the app, a person who is asked, or nobody.
import { ambientClock } from '../../kernel/clock.ts';
import type { Attestation } from '../../scenarios/judge/results.ts';
import { humanOperator, type HumanAnswer } from '../../scenarios/operators/human.ts';
import { nobody } from '../../scenarios/operators/shared.ts';
import { stubOperator } from '../../scenarios/operators/stub.ts';
import { both } from '../i18n/t.svelte.ts';
import type { Product } from '../workers/provision.ts';
import { asking } from './asking.svelte.ts';
import type { RunNames } from './case-runner.ts';
import type { OperatorLink } from './operator-link.ts';
import type { Administration } from './socket-runner.ts';

/** Each case has a product of its own at a stub, so several can be under way; WebSockets open a few at a time. */
const JOBS_AT_STUB = 4;
const JOBS_UNATTENDED = 2;
/** How long a person may take for one step, milliseconds. */
const PATIENCE_MS = 15 * 60_000;
/** The clocks of the page and of a worker begin at whole milliseconds of their own. */
const SKEW_MS = 5;

/** Cases under way at once with this administrator: a person answers one at a time. */
export function jobsAt(kind: 'beside' | 'wss' | 'relay', administrator: 'human' | 'none'): number {
  return kind === 'beside' ? JOBS_AT_STUB : administrator === 'human' ? 1 : JOBS_UNATTENDED;
}

export function stubAdministration(link: OperatorLink, { seed, namespace }: RunNames): Administration {
  const operator = stubOperator((command) => link.operate(command), seed, namespace);
  return { kind: 'stub', jobs: JOBS_AT_STUB, operatorOf: () => operator, attest: () => undefined, attestations: () => [] };
}

export function noAdministration(product: Product): Administration {
  return { kind: 'none', jobs: JOBS_UNATTENDED, operatorOf: () => nobody(product), attest: () => undefined, attestations: () => [] };
}

/**
 * A person, one step at a time. What they say is attested, never proven.
 * @param quit called when the person ends the run
 */
export function personAdministration(product: Product, quit: () => void): Administration {
  const clock = ambientClock();
  // One case at a time: what was said since the last one ended was said in this one.
  const said: HumanAnswer[] = [];
  const given: Attestation[] = [];
  return {
    kind: 'human',
    jobs: 1,
    operatorOf: (caseId) =>
      humanOperator({
        case: caseId,
        product,
        ask: asking.ask,
        clock,
        patienceMs: PATIENCE_MS,
        answered: (one) => said.push(one),
        quit,
      }),
    attest: (caseId, record) => {
      for (const { what, at, answer } of said.splice(0)) {
        const span = record.spans.find((one) => one.verb === 'operator' && one.startedAt - SKEW_MS <= at && at <= one.endedAt + SKEW_MS);
        given.push({ case: caseId, span: span?.name ?? '', what, who: both('ask.who').en, when: new Date(at).toISOString(), answer });
      }
    },
    attestations: () => given,
  };
}
