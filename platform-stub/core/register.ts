// Dynamic registration in both modes, over MQTT and HTTPS: sections 2, 3 and 5 of the protocol notes.
// Order of checks: grammar, transport, product, signature, switch, device, disabled, activated, cap. A request that fails one of them has
// changed nothing but the counters that no correct rule reads.
import { CONNACK, HTTP_CODE } from '../../protocol/codes.ts';
import { registrationContent } from '../../protocol/content.ts';
import { isDeviceName } from '../../protocol/names.ts';
import { formatReply, type SecretReply, type TokenReply } from '../../protocol/payload.ts';
import { sign, type SignMethod } from '../../protocol/sign.ts';
import type { StreamFacts } from '../../kernel/bytes/stream.ts';
import { addDevice, closeSessions, drawClientId, drawSecret, type ConnectDecision, type Core, type Effect, type Refusal } from './core.ts';
import type { Device, Product } from './state.ts';

export interface RegistrationRequest {
  readonly mode: 'register' | 'regnwl';
  readonly facts: StreamFacts;
  readonly productKey: string;
  readonly deviceName: string;
  readonly random: string;
  readonly signMethod: SignMethod;
  readonly signature: string;
  /** Seconds; over HTTPS 0. */
  readonly keepAlive: number;
}

export type Registration =
  | { readonly kind: 'issued'; readonly reply: SecretReply | TokenReply; readonly effects: Effect[] }
  | { readonly kind: 'refused'; readonly why: Refusal };

/** Registers a device, or says which check refused it. */
export function register(core: Core, request: RegistrationRequest, now: number): Registration {
  const { policy, state } = core;
  const refused = (why: Refusal): Registration => ({ kind: 'refused', why });
  if (!policy['RULE-02'](request.facts)) return refused('transport');
  if (!policy['RULE-03'](request.keepAlive)) return refused('keep-alive');
  const product = state.products.get(request.productKey);
  if (!product) return refused('unknown-product');
  const known = product.devices.get(request.deviceName);
  if (known) known.attempts += 1;
  const expected = sign(request.signMethod, product.productSecret, registrationContent(request));
  if (!policy['RULE-01'](policy['RULE-04'](request.signature, expected))) return refused('signature');
  const nonce = `${request.deviceName}\n${request.random}`;
  if (!policy['RULE-08'](product.randoms.has(nonce))) return refused('signature');
  if (!policy['RULE-11'](product)) return refused('switch-off');

  const registration =
    request.mode === 'register'
      ? registerSecret(core, product, known, request.deviceName, now)
      : registerToken(core, product, known, request.deviceName, now);
  if (registration.kind === 'issued') {
    // Only a platform without RULE-08 reads this set; keeping it small is enough.
    if (product.randoms.size < 4096) product.randoms.add(nonce);
    const device = product.devices.get(request.deviceName) as Device;
    if (policy['RULE-07']() === 'kicks-the-device') registration.effects.push(...closeSessions(core, device.sessions, 'kicked'));
    if (policy['RULE-20']() === 'at-registration') {
      device.activatedAt ??= now;
      device.registration = 'registered';
    }
  }
  return registration;
}

function registerSecret(core: Core, product: Product, known: Device | undefined, deviceName: string, now: number): Registration {
  const { policy } = core;
  if (!policy['RULE-16'](known)) return { kind: 'refused', why: 'not-added' };
  const device = known ?? addDevice(core, product, deviceName, now);
  if (!policy['RULE-36'](device)) return { kind: 'refused', why: 'disabled' };
  // RULE-53: a device made by regnwl signs in with its token.
  if (device.credential === 'token') return { kind: 'refused', why: 'activated' };
  if (!policy['RULE-21'](device)) return { kind: 'refused', why: 'activated' };
  if (device.activatedAt === undefined && !policy['RULE-19'](device)) return { kind: 'refused', why: 'registered-twice' };
  if (core.edition.deviceSecretPolicy === 'rotate' && device.secretsIssued > 0) device.deviceSecret = drawSecret(core, device);
  device.secretsIssued += 1;
  device.registration = 'issued';
  const delivered = policy['RULE-18']() === 'last-delivered' ? device.deviceSecret : drawSecret(core, device);
  return { kind: 'issued', effects: [], reply: { kind: 'register', productKey: product.productKey, deviceName, deviceSecret: delivered } };
}

function registerToken(core: Core, product: Product, known: Device | undefined, deviceName: string, now: number): Registration {
  const { policy } = core;
  if (!known && !policy['RULE-37']()) return { kind: 'refused', why: 'not-added' };
  if (known && !policy['RULE-36'](known)) return { kind: 'refused', why: 'disabled' };
  // RULE-53: an activated device that signs in with a secret keeps doing so.
  if (known?.credential === 'secret' && known.activatedAt !== undefined) return { kind: 'refused', why: 'activated' };
  if (known && !policy['RULE-39']({ product, device: known, now })) {
    if (policy['RULE-40']() === 'forgotten') known.clientIds = [];
    return { kind: 'refused', why: 'cap' };
  }
  const device = known ?? addDevice(core, product, deviceName, now);
  if (!known) device.attempts += 1;
  device.credential = 'token';
  device.registration = 'issued';
  const choice = policy['RULE-38'](device);
  const issued = choice === 'unique' ? drawClientId(core, device, now) : choice;
  if (choice === 'unique') {
    device.clientIdsIssued += 1;
    device.clientIds.push(issued);
  }
  return {
    kind: 'issued',
    effects: [],
    reply: { kind: 'regnwl', productKey: product.productKey, deviceName, clientId: issued.clientId, deviceToken: issued.deviceToken },
  };
}

/** CONNACK return code of a refused registration (section 2.5: 2 for grammar and transport, 4 for the rest). */
export function connackOf(core: Core, why: Refusal): number {
  switch (why) {
    case 'malformed':
      return core.policy['RULE-09']();
    case 'transport':
    case 'keep-alive':
      return CONNACK.identifier;
    default:
      return CONNACK.credentials;
  }
}

/** `code` of a refused HTTPS registration (section 3, S9). */
export function httpCodeOf(why: Refusal): number {
  switch (why) {
    case 'malformed':
    case 'transport':
    case 'keep-alive':
      return HTTP_CODE.parameter;
    case 'unknown-product':
      return HTTP_CODE.productNotFound;
    case 'switch-off':
      return HTTP_CODE.registrationOff;
    case 'not-added':
    case 'not-offered':
      return HTTP_CODE.deviceNotFound;
    case 'disabled':
      return HTTP_CODE.deviceDisabled;
    case 'activated':
    case 'registered-twice':
    case 'cap':
      return HTTP_CODE.alreadyActivated;
    case 'signature':
    case 'credentials':
      return HTTP_CODE.signature;
  }
}

/** The decision a registration CONNECT gets, with a name that could not exist refused as malformed (RULE-37). */
export function decideRegistration(core: Core, request: RegistrationRequest, now: number): [ConnectDecision, Effect[]] {
  const outcome: Registration = isDeviceName(request.deviceName) ? register(core, request, now) : { kind: 'refused', why: 'malformed' };
  if (outcome.kind === 'refused') return [{ kind: 'refused', code: connackOf(core, outcome.why), why: outcome.why }, []];
  const topic = core.edition.replyTopic[outcome.reply.kind];
  return [{ kind: 'registered', topic, payload: formatReply(outcome.reply), delivery: core.policy['RULE-05']() }, outcome.effects];
}
