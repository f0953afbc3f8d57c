// A session for load: the bytes and outcomes of `reference` without its streams, emitters and timers. It never reconnects by itself (S2).
import type { IPublishPacket, Packet } from 'mqtt-packet';
import type { ByteStream, Ending } from '../../kernel/bytes/stream.ts';
import type { Timer } from '../../kernel/clock.ts';
import type { Outcome } from '../../kernel/trace/outcome.ts';
import { encode, readChunk, type Reader } from './codec.ts';
import { connackIn, encodeConnect } from './handshake-packets.ts';
import {
  isTopic,
  named,
  type ConnectFields,
  type Message,
  type OpenSession,
  type Session,
  type SessionEnv,
  type SessionEvents,
} from './session.ts';
import { TICK_MS, wheelOf, type Waiter } from './wheel.ts';

/** A packet with an id that waits for its answer. */
interface Pending {
  /** How many filters a SUBSCRIBE holds; none: a PUBLISH. */
  readonly filters: number;
  /** Told what was granted (to a PUBLISH nothing), or undefined when no answer will come. */
  readonly done: (granted: readonly number[] | undefined) => void;
}

/** `shut`: we ended the stream and listen no more; `ending`: the last acknowledgements are still to come. */
type Stage = 'connecting' | 'open' | 'ending' | 'shut' | 'closed';

/** A level is a wildcard or holds none, and `#` is the last (MQTT 3.1.1, 4.7.1). */
const FILTER = /^(?:(?:[^+#/]*|\+)\/)*(?:[^+#/]*|\+|#)$/;

function isFilter(text: string): boolean {
  return isTopic(text) && FILTER.test(text);
}

function encodeUnusual({ clientId, username, password, clean, keepAlive: keepalive }: ConnectFields): Uint8Array | undefined {
  const packet = { cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clean, keepalive, clientId, username, password };
  // The codec takes a text for the password, but its types do not.
  return encode(packet as unknown as Packet);
}

class LeanSession implements Session, Waiter {
  readonly opened: Promise<Outcome>;
  readonly #stream: ByteStream;
  readonly #events: SessionEvents;
  readonly #env: SessionEnv;
  readonly #keepAliveMs: number;
  readonly #startedAt: number;
  /** Holds the first part of a packet whose rest is still to come. */
  #reader: Reader | undefined;
  #settle: ((outcome: Outcome) => void) | undefined;
  #silence: Timer | undefined;
  #stage: Stage = 'connecting';
  /** A CONNACK came, whatever it said. */
  #answered = false;
  /** When the platform last proved that it is there: by its CONNACK, an acknowledgement or a PINGRESP. */
  #provenAt = 0;
  #pinged = false;
  #slot: number | undefined;
  // What most sessions of a load never need is not made before it is.
  #pending: Map<number, Pending> | undefined;
  /** No id below this one is free. */
  #lowestId = 1;
  #heldBack: Map<number, Message> | undefined;
  #whenDrained: ((drained: boolean) => void)[] | undefined;
  #whenClosed: (() => void)[] | undefined;

  constructor(stream: ByteStream, fields: ConnectFields, events: SessionEvents, env: SessionEnv) {
    this.#stream = stream;
    this.#events = events;
    this.#env = env;
    this.#keepAliveMs = fields.keepAlive * 1000;
    this.#startedAt = env.clock.now();
    this.opened = new Promise((resolve) => (this.#settle = resolve));
    this.#silence = env.clock.after(env.timeouts.connack, () => {
      this.#settled({ kind: 'silent', stage: 'connack', waitedMs: env.timeouts.connack });
      this.#shut();
    });
    stream.attach({
      data: (bytes) => this.#heard(bytes),
      drain: () => this.#drained(true),
      // The platform has nothing more to say, and so have we.
      end: () => stream.end(),
      close: (ending) => this.#over(ending),
    });
    const bytes = encodeConnect(fields) ?? encodeUnusual(fields);
    if (bytes) stream.write(bytes);
    else this.#shut();
  }

  publish(topic: string, payload: string, qos: 0 | 1): Promise<boolean> {
    if (this.#stage !== 'open' || !isTopic(topic)) return Promise.resolve(false);
    const packet: IPublishPacket = { cmd: 'publish', topic, payload, qos, retain: false, dup: false };
    if (qos === 0) return this.#send(packet) ? Promise.resolve(true) : new Promise((resolve) => (this.#whenDrained ??= []).push(resolve));
    const numbered = (messageId: number): Packet => ({ ...packet, messageId });
    return new Promise((resolve) => this.#ask({ filters: 0, done: (answer) => resolve(answer !== undefined) }, numbered));
  }

  subscribe(filters: readonly string[]): Promise<number[]> {
    if (this.#stage !== 'open' || filters.length === 0 || !filters.every(isFilter)) return Promise.resolve([]);
    const subscriptions = filters.map((topic) => ({ topic, qos: 1 as const }));
    const numbered = (messageId: number): Packet => ({ cmd: 'subscribe', messageId, subscriptions });
    return new Promise((resolve) => this.#ask({ filters: filters.length, done: (granted = []) => resolve([...granted]) }, numbered));
  }

  end(): Promise<void> {
    if (this.#stage === 'closed') return Promise.resolve();
    const closed = new Promise<void>((resolve) => (this.#whenClosed ??= []).push(resolve));
    if (this.#stage === 'connecting') this.#shut();
    if (this.#stage === 'open') {
      this.#stage = 'ending';
      this.#restUnlessPending();
    }
    return closed;
  }

  abort(): void {
    this.#settled({ kind: 'aborted', by: 'operator' });
    this.#unschedule();
    if (this.#stage !== 'closed') this.#stage = 'shut';
    this.#stream.abort();
  }

  due(now: number): void {
    this.#slot = undefined;
    const still = now - this.#provenAt + TICK_MS;
    if (still >= this.#keepAliveMs * 1.5) return this.#shut();
    if (still >= this.#keepAliveMs && !this.#pinged) {
      this.#pinged = true;
      this.#send({ cmd: 'pingreq' });
    }
    this.#schedule();
  }

  #heard(bytes: Uint8Array): void {
    if (this.#stage === 'shut') return;
    const connack = this.#answered ? undefined : connackIn(bytes);
    if (connack && !this.#reader) return this.#takeConnack(connack.returnCode, connack.sessionPresent);
    const reader = readChunk(bytes, this.#reader);
    this.#reader = reader.clean ? undefined : reader;
    // Like MQTT.js, which reads a whole chunk before it takes the first packet of it.
    if (reader.fault !== undefined) {
      this.#settled({ kind: 'malformed', what: 'connack', why: reader.fault });
      // Whoever breaks the protocol is left (MQTT-4.8.0-1).
      return this.#shut();
    }
    for (const packet of reader.packets) this.#take(packet);
  }

  #over(ending: Ending): void {
    this.#stage = 'closed';
    this.#unschedule();
    this.#settled({ kind: 'closed', stage: 'connack', afterMs: this.#env.clock.now() - this.#startedAt });
    this.#events.close(ending);
    for (const { done } of this.#pending?.values() ?? []) done(undefined);
    this.#drained(false);
    for (const done of this.#whenClosed ?? []) done();
  }

  #take(packet: Packet): void {
    if (this.#stage === 'shut') return;
    switch (packet.cmd) {
      case 'connack':
        return this.#takeConnack(packet.returnCode, packet.sessionPresent);
      case 'publish': {
        const { topic, retain, qos, messageId = 0 } = packet;
        const message = { topic, payload: packet.payload as Uint8Array, retain };
        if (qos === 2) (this.#heldBack ??= new Map()).set(messageId, message);
        else this.#events.message(message);
        return qos === 0 ? undefined : this.#answer({ cmd: qos === 1 ? 'puback' : 'pubrec', messageId });
      }
      case 'puback':
      case 'pubrec':
      case 'pubcomp':
      case 'suback':
        this.#proven();
        return this.#takeAcknowledgement(packet);
      case 'pubrel': {
        this.#proven();
        const { messageId = 0 } = packet;
        const message = this.#heldBack?.get(messageId);
        if (message && this.#heldBack?.delete(messageId)) this.#events.message(message);
        return this.#answer({ cmd: 'pubcomp', messageId });
      }
      case 'unsuback':
      case 'pingresp':
        return this.#proven();
      default: // What a platform never sends is passed over, as MQTT.js does.
    }
  }

  /** @param code undefined where the CONNACK was too short to hold one */
  #takeConnack(code: number | undefined, sessionPresent: boolean): void {
    if (this.#answered) return this.#shut();
    this.#answered = true;
    if (code === undefined) return;
    if (code > 0) {
      this.#settled({ kind: 'refused', by: 'connack', code });
      // A refused device has nothing more to say; the platform closes, and so do we if it does not.
      return this.#shut();
    }
    this.#stage = 'open';
    this.#provenAt = this.#env.clock.now();
    if (this.#keepAliveMs > 0) this.#schedule();
    this.#settled({ kind: 'accepted', sessionPresent });
  }

  #takeAcknowledgement(packet: Packet): void {
    const id = packet.messageId ?? 0;
    const pending = this.#pending?.get(id);
    if (pending?.filters === 0 && packet.cmd === 'pubrec') return this.#answer({ cmd: 'pubrel', messageId: id });
    // Whatever answers another question is passed over.
    if (!pending || pending.filters > 0 !== (packet.cmd === 'suback')) return;
    this.#pending?.delete(id);
    this.#lowestId = Math.min(this.#lowestId, id);
    const granted = packet.cmd === 'suback' ? (packet.granted as number[]) : [];
    pending.done(granted);
    // Grants for other filters than ours: whoever sent them cannot be talked to. A refusal among them comes first.
    if (granted.length !== pending.filters && !granted.includes(0x80)) this.#shut();
    else if (this.#stage === 'ending') this.#restUnlessPending();
  }

  /** Sends a packet under the lowest free id, as MQTT.js' UniqueMessageIdProvider numbers them; answers at once when all are taken. */
  #ask(pending: Pending, packetOf: (messageId: number) => Packet): void {
    const all = (this.#pending ??= new Map<number, Pending>());
    let id = this.#lowestId;
    while (all.has(id)) id += 1;
    if (id > 0xffff) return pending.done(undefined);
    this.#lowestId = id + 1;
    all.set(id, pending);
    this.#send(packetOf(id));
  }

  /** False when the writer had better wait. */
  #send(packet: Packet): boolean {
    const bytes = encode(packet);
    if (bytes) return this.#stream.write(bytes);
    this.#shut();
    return true;
  }

  /** A platform that does not read our answers is not listened to; nor is one that wants them before its CONNACK, as by MQTT.js. */
  #answer(packet: Packet): void {
    if (this.#stage === 'connecting') this.#stage = 'shut';
    else if (!this.#send(packet)) this.#stream.pause();
  }

  #drained(roomy: boolean): void {
    this.#stream.resume();
    for (const done of this.#whenDrained?.splice(0) ?? []) done(roomy);
  }

  #restUnlessPending(): void {
    if (this.#pending?.size) return;
    this.#unschedule();
    this.#send({ cmd: 'disconnect' });
    this.#stream.end();
  }

  #shut(): void {
    if (this.#stage === 'closed') return;
    this.#stage = 'shut';
    this.#unschedule();
    this.#stream.shut();
  }

  #settled(outcome: Outcome): void {
    const settle = this.#settle;
    if (!settle) return;
    this.#settle = undefined;
    this.#silence?.cancel();
    this.#silence = undefined;
    settle(outcome);
  }

  #proven(): void {
    this.#provenAt = this.#env.clock.now();
    this.#pinged = false;
  }

  /** The next deadline: a ping after the keep-alive, the end after half of it more. An earlier proof is asked for when it comes. */
  #schedule(): void {
    this.#slot = wheelOf(this.#env.clock).add(this, this.#provenAt + this.#keepAliveMs * (this.#pinged ? 1.5 : 1));
  }

  #unschedule(): void {
    if (this.#slot !== undefined) wheelOf(this.#env.clock).remove(this, this.#slot);
    this.#slot = undefined;
  }
}

export const openLeanSession: OpenSession = named('lean', (stream, fields, events, env) => new LeanSession(stream, fields, events, env));
