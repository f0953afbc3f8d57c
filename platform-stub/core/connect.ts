// An MQTT CONNECT of either kind: registration, or a device that signs in with what it was issued (section 4).
import { connectContents } from '../../protocol/content.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import { readLogin, type Login } from '../../protocol/identifier.ts';
import { KEEP_ALIVE_MAX } from '../../protocol/limits.ts';
import { sign } from '../../protocol/sign.ts';
import { parseUsername } from '../../protocol/username.ts';
import { closeSessions, type ConnectDecision, type ConnectRequest, type Core, type Effect, type Refusal } from './core.ts';
import { connackOf, decideRegistration } from './register.ts';
import type { Device, IssuedClientId, Product, Session } from './state.ts';

type SignIn = Extract<Login, { kind: 'secret' | 'token' }>;

/** Decides a CONNECT; a device that is let in is online afterwards. */
export function connect(core: Core, request: ConnectRequest, now: number): [ConnectDecision, Effect[]] {
  let login: Login;
  let name: { deviceName: string; productKey: string };
  try {
    login = readLogin(request.identifier);
    name = parseUsername(request.username ?? '');
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return [refusal(core, 'malformed'), []];
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
    const [decision, effects] = decideRegistration(
      core,
      {
        mode: login.kind,
        facts,
        productKey,
        deviceName,
        random: login.random,
        signMethod: login.signMethod,
        signature: password ?? '',
        keepAlive,
      },
      now,
    );
    if (decision.kind === 'registered') core.state.sessions.set(request.session, session('registration'));
    return [decision, effects];
  }
  return signIn(core, login, request, session, now);
}

function isRegistration(login: Login): login is Exclude<Login, SignIn> {
  return login.kind === 'register' || login.kind === 'regnwl';
}

function refusal(core: Core, why: Refusal): ConnectDecision {
  return { kind: 'refused', code: connackOf(core, why), why };
}

function signIn(
  core: Core,
  login: SignIn,
  request: ConnectRequest,
  open: (role: Session['role'], clientId?: string) => Session,
  now: number,
): [ConnectDecision, Effect[]] {
  const { policy } = core;
  const draft = open('device', login.kind === 'token' ? login.clientId : undefined);
  if (!policy['RULE-58'](request.keepAlive)) return [refusal(core, 'keep-alive'), []];
  const product = core.state.products.get(draft.productKey);
  if (!product) return [refusal(core, 'credentials'), []];
  const device = product.devices.get(draft.deviceName);
  if (device) device.connects += 1;
  const password = request.password ?? '';
  const issued = login.kind === 'token' ? tokenOpens(core, device, login.clientId, password) : undefined;
  const opened = login.kind === 'token' ? issued !== undefined : secretOpens(core, product, device, draft.deviceName, login, password);
  if (!opened) return [refusal(core, 'credentials'), []];
  // What a session keeps follows its certificate: not another ClientID of the name, not another incarnation.
  const identity = `${draft.clientId ?? device?.iotId ?? ''}&${draft.deviceName}&${draft.productKey}`;
  const online = (brokerId: string): ConnectDecision => ({
    kind: 'online',
    productKey: draft.productKey,
    deviceName: draft.deviceName,
    brokerId,
    autoSubscribe: login.autoSubscribe,
  });
  // Only a platform without RULE-32 comes here: a connection that belongs to no device.
  if (!device) return [online(`deleted#${draft.id}`), []];
  if (!policy['RULE-12'](product, device)) return [refusal(core, 'switch-off'), []];
  if (!policy['RULE-36'](device)) return [refusal(core, 'disabled'), []];

  // A first connect without any registration (RULE-23) counts as registered; after ResetThing only a new registration does (RULE-29).
  if (device.registration === 'issued' || device.activatedAt === undefined) device.registration = 'registered';
  device.activatedAt ??= now;
  if (issued) issued.firstConnectedAt ??= now;
  device.onlineAt = now;

  const shared = core.edition.sessionKey === 'device' || draft.clientId === undefined;
  const kicks = policy['RULE-57']() === 'kick-older';
  const rivals = kicks ? [...device.sessions].filter((other) => shared || other.clientId === draft.clientId) : [];
  const effects = closeSessions(core, rivals, 'kicked');
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
  if (buried && core.policy['RULE-32']() === 'still-valid') secrets.push(buried.deviceSecret);
  const contents = connectContents({ clientId: login.clientPart, timestamp: login.timestamp, deviceName, productKey: product.productKey });
  return secrets.some((secret) => contents.some((content) => core.policy['RULE-04'](password, sign(login.signMethod, secret, content))));
}

function tokenOpens(core: Core, device: Device | undefined, clientId: string, token: string): IssuedClientId | undefined {
  return device?.clientIds.find((one) => one.clientId === clientId && core.policy['RULE-55'](one, token, device));
}
