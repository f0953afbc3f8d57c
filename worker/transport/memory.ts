// The platform in the same thread: a memory pair that stands for MQTT over TLS on 8883, or over TCP on 1883.
import { memoryPair } from '../../kernel/bytes/memory.ts';
import { standsFor } from '../../kernel/bytes/stands-for.ts';
import type { ByteStream } from '../../kernel/bytes/stream.ts';
import type { Clock } from '../../kernel/clock.ts';
import { noSuchWay, type Transport } from './transport.ts';

/**
 * @param accept     the platform's side of each new pair
 * @param extraTurns turns of the event loop that every hop takes longer
 */
export function memoryTransport(clock: Clock, accept: (stream: ByteStream) => void, extraTurns = 0): Transport {
  return {
    offersPlain: true,
    dial(security, way) {
      if (way) return Promise.resolve(noSuchWay(way));
      const [client, server] = memoryPair(clock, standsFor(security, 'platform'), standsFor(security, 'device'), extraTurns);
      accept(server);
      return Promise.resolve({ ok: true, stream: client });
    },
  };
}
