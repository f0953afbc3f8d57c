// Dynamic registration in both modes, over MQTT and HTTPS: sections 2, 3 and 5 of the protocol notes.
// Order of checks: grammar, transport, product, signature, switch, device, disabled, activated, cap. A request that fails one of them has
// changed nothing but the counters that no correct rule reads.
import { CONNACK, HTTP_CODE } from '../../protocol/codes.ts';
import { registrationContent } from '../../protocol/content.ts';
import { CLIENT_IDS_PER_DEVICE } from '../../protocol/limits.ts';
import { isDeviceName } from '../../protocol/names.ts';
import { formatReply, type SecretReply, type TokenReply } from '../../protocol/payload.ts';
import { sign, type SignMethod } from '../../protocol/sign.ts';
import { REPLY_TOPIC } from '../../protocol/topics.ts';
import type { StreamFacts } from '../../kernel/bytes/stream.ts';
import {
  addDevice,
  askedOf,
  closeSessions,
  drawClientId,
  drawSecret,
  type ConnectDecision,
  type Core,
  type Effect,
  type Refusal,
} from './core.ts';
import type { Asked, SignedRequest } from './policy.ts';
import type { Device, Product } from './state.ts';
import { admits, isFull } from './throttle.ts';

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
  readonly instanceId?: string | undefined;
  readonly via: 'mqtt' | 'https';
}

export type Registration =
  | {
      readonly kind: 'issued';
      readonly reply: SecretReply | TokenReply;
      readonly effects: Effect[];
      /** Only a platform without RULE-38 keeps the token to itself. */
      readonly withoutToken?: boolean;
    }
  | { readonly kind: 'refused'; readonly why: Refusal };

/** Registers a device, or says which check refused it. Either way the audit log has it. */
export function register(core: Core, request: RegistrationRequest, now: number): Registration {
  const outcome = decide(core, request, now);
  const issued = outcome.kind === 'issued' && outcome.reply.kind === 'regnwl' ? { clientId: outcome.reply.clientId } : {};
  core.log.add(
    {
      type: 'registration',
      productKey: request.productKey,
      deviceName: request.deviceName,
      ...issued,
      operation: request.mode,
      content: `${request.via} over ${request.facts.kind}`,
      code: outcome.kind === 'issued' ? HTTP_CODE.ok : httpCodeOf(outcome.why),
      reason: outcome.kind === 'issued' ? 'issued' : outcome.why,
    },
    now,
  );
  return outcome;
}

function decide(core: Core, request: RegistrationRequest, now: number): Registration {
  const { policy, options, state } = core;
  const refused = (why: Refusal): Registration => ({ kind: 'refused', why });
  if (!isDeviceName(request.deviceName)) return refused('malformed');
  const inClear = request.via === 'https' ? options.plainHttp : request.facts.kind === 'ws' ? options.wsRegistration : 'refused';
  if (!policy['RULE-02'](request.facts) && inClear === 'refused') return refused('transport');
  if (!policy['RULE-03'](request.keepAlive)) return refused('keep-alive');
  const product = state.products.get(request.productKey);
  if (!product) return refused('unknown-product');
  const known = product.devices.get(request.deviceName);
  if (known) known.attempts += 1;
  const content = registrationContent(request);
  const signedBy = (key: string, other = content): string => sign(request.signMethod, key, other);
  const signed: SignedRequest = {
    ...askedOf(core, product, request.deviceName),
    mode: request.mode,
    signature: request.signature,
    signedBy,
  };
  const isVerified = policy['RULE-04'](request.signature, signedBy(product.productSecret), {
    purpose: 'registration',
    product,
    deviceName: request.deviceName,
    content,
    clientPart: undefined,
    signedBy,
  });
  if (!policy['RULE-01'](isVerified, signed)) return refused('signature');
  const { instanceId } = core;
  if (options.otherInstance === 'refused' && instanceId !== undefined && (request.instanceId ?? instanceId) !== instanceId)
    return refused('other-instance');
  if (!admits(core, known, now)) return refused('throttled');
  const nonce = `${request.deviceName}\n${request.random}`;
  if (!policy['RULE-08'](product.randoms.has(nonce))) return refused('signature');
  if (!policy['RULE-11'](product, signed)) return refused('switch-off');

  const registration =
    request.mode === 'register'
      ? registerSecret(core, product, known, request.deviceName, now)
      : registerToken(core, product, known, request.deviceName, now);
  if (registration.kind === 'issued') {
    // Only a platform without RULE-08 reads this set; keeping it small is enough.
    if (product.randoms.size < 4096 && nonce.length <= 128) product.randoms.add(nonce);
    const device = product.devices.get(request.deviceName) as Device;
    if (options.registrationPresence === 'kicks-the-device') {
      registration.effects.push(...closeSessions(core, device.sessions, 'kicked', now));
    }
    if (policy['RULE-20']() === 'at-registration' || (device.credential === 'token' && options.tokenActivation === 'at-registration')) {
      device.activatedAt ??= now;
      device.registration = 'registered';
    }
    // RULE-29: after ResetThing it may count as registered already now.
    if (device.activatedAt !== undefined && options.registeredAgain === 'at-registration') device.registration = 'registered';
  }
  return registration;
}

function registerSecret(core: Core, product: Product, known: Device | undefined, deviceName: string, now: number): Registration {
  const { policy, options } = core;
  const refused = (why: Refusal): Registration => ({ kind: 'refused', why });
  if (!policy['RULE-16'](known)) return refused('not-added');
  if (!known && isFull(core, product)) return refused('product-full');
  if (product.buried.has(deviceName) && policy['RULE-33']() === 'closed-name') return refused('activated');
  const device = known ?? addDevice(core, product, deviceName, now);
  const asked = askedOf(core, product, deviceName);
  if (!policy['RULE-36'](device, asked, 'registration') && options.disabledRegisters === 'refused') return refused('disabled');
  // RULE-53: a device made by regnwl signs in with its token.
  if (device.credential === 'token') {
    if (options.registerOnTokenDevice === 'refused') return refused('activated');
    if (device.activatedAt !== undefined) return refused('activated');
    device.credential = 'secret';
    device.clientIds = [];
  }
  if (!policy['RULE-21'](device, asked) && !policy['RULE-22'](device)) return refused('activated');
  if (device.activatedAt === undefined && !policy['RULE-19'](device)) return refused('registered-twice');
  if (device.secretIsStale || (options.deviceSecretPolicy === 'rotate' && device.secretsIssued > 0)) {
    device.deviceSecret = drawSecret(core, device);
  }
  device.secretIsStale = false;
  device.secretsIssued += 1;
  device.registration = 'issued';
  const owner = policy['RULE-18'](device, product);
  const delivered = owner === 'another' ? drawSecret(core, device) : (owner === 'last-delivered' ? device : owner).deviceSecret;
  return { kind: 'issued', effects: [], reply: { kind: 'register', productKey: product.productKey, deviceName, deviceSecret: delivered } };
}

/** RULE-53: what a DeviceName that was added beforehand may do in the other mode. */
function mayTakeToken(core: Core, device: Device): boolean {
  if (device.credential === 'token') return true;
  const { regnwlOnAddedDevice } = core.options;
  if (regnwlOnAddedDevice === 'while-inactive') return device.activatedAt === undefined;
  return regnwlOnAddedDevice === 'accepted';
}

/** ClientIDs that count towards the five (RULE-39, RULE-35). */
export function countedClientIds(core: Core, device: Device): number {
  const { countLimit } = core.options;
  const own = device.clientIds.filter((one) => countLimit === 'issued' || one.firstConnectedAt !== undefined).length;
  return own + device.inheritedSlots;
}

function registerToken(core: Core, product: Product, known: Device | undefined, deviceName: string, now: number): Registration {
  const { policy, options } = core;
  const refused = (why: Refusal): Registration => ({ kind: 'refused', why });
  if (options.regnwlOffered === 'enterprise' && options.instanceKind === 'public') return refused('not-offered');
  if (!known && !policy['RULE-37']()) return refused('not-added');
  if (known && !policy['RULE-36'](known, askedOf(core, product, deviceName), 'registration') && options.disabledRegisters === 'refused')
    return refused('disabled');
  if (known && !mayTakeToken(core, known)) return refused('activated');
  // RULE-49: pinned to the retained ClientID until a Clear.
  if (known?.pinned) return refused('pinned');
  if (!known && isFull(core, product)) return refused('product-full');
  const buriedSlots = options.countAfterDelete === 'continues' ? (product.buried.get(deviceName)?.slots ?? 0) : 0;
  const counted = known ? countedClientIds(core, known) : buriedSlots;
  if (known && !policy['RULE-39']({ product, device: known, counted, now })) {
    if (policy['RULE-40']() === 'forgotten') known.clientIds = [];
    return refused('cap');
  }
  if (!known && counted >= CLIENT_IDS_PER_DEVICE) return refused('cap');
  const device = known ?? addDevice(core, product, deviceName, now);
  if (!known) device.attempts += 1;
  device.credential = 'token';
  device.registration = 'issued';
  const choice = policy['RULE-38'](device);
  const isNew = choice === 'unique' || choice === 'without-token';
  const issued = isNew ? drawClientId(core, device, now) : choice;
  if (isNew) {
    device.clientIdsIssued += 1;
    device.clientIds.push(issued);
  }
  return {
    kind: 'issued',
    effects: [],
    withoutToken: choice === 'without-token',
    reply: { kind: 'regnwl', productKey: product.productKey, deviceName, clientId: issued.clientId, deviceToken: issued.deviceToken },
  };
}

/**
 * CONNACK return code of a refusal (sections 2.5, 4d): 2 for grammar and transport, 4 for credentials; where the documents state none it
 * is an option.
 */
export function connackOf(core: Core, why: Refusal, asked?: Asked): number {
  const { policy, options } = core;
  switch (why) {
    case 'malformed':
      return policy['RULE-09'](asked);
    case 'auth-type':
      return Number(options.unknownAuthType);
    case 'sign-method':
      return Number(options.unsupportedSignMethod);
    case 'transport':
    case 'keep-alive':
      return CONNACK.identifier;
    case 'throttled':
      return Number(options.throttleCode);
    case 'signature':
    case 'credentials':
    case 'other-instance':
      return CONNACK.credentials;
    default:
      return Number(options.refusalCode);
  }
}

/** `code` of a refused HTTPS registration (section 3, S9), and how the logs name any refusal. */
export function httpCodeOf(why: Refusal): number {
  switch (why) {
    case 'malformed':
    case 'auth-type':
    case 'transport':
    case 'keep-alive':
      return HTTP_CODE.parameter;
    case 'sign-method':
      return HTTP_CODE.signMethod;
    case 'unknown-product':
    case 'other-instance':
      return HTTP_CODE.productNotFound;
    case 'switch-off':
      return HTTP_CODE.registrationOff;
    case 'not-added':
    case 'not-offered':
    case 'product-full':
      return HTTP_CODE.deviceNotFound;
    case 'disabled':
      return HTTP_CODE.deviceDisabled;
    case 'activated':
    case 'registered-twice':
    case 'not-registered':
    case 'cap':
    case 'pinned':
      return HTTP_CODE.alreadyActivated;
    case 'throttled':
      return HTTP_CODE.throttled;
    case 'signature':
    case 'credentials':
      return HTTP_CODE.signature;
  }
}

function withoutToken(payload: string): string {
  return JSON.stringify({ ...(JSON.parse(payload) as object), deviceToken: undefined });
}

/** The decision a registration CONNECT gets. */
export function decideRegistration(core: Core, request: RegistrationRequest, now: number): [ConnectDecision, Effect[]] {
  const outcome = register(core, request, now);
  if (outcome.kind === 'refused') return [{ kind: 'refused', code: connackOf(core, outcome.why), why: outcome.why }, []];
  const topic = outcome.reply.kind === 'register' ? REPLY_TOPIC.register : core.options.regnwlReplyTopic;
  const payload = outcome.withoutToken ? withoutToken(formatReply(outcome.reply)) : formatReply(outcome.reply);
  return [{ kind: 'registered', topic, payload, delivery: core.policy['RULE-05']() }, outcome.effects];
}
