// One MQTT connection as a device sees it. There are two: `reference` on a real client library, and `lean` for load; a unit does not know
// which it has.
import type { ByteStream, Ending } from '../../kernel/bytes/stream.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { SessionName } from '../../kernel/trace/event.ts';
import type { Outcome } from '../../kernel/trace/outcome.ts';

/** The fields of a CONNECT that a case may bend. */
export interface ConnectFields {
  readonly clientId: string;
  readonly username: string;
  readonly password: string;
  /** Seconds. */
  readonly keepAlive: number;
  readonly clean: boolean;
}

export interface Message {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly retain: boolean;
}

/** How long a device waits, milliseconds each (design, section 7). */
export interface Timeouts {
  readonly dial: number;
  readonly connack: number;
  readonly credentials: number;
  readonly reply: number;
}

export const DEFAULT_TIMEOUTS: Timeouts = { dial: 10_000, connack: 10_000, credentials: 10_000, reply: 10_000 };

export interface SessionEvents {
  message(message: Message): void;
  /** The connection is over; called once. */
  close(ending: Ending): void;
}

export interface Session {
  /** The answer to the CONNECT: accepted, refused, malformed, closed or silent. */
  readonly opened: Promise<Outcome>;
  /** Publishes; resolves when written (QoS 0) or acknowledged (QoS 1), false when the connection ended first or the topic is none. */
  publish(topic: string, payload: string, qos: 0 | 1): Promise<boolean>;
  /** Granted QoS or 128 for each filter; empty when the connection ended first or a filter is none. */
  subscribe(filters: readonly string[]): Promise<number[]>;
  /** DISCONNECT, then the end of the stream; resolves when the stream is closed. */
  end(): Promise<void>;
  /** Drops the connection as a power cut does. */
  abort(): void;
}

/** Most bytes of a text: its length has two (MQTT 3.1.1, 1.5.3). */
const TEXT_MAX = 0xffff;

/** Can it be the name of a topic, or a filter (MQTT 3.1.1, 4.7.3)? Of what cannot, codecs write the beginning. */
export function isTopic(text: string): boolean {
  return text !== '' && text.length <= TEXT_MAX && (text.length <= TEXT_MAX / 3 || Buffer.byteLength(text) <= TEXT_MAX);
}

export interface SessionEnv {
  readonly clock: Clock;
  readonly timeouts: Timeouts;
}

export interface OpenSession {
  (stream: ByteStream, fields: ConnectFields, events: SessionEvents, env: SessionEnv): Session;
  /** Which implementation it opens, for the trace; a test's own has no name. */
  readonly session?: SessionName | undefined;
}

/** The same sessions under a name; who wraps an `OpenSession` keeps its name with this. */
export function named(session: SessionName | undefined, open: (...args: Parameters<OpenSession>) => Session): OpenSession {
  return Object.assign((...args: Parameters<OpenSession>) => open(...args), { session });
}
