// One fact of a run: what passed a device's stream, how an attempt ended, what an operator did. Events are kept in the order in which
// their device saw them; between devices there is no order.
import type { Ending, StreamFacts } from '../bytes/stream.ts';
import type { Outcome } from './outcome.ts';

export type Verb = 'register' | 'connect' | 'post' | 'subscribe' | 'raw' | 'powerCycle' | 'factoryReset' | 'disconnect';

/** Anything JSON can hold, without `undefined`. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Which implementation of a device's MQTT session: on a real client library, or the one for load. */
export type SessionName = 'reference' | 'lean';

export type TraceBody =
  /** `session`: what speaks MQTT on it; nothing where raw bytes are sent or another party's device speaks. */
  | { readonly kind: 'opened'; readonly conn: number; readonly facts: StreamFacts; readonly session?: SessionName }
  /** One whole MQTT packet. */
  | { readonly kind: 'packet'; readonly conn: number; readonly dir: 'out' | 'in'; readonly bytes: Uint8Array }
  /** Bytes that are no whole MQTT packet: HTTP, a torn or malformed packet. */
  | { readonly kind: 'bytes'; readonly conn: number; readonly dir: 'out' | 'in'; readonly bytes: Uint8Array }
  | { readonly kind: 'closed'; readonly conn: number; readonly ending: Ending }
  | { readonly kind: 'outcome'; readonly verb: Verb; readonly outcome: Outcome }
  /** What an operator or administrator of the platform did or read. */
  | { readonly kind: 'operator'; readonly action: string; readonly facts: { readonly [key: string]: Json } }
  /** A fact that needs a secret, decided while the secret was at hand. */
  | { readonly kind: 'witness'; readonly what: string; readonly holds: boolean };

/** `at`: milliseconds since the Unix epoch, of the clock the run is on. */
export type TraceEvent = TraceBody & { readonly at: number };

/** Who listens to a device. */
export type TraceSink = (event: TraceEvent) => void;
