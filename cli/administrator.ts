// Who acts at a target during a run: a stub's operator, the vendor's cloud API, the person at this terminal, or nobody. One operator a case.
import { userInfo } from 'node:os';
import type { Clock } from '../kernel/clock.ts';
import { UserError } from '../kernel/errors.ts';
import type { LedgerAdministrator } from '../scenarios/engine/ledger.ts';
import { NotDone, type CaseProduct, type Operator } from '../scenarios/engine/operator.ts';
import type { CaseRecord } from '../scenarios/judge/record.ts';
import type { Attestation } from '../scenarios/judge/results.ts';
import type { Said } from '../scenarios/judge/verdict.ts';
import { cloudCalls, cloudHost, type AccessKey } from '../scenarios/operators/alicloud.node.ts';
import { alicloudOperator, type CloudCall } from '../scenarios/operators/alicloud.ts';
import { humanOperator, STOPPED, type Ask, type HumanAnswer } from '../scenarios/operators/human.ts';
import { nobody } from '../scenarios/operators/shared.ts';
import { stubOperator } from '../scenarios/operators/stub.ts';
import { openTerminal, type Terminal } from './ask.ts';
import { operatorClient } from './operator-client.ts';
import type { Administrator, RemoteTarget } from './target.ts';

/** How long a person may take for one step where the target does not say, minutes. */
const PATIENCE_MIN = 10;

export interface Administration {
  readonly kind: 'stub' | 'alicloud' | 'human' | 'none';
  /** It makes a product for each case; else they share the target's. */
  readonly makesProducts: boolean;
  /** Cases go one at a time: what one does to the product, or asks of a person, would disturb another. */
  readonly oneAtATime: boolean;
  operatorOf(caseId: string): Operator;
  /** What people answered during a case, with the spans of its record that they speak of. */
  attest(caseId: string, record: CaseRecord): void;
  attestations(): readonly Attestation[];
  /** Why the run is to end, where a person said so. */
  stopped(): Said | undefined;
  close(): void;
}

export interface AdministrationOptions {
  readonly clock: Clock;
  readonly seed: string;
  readonly namespace: string;
  /** Instead of the vendor's client: for a run that only says what it would call. */
  readonly call?: CloudCall;
  /** Instead of this terminal. */
  readonly ask?: Ask;
}

/** Opens what the target names. A UserError where it lacks a key, or its package. */
export function openAdministration(
  target: Pick<RemoteTarget, 'administrator' | 'inventory' | 'productKey' | 'productSecret'>,
  { clock, seed, namespace, call, ask }: AdministrationOptions,
): Administration {
  const { administrator, inventory, productKey, productSecret } = target;
  const kind = administrator?.kind ?? 'none';
  const makesProducts = administrator?.kind === 'stub' || (administrator?.kind === 'alicloud' && administrator.createProducts);
  const product: CaseProduct = { productKey, productSecret };
  const answers: HumanAnswer[] = [];
  const attestations: Attestation[] = [];
  let stopped: Said | undefined;
  let terminal: Terminal | undefined;

  const person = (caseId: string, minutes: number): Operator =>
    humanOperator({
      case: caseId,
      product,
      clock,
      patienceMs: minutes * 60_000,
      ask: ask ?? ((step, signal) => (terminal ??= openTerminal(process.stdin, process.stderr)).ask(step, signal)),
      answered: (answer) => answers.push(answer),
      quit: () => {
        stopped = STOPPED;
      },
    });
  const send = administrator?.kind === 'alicloud' ? (call ?? cloudCalls(administrator, accessKey())) : undefined;

  const bare = (caseId: string): Operator => {
    switch (administrator?.kind) {
      case undefined:
        return nobody(product);
      case 'stub':
        return stubOperator(operatorClient(administrator), seed, namespace);
      case 'human':
        return person(caseId, administrator.minutes);
      case 'alicloud': {
        if (!send) throw new Error('no way to send cloud calls');
        const byHand = administrator.console === 'human' || (administrator.console === undefined && process.stdin.isTTY);
        return alicloudOperator({
          call: send,
          clock,
          seed,
          namespace,
          instanceId: administrator.instanceId,
          product: makesProducts ? undefined : product,
          console: byHand ? person(caseId, PATIENCE_MIN) : undefined,
          stub: cloudHost(administrator).loopback,
        });
      }
    }
  };
  return {
    kind,
    makesProducts,
    oneAtATime: administrator !== undefined && !makesProducts,
    operatorOf(caseId) {
      const operator = bare(caseId);
      if (!inventory) return operator;
      return { ...operator, takeName: async () => (await inventory.take(namespace)).deviceName };
    },
    attest(caseId, record) {
      for (const one of answers.splice(0)) {
        const span = record.spans.find((each) => each.verb === 'operator' && each.startedAt <= one.at && one.at <= each.endedAt);
        attestations.push({
          case: caseId,
          span: span?.name ?? '',
          what: one.what,
          who: userInfo().username,
          when: new Date(one.at).toISOString(),
          answer: one.answer,
        });
      }
    },
    attestations: () => attestations,
    stopped: () => stopped,
    close: () => terminal?.close(),
  };
}

/** The access key, from the environment only: an argument could be seen by other users of the machine. */
function accessKey(): AccessKey {
  const { MUSTER_ACCESS_KEY_ID: id = '', MUSTER_ACCESS_KEY_SECRET: secret = '' } = process.env;
  if (id === '' || secret === '')
    throw new UserError(
      `an administrator of kind alicloud needs an access key: ${id === '' ? 'MUSTER_ACCESS_KEY_ID' : 'MUSTER_ACCESS_KEY_SECRET'} is not set`,
      'set MUSTER_ACCESS_KEY_ID and MUSTER_ACCESS_KEY_SECRET',
    );
  return { id, secret };
}

/** The same operator; `note` hears of everything that was not done, whoever swallows the error. */
export function noticed(operator: Operator, note: (why: Said) => void): Operator {
  return new Proxy(operator, {
    get(target, key, receiver) {
      const method: unknown = Reflect.get(target, key, receiver);
      if (typeof method !== 'function') return method;
      return async (...args: unknown[]) => {
        try {
          return await (method as (...all: unknown[]) => Promise<unknown>).apply(target, args);
        } catch (error) {
          if (error instanceof NotDone) note(error.why);
          throw error;
        }
      };
    },
  });
}

/** What a ledger may keep of an administrator: how to find it again, nothing that opens it. */
export function described(administrator: Administrator | undefined): LedgerAdministrator {
  if (!administrator) return { kind: 'none' };
  switch (administrator.kind) {
    case 'stub':
      return { kind: 'stub', url: administrator.url, ...administrator.from };
    case 'alicloud': {
      const { kind, region, endpoint, instanceId } = administrator;
      return { kind, ...(region && { region }), ...(endpoint && { endpoint }), ...(instanceId && { instanceId }) };
    }
    case 'human':
      return { kind: 'human' };
  }
}
