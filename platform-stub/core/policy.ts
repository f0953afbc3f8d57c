// Where each rule is enforced: one pure function an entry, keyed by the rule's id in the rule catalogue.
// `POLICY` is a correct platform. `OFF` answers as a platform that does not know the rule; a mutant replaces one entry.
import { CONNACK } from '../../protocol/codes.ts';
import { sameSignature } from '../../protocol/sign.ts';
import { CLIENT_IDS_PER_DEVICE, KEEP_ALIVE_MIN, REGISTRATION_CLOSE_MS } from '../../protocol/limits.ts';
import type { StreamFacts } from '../../kernel/bytes/stream.ts';
import type { Device, DeviceStatus, IssuedClientId, Product, Session } from './state.ts';

/** Whom a request or an operator's action names, and what a wrong platform could do to them. A correct one looks at none of it. */
export interface Asked {
  readonly product: Product;
  readonly deviceName: string;
  /** Undefined where no such device exists (any more). */
  readonly device: Device | undefined;
  /** Every product of the platform, this one included. */
  readonly products: Iterable<Product>;
  /** Ends connections beside those that the rules end. */
  readonly end: (sessions: Iterable<Session>) => void;
}

/** A registration as it was signed. */
export interface SignedRequest extends Asked {
  readonly mode: 'register' | 'regnwl';
  readonly signature: string;
  /** The signature that the request would bear with another key, or over another text. */
  readonly signedBy: (key: string, content?: string) => string;
}

/** What signatures are compared for: HMAC by the ProductSecret in a registration, by the DeviceSecret where a device signs in. */
export interface Compared {
  readonly purpose: 'registration' | 'sign-in';
  readonly product: Product;
  readonly deviceName: string;
  /** What was signed. */
  readonly content: string;
  /** What stands before the bars of the client identifier; undefined in a registration. */
  readonly clientPart: string | undefined;
  readonly signedBy: (key: string, content?: string) => string;
}

/** How a connection of a device ended. */
export interface Ended {
  readonly device: Device;
  readonly session: Session;
  /** In the words of the log (section 7.3). */
  readonly reason: string;
}

/** What the cap is asked about: a registration that passed everything else. */
export interface CapContext {
  readonly product: Product;
  readonly device: Device;
  /** ClientIDs that count, as the option `countLimit` has it. */
  readonly counted: number;
  readonly now: number;
}

export const POLICY = {
  /** Both modes authenticate with HMAC(ProductSecret): is this request let through? */
  'RULE-01': (signatureVerified: boolean, _request: SignedRequest): boolean => signatureVerified,
  /** Registration works on TLS only; plain TCP and `ws` get CONNACK 2. */
  'RULE-02': (facts: StreamFacts): boolean => facts.encrypted,
  /** Keep-alive (seconds) of a registration is not examined. */
  'RULE-03': (_keepAlive: number): boolean => true,
  /** Hex is compared without case. */
  'RULE-04': (presented: string, expected: string, _compared: Compared): boolean => sameSignature(presented, expected),
  /**
   * The reply comes unsolicited, to the registering connection only; it could wait for a SUBSCRIBE, or be published to everybody, and be
   * kept there for those who come later.
   */
  'RULE-05': (): 'unsolicited' | 'on-subscribe' | 'published' | 'retained' => 'unsolicited',
  /** Milliseconds after the reply at which the platform ends a registration connection. */
  'RULE-06': (): number | undefined => REGISTRATION_CLOSE_MS,
  /** `random` may repeat. */
  'RULE-08': (_seenBefore: boolean): boolean => true,
  /** CONNACK for parameters that are missing or malformed. */
  'RULE-09': (_asked: Asked | undefined): number => CONNACK.identifier,
  /** May a product in this state register new devices, in whichever mode? */
  'RULE-11': (product: Product, _request: SignedRequest): boolean => product.dynamicRegistration,
  /** The switch does not touch what is activated: may this device connect? */
  'RULE-12': (_product: Product, _device: Device): boolean => true,
  /** A DeviceName must have been added before it registers. */
  'RULE-16': (device: Device | undefined): boolean => device !== undefined,
  /** State of a device that was just added. */
  'RULE-17': (): DeviceStatus => 'UNACTIVE',
  /** Does the secret delivered last open the device? It could be another one, or another device's. */
  'RULE-18': (_device: Device, _product: Product): 'last-delivered' | 'another' | Device => 'last-delivered',
  /** Registering again before activation is permitted, however often. */
  'RULE-19': (_device: Device): boolean => true,
  /** Registration does not activate. */
  'RULE-20': (): 'at-first-connect' | 'at-registration' | 'never' => 'at-first-connect',
  /** An activated device is refused registration. */
  'RULE-21': (device: Device, _asked: Asked): boolean => !(device.registration === 'registered' && device.activatedAt !== undefined),
  /** One certificate activates one unit: may another take it over while the first is away? */
  'RULE-22': (_device: Device): boolean => false,
  /** A device that was added may connect with its secret without ever registering. */
  'RULE-23': (_device: Device): boolean => true,
  /** ResetThing makes registration possible again. */
  'RULE-25': (_asked: Asked): 'unregistered' | 'unchanged' => 'unregistered',
  /** ResetThing leaves the activation status alone. */
  'RULE-26': (): 'unchanged' | 'inactive' => 'unchanged',
  /** Deleting a device ends its certificate; it could stay on the list, disabled. */
  'RULE-32': (_asked: Asked): 'dead' | 'still-valid' | 'listed' => 'dead',
  /** A DeviceName that is added again gets a secret of its own, and starts as any new device does. */
  'RULE-33': (): 'new-secret' | 'old-secret' | 'already-active' | 'closed-name' => 'new-secret',
  /** A disabled device cannot connect or register, and its session is closed. */
  'RULE-36': (device: Device, _asked?: Asked, _during?: 'action' | 'registration' | 'sign-in'): boolean => !device.disabled,
  /** Preregistration-free: an unknown DeviceName is created. */
  'RULE-37': (): boolean => true,
  /** Each accepted regnwl issues a pair of its own; it could hand out the one before again, or a ClientID without its token. */
  'RULE-38': (_device: Device): IssuedClientId | 'unique' | 'without-token' => 'unique',
  /** Room for one more ClientID under this DeviceName? */
  'RULE-39': (cap: CapContext): boolean => cap.counted < CLIENT_IDS_PER_DEVICE,
  /** What a refused sixth registration does to the first five. */
  'RULE-40': (): 'unaffected' | 'forgotten' => 'unaffected',
  /** Switch: which ClientIDs stay on the list, or whose sessions stay. */
  'RULE-45': (issued: readonly IssuedClientId[], kept: string, _of: 'list' | 'sessions', _asked: Asked): IssuedClientId[] =>
    issued.filter((one) => one.clientId === kept),
  /** Clear: the same. */
  'RULE-46': (_issued: readonly IssuedClientId[], _of: 'list' | 'sessions', _asked: Asked): IssuedClientId[] => [],
  /** What this token opens: the ClientID that was named, if the device has it. It could open what the token was not issued for. */
  'RULE-55': (issued: IssuedClientId | undefined, token: string, _device: Device, _product: Product): IssuedClientId | undefined =>
    issued?.deviceToken === token ? issued : undefined,
  /** Status of an activated device; `ended` is there when a connection has just gone. */
  'RULE-56': (online: boolean, _ended?: Ended): DeviceStatus => (online ? 'ONLINE' : 'OFFLINE'),
  /**
   * Newest connection of a certificate wins. It could lose, live beside the older one, or end the connections of
   * others, those given; and what waits for it could wait for whoever comes under its name.
   */
  'RULE-57': (_device: Device, _live: Iterable<Session>): 'kick-older' | 'keep-both' | 'older-wins' | 'by-name' | readonly Session[] =>
    'kick-older',
  /** Keep-alive (seconds) of an ordinary connection. */
  'RULE-58': (keepAlive: number): boolean => keepAlive >= KEEP_ALIVE_MIN,
  /** Topics of others are out of reach. */
  'RULE-59': (ownTopic: boolean): boolean => ownTopic,
};

export type Policy = typeof POLICY;
export type PolicyRule = keyof Policy;

/** A platform that does not enforce the rule; one entry of it makes the generated mutant `off:RULE-nn`. */
export const OFF: Policy = {
  'RULE-01': () => true,
  'RULE-02': () => true,
  'RULE-03': (keepAlive) => keepAlive >= KEEP_ALIVE_MIN,
  'RULE-04': (presented, expected) => presented === expected,
  'RULE-05': () => 'on-subscribe',
  'RULE-06': () => undefined,
  'RULE-08': (seenBefore) => !seenBefore,
  'RULE-09': () => CONNACK.credentials,
  'RULE-11': () => true,
  'RULE-12': (product) => product.dynamicRegistration,
  'RULE-16': () => true,
  'RULE-17': () => 'OFFLINE',
  'RULE-18': () => 'another',
  'RULE-19': (device) => device.secretsIssued === 0 && device.attempts <= 1,
  'RULE-20': () => 'at-registration',
  'RULE-21': () => true,
  'RULE-22': (device) => device.sessions.size === 0,
  'RULE-23': (device) => device.registration !== 'unregistered' || device.activatedAt !== undefined,
  'RULE-25': () => 'unchanged',
  'RULE-26': () => 'inactive',
  'RULE-32': () => 'still-valid',
  'RULE-33': () => 'old-secret',
  'RULE-36': () => true,
  'RULE-37': () => false,
  'RULE-38': (device) => device.clientIds[0] ?? 'unique',
  'RULE-39': () => true,
  'RULE-40': () => 'forgotten',
  'RULE-45': (issued) => [...issued],
  'RULE-46': (issued) => [...issued],
  'RULE-55': (issued, token, device) => (device.clientIds.some((one) => one.deviceToken === token) ? issued : undefined),
  'RULE-56': () => 'UNACTIVE',
  'RULE-57': () => 'keep-both',
  'RULE-58': () => true,
  'RULE-59': () => true,
};

/** A policy with one entry replaced. */
export function withEntry<R extends PolicyRule>(rule: R, replace: Policy[R]): Policy {
  return { ...POLICY, [rule]: replace };
}

/** The rules this platform enforces, in order. */
export const POLICY_RULES = Object.keys(POLICY) as PolicyRule[];
