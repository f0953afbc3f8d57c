// The platform on MQTT: aedes speaks the protocol, the state machine decides. Identity is rewritten in `preConnect` (aedes would tell
// sessions apart by the client identifier, which holds timestamps) and refused in `authenticate` (elsewhere no CONNACK is sent).
import { Aedes, type AedesPublishPacket, type Client } from 'aedes';
import persistence from 'aedes-persistence';
import { toDuplex } from '../../kernel/bytes/duplex.ts';
import { tapped } from '../../kernel/bytes/tap.ts';
import type { ByteStream } from '../../kernel/bytes/stream.ts';
import { CONNACK } from '../../protocol/codes.ts';
import { isReplyTopic, mayPublish, ownTopic } from '../../protocol/topics.ts';
import type { ConnectDecision } from '../core/core.ts';
import type { Platform } from '../platform.ts';
import { answer } from './business.ts';

/** What is known of a connection between its CONNECT and its end. */
interface Link {
  readonly session: number;
  readonly stream: ByteStream;
  identifier: string;
  keepAlive: number;
  decision: ConnectDecision | undefined;
}

export interface MqttFront {
  /** Serves MQTT on a stream, whatever carries it. */
  accept(stream: ByteStream): void;
  close(): Promise<void>;
}

/** MQTT 3.1 would allow 23; real identifiers are longer than 64. */
const LONGEST_IDENTIFIER = 65_535;
/** MQTT 3.1 and 3.1.1. */
const SPOKEN_VERSIONS = new Set([3, 4]);
/** Where a publish goes that nobody may receive: `#` does not match `$`. */
const NOWHERE = '$muster/dropped';

export async function createMqttFront(platform: Platform): Promise<MqttFront> {
  const links = new WeakMap<Client, Link>();
  /** Newest client of each broker id: aedes unregisters the newer one when both ends meet in one tick. */
  const live = new Map<string, Client>();
  const store = persistence();
  const broker = await Aedes.createBroker({
    id: 'muster',
    // One frozen subscriber would stop everybody's messages at the default of 100.
    concurrency: 0,
    maxClientsIdLength: LONGEST_IDENTIFIER,
    // Greater than 0 needs `unref`, which timers of a browser lack.
    drainTimeout: 0,
    persistence: store,
    preConnect(client, packet, done) {
      const link = links.get(client);
      if (!link) return done(new Error('connection without a stream'), false);
      link.identifier = packet.clientId;
      link.keepAlive = packet.keepalive ?? 0;
      // Another protocol version gets its CONNACK 1 from aedes; the platform never hears of it.
      if (!SPOKEN_VERSIONS.has(packet.protocolVersion ?? 0)) return done(null, true);
      link.decision = platform.connect({
        session: link.session,
        facts: link.stream.facts,
        identifier: packet.clientId,
        username: packet.username,
        password: packet.password === undefined ? undefined : Buffer.from(packet.password).toString('utf8'),
        keepAlive: link.keepAlive,
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
      const decision = links.get(client)?.decision;
      if (decision && decision.kind !== 'refused') return done(null, true);
      const returnCode = decision?.code ?? CONNACK.credentials;
      done(Object.assign(new Error(decision?.why ?? 'no decision'), { returnCode }), false);
    },
    authorizeSubscribe(client, subscription, done) {
      done(null, client && maySubscribe(links.get(client), subscription.topic) ? subscription : null);
    },
    authorizePublish(client, packet, done) {
      const link = client ? links.get(client) : undefined;
      if (!client || !link) return done(null);
      if (packet.qos === 2) return done(new Error('QoS 2 is not offered (section 4g)'));
      // Uplinks go to the platform only; no device hears another (RULE-59).
      const { topic } = packet;
      const payload = Buffer.from(packet.payload);
      packet.topic = NOWHERE;
      packet.payload = Buffer.alloc(0);
      packet.retain = false;
      done(null);
      if (link.decision?.kind === 'online')
        answer(
          client,
          link.decision,
          topic,
          payload,
          platform.policy['RULE-59'](mayPublish(topic, link.decision.productKey, link.decision.deviceName)),
        );
    },
    authorizeForward: (client, packet) => (maySubscribe(links.get(client), packet.topic) ? packet : null),
  });

  function maySubscribe(link: Link | undefined, filter: string): boolean {
    // Only a platform that breaks RULE-05 has replies in its topic tree.
    if (platform.policy['RULE-05']() === 'published') return true;
    // A generic client cannot do without subscribing to the reply topics; the reply never travels through the topic tree.
    if (link?.decision?.kind === 'registered') return isReplyTopic(filter);
    return (
      link?.decision?.kind === 'online' && platform.policy['RULE-59'](ownTopic(filter, link.decision.productKey, link.decision.deviceName))
    );
  }

  // A filter that was refused would be kept for the next session all the same. (Its types speak of call-backs; it returns a promise.)
  const subscriptions = store as unknown as { addSubscriptions(client: Client, filters: { topic: string }[]): Promise<void> };
  const keep = subscriptions.addSubscriptions.bind(store);
  subscriptions.addSubscriptions = (client, filters) =>
    keep(
      client,
      filters.filter((one) => maySubscribe(links.get(client), one.topic)),
    );
  // Nobody reads aedes' own statistics; they cost a fifth of a connection.
  const publish = broker.publish.bind(broker) as (...args: unknown[]) => void;
  broker.publish = (packet: AedesPublishPacket, ...rest: unknown[]) => {
    if (!packet.topic.startsWith('$SYS/')) return publish(packet, ...rest);
    const done = rest.at(-1);
    if (typeof done === 'function') (done as () => void)();
  };

  const reply = (client: Client): void => {
    const link = links.get(client);
    if (link?.decision?.kind !== 'registered') return;
    const { topic, payload } = link.decision;
    const packet = { cmd: 'publish', topic, payload: Buffer.from(payload), qos: 0, retain: false, dup: false } as const;
    client.publish(packet, () => platform.replied(link.session));
    if (link.decision.delivery === 'published') broker.publish({ ...packet }, () => undefined);
  };
  const registry = broker as unknown as { clients: Record<string, Client> };
  // A client that died between its check and its registration would stay registered for ever.
  broker.on('client', (client) => {
    if (client.closed) delete registry.clients[client.id];
  });
  broker.on('clientReady', (client) => {
    live.set(client.id, client);
    registry.clients[client.id] = client;
    const decision = links.get(client)?.decision;
    if (decision?.kind === 'registered' && decision.delivery !== 'on-subscribe') reply(client);
  });
  broker.on('subscribe', (_subscriptions, client) => {
    const decision = links.get(client)?.decision;
    if (decision?.kind === 'registered' && decision.delivery === 'on-subscribe') reply(client);
  });
  broker.on('clientDisconnect', (client) => {
    const current = live.get(client.id);
    if (current === client) live.delete(client.id);
    else if (current) registry.clients[client.id] = current;
  });
  // A connection that breaks is an event of that connection, not of the broker.
  broker.on('clientError', () => undefined);
  broker.on('connectionError', () => undefined);

  return {
    accept(stream) {
      const session = platform.open(() => client.close());
      const duplex = toDuplex(
        tapped(stream, { sent: () => undefined, received: () => platform.touch(session), closed: () => platform.closed(session) }),
      );
      const client: Client = broker.handle(duplex as never);
      links.set(client, { session, stream, identifier: '', keepAlive: 0, decision: undefined });
    },
    close: () =>
      new Promise((resolve) => {
        platform.stop();
        broker.close(() => resolve());
      }),
  };
}
