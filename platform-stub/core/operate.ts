// What an operator of the platform can do: the console's and the cloud API's effects, without their wire formats. Reading is in query.ts.
import { ALPHANUMERIC, DIGITS } from '../../kernel/random.ts';
import { DEVICES_PER_PRODUCT, PRODUCTS_PER_ACCOUNT } from '../../protocol/limits.ts';
import { DEVICE_SECRET_MAX, isDeviceName, isProductKey } from '../../protocol/names.ts';
import { addDevice, askedOf, closeSessions, withBystanders, type Core, type Effect } from './core.ts';
import { query, type QueryCommand, type QueryResult } from './query.ts';
import { countedClientIds } from './register.ts';
import type { Device, IssuedClientId, Product } from './state.ts';
import { isFull } from './throttle.ts';

/** One request of an operator. `X-` marks what the vendor offers in the console only (RULE-15). */
export type OperatorCommand =
  | {
      readonly action: 'CreateProduct';
      /** Drawn where it is not given. */
      readonly productKey?: string;
      readonly productSecret?: string;
      readonly productName?: string;
      readonly description?: string;
      readonly attributes?: Readonly<Record<string, string>>;
      /** Off unless told: new products start so (RULE-14). */
      readonly dynamicRegistration?: boolean;
    }
  | { readonly action: 'UpdateProduct'; readonly productKey: string; readonly productName?: string; readonly description?: string }
  | { readonly action: 'DeleteProduct'; readonly productKey: string }
  /** The switch as a script turns it. */
  | { readonly action: 'X-SetDynamicRegistration'; readonly productKey: string; readonly on: boolean }
  /** The switch as the console turns it: on needs the code that was sent (RULE-14). */
  | { readonly action: 'X-SendVerificationCode'; readonly productKey: string }
  | {
      readonly action: 'X-TurnDynamicRegistration';
      readonly productKey: string;
      readonly on: boolean;
      readonly verificationCode?: string;
    }
  | { readonly action: 'AddDevices'; readonly productKey: string; readonly deviceNames: readonly string[] }
  | {
      readonly action: 'AddDevice';
      readonly productKey: string;
      readonly deviceName: string;
      readonly deviceSecret?: string;
      readonly nickname?: string;
    }
  | { readonly action: DeviceAction; readonly productKey: string; readonly deviceName: string }
  | { readonly action: 'TransformClientId'; readonly productKey: string; readonly deviceName: string; readonly clientId: string }
  | {
      readonly action: 'SetDeviceProperty';
      readonly productKey: string;
      readonly deviceName: string;
      /** Property to value (section 11). */
      readonly items: Readonly<Record<string, unknown>>;
    }
  | QueryCommand;

export type DeviceAction = 'DeleteDevice' | 'ResetThing' | 'DisableThing' | 'EnableThing' | 'DeleteClientIds';

export type OperatorResult =
  | { readonly ok: true; readonly kind: 'done' }
  /** A message is on its way, or nobody is there to take it: the log says which. */
  | { readonly ok: true; readonly kind: 'message'; readonly messageId: string }
  | { readonly ok: true; readonly kind: 'created'; readonly productKey: string; readonly productSecret: string }
  /** What the platform would send to the account's telephone; the stub has none, so it is told here. */
  | { readonly ok: true; readonly kind: 'verification'; readonly code: string; readonly validMs: number }
  | QueryResult
  | { readonly ok: false; readonly code: string; readonly message: string };

const DONE: OperatorResult = { ok: true, kind: 'done' };
const KEY_LENGTH = 11;
const SECRET_LENGTH = 16;
const CODE_LENGTH = 6;
const CODE_VALID_MS = 5 * 60_000;
const CODE_ATTEMPTS = 3;

export function failed(code: string, message: string): OperatorResult & { readonly ok: false } {
  return { ok: false, code, message };
}

/** Carries out one request of an operator; a failed one has changed nothing but a counter of wrong verification codes. */
export function operate(core: Core, command: OperatorCommand, now: number): [OperatorResult, Effect[]] {
  const read = query(core, command);
  if (read) return [read, []];
  const [result, effects] = act(core, command as Exclude<OperatorCommand, QueryCommand>, now);
  const of = command as { productKey?: string; deviceName?: string; clientId?: string };
  core.log.add(
    {
      type: 'operator',
      productKey: result.ok && result.kind === 'created' ? result.productKey : (of.productKey ?? ''),
      deviceName: of.deviceName ?? '',
      ...(of.clientId === undefined ? {} : { clientId: of.clientId }),
      operation: command.action,
      code: result.ok ? 200 : 460,
      reason: result.ok ? 'success' : result.message,
    },
    now,
  );
  return [result, withBystanders(core, effects, now)];
}

function act(core: Core, command: Exclude<OperatorCommand, QueryCommand>, now: number): [OperatorResult, Effect[]] {
  const { products } = core.state;
  if (command.action === 'CreateProduct') return [create(core, command, now), []];
  const product = products.get(command.productKey);
  if (!product) return [failed('iot.prod.NotExistedProduct', `no product ${command.productKey}`), []];
  switch (command.action) {
    case 'UpdateProduct':
      if (command.productName !== undefined && isTaken(core, command.productName, product))
        return [failed('iot.prod.AlreadyExistedProductName', `a product named ${command.productName} exists`), []];
      product.productName = command.productName ?? product.productName;
      product.description = command.description ?? product.description;
      return [DONE, []];
    case 'DeleteProduct':
      if (product.devices.size > 0)
        return [failed('iot.prod.DeleteProductFailed', `product ${product.productKey} still has ${product.devices.size} devices`), []];
      products.delete(product.productKey);
      core.state.deletedProducts.set(product.productKey, product.predecessors + 1);
      return [DONE, []];
    case 'X-SetDynamicRegistration':
      return turn(core, product, command.on, now);
    case 'X-SendVerificationCode': {
      const code = core.draws('verification', product.productKey, product.verificationsSent++).text(CODE_LENGTH, DIGITS);
      product.verification = { code, expiresAt: now + CODE_VALID_MS, attemptsLeft: CODE_ATTEMPTS };
      return [{ ok: true, kind: 'verification', code, validMs: CODE_VALID_MS }, []];
    }
    case 'X-TurnDynamicRegistration': {
      const wrong = command.on ? codeIsWrong(product, command.verificationCode, now) : undefined;
      return wrong ? [wrong, []] : turn(core, product, command.on, now);
    }
    case 'AddDevice':
      return [add(core, product, [command.deviceName], now, command.deviceSecret, command.nickname), []];
    case 'AddDevices':
      return [add(core, product, command.deviceNames, now), []];
    default: {
      const device = product.devices.get(command.deviceName);
      if (!device) return [failed('iot.device.NotExistedDevice', `no device ${command.deviceName} in product ${command.productKey}`), []];
      if (command.action === 'TransformClientId') return switchTo(core, product, device, command.clientId, now);
      if (command.action === 'SetDeviceProperty') {
        const messageId = String(++core.state.messages);
        return [{ ok: true, kind: 'message', messageId }, [{ kind: 'set-property', device, messageId, items: command.items }]];
      }
      return operateDevice(core, product, device, command.action, now);
    }
  }
}

function create(core: Core, command: Extract<OperatorCommand, { action: 'CreateProduct' }>, now: number): OperatorResult {
  const { products } = core.state;
  const draw = core.draws('product', core.state.productsMade);
  const productKey = command.productKey ?? `a1${draw.text(KEY_LENGTH - 2, ALPHANUMERIC)}`;
  const productSecret = command.productSecret ?? draw.text(SECRET_LENGTH, ALPHANUMERIC);
  if (!isProductKey(productKey))
    return failed('iot.prod.InvalidFormattedProductkey', `ProductKey ${productKey} is not 1-20 letters and digits`);
  if (products.has(productKey)) return failed('iot.prod.AlreadyExistedProductName', `product ${productKey} exists`);
  const { productName = productKey, description = '', attributes = {}, dynamicRegistration = false } = command;
  if (command.productName !== undefined && isTaken(core, productName))
    return failed('iot.prod.AlreadyExistedProductName', `a product named ${productName} exists`);
  if (core.options.limits === 'vendor' && products.size >= PRODUCTS_PER_ACCOUNT)
    return failed('iot.prod.ProductCountExceedMax', `an account has at most ${PRODUCTS_PER_ACCOUNT} products`);
  core.state.productsMade += 1;
  products.set(productKey, {
    productKey,
    productSecret,
    productName,
    description,
    createdAt: now,
    predecessors: core.state.deletedProducts.get(productKey) ?? 0,
    attributes,
    dynamicRegistration,
    verification: undefined,
    verificationsSent: 0,
    devices: new Map(),
    buried: new Map(),
    randoms: new Set(),
  });
  return { ok: true, kind: 'created', productKey, productSecret };
}

/** Has another product this name? */
function isTaken(core: Core, productName: string, own?: Product): boolean {
  return [...core.state.products.values()].some((one) => one !== own && one.productName === productName);
}

/** Turns the switch; what a platform without RULE-12 ends with it. */
function turn(core: Core, product: Product, on: boolean, now: number): [OperatorResult, Effect[]] {
  product.dynamicRegistration = on;
  if (on) return [DONE, []];
  const hit = [...product.devices.values()].filter((device) => !core.policy['RULE-12'](product, device));
  return [DONE, hit.flatMap((device) => closeSessions(core, device.sessions, 'disabled', now))];
}

/** A code serves once, for five minutes, and dies of three wrong answers. */
function codeIsWrong(product: Product, given: string | undefined, now: number): OperatorResult | undefined {
  const sent = product.verification;
  if (!sent || sent.expiresAt <= now || sent.attemptsLeft === 0)
    return failed('X-VerificationRequired', 'turning dynamic registration on needs a verification code: have one sent');
  if (given !== sent.code) {
    sent.attemptsLeft -= 1;
    const next = sent.attemptsLeft > 0 ? `${sent.attemptsLeft} attempts are left` : 'have another one sent';
    return failed('X-VerificationFailed', `the verification code is wrong; ${next}`);
  }
  product.verification = undefined;
  return undefined;
}

function add(core: Core, product: Product, names: readonly string[], now: number, secret?: string, nickname?: string): OperatorResult {
  const illegal = names.find((name) => !isDeviceName(name));
  if (illegal !== undefined)
    return failed('iot.device.InvalidFormattedDeviceName', `DeviceName ${illegal} is not 4-32 letters, digits and - _ . @ :`);
  const seen = new Set<string>();
  const taken = names.find((name) => product.devices.has(name) || seen.size === seen.add(name).size);
  if (taken !== undefined) return failed('iot.device.AlreadyExistedDeviceName', `DeviceName ${taken} exists`);
  if (secret !== undefined && !isDeliverable(secret))
    return failed(
      'iot.device.InvalidFormattedDeviceSecret',
      `the DeviceSecret of ${names[0] ?? ''} cannot be delivered: 1-${DEVICE_SECRET_MAX} characters that JSON does not escape`,
    );
  if (isFull(core, product, names.length))
    return failed('iot.device.DeviceCountExceeded', `a product has at most ${DEVICES_PER_PRODUCT} devices`);
  for (const name of names) addDevice(core, product, name, now, secret).nickname = nickname ?? '';
  return DONE;
}

/** A reply carries it as it is (C SDKs do not unescape, and store 63 characters). */
function isDeliverable(secret: string): boolean {
  return secret.length > 0 && secret.length <= DEVICE_SECRET_MAX && JSON.stringify(secret) === `"${secret}"`;
}

function operateDevice(core: Core, product: Product, device: Device, action: DeviceAction, now: number): [OperatorResult, Effect[]] {
  const { policy, options } = core;
  const asked = askedOf(core, product, device.deviceName);
  switch (action) {
    case 'DisableThing':
      device.disabled = true;
      device.wasDisabled = true;
      return [DONE, policy['RULE-36'](device, asked, 'action') ? [] : closeSessions(core, device.sessions, 'disabled', now)];
    case 'EnableThing':
      device.disabled = false;
      return [DONE, []];
    case 'ResetThing': {
      // RULE-30, RULE-31: without effect on a device that never activated and on ClientIDs.
      if (device.activatedAt === undefined && options.resetInactive === 'refused')
        return [failed('iot.device.InactiveDevice', `device ${device.deviceName} never activated`), []];
      if (device.credential === 'token' && options.resetTokenDevice === 'refused')
        return [failed('iot.device.InvalidFormattedDeviceName', `device ${device.deviceName} has no DeviceSecret to reset`), []];
      if (policy['RULE-25'](asked) === 'unregistered' && device.activatedAt !== undefined) device.registration = 'unregistered';
      if (policy['RULE-26']() === 'inactive') device.activatedAt = undefined;
      device.secretIsStale = options.secretAfterReset === 'new' && device.activatedAt !== undefined;
      return [DONE, options.sessionAtReset === 'closed' ? closeSessions(core, device.sessions, 'reset', now) : []];
    }
    case 'DeleteDevice': {
      if (options.deleteOnline === 'refused' && device.sessions.size > 0)
        return [failed('iot.device.DeleteDeviceFailed', `device ${device.deviceName} is online`), []];
      const incarnations = (product.buried.get(device.deviceName)?.incarnations ?? 0) + 1;
      product.buried.set(device.deviceName, {
        deviceSecret: device.deviceSecret,
        incarnations,
        slots: countedClientIds(core, device),
      });
      const effects = closeSessions(core, device.sessions, 'deleted', now);
      // Only a platform without RULE-32 keeps it on its list.
      if (policy['RULE-32'](asked) === 'listed') device.disabled = true;
      else product.devices.delete(device.deviceName);
      return [DONE, effects];
    }
    case 'DeleteClientIds': {
      const spared = policy['RULE-46'](device.clientIds, 'sessions', asked);
      device.clientIds = policy['RULE-46'](device.clientIds, 'list', asked);
      device.pinned = false;
      return [DONE, endForbidden(core, device, spared, 'cleared', now)];
    }
  }
}

function switchTo(core: Core, product: Product, device: Device, clientId: string, now: number): [OperatorResult, Effect[]] {
  // RULE-50: a ClientID that is not on the list changes nothing.
  if (!device.clientIds.some((one) => one.clientId === clientId)) {
    if (core.options.switchToUnknown === 'ignored') return [DONE, []];
    return [failed('iot.device.NotExistedDevice', `ClientID is not one of device ${device.deviceName}`), []];
  }
  const asked = askedOf(core, product, device.deviceName);
  const spared = core.policy['RULE-45'](device.clientIds, clientId, 'sessions', asked);
  const usable = core.policy['RULE-45'](device.clientIds, clientId, 'list', asked);
  if (core.options.listAfterSwitch === 'dropped') device.clientIds = usable;
  else for (const one of device.clientIds) one.forbidden = !usable.includes(one);
  device.pinned = core.options.pinAfterSwitch === 'on';
  return [DONE, endForbidden(core, device, spared, 'switched', now)];
}

/** RULE-47: sessions of ClientIDs that may no longer connect are closed at once. */
function endForbidden(
  core: Core,
  device: Device,
  spared: readonly IssuedClientId[],
  reason: 'switched' | 'cleared',
  now: number,
): Effect[] {
  if (core.options.sessionsAtSwitch === 'kept') return [];
  const kept = new Set(spared.map((one) => one.clientId));
  const over = [...device.sessions].filter((session) => session.clientId !== undefined && !kept.has(session.clientId));
  return closeSessions(core, over, reason, now);
}
