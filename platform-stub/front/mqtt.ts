// The platform on MQTT: aedes speaks the protocol, the state machine decides. Identity is rewritten in `preConnect` (aedes would tell
// sessions apart by the client identifier, which holds timestamps) and refused in `authenticate` (elsewhere no CONNACK is sent).
// What aedes gets wrong is mended in aedes-repairs.ts; what a message means is in business.ts.
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { Aedes, type Client, type PublishPacket } from 'aedes';
import persistence from 'aedes-persistence';
import { toDuplex } from '../../kernel/bytes/duplex.ts';
import { tapped } from '../../kernel/bytes/tap.ts';
import type { ByteStream, Ending } from '../../kernel/bytes/stream.ts';
import { within, type Timer } from '../../kernel/clock.ts';
import { CONNACK } from '../../protocol/codes.ts';
import { filterMatches } from '../../protocol/filter.ts';
import { isReplyTopic, mayPublish, NOTIFY_TOPIC, ownTopic } from '../../protocol/topics.ts';
import type { CloseReason, ConnectDecision } from '../core/core.ts';
import type { Delivery, Downlink, Platform } from '../platform.ts';
import { repair, subscriptionsOf } from './aedes-repairs.ts';
import { boundsOf, Pace, PacketMeter } from './bounds.ts';
import { uplink } from './business.ts';
import { persistentSessions } from './persistent-sessions.ts';

/** What is known of a connection between its CONNECT and its end. */
interface Link {
  readonly session: number;
  readonly stream: ByteStream;
  /** Of its messages by QoS, and of those to it. */
  readonly paces: { readonly uplinks: readonly [Pace, Pace]; readonly downlinks: Pace };
  decision: ConnectDecision | undefined;
  /** Says goodbye to the connections that this one kicks; its CONNACK waits for that. */
  goodbyes: Promise<unknown>[];
  /** Messages to it that are not written yet. */
  unsent: number;
  /** Filters it may have: those it has, and those of the SUBSCRIBE under way. */
  readonly filters: Set<string>;
  /** Filters of the SUBSCRIBE under way. */
  asked: number;
  /** Replies to messages that came before their SUBSCRIBE was through: some SDKs do not await it (clients.md, trap 9). */
  readonly held: { readonly topic: string; readonly payload: string; readonly at: number }[];
}

type Online = Extract<ConnectDecision, { kind: 'online' }>;

export interface MqttFront {
  /** Serves MQTT on a stream, whatever carries it. */
  accept(stream: ByteStream): void;
  close(): Promise<void>;
}

export interface MqttFrontOptions {
  /** How long a client that does not read may hold up its own messages; 0 (in a browser, whose timers lack `unref`) is for ever. */
  readonly drainTimeoutMs?: number;
}

/** MQTT 3.1 would allow 23; real identifiers are longer than 64. */
const LONGEST_IDENTIFIER = 65_535;
/** MQTT 3.1 and 3.1.1. MQTT 5 is refused with CONNACK 1. */
const SPOKEN_VERSIONS = new Set([3, 4]);
/** Where a publish goes that nobody may receive: `#` does not match `$`. */
const NOWHERE = '$muster/dropped';
/** How long a kicked client may take to be told so. */
const GOODBYE_MS = 1000;
/** How long the last bytes to a client may take when its connection is over. */
const LAST_BYTES_MS = 5000;
const UNSENT_MAX = 2000;
const HELD_REPLIES = 16;
const HELD_MS = 1000;
/** Codes of section 7.2. */
const LOG_CODE = { throttled: 429, parameter: 460, topic: 6813 } as const;

export async function createMqttFront(platform: Platform, { drainTimeoutMs = 0 }: MqttFrontOptions = {}): Promise<MqttFront> {
  const { clock } = platform;
  const bounds = boundsOf(platform.options.limits);
  const links = new WeakMap<Client, Link>();
  const clients = new Map<number, Client>();
  /** Goodbyes that the CONNECT under way has caused. */
  let goodbyes: Promise<unknown>[] = [];
  const store = persistence();
  const broker = await Aedes.createBroker({
    id: 'muster',
    // One frozen subscriber would stop everybody's messages at the default of 100.
    concurrency: 0,
    maxClientsIdLength: LONGEST_IDENTIFIER,
    drainTimeout: drainTimeoutMs,
    persistence: store,
    preConnect(client, packet, done) {
      const link = links.get(client);
      if (!link) return done(new Error('connection without a stream'), false);
      // Another protocol version gets its CONNACK 1 from aedes; the platform never hears of it.
      if (!SPOKEN_VERSIONS.has(packet.protocolVersion ?? 0)) return done(null, true);
      goodbyes = link.goodbyes;
      link.decision = platform.connect({
        session: link.session,
        facts: link.stream.facts,
        identifier: packet.clientId,
        username: packet.username,
        password: packet.password === undefined ? undefined : Buffer.from(packet.password).toString('utf8'),
        keepAlive: packet.keepalive ?? 0,
      });
      const mutable = packet as { clientId: string; clean: boolean; keepalive: number; will?: unknown };
      mutable.clientId = link.decision.kind === 'online' ? link.decision.brokerId : `connection#${link.session}`;
      // Credentials must never lie in a persistent session.
      if (link.decision.kind !== 'online') mutable.clean = true;
      // The platform scans by itself (section 4e), and aedes' own timer throws in a browser.
      mutable.keepalive = 0;
      // Section 4g: a will is accepted and ignored.
      delete mutable.will;
      done(null, true);
    },
    authenticate(client, _username, _password, done) {
      const link = links.get(client);
      const decision = link?.decision;
      if (!decision || decision.kind === 'refused') {
        const returnCode = decision?.code ?? CONNACK.credentials;
        return done(Object.assign(new Error(decision?.why ?? 'no decision'), { returnCode }), false);
      }
      if (!link || link.goodbyes.length === 0) return done(null, true);
      // The older connection is told before the newer one is let in (section 4f).
      void Promise.all(link.goodbyes).then(() => done(null, true));
    },
    authorizeSubscribe(client, subscription, done) {
      const link = client ? links.get(client) : undefined;
      if (!client || !maySubscribe(link, subscription.topic) || !hasRoom(client, link, subscription.topic)) return done(null, null);
      // Section 4g: messages come at the publisher's QoS, whatever was subscribed; the SUBACK grants what was asked for all the same.
      done(null, link?.decision?.kind === 'online' ? { ...subscription, qos: 1 } : subscription);
    },
    authorizePublish(client, packet, done) {
      const link = client ? links.get(client) : undefined;
      if (!client || !link) return done(null);
      if (packet.qos === 2 && platform.options.onQos2 === 'closes') return done(new Error('QoS 2 is not offered (section 4g)'));
      // Uplinks go to the platform only; no device hears another (RULE-59).
      const { topic } = packet;
      const qos = packet.qos === 0 ? 0 : 1;
      const dropped = packet.qos === 2;
      const payload = Buffer.from(packet.payload);
      packet.topic = NOWHERE;
      packet.payload = Buffer.alloc(0);
      packet.retain = false;
      const { decision } = link;
      const foreign = decision?.kind === 'online' && !mayUse(decision, topic);
      if (foreign && platform.options.onForeignPublish === 'closes') return done(new Error('not a topic of this device (RULE-59)'));
      done(null);
      if (decision?.kind === 'online' && !dropped) receive(client, link, decision, { topic, qos, payload, foreign });
    },
    // The second line: also what was pushed, and what a resumed session kept.
    authorizeForward: (client, packet) => (mayReceive(links.get(client), packet.topic) ? packet : null),
  });

  function mayUse(who: Online, topic: string): boolean {
    return platform.policy['RULE-59'](mayPublish(topic, who.productKey, who.deviceName));
  }

  function maySubscribe(link: Link | undefined, filter: string): boolean {
    // Only a platform that breaks RULE-05 has replies in its topic tree.
    if (['published', 'retained'].includes(platform.policy['RULE-05']())) return true;
    // A generic client cannot do without subscribing to the reply topics; the reply never travels through the topic tree.
    if (link?.decision?.kind === 'registered') return isReplyTopic(filter) && platform.options.registrationSubscribe === 'reply-topics';
    return (
      link?.decision?.kind === 'online' && platform.policy['RULE-59'](ownTopic(filter, link.decision.productKey, link.decision.deviceName))
    );
  }

  function mayReceive(link: Link | undefined, topic: string): boolean {
    if (link?.decision?.kind === 'registered' && isReplyTopic(topic)) return true;
    return maySubscribe(link, topic) || (link?.decision?.kind === 'online' && topic === NOTIFY_TOPIC);
  }

  function hasRoom(client: Client, link: Link | undefined, filter: string): boolean {
    // A session that is resumed brings its filters all at once.
    if (!link || (client.connected && ++link.asked > bounds.filtersPerSubscribe)) return false;
    if (link.filters.size >= bounds.subscriptions && !link.filters.has(filter)) return false;
    link.filters.add(filter);
    return true;
  }

  function receive(
    client: Client,
    link: Link,
    who: Online,
    { topic, qos, payload, foreign }: { topic: string; qos: 0 | 1; payload: Uint8Array; foreign: boolean },
  ): void {
    const now = clock.now();
    const { productKey, deviceName, clientId } = who;
    const note = (code: number, reason: string, messageId?: string): void =>
      platform.note({
        type: 'uplink',
        productKey,
        deviceName,
        ...(clientId === undefined ? {} : { clientId }),
        ...(messageId === undefined ? {} : { messageId }),
        operation: 'publish',
        content: topic,
        code,
        reason,
      });
    if (foreign) return note(LOG_CODE.topic, 'not a topic of this device');
    if (payload.length > bounds.payloadBytes) return note(LOG_CODE.parameter, 'the message is too large');
    if (utf8ToBytes(topic).length > bounds.topicBytes || topic.split('/').length - 1 > bounds.topicSlashes) {
      return note(LOG_CODE.topic, 'the topic is too long');
    }
    if (!link.paces.uplinks[qos].admits(bounds.uplinks[qos], now)) return note(LOG_CODE.throttled, 'too many messages in this second');
    const { code, reason, messageId, reply } = uplink(topic, payload, now);
    note(code, reason, messageId);
    if (!reply) return;
    if (who.autoSubscribe || subscriptionsOf(client).matches(reply.topic)) return push(client, reply.topic, reply.payload, 0);
    if (link.held.length < HELD_REPLIES) link.held.push({ ...reply, at: now });
  }

  function push(client: Client, topic: string, payload: string, qos: 0 | 1, done: () => void = () => undefined): void {
    const link = links.get(client);
    // Who does not read its replies has no more of them kept for it.
    if (link && ++link.unsent > UNSENT_MAX) return link.stream.abort();
    client.publish({ cmd: 'publish', topic, payload: Buffer.from(payload), qos, retain: false, dup: false }, () => {
      if (link) link.unsent -= 1;
      done();
    });
  }

  /** A message to a device: to whoever subscribed, or asked for the standard topics (`_ss=1`); else it waits in a persistent session. */
  function deliver({ device, topic, payload, qos }: Downlink): Delivery {
    let how: Delivery = 'nobody';
    for (const { id } of device.sessions) {
      const client = clients.get(id);
      const decision = client && links.get(client)?.decision;
      // Nothing may come before the CONNACK, which waits for the goodbye of the connection that this one kicks.
      if (!client?.connected || decision?.kind !== 'online') continue;
      if (!links.get(client)?.paces.downlinks.admits(bounds.downlinks, clock.now())) return 'throttled';
      const subscribed = subscriptionsOf(client).matches(topic);
      if (subscribed || decision.autoSubscribe) how = 'sent';
      if (!subscribed && decision.autoSubscribe) push(client, topic, payload, qos);
    }
    if (how === 'nobody' && outlasting.queues(device)) how = 'queued';
    if (how === 'nobody') return how;
    const packet: PublishPacket = { cmd: 'publish', topic, payload: Buffer.from(payload), qos, retain: false, dup: false };
    broker.publish(packet, () => undefined);
    return how;
  }

  const outlasting = persistentSessions(platform, store);
  repair(broker, store, (client, filter) => {
    const link = links.get(client);
    if (link?.decision?.kind === 'online') outlasting.keep(link.decision);
    return link?.filters.has(filter) ?? false;
  });

  const reply = (client: Client): void => {
    const link = links.get(client);
    if (link?.decision?.kind !== 'registered') return;
    const { topic, payload, delivery } = link.decision;
    push(client, topic, payload, 0, () => platform.replied(link.session));
    if (delivery !== 'published' && delivery !== 'retained') return;
    const retain = delivery === 'retained';
    broker.publish({ cmd: 'publish', topic, payload: Buffer.from(payload), qos: 0, retain, dup: false }, () => undefined);
  };
  broker.on('clientReady', (client) => {
    const decision = links.get(client)?.decision;
    if (decision?.kind === 'registered' && decision.delivery !== 'on-subscribe') reply(client);
    if (decision?.kind === 'online') outlasting.cameBack(decision);
  });
  broker.on('unsubscribe', (filters, client) => {
    for (const filter of filters) links.get(client)?.filters.delete(filter);
  });
  broker.on('subscribe', (filters, client) => {
    const link = links.get(client);
    if (link) link.asked = 0;
    if (link?.decision?.kind === 'registered' && link.decision.delivery === 'on-subscribe') reply(client);
    for (const held of link?.held.splice(0) ?? []) {
      if (clock.now() - held.at > HELD_MS) continue;
      if (filters.some(({ topic }) => filterMatches(topic, held.topic))) push(client, held.topic, held.payload, 0);
      // The SUBSCRIBE that asks for it may be a later one.
      else link?.held.push(held);
    }
  });
  const endDownlinks = platform.onDownlink(deliver);

  /** Ends a connection; one that was kicked and asked to be told is told first (section 4f). */
  function leave(client: Client, why: CloseReason): void {
    const decision = links.get(client)?.decision;
    if (why !== 'kicked' || decision?.kind !== 'online' || !decision.notify || !client.connected) return client.close();
    const notice = JSON.stringify({ title: 'kick', content: 'Kicked by the same device' });
    const told = new Promise<void>((resolve) => push(client, NOTIFY_TOPIC, notice, 0, resolve));
    goodbyes.push(within(clock, GOODBYE_MS, told, () => undefined).then(() => client.close()));
  }

  return {
    accept(stream) {
      let client: Client | undefined = undefined;
      const session = platform.open((why) => {
        if (client) leave(client, why);
        else stream.abort();
      });
      const meter = new PacketMeter();
      let packets = 0;
      let lastBytes: Timer | undefined;
      let isOpen = true;
      const duplex = toDuplex(
        tapped(stream, {
          sent: () => undefined,
          received(bytes) {
            if (meter.push(bytes) > bounds.packetBytes) stream.abort();
            // A packet is a sign of life; a piece of one is not (section 4e).
            if (meter.completed > packets) platform.touch(session);
            packets = meter.completed;
          },
          closed(ending) {
            lastBytes?.cancel();
            isOpen = false;
            clients.delete(session);
            platform.closed(session, reasonOf(client, ending));
          },
        }),
      );
      // A client that does not read would keep its connection, whoever ended it.
      duplex.once('close', () => {
        if (isOpen) lastBytes = clock.after(LAST_BYTES_MS, () => stream.abort());
      });
      client = broker.handle(duplex as never);
      // A stream may have ended before anybody listened.
      if (isOpen) clients.set(session, client);
      links.set(client, {
        session,
        stream,
        paces: { uplinks: [new Pace(), new Pace()], downlinks: new Pace() },
        decision: undefined,
        goodbyes: [],
        held: [],
        filters: new Set(),
        asked: 0,
        unsent: 0,
      });
    },
    close: () =>
      new Promise((resolve) => {
        endDownlinks();
        outlasting.stop();
        platform.stop();
        broker.close(() => resolve());
      }),
  };
}

/** How the log names the end of a connection that the client ended (section 7.3). */
function reasonOf(client: Client | undefined, ending: Ending): string {
  if ((client as unknown as { _disconnected: boolean } | undefined)?._disconnected) return 'Device disconnect';
  return ending.by === 'fault' ? 'Connection reset by peer' : 'Connection occurs exception';
}
