// One virtual device: its states, and the verbs that a fleet or a case drives it with. Each verb ends in an Outcome, whatever happens.
import { endedByRelay, type ByteStream, type Ending, type StreamHandlers } from '../../kernel/bytes/stream.ts';
import { within, type Clock } from '../../kernel/clock.ts';
import { ALPHANUMERIC, type Random } from '../../kernel/random.ts';
import type { SessionName, TraceSink, Verb } from '../../kernel/trace/event.ts';
import type { Outcome } from '../../kernel/trace/outcome.ts';
import { recorded } from '../../kernel/trace/recorder.ts';
import { connectContent, registrationContent } from '../../protocol/content.ts';
import { registrationModeParams, type EditionName } from '../../protocol/editions.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import { registrationIdentifier, secretIdentifier, tokenIdentifier } from '../../protocol/identifier.ts';
import { formatPropertyPost, parsePostReply, parseReply, type RegistrationReply } from '../../protocol/payload.ts';
import { sign, type SignMethod } from '../../protocol/sign.ts';
import { isReplyTopic, propertyPost, propertyPostReply } from '../../protocol/topics.ts';
import { formatUsername } from '../../protocol/username.ts';
import type { ConnectFields, Message, OpenSession, Session, SessionEvents, Timeouts } from '../session/session.ts';
import { exchangeOf, readAnswer, type HttpsRegistrar } from '../transport/http-register.ts';
import type { Transport, Way } from '../transport/transport.ts';
import { memoryFlash, type Credentials, type Flash } from './flash.ts';
import { cutAfter } from './cut.ts';
import { connectIn, registrationIn, type ConnectDialect, type RegistrationDialect, type Speaker } from './dialects.ts';
import { HABITS, type Habits } from './habits.ts';
import { requestOf, type HttpBend } from './https.ts';
import { Mailbox } from './mailbox.ts';

export type UnitState = 'blank' | 'registering' | 'provisioned' | 'connecting' | 'online' | 'offline' | 'refused' | 'failed';

export interface UnitIdentity {
  /** Names the unit in traces and reports; a physical serial number, not the DeviceName. */
  readonly unitId: string;
  readonly mode: 'register' | 'regnwl';
  readonly productKey: string;
  readonly productSecret: string;
  readonly deviceName: string;
}

export interface UnitEnv {
  readonly clock: Clock;
  /** The unit's own stream of draws. */
  readonly random: Random;
  readonly transport: Transport;
  /** Registration over HTTPS, where the target has a host for it. */
  readonly https?: HttpsRegistrar;
  readonly openSession: OpenSession;
  readonly timeouts: Timeouts;
  readonly edition: EditionName;
  readonly signMethod: SignMethod;
  /** Instance id of the target, where it has one. */
  readonly instanceId?: string;
  readonly habits?: Habits;
  readonly flash?: Flash;
  readonly sink?: TraceSink;
  /** Told of every secret and signature the unit holds, so that nothing stores them. */
  readonly secret?: (text: string) => void;
  readonly onState?: (state: UnitState) => void;
}

/** How one attempt is bent; a case changes only what it is about. */
export interface Bend {
  readonly security?: 'encrypted' | 'plain';
  /** Reaches the platform in another way than the target's usual one. */
  readonly way?: Way;
  /** Signs with another secret. */
  readonly productSecret?: string;
  /** Signs and sends this `random` instead of drawing one. */
  readonly random?: string;
  /** Declares and signs by this method instead of the unit's own. */
  readonly signMethod?: SignMethod;
  /** Writes its registration as another SDK does. */
  readonly dialect?: RegistrationDialect;
  /** Writes its sign-in with a DeviceSecret as another SDK does. */
  readonly connectDialect?: ConnectDialect;
  /** Resets the connection after so many bytes came in; 4 are a CONNACK, and what follows it is lost. */
  readonly cutAfter?: number;
  /** Stands between the session and what is recorded: the device of the case writes as this does. */
  readonly wire?: (stream: ByteStream) => ByteStream;
  /** Changes the CONNECT after it was made and signed. */
  readonly fields?: (fields: ConnectFields) => ConnectFields;
  /** Keeps the registration connection open after the reply. */
  readonly linger?: boolean;
  /** Connects with other credentials than the stored ones. */
  readonly credentials?: Credentials;
}

/** When something last happened, milliseconds of the unit's clock. */
export interface Marks {
  dialledAt?: number;
  issuedAt?: number;
  acceptedAt?: number;
  postedAt?: number;
  repliedAt?: number;
}

/** A registration takes any keep-alive (RULE-03); the documents' example uses 60 s. */
const REGISTRATION_KEEP_ALIVE = 60;
const KEEP_ALIVE = 120;
/** What the C SDKs always send (K1, K2); no platform compares it with its clock. It keeps the bytes of two runs equal. */
const TIMESTAMP = '2524608000000';
const RANDOM_LENGTH = 15;
/** How long a platform may take to close after a DISCONNECT before the unit drops the connection, milliseconds. */
const HANG_UP_MS = 5_000;
/** Asks the platform to set up the standard subscriptions (section 11). */
const AUTO_SUBSCRIBE: readonly (readonly [string, string])[] = [['_ss', '1']];

/** How a verb ends that the power cut ended. */
const POWER_CUT: Outcome = { kind: 'aborted', by: 'operator' };

/** Listens to a stream that nobody wants any more. */
const NOBODY: StreamHandlers = { data: () => undefined, drain: () => undefined, end: () => undefined, close: () => undefined };

/** The live connection. One object for all that a session tells of: a fleet has thousands of them. */
class Link implements SessionEvents {
  readonly session: Session;
  readonly stream: ByteStream;
  readonly mailbox: Mailbox;
  readonly #heard: (message: Message) => void;
  readonly #closed: (link: Link, ending: Ending) => void;

  constructor(
    stream: ByteStream,
    fields: ConnectFields,
    env: UnitEnv,
    heard: (message: Message) => void,
    closed: (link: Link, ending: Ending) => void,
  ) {
    this.stream = stream;
    this.#heard = heard;
    this.#closed = closed;
    this.mailbox = new Mailbox(env.clock);
    this.session = env.openSession(stream, fields, this, env);
  }

  message(message: Message): void {
    this.#heard(message);
    this.mailbox.deliver(message);
  }

  close(ending: Ending): void {
    this.mailbox.close();
    this.#closed(this, ending);
  }
}

export class Unit {
  readonly identity: UnitIdentity;
  readonly flash: Flash;
  readonly marks: Marks = {};
  readonly #env: UnitEnv;
  readonly #habits: Habits;
  #state: UnitState = 'blank';
  #link: Link | undefined;
  /** Did the relay, on our own side, end the last connection? */
  #lostRelay = false;
  /** Counts power cuts: what a verb of an earlier life still hears must not touch the present one. */
  #life = 0;
  #connections = 0;
  #messageId = 0;
  #listeners: Set<(message: Message) => void> | undefined;
  readonly #heard = (message: Message): void => {
    for (const listener of this.#listeners ?? []) listener(message);
  };
  readonly #closed = (link: Link, ending: Ending): void => {
    this.#lostRelay = endedByRelay(ending);
    if (this.#link !== link) return;
    this.#link = undefined;
    if (this.#state === 'online') this.#to('offline');
  };

  constructor(identity: UnitIdentity, env: UnitEnv) {
    this.identity = identity;
    this.#env = env;
    this.#habits = env.habits ?? HABITS;
    this.flash = env.flash ?? memoryFlash();
    env.secret?.(identity.productSecret);
    if (this.flash.read()) this.#state = 'provisioned';
  }

  get state(): UnitState {
    return this.#state;
  }

  /** Everything that arrives on the unit's connections, for cases that watch. */
  onMessage(listener: (message: Message) => void): () => void {
    const listeners = (this.#listeners ??= new Set());
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  /** What a device does when it gets power: register if its habits say so, then connect. */
  async boot(): Promise<Outcome> {
    const life = this.#life;
    if (this.#habits.needsRegistration(this.flash.read())) {
      const issued = await this.register();
      if (issued.kind !== 'issued') return issued;
      if (life !== this.#life) return POWER_CUT;
    }
    return this.connect();
  }

  /** Registers over MQTT and stores what is delivered before it ends the connection (DEV-01, DEV-04). */
  async register(bend: Bend = {}): Promise<Outcome> {
    const life = this.#life;
    await this.disconnect();
    if (life !== this.#life) return this.#ended('register', POWER_CUT);
    this.#to('registering');
    const drafted = this.#registrationFields(bend);
    const [outcome, link] = await this.#open(bend, drafted, life);
    const result = outcome.kind === 'accepted' && link ? await this.#awaitCredentials(link, life) : outcome;
    if (life !== this.#life) return this.#ended('register', POWER_CUT);
    this.#to(result.kind === 'issued' ? 'provisioned' : result.kind === 'refused' ? 'refused' : 'failed');
    if (!(bend.linger && result.kind === 'issued')) await this.#hangUp();
    return this.#ended('register', result);
  }

  /** Registers over HTTPS (S3) and stores what is delivered; a live session goes on meanwhile. */
  async registerOverHttps(bend: HttpBend = {}): Promise<Outcome> {
    const life = this.#life;
    const { clock, https, sink, secret } = this.#env;
    if (!https) return this.#ended('register', { kind: 'unreachable', stage: 'tcp', code: 'NO_ENDPOINT' });
    const random = bend.random ?? this.#env.random.text(RANDOM_LENGTH, ALPHANUMERIC);
    const { request, signature } = requestOf({ ...this.identity, random, signMethod: this.#env.signMethod }, bend);
    secret?.(bend.productSecret ?? this.identity.productSecret);
    secret?.(signature);
    const exchange = exchangeOf(++this.#connections, clock, sink ?? (() => undefined));
    const answered = await https.post(request, (stream) => exchange.observe(stream));
    exchange.done();
    const answer = readAnswer(answered);
    if (life !== this.#life) return this.#ended('register', POWER_CUT);
    const outcome = answer.kind === 'register' ? this.#keepReply(answer, { via: 'https' }) : answer;
    return this.#ended('register', outcome);
  }

  /** Connects with what is stored (DEV-05, DEV-06, DEV-07). */
  async connect(bend: Bend = {}): Promise<Outcome> {
    const life = this.#life;
    if (this.#link) await this.disconnect();
    if (life !== this.#life) return this.#ended('connect', POWER_CUT);
    const credentials = bend.credentials ?? this.flash.read();
    // Nothing to connect with: nobody's fault but that of the verb before.
    if (!credentials) return this.#ended('connect', { kind: 'aborted', by: 'stop-condition' });
    this.#to('connecting');
    const [outcome] = await this.#open(bend, this.#connectFields(credentials, bend), life);
    if (life !== this.#life) return this.#ended('connect', POWER_CUT);
    if (outcome.kind === 'accepted') {
      this.marks.acceptedAt = this.#env.clock.now();
      this.#to(this.#link ? 'online' : 'offline');
    } else {
      this.#to(outcome.kind === 'refused' ? 'refused' : 'failed');
      await this.#hangUp();
    }
    return this.#ended('connect', outcome);
  }

  /** Posts properties and waits for the platform's reply with the same id. */
  async post(params: Readonly<Record<string, unknown>>, qos: 0 | 1 = 0): Promise<Outcome> {
    const life = this.#life;
    const link = this.#link;
    const { clock, timeouts } = this.#env;
    const { productKey, deviceName } = this.identity;
    if (!link || this.#state !== 'online') {
      // Lost its connection: that is an answer. Never had one: the verb before has said why.
      return this.#ended(
        'post',
        this.#state === 'offline' ? { kind: 'closed', stage: 'session', afterMs: 0 } : { kind: 'aborted', by: 'stop-condition' },
      );
    }
    const id = String(++this.#messageId);
    const replyTopic = propertyPostReply(productKey, deviceName);
    const postedAt = clock.now();
    this.marks.postedAt = postedAt;
    void link.session.publish(propertyPost(productKey, deviceName), formatPropertyPost({ id, params }), qos);
    const reply = await link.mailbox.next((message) => message.topic === replyTopic && replyId(message) === id, timeouts.reply);
    if (life !== this.#life) return this.#ended('post', POWER_CUT);
    if (reply === 'silent') return this.#ended('post', { kind: 'silent', stage: 'reply', waitedMs: timeouts.reply });
    if (reply === 'closed') return this.#ended('post', { kind: 'closed', stage: 'session', afterMs: clock.now() - postedAt });
    this.marks.repliedAt = clock.now();
    return this.#ended('post', { kind: 'accepted', sessionPresent: false });
  }

  /** Subscribes on the live connection; granted QoS or 128 for each filter. */
  async subscribe(filters: readonly string[]): Promise<number[]> {
    return (await this.#link?.session.subscribe(filters)) ?? [];
  }

  /** Publishes on the live connection; false when there is none. */
  async publish(topic: string, payload: string, qos: 0 | 1): Promise<boolean> {
    return (await this.#link?.session.publish(topic, payload, qos)) ?? false;
  }

  /** Sends bytes on the live connection behind the back of its session, for cases about what no client library sends. */
  inject(bytes: Uint8Array): boolean {
    this.#link?.stream.write(bytes);
    return this.#link !== undefined;
  }

  /** Sends bytes on a connection of their own and says how the platform ended it. */
  async raw(bytes: Uint8Array, bend: Pick<Bend, 'security'> = {}): Promise<Outcome> {
    const startedAt = this.#env.clock.now();
    const dialled = await this.#dial(bend.security ?? 'encrypted');
    if (!dialled.ok) return this.#ended('raw', dialled.outcome);
    const { stream } = dialled;
    const outcome = await new Promise<Outcome>((resolve) => {
      const timer = this.#env.clock.after(this.#env.timeouts.connack, () => {
        resolve({ kind: 'silent', stage: 'connack', waitedMs: this.#env.timeouts.connack });
        stream.abort();
      });
      stream.attach({
        data: () => undefined,
        drain: () => undefined,
        end: () => stream.end(),
        close: (ending) => {
          this.#lostRelay = endedByRelay(ending);
          timer.cancel();
          resolve({ kind: 'closed', stage: 'connack', afterMs: this.#env.clock.now() - startedAt });
        },
      });
      stream.write(bytes);
    });
    return this.#ended('raw', outcome);
  }

  /** Ends the live connection with a DISCONNECT. */
  async disconnect(): Promise<void> {
    if (!this.#link) return;
    await this.#hangUp();
    if (this.#state === 'online' && !this.#link) this.#to('offline');
  }

  /** Power off and on: the connection drops, the flash stays, and the device boots. */
  async powerCycle(): Promise<Outcome> {
    this.cutPower();
    return this.boot();
  }

  /** Drops the connection without a word, as a power cut does. */
  cutPower(): void {
    const link = this.#link;
    this.#link = undefined;
    this.#life += 1;
    link?.session.abort();
    this.#to(this.flash.read() ? 'provisioned' : 'blank');
  }

  /** Erases the flash; the next boot registers again. */
  factoryReset(): void {
    this.cutPower();
    this.flash.erase();
    this.#to('blank');
  }

  #registrationFields(bend: Bend): ConnectFields {
    const { productKey, deviceName, mode, productSecret } = this.identity;
    const { edition, instanceId } = this.#env;
    const secret = bend.productSecret ?? productSecret;
    const signMethod = bend.signMethod ?? this.#env.signMethod;
    const { secureMode, ...instance } = registrationModeParams(edition, mode, instanceId);
    this.#env.secret?.(secret);
    if (bend.dialect) {
      const given = bend.random === undefined ? {} : { random: bend.random };
      return registrationIn(bend.dialect, this.#speaker(secret, secureMode), { mode, ...given, ...instance });
    }
    const random = bend.random ?? this.#env.random.text(RANDOM_LENGTH, ALPHANUMERIC);
    return {
      clientId: registrationIdentifier({
        clientPart: `${deviceName}.${productKey}`,
        authType: mode,
        random,
        signMethod,
        secureMode,
        ...instance,
      }),
      username: formatUsername(deviceName, productKey),
      password: sign(signMethod, secret, registrationContent({ deviceName, productKey, random })),
      keepAlive: REGISTRATION_KEEP_ALIVE,
      clean: true,
    };
  }

  #speaker(secret: string, secureMode: string): Speaker {
    const { productKey, deviceName } = this.identity;
    return { productKey, deviceName, secret, secureMode, draw: this.#env.random, now: this.#env.clock.now() };
  }

  #connectFields(credentials: Credentials, bend: Bend): ConnectFields {
    const { productKey, deviceName } = this.identity;
    const secureMode = bend.security === 'plain' ? '3' : '2';
    if (bend.connectDialect && credentials.kind === 'secret')
      return connectIn(bend.connectDialect, this.#speaker(credentials.deviceSecret, secureMode));
    const common = { username: formatUsername(deviceName, productKey), keepAlive: KEEP_ALIVE, clean: true };
    if (credentials.kind === 'token') {
      return { ...common, clientId: tokenIdentifier(credentials.clientId, AUTO_SUBSCRIBE), password: credentials.deviceToken };
    }
    const signMethod = bend.signMethod ?? this.#env.signMethod;
    const clientPart = `${productKey}.${deviceName}`;
    const content = connectContent({ clientId: clientPart, deviceName, productKey, timestamp: TIMESTAMP });
    return {
      ...common,
      clientId: secretIdentifier({
        clientPart,
        signMethod,
        secureMode,
        timestamp: TIMESTAMP,
        extra: AUTO_SUBSCRIBE,
      }),
      password: sign(signMethod, credentials.deviceSecret, content),
    };
  }

  async #dial(
    security: 'encrypted' | 'plain',
    { cutAfter: cutAt, wire, way }: Pick<Bend, 'cutAfter' | 'wire' | 'way'> = {},
    session?: SessionName,
  ): Promise<{ ok: true; stream: ByteStream } | { ok: false; outcome: Outcome }> {
    this.marks.dialledAt = this.#env.clock.now();
    const dialled = await this.#env.transport.dial(security, way);
    if (!dialled.ok) return dialled;
    const stream = cutAt === undefined ? dialled.stream : cutAfter(dialled.stream, cutAt);
    const { sink, clock } = this.#env;
    const seen = sink ? recorded(stream, ++this.#connections, clock, sink, session) : stream;
    return { ok: true, stream: wire?.(seen) ?? seen };
  }

  /** Dials, sends the CONNECT and waits for its answer; the link stays open when it was accepted. */
  async #open(bend: Bend, drafted: ConnectFields, life: number): Promise<[Outcome, Link?]> {
    const fields = bend.fields?.(drafted) ?? drafted;
    this.#env.secret?.(fields.password);
    const dialled = await this.#dial(bend.security ?? 'encrypted', bend, this.#env.openSession.session);
    if (!dialled.ok) return [dialled.outcome];
    if (life !== this.#life) {
      dialled.stream.attach(NOBODY);
      dialled.stream.abort();
      return [POWER_CUT];
    }
    this.#lostRelay = false;
    const link = new Link(dialled.stream, fields, this.#env, this.#heard, this.#closed);
    this.#link = link;
    return [await link.session.opened, link];
  }

  async #awaitCredentials(link: Link, life: number): Promise<Outcome> {
    const { clock, timeouts } = this.#env;
    const since = clock.now();
    const message = await link.mailbox.next((one) => isReplyTopic(one.topic), timeouts.credentials);
    if (life !== this.#life) return POWER_CUT;
    if (message === 'silent') return { kind: 'silent', stage: 'reply', waitedMs: timeouts.credentials };
    if (message === 'closed') return { kind: 'closed', stage: 'reply', afterMs: clock.now() - since };
    return this.#keep(message);
  }

  #keep(message: Message): Outcome {
    try {
      return this.#keepReply(parseReply(message.payload), { via: 'mqtt', topic: message.topic });
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return { kind: 'malformed', what: 'reply', why: error.message };
    }
  }

  #keepReply(reply: RegistrationReply, way: { readonly via: 'mqtt' | 'https'; readonly topic?: string }): Outcome {
    const { identity } = this;
    // DEV-18: credentials of another name are not ours to keep.
    if (reply.productKey !== identity.productKey || reply.deviceName !== identity.deviceName) {
      return { kind: 'malformed', what: 'reply', why: `credentials of ${reply.deviceName}&${reply.productKey}` };
    }
    if (reply.kind !== identity.mode)
      return { kind: 'malformed', what: 'reply', why: `a ${reply.kind} reply to a ${identity.mode} request` };
    const credentials: Credentials =
      reply.kind === 'register'
        ? { kind: 'secret', deviceSecret: reply.deviceSecret }
        : { kind: 'token', clientId: reply.clientId, deviceToken: reply.deviceToken };
    this.#env.secret?.(credentials.kind === 'secret' ? credentials.deviceSecret : credentials.deviceToken);
    this.#habits.store(this.flash, credentials);
    this.marks.issuedAt = this.#env.clock.now();
    return { kind: 'issued', mode: identity.mode, ...way };
  }

  async #hangUp(): Promise<void> {
    const session = this.#link?.session;
    this.#link = undefined;
    if (session) await within(this.#env.clock, HANG_UP_MS, session.end(), () => session.abort());
  }

  #to(state: UnitState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#env.onState?.(state);
  }

  #ended(verb: Verb, seen: Outcome): Outcome {
    const outcome: Outcome = seen.kind === 'closed' && this.#lostRelay ? { kind: 'local', reason: 'relay' } : seen;
    this.#env.sink?.({ at: this.#env.clock.now(), kind: 'outcome', verb, outcome });
    return outcome;
  }
}

/** The id a reply answers; undefined where it is no reply at all. */
function replyId(message: Message): string | undefined {
  try {
    return parsePostReply(message.payload).id;
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return undefined;
  }
}
