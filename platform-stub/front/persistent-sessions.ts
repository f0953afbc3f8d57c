// Sessions that outlive their connection (clean=0): whose they are, how much waits for them, and when they end for good. The store of aedes
// keeps both filters and queue for ever, also for a certificate that can never come back.
import type { AedesPersistence } from 'aedes-persistence';
import { brokerIdsOf } from '../core/connect.ts';
import type { Device } from '../core/state.ts';
import type { Platform } from '../platform.ts';

/** Messages that wait for one device; the next is not kept (ours: the vendor names an age only, section 8). */
const QUEUED_MAX = 1000;

/** What ends a certificate. */
const ENDINGS: ReadonlySet<string> = new Set(['DeleteDevice', 'DeleteClientIds', 'TransformClientId']);

interface Name {
  readonly productKey: string;
  readonly deviceName: string;
}

interface Outlasting {
  /** Session ids that the store has something of. */
  readonly brokerIds: Set<string>;
  /** Messages since the device was last there. */
  queued: number;
}

/** The part of the store that its types do not show, or show as call-backs. */
interface Store {
  cleanSubscriptions(client: { readonly id: string }): Promise<void>;
  outgoingStream(client: { readonly id: string }): AsyncIterable<{ readonly messageId?: number }>;
  outgoingClearMessageId(client: { readonly id: string }, packet: { readonly messageId?: number }): Promise<unknown>;
}

export interface PersistentSessions {
  /** The store keeps something for this session. */
  keep(of: Name & { readonly brokerId: string }): void;
  /** The device is there, and gets what waited. */
  cameBack(of: Name): void;
  /** Is there a session that takes one message more? Counts it. */
  queues(device: Device): boolean;
  stop(): void;
}

export function persistentSessions(platform: Platform, store: AedesPersistence): PersistentSessions {
  const kept = new Map<string, Outlasting>();
  const keyOf = ({ productKey, deviceName }: Name): string => `${deviceName}&${productKey}`;

  /** Ends the sessions that no certificate of the device opens any more. */
  function prune(of: Name): void {
    const entry = kept.get(keyOf(of));
    if (!entry) return;
    const device = platform.state.products.get(of.productKey)?.devices.get(of.deviceName);
    const usable = new Set(device ? brokerIdsOf(device) : []);
    for (const brokerId of entry.brokerIds) {
      if (usable.has(brokerId)) continue;
      entry.brokerIds.delete(brokerId);
      void forget(store as unknown as Store, brokerId);
    }
    if (entry.brokerIds.size === 0) kept.delete(keyOf(of));
  }

  const stop = platform.log.listen((entry) => {
    if (entry.type === 'operator' && ENDINGS.has(entry.operation)) prune(entry);
  });
  return {
    keep(of) {
      const entry = kept.get(keyOf(of)) ?? { brokerIds: new Set(), queued: 0 };
      entry.brokerIds.add(of.brokerId);
      kept.set(keyOf(of), entry);
    },
    cameBack(of) {
      const entry = kept.get(keyOf(of));
      if (entry) entry.queued = 0;
    },
    queues(device) {
      const entry = kept.get(keyOf(device));
      return entry !== undefined && ++entry.queued <= QUEUED_MAX;
    },
    stop,
  };
}

async function forget(store: Store, id: string): Promise<void> {
  await store.cleanSubscriptions({ id });
  for await (const packet of store.outgoingStream({ id })) await store.outgoingClearMessageId({ id }, packet);
}
