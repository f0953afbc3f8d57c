// What every command of the state machine works with. No clock and no I/O: time comes with the command, draws come from the seed.
import type { StreamFacts } from '../../kernel/bytes/stream.ts';
import { ALPHANUMERIC, LOWER_HEX, type Random } from '../../kernel/random.ts';
import { DEFAULT_EDITION, type EditionName } from '../../protocol/editions.ts';
import { Log } from './log.ts';
import { optionsOf, type Options } from './options.ts';
import { POLICY, type Asked, type Policy } from './policy.ts';
import type { Device, IssuedClientId, PlatformState, Product, Session } from './state.ts';

/** Why a request was refused: for the log and for tests, never sent to a device. */
export type Refusal =
  | 'malformed'
  | 'auth-type'
  | 'sign-method'
  | 'transport'
  | 'keep-alive'
  | 'other-instance'
  | 'throttled'
  | 'unknown-product'
  | 'signature'
  | 'switch-off'
  | 'not-added'
  | 'disabled'
  | 'activated'
  | 'registered-twice'
  | 'not-registered'
  | 'not-offered'
  | 'product-full'
  | 'cap'
  | 'pinned'
  | 'credentials';

export type CloseReason =
  'kicked' | 'disabled' | 'deleted' | 'reset' | 'switched' | 'cleared' | 'registration-over' | 'keep-alive' | 'stopped';

/** How the log names the end of a device's connection (section 7.3). */
const OFFLINE_REASON: Readonly<Record<CloseReason, string>> = {
  kicked: 'Kicked by the same device',
  disabled: 'Device disabled',
  deleted: 'Device deleted',
  reset: 'Device reset',
  switched: 'ClientID forbidden by Switch',
  cleared: 'ClientIDs cleared',
  'registration-over': 'Registration over',
  'keep-alive': 'Keepalive timeout',
  stopped: 'Platform stopped',
};

/** What a front has to do besides answering. */
export type Effect =
  | { readonly kind: 'close'; readonly session: number; readonly reason: CloseReason }
  | {
      readonly kind: 'set-property';
      readonly device: Device;
      readonly messageId: string;
      readonly items: Readonly<Record<string, unknown>>;
    };

export interface CoreOptions {
  readonly policy?: Policy;
  /** Decides defaults of what the documents leave open (`rules.md`, editions). */
  readonly edition?: EditionName;
  /** What of it is set otherwise. */
  readonly options?: Partial<Options>;
  /** The id of this instance; undefined for a legacy public one, which has none (S15). */
  readonly instanceId?: string | undefined;
  /** The draws that belong to `labels`; the same labels give the same draws. */
  readonly draws: (...labels: readonly (string | number)[]) => Random;
}

/** A CONNECT as it came, before anything was checked. */
export interface ConnectRequest {
  readonly session: number;
  readonly facts: StreamFacts;
  readonly identifier: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** Seconds. */
  readonly keepAlive: number;
}

export type ConnectDecision =
  | { readonly kind: 'registered'; readonly topic: string; readonly payload: string; readonly delivery: ReturnType<Policy['RULE-05']> }
  | {
      readonly kind: 'online';
      readonly productKey: string;
      readonly deviceName: string;
      /** The identity the broker tells sessions apart by (RULE-51, RULE-57). */
      readonly brokerId: string;
      readonly autoSubscribe: boolean;
      /** Its `ext` asks for a message on `/ext/notify` before it is kicked (section 4f). */
      readonly notify: boolean;
      readonly clientId: string | undefined;
    }
  | { readonly kind: 'refused'; readonly code: number; readonly why: Refusal };

export interface Core {
  readonly state: PlatformState;
  readonly policy: Policy;
  readonly options: Options;
  readonly instanceId: string | undefined;
  readonly draws: CoreOptions['draws'];
  readonly log: Log;
  /** Connections that a wrong platform ends for no reason; empty in a correct one. */
  readonly bystanders: Set<Session>;
}

export function makeCore(options: CoreOptions): Core {
  return {
    state: {
      products: new Map(),
      messages: 0,
      productsMade: 0,
      deletedProducts: new Map(),
      sessions: new Map(),
      ending: new Set(),
      accountSecond: { second: 0, connects: 0 },
    },
    policy: options.policy ?? POLICY,
    options: optionsOf(options.edition ?? DEFAULT_EDITION, options.options),
    instanceId: options.instanceId,
    draws: options.draws,
    log: new Log(options.draws('trace').text(TRACE_PREFIX, LOWER_HEX)),
    bystanders: new Set(),
  };
}

const TRACE_PREFIX = 8;
/** Length of issued ClientIDs and tokens: inside what the C SDK's demo buffers hold (protocol notes 1.1). */
const CLIENT_ID_LENGTH = 26;
const TOKEN_LENGTH = 32;
const SECRET_LENGTH = 32;

/** Adds a device to a product: a new incarnation, Inactive, with a secret of its own (RULE-17, RULE-33). */
export function addDevice(core: Core, product: Product, deviceName: string, now: number, givenSecret?: string): Device {
  const buried = product.buried.get(deviceName);
  const incarnation = buried?.incarnations ?? 0;
  const draw = core.draws('device', product.productKey, product.predecessors, deviceName, incarnation);
  const iotId = draw.text(20, ALPHANUMERIC) + String(incarnation).padStart(5, '0');
  const again = core.policy['RULE-33']();
  const reused = again === 'old-secret' ? buried?.deviceSecret : undefined;
  const isActive = core.policy['RULE-17']() !== 'UNACTIVE' || (buried !== undefined && again === 'already-active');
  const device: Device = {
    productKey: product.productKey,
    deviceName,
    iotId,
    createdAt: now,
    nickname: '',
    credential: 'secret',
    deviceSecret: givenSecret ?? reused ?? draw.text(SECRET_LENGTH, LOWER_HEX),
    registration: 'unregistered',
    activatedAt: isActive ? now : undefined,
    disabled: false,
    wasDisabled: false,
    pinned: false,
    secretIsStale: false,
    clientIds: [],
    secretsIssued: 0,
    clientIdsIssued: 0,
    attempts: 0,
    connects: 0,
    // RULE-35: the ClientIDs of a deleted device are gone; whether their slots are is open.
    inheritedSlots: core.options.countAfterDelete === 'continues' ? (buried?.slots ?? 0) : 0,
    onlineAt: undefined,
    offlineAt: undefined,
    address: undefined,
    recentConnects: [],
    sessions: new Set(),
  };
  product.devices.set(deviceName, device);
  return device;
}

/** A DeviceSecret nobody was given before. */
export function drawSecret(core: Core, device: Device): string {
  return core.draws('secret', device.iotId, device.secretsIssued).text(SECRET_LENGTH, LOWER_HEX);
}

/** A ClientID and its token, unique to this issue (RULE-38). */
export function drawClientId(core: Core, device: Device, now: number): IssuedClientId {
  const draw = core.draws('client-id', device.iotId, device.clientIdsIssued);
  return {
    clientId: draw.text(CLIENT_ID_LENGTH, ALPHANUMERIC),
    deviceToken: draw.text(TOKEN_LENGTH, ALPHANUMERIC),
    createdAt: now,
    firstConnectedAt: undefined,
    forbidden: false,
  };
}

/** Forgets a session that is over because of `reason`; the device's presence follows from the sessions that are left. */
export function dropSession(core: Core, session: Session, reason: string, now: number): void {
  const { id, role, productKey, deviceName, clientId } = session;
  core.state.sessions.delete(id);
  core.state.ending.delete(session);
  if (role !== 'device') return;
  const device = core.state.products.get(productKey)?.devices.get(deviceName);
  if (device?.sessions.delete(session)) {
    device.offlineAt = now;
    core.policy['RULE-56'](device.sessions.size > 0, { device, session, reason });
  }
  core.log.add({ type: 'device', productKey, deviceName, ...(clientId ? { clientId } : {}), operation: 'offline', code: 200, reason }, now);
}

/** Ends sessions of a device on the platform's own account. */
export function closeSessions(core: Core, sessions: Iterable<Session>, reason: CloseReason, now: number): Effect[] {
  return [...sessions].map((session) => {
    dropSession(core, session, OFFLINE_REASON[reason], now);
    return { kind: 'close', session: session.id, reason };
  });
}

/** Whom a request or an action names, for the policy. */
export function askedOf(core: Core, product: Product, deviceName: string): Asked {
  return {
    product,
    deviceName,
    device: product.devices.get(deviceName),
    products: core.state.products.values(),
    end: (sessions) => {
      for (const session of sessions) core.bystanders.add(session);
    },
  };
}

/** The effects of a command, and the end of whoever a wrong platform's policy named besides. */
export function withBystanders(core: Core, effects: Effect[], now: number): Effect[] {
  if (core.bystanders.size === 0) return effects;
  const hit = [...core.bystanders].filter((session) => core.state.sessions.has(session.id));
  core.bystanders.clear();
  return [...effects, ...closeSessions(core, hit, 'kicked', now)];
}
