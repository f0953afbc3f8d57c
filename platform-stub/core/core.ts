// What every command of the state machine works with. No clock and no I/O: time comes with the command, draws come from the seed.
import type { StreamFacts } from '../../kernel/bytes/stream.ts';
import { ALPHANUMERIC, LOWER_HEX, type Random } from '../../kernel/random.ts';
import { EDITIONS, type EditionName } from '../../protocol/editions.ts';
import { POLICY, type Policy } from './policy.ts';
import type { Device, IssuedClientId, PlatformState, Product, Session } from './state.ts';

/** Why a request was refused: for the log and for tests, never sent to a device. */
export type Refusal =
  | 'malformed'
  | 'transport'
  | 'keep-alive'
  | 'unknown-product'
  | 'signature'
  | 'switch-off'
  | 'not-added'
  | 'disabled'
  | 'activated'
  | 'registered-twice'
  | 'not-offered'
  | 'cap'
  | 'credentials';

export type CloseReason = 'kicked' | 'disabled' | 'deleted' | 'switched' | 'cleared' | 'registration-over' | 'keep-alive';

/** What a front has to do besides answering. */
export interface Effect {
  readonly kind: 'close';
  readonly session: number;
  readonly reason: CloseReason;
}

export interface CoreOptions {
  readonly policy?: Policy;
  /** Decides defaults of what the documents leave open (`rules.md`, editions). */
  readonly edition?: EditionName;
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
    }
  | { readonly kind: 'refused'; readonly code: number; readonly why: Refusal };

export interface Core {
  readonly state: PlatformState;
  readonly policy: Policy;
  readonly edition: (typeof EDITIONS)[EditionName];
  readonly draws: CoreOptions['draws'];
}

export function makeCore(options: CoreOptions): Core {
  return {
    state: { products: new Map(), sessions: new Map(), ending: new Set() },
    policy: options.policy ?? POLICY,
    edition: EDITIONS[options.edition ?? 'doc2020'],
    draws: options.draws,
  };
}

/** Length of issued ClientIDs and tokens: inside what the C SDK's demo buffers hold (protocol notes 1.1). */
const CLIENT_ID_LENGTH = 26;
const TOKEN_LENGTH = 32;
const SECRET_LENGTH = 32;

/** Adds a device to a product: a new incarnation, Inactive, with a secret of its own (RULE-17, RULE-33). */
export function addDevice(core: Core, product: Product, deviceName: string, now: number, givenSecret?: string): Device {
  const buried = product.buried.get(deviceName);
  const incarnation = buried?.incarnations ?? 0;
  const draw = core.draws('device', product.productKey, deviceName, incarnation);
  const iotId = draw.text(20, ALPHANUMERIC) + String(incarnation).padStart(5, '0');
  const reused = core.policy['RULE-33']() === 'old-secret' ? buried?.deviceSecret : undefined;
  const device: Device = {
    productKey: product.productKey,
    deviceName,
    iotId,
    createdAt: now,
    credential: 'secret',
    deviceSecret: givenSecret ?? reused ?? draw.text(SECRET_LENGTH, LOWER_HEX),
    registration: 'unregistered',
    activatedAt: core.policy['RULE-17']() === 'UNACTIVE' ? undefined : now,
    disabled: false,
    clientIds: [],
    secretsIssued: 0,
    clientIdsIssued: 0,
    attempts: 0,
    connects: 0,
    onlineAt: undefined,
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
  };
}

/** Forgets a session; the device's presence follows from the sessions that are left. */
export function dropSession(core: Core, session: Session): void {
  core.state.sessions.delete(session.id);
  core.state.ending.delete(session);
  core.state.products.get(session.productKey)?.devices.get(session.deviceName)?.sessions.delete(session);
}

/** Ends sessions of a device on the platform's own account. */
export function closeSessions(core: Core, sessions: Iterable<Session>, reason: CloseReason): Effect[] {
  return [...sessions].map((session) => {
    dropSession(core, session);
    return { kind: 'close', session: session.id, reason };
  });
}
