// The platform behind a fleet: the embedded stub or a target, where devices are added and activations counted.
import type { MessagePort } from 'node:worker_threads';
import { ambientClock } from '../kernel/clock.ts';
import { EXIT, UserError } from '../kernel/errors.ts';
import type { StubAgent } from '../platform-stub/agent.ts';
import { examine } from '../scenarios/engine/doctor.ts';
import type { OperatorRequest } from '../scenarios/operators/stub.ts';
import { devicesToAdd, namePrefix, namesToAdd, units, type FleetPlan } from '../worker/fleet/plan.ts';
import { DEFAULT_TIMEOUTS } from '../worker/session/session.ts';
import { tcpTransport } from '../worker/transport/tcp.node.ts';
import { activeCount, addDevices, addNames, operatorClient } from './operator-client.ts';
import type { ChosenTarget, RemoteTarget } from './target.ts';
import { openThread, portPair } from './threads.ts';

export interface Backing {
  readonly operator: OperatorRequest | undefined;
  /** A port for the next worker; undefined where devices use sockets. */
  port(): Promise<MessagePort | undefined>;
  close(): Promise<void>;
}

export function describe(chosen: ChosenTarget): string {
  return chosen.kind === 'stub' ? 'the embedded stub' : chosen.name;
}

/** The embedded stub, with the plan's product. */
export async function embedded({ seed, productKey, productSecret }: FleetPlan): Promise<Backing> {
  const thread = openThread<StubAgent>('stub');
  await thread.remote.start({ seed });
  const operator: OperatorRequest = (command) => thread.remote.operate(command);
  await operator({ action: 'CreateProduct', productKey, productSecret, dynamicRegistration: true });
  return {
    operator,
    async port() {
      const [ours, theirs] = portPair();
      await thread.remote.attach(ours as never);
      return theirs;
    },
    close: () => thread.terminate(),
  };
}

export function remote({ administrator }: RemoteTarget): Backing {
  return {
    operator: administrator?.kind === 'stub' ? operatorClient(administrator) : undefined,
    port: () => Promise.resolve(undefined),
    close: () => Promise.resolve(),
  };
}

export async function requireReachable(target: RemoteTarget, security: 'encrypted' | 'plain'): Promise<void> {
  const complaint = await examine(tcpTransport({ ...target.sockets, clock: ambientClock(), timeouts: DEFAULT_TIMEOUTS }), security);
  if (complaint) throw new UserError(`${target.name} cannot be reached: ${complaint.what}`, complaint.remedy, EXIT.unreachable);
}

/**
 * Adds what must be there before the first device starts; where nobody can, says what that is.
 * @param resumed a flash file says that an earlier run of the same units was there, which need not have come to its end
 */
export async function provide(
  plan: FleetPlan,
  chosen: ChosenTarget,
  operator: OperatorRequest | undefined,
  resumed: boolean,
): Promise<void> {
  // A list of units is one of devices that exist; only the embedded stub knows nobody.
  const listed = chosen.kind === 'stub' ? 'unknown' : 'known';
  const names = namesToAdd(plan, { listed });
  const devices = devicesToAdd(plan, { listed });
  if (operator) {
    await addNames(operator, plan.productKey, names, resumed);
    await addDevices(operator, plan.productKey, devices);
    return;
  }
  if (names.length > 0)
    process.stderr.write(
      `muster: nobody can add DeviceNames at ${describe(chosen)}; ${names.length} must have been added beforehand (--print-names lists them)\n`,
    );
}

/**
 * Counts activated devices at the platform: those of this run, now against before. Undefined where nobody can be asked, or where units may
 * have been activated by an earlier run.
 */
export async function openCount(plan: FleetPlan, operator: OperatorRequest | undefined): Promise<(() => Promise<number>) | undefined> {
  if (!operator) return undefined;
  const prefixes = prefixesOf(plan);
  if (!prefixes) return undefined;
  const count = async (): Promise<number> => {
    let sum = 0;
    for (const prefix of prefixes) sum += await activeCount(operator, plan.productKey, prefix);
    return sum;
  };
  const before = await count();
  if (before > 0) return undefined;
  return async () => (await count()) - before;
}

/** What the DeviceNames of the plan begin with, and hardly any other; undefined where names come from a list. */
function prefixesOf(plan: FleetPlan): readonly string[] | undefined {
  const cohorts = plan.cohorts ?? [];
  if (cohorts.some((cohort) => cohort.listed)) return undefined;
  if (cohorts.every((cohort) => cohort.names === undefined)) return [namePrefix(plan)];
  const common = new Map<string, string>();
  for (const { cohort, identity } of units(plan)) {
    const known = common.get(cohort.name) ?? identity.deviceName;
    let length = 0;
    while (length < known.length && known[length] === identity.deviceName[length]) length += 1;
    common.set(cohort.name, known.slice(0, length));
  }
  // One beginning may be that of another: its devices would be counted twice.
  const all = [...new Set(common.values())];
  return all.filter((one) => !all.some((other) => other !== one && one.startsWith(other)));
}
