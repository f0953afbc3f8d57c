// An MQTT CONNECT of either kind: registration, or a device that signs in with what it was issued (section 4).
import { HTTP_CODE } from '../../protocol/codes.ts';
import { connectContents } from '../../protocol/content.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import { EXT_NOTIFY, readLogin, type Login } from '../../protocol/identifier.ts';
import { KEEP_ALIVE_MAX } from '../../protocol/limits.ts';
import { sign } from '../../protocol/sign.ts';
import { parseUsername } from '../../protocol/username.ts';
import {
  askedOf,
  closeSessions,
  withBystanders,
  type ConnectDecision,
  type ConnectRequest,
  type Core,
  type Effect,
  type Refusal,
} from './core.ts';
import { connackOf, countedClientIds, decideRegistration, httpCodeOf } from './register.ts';
import type { Device, IssuedClientId, Product, Session } from './state.ts';
import { admits } from './throttle.ts';

type SignIn = Extract<Login, { kind: 'secret' | 'token' }>;

/** Decides a CONNECT; a device that is let in is online afterwards. */
export function connect(core: Core, request: ConnectRequest, now: number): [ConnectDecision, Effect[]] {
  const [decision, effects] = decide(core, request, now);
  return [decision, withBystanders(core, effects, now)];
}

function decide(core: Core, request: ConnectRequest, now: number): [ConnectDecision, Effect[]] {
  let login: Login;
  let name: { deviceName: string; productKey: string };
  try {
    login = readLogin(request.identifier, core.options.parsing);
    name = parseUsername(request.username ?? '');
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    const why = error.kind === 'auth-type' || error.kind === 'sign-method' ? error.kind : 'malformed';
    // Nobody's session and no registration yet: the audit log is where a firmware's mistake is looked for.
    const named = namesIn(request.username);
    core.log.add(
      {
        type: 'registration',
        ...named,
        operation: 'connect',
        content: `mqtt over ${request.facts.kind}`,
        code: httpCodeOf(why),
        reason: error.message,
      },
      now,
    );
    const product = core.state.products.get(named.productKey);
    return [{ kind: 'refused', code: connackOf(core, why, product && askedOf(core, product, named.deviceName)), why }, []];
  }
  const { deviceName, productKey } = name;
  const session = (role: Session['role'], clientId?: string): Session => ({
    id: request.session,
    role,
    productKey,
    deviceName,
    clientId,
    openedAt: now,
    keepAlive: role === 'device' ? Math.min(request.keepAlive, KEEP_ALIVE_MAX) : 0,
    lastPacketAt: now,
    endsAt: undefined,
  });
  if (isRegistration(login)) {
    const { facts, keepAlive, password } = request;
    const { kind: mode, random, signMethod, instanceId } = login;
    const [decision, effects] = decideRegistration(
      core,
      { mode, facts, productKey, deviceName, random, signMethod, signature: password ?? '', keepAlive, instanceId, via: 'mqtt' },
      now,
    );
    if (decision.kind === 'registered') core.state.sessions.set(request.session, session('registration'));
    return [decision, effects];
  }
  const clientId = login.kind === 'token' ? login.clientId : undefined;
  const [decision, effects] = signIn(core, login, request, session('device', clientId), now);
  const refused = decision.kind === 'refused';
  core.log.add(
    {
      type: 'device',
      productKey,
      deviceName,
      ...(clientId === undefined ? {} : { clientId }),
      operation: refused ? 'connect' : 'online',
      content: request.facts.kind,
      code: refused ? httpCodeOf(decision.why) : HTTP_CODE.ok,
      reason: refused ? decision.why : 'success',
    },
    now,
  );
  return [decision, effects];
}

/** Whose CONNECT it would have been, where its user name can be read. */
function namesIn(username: string | undefined): { productKey: string; deviceName: string } {
  try {
    return parseUsername(username ?? '');
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { productKey: '', deviceName: '' };
  }
}

function isRegistration(login: Login): login is Exclude<Login, SignIn> {
  return login.kind === 'register' || login.kind === 'regnwl';
}

/** What a session keeps follows its certificate: not another ClientID of the name, not another incarnation. */
function brokerIdOf({ deviceName, productKey }: { readonly deviceName: string; readonly productKey: string }, credential: string): string {
  return `${credential}&${deviceName}&${productKey}`;
}

/** The broker ids under which a device may still come back. */
export function brokerIdsOf(device: Device): string[] {
  const usable = device.clientIds.filter((one) => !one.forbidden).map((one) => one.clientId);
  return (device.credential === 'secret' ? [device.iotId] : usable).map((credential) => brokerIdOf(device, credential));
}

/** Who signs in, once its credentials were found right: an issued ClientID for a token, neither for a secret. */
function opens(core: Core, product: Product, device: Device | undefined, login: SignIn, draft: Session, password: string, now: number) {
  if (login.kind === 'secret') return { opened: secretOpens(core, product, device, draft.deviceName, login, password), issued: undefined };
  const issued = tokenOpens(core, product, device, login.clientId, password, now);
  return { opened: issued !== undefined, issued };
}

function signIn(core: Core, login: SignIn, request: ConnectRequest, draft: Session, now: number): [ConnectDecision, Effect[]] {
  const { policy, options } = core;
  const refused = (why: Refusal): [ConnectDecision, Effect[]] => [{ kind: 'refused', code: connackOf(core, why), why }, []];
  const tooLong = options.onKeepaliveAbove1200 === 'refuse' && request.keepAlive > KEEP_ALIVE_MAX;
  if (!policy['RULE-58'](request.keepAlive) || tooLong) return refused('keep-alive');
  if (options.plainConnections === 'refused' && !request.facts.encrypted) return refused('transport');
  const product = core.state.products.get(draft.productKey);
  if (!product) return refused('credentials');
  const device = product.devices.get(draft.deviceName);
  if (device) device.connects += 1;
  const { opened, issued } = opens(core, product, device, login, draft, request.password ?? '', now);
  if (!opened) return refused('credentials');
  if (!admits(core, device, now)) return refused('throttled');
  const online = (brokerId: string): ConnectDecision => ({
    kind: 'online',
    productKey: draft.productKey,
    deviceName: draft.deviceName,
    clientId: draft.clientId,
    brokerId,
    autoSubscribe: login.autoSubscribe,
    notify: options.kickNotice === 'on-request' && (login.ext & EXT_NOTIFY) !== 0,
  });
  // Only a platform without RULE-32 comes here: a connection that belongs to no device.
  if (!device) return [online(`deleted#${draft.id}`), []];
  if (!policy['RULE-12'](product, device)) return refused('switch-off');
  if (!policy['RULE-36'](device, askedOf(core, product, draft.deviceName), 'sign-in')) return refused('disabled');
  if (device.activatedAt === undefined && !product.dynamicRegistration && options.issuedWhileOff === 'refused')
    return refused('switch-off');
  if (!policy['RULE-23'](device)) return refused('not-registered');
  const counted = countedClientIds(core, device);
  if (options.countLimit === 'activated' && issued?.firstConnectedAt === undefined && issued) {
    if (!policy['RULE-39']({ product, device, counted, now })) return refused('cap');
  }

  const shared = options.sessionKey === 'device' || draft.clientId === undefined;
  const others = [...device.sessions].filter((other) => shared || other.clientId === draft.clientId);
  const who = policy['RULE-57'](device, core.state.sessions.values());
  const identity = brokerIdOf(draft, who === 'by-name' ? '' : (draft.clientId ?? device.iotId));
  if (who === 'older-wins' && others.length > 0) return refused('credentials');

  // A first connect without any registration (RULE-23) counts as registered; after ResetThing only a new registration does (RULE-29).
  if (device.registration === 'issued' || device.activatedAt === undefined) device.registration = 'registered';
  if (policy['RULE-20']() !== 'never') device.activatedAt ??= now;
  if (issued) issued.firstConnectedAt ??= now;
  device.onlineAt = now;
  device.address = request.facts.peer;

  const kicks = who !== 'keep-both';
  const effects = closeSessions(core, typeof who === 'object' ? who : kicks ? others : [], 'kicked', now);
  device.sessions.add(draft);
  core.state.sessions.set(draft.id, draft);
  return [online(kicks ? identity : `${identity}#${draft.id}`), effects];
}

function secretOpens(
  core: Core,
  product: Product,
  device: Device | undefined,
  deviceName: string,
  login: Extract<SignIn, { kind: 'secret' }>,
  password: string,
): boolean {
  const secrets: string[] = [];
  if (device?.credential === 'secret') secrets.push(device.deviceSecret);
  const buried = product.buried.get(deviceName);
  if (buried && core.policy['RULE-32'](askedOf(core, product, deviceName)) === 'still-valid') secrets.push(buried.deviceSecret);
  const contents = connectContents({ clientId: login.clientPart, timestamp: login.timestamp, deviceName, productKey: product.productKey });
  return secrets.some((secret) =>
    contents.some((content) => {
      const signedBy = (key: string, other = content): string => sign(login.signMethod, key, other);
      const { clientPart } = login;
      return core.policy['RULE-04'](password, signedBy(secret), { purpose: 'sign-in', product, deviceName, content, clientPart, signedBy });
    }),
  );
}

const TOKEN_LIFETIME_MS = 90 * 86_400_000;

function tokenOpens(
  core: Core,
  product: Product,
  device: Device | undefined,
  clientId: string,
  token: string,
  now: number,
): IssuedClientId | undefined {
  if (!device) return undefined;
  // RULE-54: nothing speaks of an end.
  const lives = (one: IssuedClientId): boolean => core.options.tokenLifetime === 'unlimited' || now - one.createdAt < TOKEN_LIFETIME_MS;
  const issued = device.clientIds.find((one) => one.clientId === clientId && !one.forbidden && lives(one));
  return core.policy['RULE-55'](issued, token, device, product);
}
