// What aedes 1.2 gets wrong for a platform, mended from outside. Each repair has a test that fails without it.
import type { Aedes, AedesPublishPacket, Client } from 'aedes';
import type { AedesPersistence } from 'aedes-persistence';
import { filterMatches } from '../../protocol/filter.ts';

/** The filters that a client has, which aedes' types do not show. */
export function subscriptionsOf(client: Client): {
  readonly subscriptions: Readonly<Record<string, unknown>>;
  matches(topic: string): boolean;
} {
  const { subscriptions } = client as unknown as { subscriptions: Readonly<Record<string, unknown>> };
  return { subscriptions, matches: (topic) => Object.keys(subscriptions).some((filter) => filterMatches(filter, topic)) };
}

/** @param mayHave may this client have this filter? */
export function repair(broker: Aedes, store: AedesPersistence, mayHave: (client: Client, filter: string) => boolean): void {
  keepRightsInPersistence(store, mayHave);
  dropStatistics(broker);
  followKicks(broker);
}

/** A filter that was refused would be kept for the next session all the same. */
function keepRightsInPersistence(store: AedesPersistence, mayHave: (client: Client, filter: string) => boolean): void {
  // Its types speak of call-backs; it returns a promise.
  const subscriptions = store as unknown as { addSubscriptions(client: Client, filters: { topic: string }[]): Promise<void> };
  const keep = subscriptions.addSubscriptions.bind(store);
  subscriptions.addSubscriptions = (client, filters) =>
    keep(
      client,
      filters.filter((one) => mayHave(client, one.topic)),
    );
}

/** Nobody reads aedes' own statistics; they cost a fifth of a connection. */
function dropStatistics(broker: Aedes): void {
  const publish = broker.publish.bind(broker) as (...args: unknown[]) => void;
  broker.publish = (packet: AedesPublishPacket, ...rest: unknown[]) => {
    if (!packet.topic.startsWith('$SYS/')) return publish(packet, ...rest);
    const done = rest.at(-1);
    if (typeof done === 'function') (done as () => void)();
  };
}

/** When the older connection dies in the tick of the newer one's CONNECT, aedes unregisters the newer one, which is never kicked again. */
function followKicks(broker: Aedes): void {
  /** The newest client of each identity. */
  const live = new Map<string, Client>();
  const registry = broker as unknown as { clients: Record<string, Client> };
  // A client that died between its check and its registration would stay registered for ever.
  broker.on('client', (client) => {
    if (client.closed) delete registry.clients[client.id];
  });
  broker.on('clientReady', (client) => {
    live.set(client.id, client);
    registry.clients[client.id] = client;
  });
  broker.on('clientDisconnect', (client) => {
    const current = live.get(client.id);
    if (current === client) live.delete(client.id);
    else if (current) registry.clients[client.id] = current;
  });
  // A connection that breaks is an event of that connection, not of the broker.
  broker.on('clientError', () => undefined);
  broker.on('connectionError', () => undefined);
}
