// The platform in another worker of this page or process, reached through one multiplexed port.
import { portCarrier, type PortLike } from '../../kernel/bytes/carrier.ts';
import { muxClient } from '../../kernel/bytes/mux.ts';
import { standsFor } from '../../kernel/bytes/stands-for.ts';
import type { Clock } from '../../kernel/clock.ts';
import { noSuchWay, type Transport } from './transport.ts';

export function muxPortTransport(port: PortLike, clock: Clock): Transport {
  const mux = muxClient(portCarrier(port), clock);
  return {
    offersPlain: true,
    dial: (security, way) => Promise.resolve(way ? noSuchWay(way) : { ok: true, stream: mux.open(standsFor(security, 'platform')) }),
  };
}
