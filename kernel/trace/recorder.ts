// From a stream to events: whole packets where the bytes are MQTT, the rest as they came.
import { tapped } from '../bytes/tap.ts';
import type { ByteStream } from '../bytes/stream.ts';
import type { Clock } from '../clock.ts';
import type { SessionName, TraceSink } from './event.ts';
import { PacketFramer } from './framing.ts';

/**
 * The same stream, its traffic reported to `sink` as connection number `conn` of its device.
 * @param session what speaks MQTT on it, where that is ours to know
 */
export function recorded(stream: ByteStream, conn: number, clock: Clock, sink: TraceSink, session?: SessionName): ByteStream {
  const framers = { out: new PacketFramer(), in: new PacketFramer() };
  sink({ at: clock.now(), kind: 'opened', conn, facts: stream.facts, ...(session ? { session } : {}) });
  const pass = (dir: 'out' | 'in', bytes: Uint8Array): void => {
    // The stream owns the array once written; evidence keeps its own copy.
    for (const packet of framers[dir].push(bytes.slice())) sink({ at: clock.now(), kind: 'packet', conn, dir, bytes: packet });
  };
  return tapped(stream, {
    sent: (bytes) => pass('out', bytes),
    received: (bytes) => pass('in', bytes),
    closed(ending) {
      for (const dir of ['out', 'in'] as const) {
        const rest = framers[dir].rest();
        if (rest.length > 0) sink({ at: clock.now(), kind: 'bytes', conn, dir, bytes: rest });
      }
      sink({ at: clock.now(), kind: 'closed', conn, ending });
    },
  });
}
