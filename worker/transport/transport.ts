// How a unit reaches a platform. What carries the bytes is a detail of the target; whether they are encrypted is not.
import type { ByteStream } from '../../kernel/bytes/stream.ts';
import type { Outcome } from '../../kernel/trace/outcome.ts';

export type Dialled = { readonly ok: true; readonly stream: ByteStream } | { readonly ok: false; readonly outcome: Outcome };

/** How a connection is carried, where it is not to be carried as this target usually is; each part that is left out stays as it is. */
export interface Way {
  /** Over `wss` or `ws`, also where the target offers TCP. */
  readonly over?: 'websocket';
  /** MQTT in text frames of a WebSocket, which MQTT 3.1.1 forbids [MQTT-6.0.0-1]. */
  readonly frames?: 'text';
  /** The least that firmware in the field speaks (TLS 1.2, RSA key exchange with AES-CBC, no SNI), or a version of TLS before that. */
  readonly tls?: 'shipped-firmware' | 'TLSv1' | 'TLSv1.1';
}

/** What a transport says that cannot carry bytes in such a way. */
export function noSuchWay(way: Way): Dialled {
  return { ok: false, outcome: { kind: 'unreachable', stage: way.tls === undefined ? 'ws' : 'tls', code: 'NO_ENDPOINT' } };
}

export interface Transport {
  /** Can this target be dialled in clear at all? */
  readonly offersPlain: boolean;
  /** Opens a stream. Never throws: an unreachable target, and a way that this transport does not know, are outcomes. */
  dial(security: 'encrypted' | 'plain', way?: Way): Promise<Dialled>;
}
