// The one thing that units and platform share at run time: an ordered stream of bytes with known facts.
// Everything that carries MQTT (memory, mux, WebSocket, TCP, TLS) is one of these.

export type StreamKind = 'memory' | 'tcp' | 'tls' | 'ws' | 'wss';

/** What a TLS handshake agreed on, where somebody asked. */
export interface TlsFacts {
  /** As OpenSSL names it: `TLSv1.2`. */
  readonly version: string;
  readonly cipher: string;
  /** May the key of the certificate be used for RSA key exchange? */
  readonly keyEncipherment: boolean;
}

/** What is known of a stream. A memory or mux stream states the facts of the transport it stands for. */
export interface StreamFacts {
  readonly kind: StreamKind;
  readonly encrypted: boolean;
  /** Server name the client asked for in its TLS ClientHello. */
  readonly sni?: string;
  readonly tls?: TlsFacts;
  readonly peer: string;
  readonly port: number;
}

/** How a stream ended: orderly by one side, or by a fault (a reset, an unreachable host). */
export type Ending = { readonly by: 'local' | 'remote' } | { readonly by: 'fault'; readonly code: string };

/** Fault of a stream whose relay has gone. */
export const RELAY_GONE = 'RELAY_GONE';
/** Faults of a stream that are the relay's own, before its target was up or in mid-session: nothing that the platform did. */
const OF_THE_RELAY: ReadonlySet<string> = new Set([RELAY_GONE, 'BLOCKED', 'THROTTLED', 'INVALID']);

/** Was it the relay, on our side, that ended the stream? */
export function endedByRelay(ending: Ending): boolean {
  return ending.by === 'fault' && OF_THE_RELAY.has(ending.code);
}

/** The consumer of a stream. */
export interface StreamHandlers {
  data(bytes: Uint8Array): void;
  /** The sink has room again after `write` returned false. */
  drain(): void;
  /** The peer will send no more. A consumer that has nothing more to say answers with `end()`. */
  end(): void;
  /** Nothing more will happen; called exactly once. */
  close(ending: Ending): void;
}

export interface ByteStream {
  readonly facts: StreamFacts;
  /** Queues bytes; false asks the writer to wait for `drain`. The array belongs to the stream afterwards. */
  write(bytes: Uint8Array): boolean;
  /** Sends what is queued, then says that no more will come. */
  end(): void;
  /** Sends what is queued and takes nothing more: the peer sees an orderly end, whatever it still wanted to say. */
  shut(): void;
  /** Drops what is queued and ends at once; the peer sees a reset. */
  abort(): void;
  /** Stops and restarts the calls of `data`. */
  pause(): void;
  resume(): void;
  /** Attaches the one consumer; what arrived before is delivered to it. */
  attach(handlers: StreamHandlers): void;
}
