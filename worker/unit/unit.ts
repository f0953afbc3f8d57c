// One virtual device: its states, and the verbs that a fleet or a case drives it with. Each verb ends in an Outcome, whatever happens.
import { endedByRelay, type ByteStream, type Ending, type StreamHandlers } from '../../kernel/bytes/stream.ts';
import { within } from '../../kernel/clock.ts';
import type { SessionName, Verb } from '../../kernel/trace/event.ts';
import type { Outcome } from '../../kernel/trace/outcome.ts';
import { recorded } from '../../kernel/trace/recorder.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import { formatPropertyPost, parsePostReply, parseReply, type RegistrationReply } from '../../protocol/payload.ts';
import { isReplyTopic, propertyPost, propertyPostReply } from '../../protocol/topics.ts';
import type { ConnectFields, Message } from '../session/session.ts';
import { exchangeOf, readAnswer } from '../transport/http-register.ts';
import type { Bend } from './bend.ts';
import { randomOf, registrationFields, signInFields } from './connect-fields.ts';
import { cutAfter } from './cut.ts';
import type { UnitEnv, UnitIdentity, UnitState } from './env.ts';
import { memoryFlash, type Flash } from './flash.ts';
import { HABITS, type Habits } from './habits.ts';
import { requestOf, type HttpBend } from './https.ts';
import { issuedTo } from './issued.ts';
import { Link } from './link.ts';

export type { Bend } from './bend.ts';
export type { UnitEnv, UnitIdentity, UnitState } from './env.ts';

/** When something last happened, milliseconds of the unit's clock. */
export interface Marks {
  dialledAt?: number;
  issuedAt?: number;
  acceptedAt?: number;
  postedAt?: number;
  repliedAt?: number;
}

/** How long a platform may take to close after a DISCONNECT before the unit drops the connection, milliseconds. */
const HANG_UP_MS = 5_000;

/** How a verb ends that the power cut ended. */
const POWER_CUT: Outcome = { kind: 'aborted', by: 'operator' };

/** Listens to a stream that nobody wants any more. */
const NOBODY: StreamHandlers = { data: () => undefined, drain: () => undefined, end: () => undefined, close: () => undefined };

export class Unit {
  readonly identity: UnitIdentity;
  readonly flash: Flash;
  readonly marks: Marks = {};
  readonly #env: UnitEnv;
  readonly #habits: Habits;
  #state: UnitState = 'blank';
  #link: Link | undefined;
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
    const drafted = registrationFields(this.identity, this.#env, bend);
    const link = await this.#open(bend, drafted, life);
    const opened = link instanceof Link ? await link.session.opened : link;
    const result = opened.kind === 'accepted' && link instanceof Link ? await this.#awaitCredentials(link, life) : opened;
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
    const random = randomOf(this.#env, bend);
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
    const link = await this.#open(bend, signInFields(this.identity, this.#env, credentials, bend), life);
    const outcome = link instanceof Link ? await link.session.opened : link;
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

  /** Did the relay, on our own side, end the last connection? */
  get lostRelay(): boolean {
    return this.#lostRelay;
  }

  /** Sends bytes on a connection of their own and says how the platform ended it. */
  async raw(bytes: Uint8Array, bend: Pick<Bend, 'security'> = {}): Promise<Outcome> {
    const startedAt = this.#env.clock.now();
    this.marks.dialledAt = startedAt;
    const dialled = await this.#env.transport.dial(bend.security ?? 'encrypted');
    if (!dialled.ok) return this.#ended('raw', dialled.outcome);
    const stream = this.#watched(dialled.stream, {});
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

  /** Dials, and sends the CONNECT on a new link, which stays open when it is accepted. */
  async #open(bend: Bend, drafted: ConnectFields, life: number): Promise<Link | Outcome> {
    const fields = bend.fields?.(drafted) ?? drafted;
    const { secret, transport, openSession } = this.#env;
    secret?.(fields.password);
    this.marks.dialledAt = this.#env.clock.now();
    const dialled = await transport.dial(bend.security ?? 'encrypted', bend.way);
    if (!dialled.ok) return dialled.outcome;
    const stream = this.#watched(dialled.stream, bend, openSession.session);
    if (life !== this.#life) {
      stream.attach(NOBODY);
      stream.abort();
      return POWER_CUT;
    }
    this.#lostRelay = false;
    return (this.#link = new Link(stream, fields, this.#env, this.#heard, this.#closed));
  }

  /** The stream as the attempt bends and the trace records it. */
  #watched(dialled: ByteStream, { cutAfter: cutAt, wire }: Bend, session?: SessionName): ByteStream {
    const { sink, clock } = this.#env;
    const stream = cutAt === undefined ? dialled : cutAfter(dialled, cutAt);
    const seen = sink ? recorded(stream, ++this.#connections, clock, sink, session) : stream;
    return wire?.(seen) ?? seen;
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
    const { mode } = this.identity;
    const issued = issuedTo(this.identity, reply);
    if (issued.kind === 'malformed') return issued;
    this.#env.secret?.(issued.kind === 'secret' ? issued.deviceSecret : issued.deviceToken);
    this.#habits.store(this.flash, issued);
    this.marks.issuedAt = this.#env.clock.now();
    return { kind: 'issued', mode, ...way };
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
