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

/** @param has was this filter granted to this client? */
export function repair(broker: Aedes, store: AedesPersistence, has: (client: Client, filter: string) => boolean): void {
  keepGrantedFilters(store, has);
  dropStatistics(broker);
  forgetTheDead(broker);
}

/**
 * aedes would keep a filter that was refused for the next session, keeps the QoS that was asked for and not the one that holds (a delivery at
 * another one ends the client), and stores the whole list of a SUBSCRIBE again for each of its filters.
 */
function keepGrantedFilters(store: AedesPersistence, has: (client: Client, filter: string) => boolean): void {
  // Its types speak of call-backs; it returns a promise.
  const subscriptions = store as unknown as {
    addSubscriptions(client: Client, filters: readonly { readonly topic: string }[]): Promise<void>;
  };
  const keep = subscriptions.addSubscriptions.bind(store);
  const kept = new WeakMap<object, Promise<void>>();
  subscriptions.addSubscriptions = (client, filters) => {
    // When this runs, all filters of the packet were asked about.
    const work =
      kept.get(filters) ??
      Promise.resolve().then(() =>
        keep(
          client,
          filters.filter((one) => has(client, one.topic)).map((one) => ({ ...one, qos: 1 })),
        ),
      );
    kept.set(filters, work);
    return work;
  };
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

/**
 * aedes unregisters the newer of two connections when the older dies in the tick of its CONNECT, and keeps one registered that died before
 * its registration. Who is kicked is therefore the platform's decision alone, by session; here only the dead are forgotten.
 */
function forgetTheDead(broker: Aedes): void {
  const registry = broker as unknown as { clients: Record<string, Client> };
  broker.on('client', (client) => {
    if (client.closed) delete registry.clients[client.id];
  });
  // A connection that breaks is an event of that connection, not of the broker.
  broker.on('clientError', () => undefined);
  broker.on('connectionError', () => undefined);
}
