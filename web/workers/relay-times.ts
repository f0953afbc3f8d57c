// What the relay measured for the devices of one worker: histograms on the relay's clock, free of the way between page and relay.
import type { Opening } from '../../kernel/bytes/mux-report.ts';
import { encodeHistogram, newHistogram, record } from '../../worker/fleet/measure.ts';
import type { RelayTimes } from '../../worker/transport/mux-websocket.ts';

/**
 * The wait for a turn, TCP up after that, TLS up after that, and from a connection's first byte to the target's first; each a histogram as
 * measure.ts encodes it.
 */
export interface EncodedRelayTimes {
  readonly waited: string;
  readonly tcp: string;
  readonly tls: string;
  readonly firstByte: string;
}

export class RelayMeter implements RelayTimes {
  readonly #waited = newHistogram(2);
  readonly #tcp = newHistogram(2);
  readonly #tls = newHistogram(2);
  readonly #firstByte = newHistogram(2);

  up({ tcpMs, tlsMs, waitedMs }: Opening): void {
    if (waitedMs !== undefined) record(this.#waited, waitedMs);
    record(this.#tcp, tcpMs);
    if (tlsMs !== undefined) record(this.#tls, tlsMs);
  }

  firstByte(ms: number): void {
    record(this.#firstByte, ms);
  }

  encoded(): EncodedRelayTimes {
    return {
      waited: encodeHistogram(this.#waited),
      tcp: encodeHistogram(this.#tcp),
      tls: encodeHistogram(this.#tls),
      firstByte: encodeHistogram(this.#firstByte),
    };
  }
}
