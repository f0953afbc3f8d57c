// The platform under test on a clock that moves by hand, with what it ended on its own; and the comparison of all that can be seen of it
// with the model.
import { isDeepStrictEqual } from 'node:util';
import { ManualClock } from '../../kernel/clock.testkit.ts';
import { Platform, type PlatformOptions } from '../../platform-stub/platform.ts';
import { Disagreement, text, type Cause, type Closing, type Model, type ModelDevice, type Name } from './model.ts';
import type { Connect } from './wire.ts';

export const PRODUCTS = ['a1ModelOne0', 'a1ModelTwo0'] as const;
const DEVICE_NAMES = ['meter-1', 'meter-2', 'm:3@x.y_z'] as const;
export const NAMES: readonly Name[] = PRODUCTS.flatMap((productKey) => DEVICE_NAMES.map((deviceName) => ({ productKey, deviceName })));

export const productSecret = (productKey: string): string => `secret of ${productKey}`;

type Command = Parameters<Platform['operate']>[0];
type Result = ReturnType<Platform['operate']>;
type Answer<K> = Extract<Result, { ok: true; kind: K }>;
export type Decision = ReturnType<Platform['connect']>;

/** What makes a platform another than the model tells of. */
export type Lie = Pick<PlatformOptions, 'policy' | 'options'>;

export class Real {
  readonly clock = new ManualClock();
  readonly platform: Platform;
  /** Connections that the platform ended and whose front has not noticed yet: `closed` comes late. */
  readonly lingering = new Set<number>();
  /** Entries in the log of device behaviour. */
  behaviour = 0;
  readonly #iotIds = new Map<string, ModelDevice>();
  #ended: (Closing & { readonly at: number })[] = [];

  constructor(lie: Lie = {}) {
    this.platform = new Platform({ clock: this.clock, seed: 'model', edition: 'doc2020', ...lie });
    this.platform.log.listen(({ type }) => {
      if (type === 'device') this.behaviour += 1;
    });
    for (const productKey of PRODUCTS) this.createProduct(productKey);
  }

  createProduct(productKey: string): void {
    this.platform.operate({ action: 'CreateProduct', productKey, productSecret: productSecret(productKey) });
  }

  /** A CONNECT on a connection of its own; a refused one is closed by its front at once. */
  connect(request: Connect): { readonly session: number; readonly decision: Decision } {
    const session: number = this.platform.open((cause) => {
      // Only a stop ends a connection that is ending already.
      if (this.lingering.has(session) && cause === 'stopped') return;
      if (this.lingering.has(session)) throw new Disagreement(`session ${session} was ended twice: ${cause}`);
      this.lingering.add(session);
      this.#ended.push({ session, cause: cause as Cause, at: this.clock.now() });
    });
    const decision = this.platform.connect({ ...request, session });
    if (decision.kind === 'refused') this.hangUp(session);
    return { session, decision };
  }

  /** The connection is gone, whoever ended it. */
  hangUp(session: number): void {
    this.lingering.delete(session);
    this.platform.closed(session);
  }

  /** What the platform ended since this was last asked. */
  takeEnded(): (Closing & { readonly at: number })[] {
    const ended = this.#ended;
    this.#ended = [];
    return ended;
  }

  /** The DeviceSecret as the console shows it. */
  consoleSecret({ productKey, deviceName }: Name): string {
    return this.platform.state.products.get(productKey)?.devices.get(deviceName)?.deviceSecret ?? '';
  }

  /** RULE-33: an IotId belongs to one incarnation. */
  isOwnIotId(iotId: string, device: ModelDevice): boolean {
    const owner = this.#iotIds.get(iotId);
    this.#iotIds.set(iotId, owner ?? device);
    return (owner ?? device) === device;
  }

  /** The document a platform leaves behind when it stops. */
  saved(): ReturnType<Platform['snapshot']> {
    return JSON.parse(JSON.stringify(this.platform.snapshot())) as ReturnType<Platform['snapshot']>;
  }

  /** All that it remembers, as one text: a refused request may not change a letter of it. */
  memory(): string {
    const sessions = [...this.platform.state.sessions.values()];
    return JSON.stringify([this.platform.snapshot(), sessions, this.platform.openSessions]);
  }

  ask<K extends (Result & { ok: true })['kind']>(kind: K, command: Command): Answer<K> | undefined {
    const result = this.platform.operate(command);
    return result.ok && result.kind === kind ? (result as Answer<K>) : undefined;
  }
}

/** Throws unless the platform accepted or refused as the model has it, with a code that fits. */
export function compareDecision(what: string, faults: readonly number[], accepted: 'registered' | 'online', decision: Decision): boolean {
  const isAccepted = faults.length === 0;
  const isRight = decision.kind === 'refused' ? faults.includes(decision.code) : isAccepted && decision.kind === accepted;
  const answer = decision.kind === 'refused' ? `${decision.code} ${decision.why}` : decision.kind;
  if (!isRight)
    throw new Disagreement(`${what}: ${answer}, where ${isAccepted ? accepted : `refused with ${faults.join(' or ')}`} is right`);
  return isAccepted;
}

/** Throws unless the platform ended these connections and no others. */
export function compareClosings(expected: readonly Closing[], seen: readonly Closing[]): void {
  const words = (closings: readonly Closing[]): string =>
    closings
      .map(({ session, cause }) => `${session} ${cause}`)
      .sort()
      .join(', ');
  same('connections that the platform ended', words(seen), words(expected));
}

/** Throws unless everything that an operator can see is as the model has it. */
export function compareState(model: Model, real: Real): void {
  const live = [...model.sessions.keys()].sort((a, b) => a - b);
  const known = [...real.platform.state.sessions.keys()].sort((a, b) => a - b);
  same('live connections', known, live);
  same('open connections', real.platform.openSessions, live.length + real.lingering.size);
  for (const name of NAMES) compareDevice(model, real, name);
  const products = real.ask('products', { action: 'QueryProducts' })?.products ?? [];
  for (const [productKey, { on, devices }] of model.products) {
    const all = [...devices];
    const seen = products.find((one) => one.productKey === productKey);
    same(`product ${productKey}`, seen && pick(seen, COUNTS), {
      dynamicRegistration: on,
      deviceCount: all.length,
      activeCount: all.filter(([, device]) => device.activatedAt !== undefined).length,
      onlineCount: all.filter(([deviceName]) => model.sessionsOf({ productKey, deviceName }).length > 0).length,
      // RULE-42.
      multipleClientIds: all.filter(([, device]) => device.clientIds.length > 1).length,
    });
  }
}

const COUNTS = ['dynamicRegistration', 'deviceCount', 'activeCount', 'onlineCount', 'multipleClientIds'] as const;

function compareDevice(model: Model, real: Real, name: Name): void {
  const device = model.device(name);
  const detail = real.ask('device', { action: 'QueryDeviceDetail', ...name })?.device;
  const list = real.ask('client-ids', { action: 'QueryClientIds', ...name })?.clientIds;
  if (list && list.length > 5) throw new Disagreement(`RULE-39: ${text(name)} has ${list.length} ClientIDs`);
  same(
    text(name),
    detail && {
      ...pick(detail, ['status', 'credential', 'createdAt', 'activatedAt', 'onlineAt', 'clientId', 'clientIdCount']),
      // RULE-31 says nothing of this status for the token kind.
      registered: detail.credential === 'secret' && detail.registration === 'registered',
    },
    device && detailOf(model, name, device),
  );
  if (detail && device && !real.isOwnIotId(detail.iotId, device)) throw new Disagreement(`RULE-33: ${text(name)} has an old IotId`);
  same(
    `ClientIDs of ${text(name)}`,
    list?.map((one) => pick(one, ['clientId', 'createdAt', 'firstConnectedAt', 'forbidden', 'online'])),
    device?.clientIds.map(({ clientId, registeredAt, firstConnectedAt }) => ({
      clientId,
      createdAt: registeredAt,
      firstConnectedAt: firstConnectedAt ?? null,
      forbidden: false,
      online: model.sessionsOf(name).some(([, session]) => session.clientId === clientId),
    })),
  );
}

function detailOf(model: Model, name: Name, device: ModelDevice): Record<string, unknown> {
  return {
    status: model.statusOf(name, device),
    credential: device.kind,
    createdAt: device.createdAt,
    activatedAt: device.activatedAt ?? null,
    onlineAt: device.onlineAt ?? null,
    // RULE-43.
    clientId: model.sessionsOf(name)[0]?.[1].clientId ?? null,
    clientIdCount: device.clientIds.length,
    registered: device.kind === 'secret' && device.registered,
  };
}

/** Throws unless both are deeply equal. */
export function same(what: string, seen: unknown, expected: unknown): void {
  if (isDeepStrictEqual(seen, expected)) return;
  throw new Disagreement(`${what}: the platform has ${JSON.stringify(seen)}, the model ${JSON.stringify(expected)}`);
}

function pick<T, K extends keyof T>(from: T, keys: readonly K[]): Pick<T, K> {
  return Object.fromEntries(keys.map((key) => [key, from[key]])) as Pick<T, K>;
}
