// Cases over WebSockets against a platform elsewhere, in a worker of their own. The operator stays in the page: a stub's token and a
// person's answers are here.
import { proxy, releaseProxy, wrap } from 'comlink';
import { messageOf } from '../../kernel/errors.ts';
import type { CaseDefinition } from '../../scenarios/engine/case.ts';
import { forecastOf, isDestructive } from '../../scenarios/engine/forecast.ts';
import { NotDone, OperatorFault, type Operator } from '../../scenarios/engine/operator.ts';
import type { CaseRun } from '../../scenarios/engine/suite.ts';
import type { CaseRecord } from '../../scenarios/judge/record.ts';
import type { Attestation, Subject } from '../../scenarios/judge/results.ts';
import type { Said } from '../../scenarios/judge/verdict.ts';
import { both } from '../i18n/t.svelte.ts';
import type { Act, OperatorVerb, SocketCases } from '../workers/socket-cases.ts';
import { connectionsOfPage, shareOfSockets } from './browser.ts';
import { stoppedRun, Unreachable, WorkerEnd, type Claims, type PageRunner, type RunNames } from './case-runner.ts';

/** Who does what an operator does. */
export interface Administration {
  readonly kind: Subject['administrator'];
  /** Cases that may ask it at once. */
  readonly jobs: number;
  /** The operator of one case. */
  readonly operatorOf: (caseId: string) => Operator;
  /** A case has ended: what was said in it belongs to spans of its record. */
  readonly attest: (caseId: string, record: CaseRecord) => void;
  readonly attestations: () => readonly Attestation[];
}

export interface SocketTarget extends Claims {
  readonly url: string;
  readonly kind: 'stub' | 'platform';
  readonly paceMs: number;
  readonly destructiveAllowed: boolean;
}

/**
 * Hires the worker, and looks whether anything is there.
 * @param started told of every case that begins
 */
export async function openSockets(
  target: SocketTarget,
  administration: Administration,
  names: RunNames,
  started: (caseId: string) => void,
): Promise<PageRunner> {
  const { url, edition, paceMs, destructiveAllowed } = target;
  const worker = new Worker(new URL('../workers/suite.worker.ts', import.meta.url), { type: 'module' });
  const cases = wrap<SocketCases>(worker);
  const ended = new WorkerEnd();
  worker.onerror = (event) => ended.broke(event.message || 'the suite worker could not be loaded');
  const { act, leftOut, verbs } = operators(administration);
  const end = (): void => {
    if (ended.stopped) return;
    ended.stop();
    worker.terminate();
    cases[releaseProxy]();
  };

  const run = async (definition: CaseDefinition): Promise<CaseRun> => {
    if (definition.direction !== 'platform') return { kind: 'not-run', why: both('suite.noDevice') };
    const why = reasonAgainst(definition, destructiveAllowed);
    if (why) return { kind: 'not-run', why };
    if (definition.limits === 'off' && paceMs > 0) return { kind: 'not-applicable', why: both('suite.limited') };
    if (ended.stopped) return stoppedRun();
    started(definition.id);
    try {
      const record = await ended.race(cases.run(definition.id));
      administration.attest(definition.id, record);
      const left = leftOut.get(definition.id);
      return left ? { kind: 'not-run', why: left } : { kind: 'ran', record, clock: 'wall' };
    } catch (error) {
      if (ended.stopped) return stoppedRun();
      throw error;
    }
  };

  try {
    await ended.race(cases.prepare({ target: { url, ...shareOfSockets(1) }, edition, ...names, paceMs, verbs }, proxy(act)));
    if (await ended.race(cases.examine())) throw new Unreachable(url);
  } catch (error) {
    end();
    throw error;
  }
  const { kind, jobs } = administration;
  const name = `wss://${new URL(url).host}`;
  const subject: Subject = { name, kind: target.kind, endpoints: [url], administrator: kind, paceMs, destructiveAllowed };
  return {
    subject: () => subject,
    namespace: names.namespace,
    repeatable: false,
    jobs,
    run,
    attestations: administration.attestations,
    end,
  };
}

/** What a page cannot do, or was not allowed to. */
export function reasonAgainst(definition: CaseDefinition, destructiveAllowed: boolean): Said | undefined {
  if (definition.needs === 'sockets') return both('suite.noSockets');
  if (definition.profiles.includes('https')) return both('suite.noHttps');
  // Each registration may hold a connection: more than a page has would be the page's failure, and say nothing of the platform.
  if ((forecastOf(definition.id)?.registrations ?? 0) > connectionsOfPage()) return both('suite.tooMany');
  return destructiveAllowed || !isDestructive(definition.id, definition.profiles) ? undefined : both('suite.destructive');
}

/** One operator a case, and what it left out. */
function operators({ operatorOf }: Administration): { act: Act; leftOut: Map<string, Said>; verbs: OperatorVerb[] } {
  const made = new Map<string, Operator>();
  const leftOut = new Map<string, Said>();
  const act: Act = async (caseId, verb, args) => {
    const operator = made.get(caseId) ?? operatorOf(caseId);
    made.set(caseId, operator);
    try {
      const does = operator[verb] as (...args: readonly unknown[]) => Promise<unknown>;
      return { ok: true, value: await does.apply(operator, [...args]) };
    } catch (error) {
      if (error instanceof NotDone && !leftOut.has(caseId)) leftOut.set(caseId, error.why);
      return { ok: false, refused: error instanceof OperatorFault, why: messageOf(error) };
    }
  };
  return { act, leftOut, verbs: Object.keys(operatorOf('')) as OperatorVerb[] };
}
