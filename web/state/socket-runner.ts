// Cases over WebSockets, or through the relay, against a platform elsewhere, in a worker of their own. The operator stays in the page: a stub's token and a
// person's answers are here.
import { proxy, releaseProxy, wrap } from 'comlink';
import { messageOf } from '../../kernel/errors.ts';
import type { CaseDefinition } from '../../scenarios/engine/case.ts';
import { isDestructive } from '../../scenarios/engine/forecast.ts';
import { NotDone, OperatorFault, type Operator } from '../../scenarios/engine/operator.ts';
import { paceMsOf } from '../../scenarios/engine/pacing.ts';
import type { CaseRun } from '../../scenarios/engine/suite.ts';
import type { CaseRecord } from '../../scenarios/judge/record.ts';
import type { Attestation, Subject } from '../../scenarios/judge/results.ts';
import type { Said } from '../../scenarios/judge/verdict.ts';
import { both } from '../i18n/t.svelte.ts';
import type { Act, OperatorVerb, SocketCases } from '../workers/socket-cases.ts';
import type { RelayedPage } from '../../worker/transport/mux-websocket.web.ts';
import { shareOfSockets } from './browser.ts';
import { stoppedRun, Unreachable, WorkerEnd, type Claims, type PageRunner, type RunNames } from './case-runner.ts';
import { pageCannot } from './page-limits.ts';
import type { Reach } from './page-reach.ts';

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
  readonly reach: Reach;
  /** What leads there over TLS and in clear, or beside WebSockets in clear alone; null without a relay. */
  readonly relay: RelayedPage | null;
  /** Attempts of one device that it takes within any minute; null where it limits nothing. */
  readonly perDevicePerMinute: number | null;
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
  const { url, edition, relay, perDevicePerMinute, destructiveAllowed } = target;
  const overRelay = target.reach.over === 'relay';
  if (overRelay && !relay) throw new Unreachable(url, { kind: 'local', reason: 'relay' });
  // The relay of `muster serve` may have ended since the form was filled in.
  const reach: Reach = { ...target.reach, plain: target.reach.plain && relay !== null };
  const paceMs = perDevicePerMinute === null ? 0 : paceMsOf(perDevicePerMinute);
  const webSocket = { url, ...shareOfSockets(1) };
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
    const why = reasonAgainst(definition, reach, destructiveAllowed);
    if (why) return { kind: 'not-run', why };
    if (definition.limits === 'off' && paceMs > 0) return { kind: 'not-applicable', why: both('suite.limited') };
    if (ended.stopped) return stoppedRun();
    started(definition.id);
    try {
      const { record, judged } = await ended.race(cases.run(definition.id));
      administration.attest(definition.id, record);
      const left = leftOut.get(definition.id);
      return left ? { kind: 'not-run', why: left } : { kind: 'ran', record, judged, clock: 'wall' };
    } catch (error) {
      if (ended.stopped) return stoppedRun();
      throw error;
    }
  };

  try {
    const through = overRelay && relay ? { target: relay, plain: null } : { target: webSocket, plain: relay };
    await ended.race(cases.prepare({ ...through, edition, ...names, perDevicePerMinute, verbs }, proxy(act)));
    const complaint = await ended.race(cases.examine());
    if (complaint) throw new Unreachable(url, overRelay ? complaint.outcome : undefined);
  } catch (error) {
    end();
    throw error;
  }
  const { kind, jobs } = administration;
  const { protocol, host } = new URL(url);
  const name = `${protocol}//${host}`;
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
export function reasonAgainst(definition: CaseDefinition, reach: Reach, destructiveAllowed: boolean): Said | undefined {
  const cannot = pageCannot(definition, reach);
  if (cannot) return cannot;
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
