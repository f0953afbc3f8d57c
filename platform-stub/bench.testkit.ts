// The platform without wires: CONNECTs as they would come, operator requests, and a clock that a test moves.
import { ManualClock } from '../kernel/clock.testkit.ts';
import type { StreamFacts } from '../kernel/bytes/stream.ts';
import { connectContent, registrationContent } from '../protocol/content.ts';
import type { EditionName } from '../protocol/editions.ts';
import { registrationIdentifier, secretIdentifier, tokenIdentifier } from '../protocol/identifier.ts';
import { parseReply } from '../protocol/payload.ts';
import { sign, type SignMethod } from '../protocol/sign.ts';
import type { CloseReason, ConnectDecision, ConnectRequest } from './core/core.ts';
import type { DeviceAction, OperatorCommand, OperatorResult } from './core/operate.ts';
import type { Options } from './core/options.ts';
import type { DeviceDetail } from './core/query.ts';
import type { Policy } from './core/policy.ts';
import { Platform } from './platform.ts';

export const PK = 'a1B2c3D4e5F';
export const PS = 'product-secret-of-the-bench';
export const DN = 'meter-0001';
export const ENCRYPTED: StreamFacts = { kind: 'memory', encrypted: true, peer: 'device', port: 8883 };
export const PLAIN: StreamFacts = { kind: 'memory', encrypted: false, peer: 'device', port: 1883 };

export type Credentials = { readonly deviceSecret: string } | { readonly clientId: string; readonly deviceToken: string };

export interface Bent {
  readonly pk?: string;
  readonly ps?: string;
  readonly random?: string;
  readonly keepAlive?: number;
  readonly signMethod?: SignMethod;
  readonly request?: Partial<ConnectRequest>;
  readonly upperCase?: boolean;
}

/** A CONNECT without its connection. */
export type Connect = Omit<ConnectRequest, 'session'>;

export function registration(mode: 'register' | 'regnwl', dn = DN, bent: Bent = {}): Connect {
  const { pk = PK, ps = PS, random = '8c5a', signMethod = 'hmacsha256' } = bent;
  const signature = sign(signMethod, ps, registrationContent({ deviceName: dn, productKey: pk, random }));
  return {
    facts: ENCRYPTED,
    identifier: registrationIdentifier({ clientPart: `${dn}.${pk}`, authType: mode, random, signMethod, secureMode: '2' }),
    username: `${dn}&${pk}`,
    password: bent.upperCase ? signature.toUpperCase() : signature,
    keepAlive: bent.keepAlive ?? 60,
    ...bent.request,
  };
}

export function signIn(credentials: Credentials, dn = DN, bent: Bent = {}): Connect {
  const { pk = PK, signMethod = 'hmacsha256' } = bent;
  const common = { facts: ENCRYPTED, username: `${dn}&${pk}`, keepAlive: bent.keepAlive ?? 60 };
  if ('deviceToken' in credentials) {
    return { ...common, identifier: tokenIdentifier(credentials.clientId), password: credentials.deviceToken, ...bent.request };
  }
  const clientPart = `${pk}.${dn}`;
  const signature = sign(signMethod, credentials.deviceSecret, connectContent({ clientId: clientPart, deviceName: dn, productKey: pk }));
  return {
    ...common,
    identifier: secretIdentifier({ clientPart, signMethod, secureMode: '2' }),
    password: bent.upperCase ? signature.toUpperCase() : signature,
    ...bent.request,
  };
}

export class Bench {
  readonly clock = new ManualClock();
  readonly platform: Platform;
  /** Connections that the platform ended, in order. */
  readonly closed: { readonly session: number; readonly reason: CloseReason; readonly atMs: number }[] = [];
  readonly #startedAt = this.clock.now();
  /** Number of the newest connection. */
  session = 0;

  constructor(
    options: {
      readonly policy?: Policy;
      readonly edition?: EditionName;
      readonly options?: Partial<Options>;
      readonly instanceId?: string;
      readonly dynamicRegistration?: boolean;
    } = {},
  ) {
    const { dynamicRegistration = true, ...rest } = options;
    this.platform = new Platform({ clock: this.clock, seed: 'bench', ...rest });
    this.operate({ action: 'CreateProduct', productKey: PK, productSecret: PS, dynamicRegistration });
  }

  operate(command: OperatorCommand): OperatorResult {
    return this.platform.operate(command);
  }

  /** An operator's request about one device. */
  on(action: DeviceAction, dn = DN): OperatorResult {
    return this.operate({ action, productKey: PK, deviceName: dn });
  }

  add(...deviceNames: string[]): this {
    this.operate({ action: 'AddDevices', productKey: PK, deviceNames });
    return this;
  }

  switch(on: boolean): OperatorResult {
    return this.operate({ action: 'X-SetDynamicRegistration', productKey: PK, on });
  }

  /** A CONNECT on a connection of its own; a refused one is closed by its front at once. */
  connect(request: Connect): ConnectDecision {
    const session = this.platform.open((reason) => {
      this.closed.push({ session, reason, atMs: this.clock.now() - this.#startedAt });
      this.platform.closed(session);
    });
    this.session = session;
    const decision = this.platform.connect({ ...request, session });
    if (decision.kind === 'refused') this.platform.closed(session);
    return decision;
  }

  register(mode: 'register' | 'regnwl' = 'register', dn = DN, bent: Bent = {}): ConnectDecision {
    return this.connect(registration(mode, dn, bent));
  }

  /** Registers and leaves, with what was delivered. */
  issue(mode: 'register' | 'regnwl' = 'register', dn = DN): Credentials {
    const decision = this.register(mode, dn);
    this.platform.closed(this.session);
    return credentialsOf(decision);
  }

  signIn(credentials: Credentials, dn = DN, bent: Bent = {}): ConnectDecision {
    return this.connect(signIn(credentials, dn, bent));
  }

  /** Ends connection `session` from the device's side. */
  hangUp(session = this.session): void {
    this.platform.closed(session);
  }

  detail(dn = DN): DeviceDetail | undefined {
    const result = this.operate({ action: 'QueryDeviceDetail', productKey: PK, deviceName: dn });
    return result.ok && result.kind === 'device' ? result.device : undefined;
  }

  status(dn = DN): string | undefined {
    return this.detail(dn)?.status;
  }

  clientIds(dn = DN): string[] {
    const result = this.operate({ action: 'QueryClientIds', productKey: PK, deviceName: dn });
    return result.ok && result.kind === 'client-ids' ? result.clientIds.map((one) => one.clientId) : [];
  }
}

export function credentialsOf(decision: ConnectDecision): Credentials {
  if (decision.kind !== 'registered') throw new Error(`not registered: ${brief(decision)}`);
  const reply = parseReply(decision.payload);
  return reply.kind === 'register' ? { deviceSecret: reply.deviceSecret } : { clientId: reply.clientId, deviceToken: reply.deviceToken };
}

/** `registered`, `online`, `2 transport`. */
export function brief(decision: ConnectDecision): string {
  return decision.kind === 'refused' ? `${decision.code} ${decision.why}` : decision.kind;
}
