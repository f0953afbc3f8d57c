// What a stream inside one process or page stands for: the ports and security of the real platform (S4).
import type { StreamFacts } from './stream.ts';

export type Security = 'encrypted' | 'plain';

/** MQTT over TLS and over TCP. */
export const PORT = { plain: 1883, encrypted: 8883 } as const;

/** Facts of the transport that an in-process stream stands for. */
export function standsFor(security: Security, peer: string): StreamFacts {
  return { kind: 'memory', encrypted: security === 'encrypted', peer, port: PORT[security] };
}

/** Facts by port; undefined where nothing listens. */
export function factsOfPort(port: number, peer: string): StreamFacts | undefined {
  if (port === PORT.encrypted) return standsFor('encrypted', peer);
  return port === PORT.plain ? standsFor('plain', peer) : undefined;
}
