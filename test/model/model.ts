// The platform as the RULE texts tell it (protocol notes, section 5, defaults of edition doc2020): what it has to answer, what it has to
// end and what an operator has to see. Written from the texts alone: it imports nothing, so that it cannot repeat a mistake of the stub.

/** The platform did what the model does not allow. */
export class Disagreement extends Error {
  override readonly name = 'Disagreement';
}

export interface Name {
  readonly productKey: string;
  readonly deviceName: string;
}

/** A DeviceSecret that somebody holds, valid or not. */
export interface HeldSecret extends Name {
  readonly secret: string;
}

/** A ClientID and its token that some unit holds, valid or not. */
export interface HeldPair extends Name {
  readonly clientId: string;
  readonly token: string;
}

export interface ModelClientId {
  readonly clientId: string;
  readonly token: string;
  readonly registeredAt: number;
  firstConnectedAt: number | undefined;
}

/** One incarnation of a DeviceName. */
export interface ModelDevice {
  readonly createdAt: number;
  /** What it signs in with (RULE-53). */
  kind: 'secret' | 'token';
  readonly secret: string;
  activatedAt: number | undefined;
  /** The dynamic-registration status (RULE-25), and whether it was asked for anew since it was last taken away (RULE-29). */
  registered: boolean;
  asked: boolean;
  disabled: boolean;
  clientIds: ModelClientId[];
  onlineAt: number | undefined;
}

export interface ModelSession extends Name {
  readonly role: 'registration' | 'device';
  readonly clientId: string | undefined;
  /** Milliseconds; of a device. */
  readonly keepAliveMs: number;
  heardAt: number;
  /** When a registration connection is over (RULE-06); undefined before its reply. */
  endsAt: number | undefined;
}

export interface ModelProduct {
  /** The Dynamic Registration switch. */
  on: boolean;
  readonly devices: Map<string, ModelDevice>;
}

/** Why the platform ends a connection. */
export type Cause = 'kicked' | 'disabled' | 'deleted' | 'switched' | 'cleared' | 'registration-over' | 'keep-alive' | 'stopped';

export interface Closing {
  readonly session: number;
  readonly cause: Cause;
}

/** CONNACK codes that refuse rightly, one for each fault of the request: the texts give no order of checks. Empty: it is to be accepted. */
export type Faults = readonly number[];

export interface RegistrationFacts extends Name {
  readonly mode: 'register' | 'regnwl';
  readonly encrypted: boolean;
  readonly signatureRight: boolean;
}

const IDENTIFIER_REJECTED = 2;
const BAD_CREDENTIALS = 4;
const CLIENT_IDS = 5;
const REGISTRATION_MS = 15_000;
const KEEP_ALIVE_SECONDS = { least: 30, most: 1200 } as const;
const SCAN_MS = 30_000;

export class Model {
  now: number;
  readonly products: ReadonlyMap<string, ModelProduct>;
  readonly sessions = new Map<number, ModelSession>();
  /** Everything that was ever issued. */
  readonly secrets: HeldSecret[] = [];
  readonly pairs: HeldPair[] = [];

  constructor(now: number, productKeys: readonly string[]) {
    this.now = now;
    // RULE-14: a new product starts with the switch off.
    this.products = new Map(productKeys.map((key) => [key, { on: false, devices: new Map<string, ModelDevice>() }]));
  }

  product(productKey: string): ModelProduct {
    const product = this.products.get(productKey);
    if (!product) throw new Error(`the model has no product ${productKey}`);
    return product;
  }

  device({ productKey, deviceName }: Name): ModelDevice | undefined {
    return this.product(productKey).devices.get(deviceName);
  }

  /** Live connections of a device; a registration is none of them (RULE-07). */
  sessionsOf(name: Name): [number, ModelSession][] {
    return [...this.sessions].filter(([, one]) => one.role === 'device' && isSame(one, name));
  }

  /** What the console shows (RULE-20, RULE-36, RULE-56). */
  statusOf(name: Name, device: ModelDevice): 'UNACTIVE' | 'ONLINE' | 'OFFLINE' | 'DISABLE' {
    if (device.disabled) return 'DISABLE';
    if (device.activatedAt === undefined) return 'UNACTIVE';
    return this.sessionsOf(name).length > 0 ? 'ONLINE' : 'OFFLINE';
  }

  // ---- registration

  /** RULE-01, 02, 11, 16, 21, 24, 37, 39, 40, 53. */
  judgeRegistration(facts: RegistrationFacts): Faults {
    const faults: number[] = [];
    const device = this.device(facts);
    if (!facts.encrypted) faults.push(IDENTIFIER_REJECTED);
    if (!facts.signatureRight) faults.push(BAD_CREDENTIALS);
    if (!this.product(facts.productKey).on) faults.push(BAD_CREDENTIALS);
    if (device?.disabled) faults.push(BAD_CREDENTIALS);
    if (facts.mode === 'register' ? !mayRegister(device) : !mayTakeClientId(device)) faults.push(BAD_CREDENTIALS);
    return faults;
  }

  /** An accepted `register`: the secret of the device, the same each time (RULE-18 `stable`, RULE-19, RULE-27). */
  delivered(name: Name, secret: string): void {
    const device = this.device(name);
    if (!device) throw new Disagreement(`RULE-16: ${text(name)} was never added, and got a secret`);
    if (secret !== device.secret) throw new Disagreement(`RULE-18: ${text(name)} got another secret than its own`);
    device.asked = true;
  }

  /** An accepted `regnwl`: a pair that nobody was given before (RULE-38). `secret` is that of a device it creates (RULE-37). */
  issued(name: Name, clientId: string, token: string, secret: string): void {
    if (this.pairs.some((pair) => pair.clientId === clientId || pair.token === token))
      throw new Disagreement(`RULE-38: the ClientID or token for ${text(name)} was issued before`);
    const device = this.device(name) ?? this.create(name, secret);
    device.kind = 'token';
    device.asked = true;
    device.clientIds.push({ clientId, token, registeredAt: this.now, firstConnectedAt: undefined });
    if (device.clientIds.length > CLIENT_IDS) throw new Disagreement(`RULE-39: a sixth ClientID for ${text(name)}`);
    this.pairs.push({ ...name, clientId, token });
  }

  openedRegistration(session: number, name: Name): void {
    const { productKey, deviceName } = name;
    const rest = { role: 'registration', clientId: undefined, keepAliveMs: 0, heardAt: this.now, endsAt: undefined } as const;
    this.sessions.set(session, { productKey, deviceName, ...rest });
  }

  /** RULE-06: the 15 s count from the reply. */
  replied(session: number): void {
    const one = this.sessions.get(session);
    if (one?.role === 'registration') one.endsAt = this.now + REGISTRATION_MS;
  }

  // ---- signing in

  /** RULE-32, 33, 36, 53, 58; the switch has no say (RULE-12, RULE-13). */
  judgeSecret(name: Name, secret: string, keepAlive: number): Faults {
    const device = this.device(name);
    return judgeSignIn(device, device?.kind === 'secret' && device.secret === secret, keepAlive);
  }

  /** RULE-45, 46, 48, 55: only the pair as it was issued, and only while it is listed. */
  judgePair(name: Name, clientId: string, token: string, keepAlive: number): Faults {
    const device = this.device(name);
    const isListed = device?.clientIds.some((one) => one.clientId === clientId && one.token === token) === true;
    return judgeSignIn(device, device?.kind === 'token' && isListed, keepAlive);
  }

  /** A device signed in: it is active (RULE-20, 23, 52), registered (RULE-29), online (RULE-56), and the only one (RULE-51, RULE-57). */
  signedIn(session: number, name: Name, clientId: string | undefined, keepAlive: number): Closing[] {
    const device = this.device(name);
    if (!device) throw new Disagreement(`RULE-32: ${text(name)} does not exist, and is online`);
    const kicked = this.#end(this.sessionsOf(name), 'kicked');
    if (device.asked || device.activatedAt === undefined) device.registered = true;
    device.asked = false;
    device.activatedAt ??= this.now;
    device.onlineAt = this.now;
    const listed = device.clientIds.find((one) => one.clientId === clientId);
    if (listed) listed.firstConnectedAt ??= this.now;
    const { productKey, deviceName } = name;
    const keepAliveMs = Math.min(keepAlive, KEEP_ALIVE_SECONDS.most) * 1000;
    this.sessions.set(session, { productKey, deviceName, role: 'device', clientId, keepAliveMs, heardAt: this.now, endsAt: undefined });
    return kicked;
  }

  heard(session: number): void {
    const one = this.sessions.get(session);
    if (one) one.heardAt = this.now;
  }

  left(session: number): void {
    this.sessions.delete(session);
  }

  // ---- operators

  /** RULE-17, RULE-33: Inactive, with a secret that nobody was given before. */
  create(name: Name, secret: string): ModelDevice {
    if (this.secrets.some((held) => held.secret === secret)) throw new Disagreement(`RULE-33: ${text(name)} was made with an old secret`);
    const device: ModelDevice = {
      createdAt: this.now,
      kind: 'secret',
      secret,
      activatedAt: undefined,
      registered: false,
      asked: false,
      disabled: false,
      clientIds: [],
      onlineAt: undefined,
    };
    this.product(name.productKey).devices.set(name.deviceName, device);
    this.secrets.push({ ...name, secret });
    return device;
  }

  /** RULE-25 … 31: registration is possible again; activation, session, secret and ClientIDs stay. */
  reset(device: ModelDevice): void {
    if (device.activatedAt === undefined) return;
    device.registered = false;
    device.asked = false;
  }

  /** RULE-32, 34, 35. */
  delete(name: Name): Closing[] {
    this.product(name.productKey).devices.delete(name.deviceName);
    return this.#end(this.sessionsOf(name), 'deleted');
  }

  /** RULE-36. */
  disable(name: Name, device: ModelDevice): Closing[] {
    device.disabled = true;
    return this.#end(this.sessionsOf(name), 'disabled');
  }

  enable(device: ModelDevice): void {
    device.disabled = false;
  }

  /** RULE-50: only a ClientID that is listed can be chosen. */
  maySwitchTo(name: Name, clientId: string): boolean {
    return this.device(name)?.clientIds.some((one) => one.clientId === clientId) === true;
  }

  /** RULE-45, 47, 48: the others leave the list, and their sessions end. */
  switchTo(name: Name, device: ModelDevice, clientId: string): Closing[] {
    device.clientIds = device.clientIds.filter((one) => one.clientId === clientId);
    return this.#end(
      this.sessionsOf(name).filter(([, one]) => one.clientId !== undefined && one.clientId !== clientId),
      'switched',
    );
  }

  /** RULE-46, RULE-47. */
  clear(name: Name, device: ModelDevice): Closing[] {
    device.clientIds = [];
    return this.#end(
      this.sessionsOf(name).filter(([, one]) => one.clientId !== undefined),
      'cleared',
    );
  }

  // ---- time

  /**
   * Time passed until `now`, and the platform ended `closings` on its own. Registration connections end at their moment (RULE-06). A silent
   * device is ended after 1.5 keep-alives, at a scan that comes every 30 s (section 4e): when exactly is the platform's choice.
   */
  elapsed(now: number, closings: readonly (Closing & { readonly at: number })[]): void {
    this.now = now;
    for (const { session, cause, at } of closings) {
      const one = this.sessions.get(session);
      if (!one) throw new Disagreement(`${cause}: session ${session} was ended and was none`);
      if (one.role === 'registration') {
        if (cause !== 'registration-over' || at !== one.endsAt)
          throw new Disagreement(`RULE-06: session ${session} ended at ${at}: ${cause}`);
      } else {
        const silent = at - one.heardAt;
        const patience = one.keepAliveMs * 1.5;
        if (cause !== 'keep-alive' || silent < patience || silent > patience + SCAN_MS)
          throw new Disagreement(`keep-alive: session ${session} ended after ${silent} ms of silence: ${cause}`);
      }
      this.sessions.delete(session);
    }
    for (const [session, one] of this.sessions) {
      const last = one.role === 'registration' ? one.endsAt : one.heardAt + one.keepAliveMs * 1.5 + SCAN_MS;
      if (last !== undefined && last <= now) throw new Disagreement(`session ${session} (${one.role}) should have ended at ${last}`);
    }
  }

  /** The platform was stopped and started: nothing but the connections is lost. */
  restarted(): Closing[] {
    return this.#end([...this.sessions], 'stopped');
  }

  #end(sessions: readonly [number, ModelSession][], cause: Cause): Closing[] {
    for (const [session] of sessions) this.sessions.delete(session);
    return sessions.map(([session]) => ({ session, cause }));
  }
}

export function isSame(a: Name, b: Name): boolean {
  return a.productKey === b.productKey && a.deviceName === b.deviceName;
}

export function text({ productKey, deviceName }: Name): string {
  return `${productKey}/${deviceName}`;
}

/** RULE-16, 21, 53: added, never made by `regnwl`, and not registered for good. */
function mayRegister(device: ModelDevice | undefined): boolean {
  return device?.kind === 'secret' && !(device.activatedAt !== undefined && device.registered);
}

/** RULE-37, 39, 53: unknown, inactive or already of the token kind, with room for one more. */
function mayTakeClientId(device: ModelDevice | undefined): boolean {
  if (!device) return true;
  return (device.kind === 'token' || device.activatedAt === undefined) && device.clientIds.length < CLIENT_IDS;
}

function judgeSignIn(device: ModelDevice | undefined, opens: boolean, keepAlive: number): Faults {
  const faults: number[] = [];
  if (keepAlive < KEEP_ALIVE_SECONDS.least) faults.push(IDENTIFIER_REJECTED);
  if (!opens || device?.disabled) faults.push(BAD_CREDENTIALS);
  return faults;
}
