// Reading spans: what an oracle may ask of the evidence. A span that is missing is an answer too, since a case may stop early.
import type { Packet } from 'mqtt-packet';
import { ProtocolError } from '../../protocol/errors.ts';
import { readLogin, type Login } from '../../protocol/identifier.ts';
import { parseReply, type RegistrationReply } from '../../protocol/payload.ts';
import { isReplyTopic } from '../../protocol/topics.ts';
import { decodePacket } from './decode.ts';
import { THIS_MACHINE, type CaseRecord, type SpanRecord, type StoredEvent } from './record.ts';

export class Spans {
  readonly #byName: ReadonlyMap<string, SpanRecord>;

  constructor(record: CaseRecord) {
    this.#byName = new Map(record.spans.map((span) => [span.name, span]));
  }

  get(name: string): SpanRecord | undefined {
    return this.#byName.get(name);
  }

  /** How long the program that drove the case stood still in all, milliseconds. */
  get stalledMs(): number {
    const stalled = this.#byName.get(THIS_MACHINE)?.facts['stalledMs'];
    return typeof stalled === 'number' ? stalled : 0;
  }

  /** In the order in which they began. */
  all(): Iterable<SpanRecord> {
    return this.#byName.values();
  }
}

/** An MQTT packet of a span, decoded. */
export interface SeenPacket {
  readonly at: number;
  readonly conn: number;
  readonly dir: 'out' | 'in';
  readonly packet: Packet;
}

function decode(event: StoredEvent): SeenPacket | undefined {
  if (event.kind !== 'packet' || !('hex' in event)) return undefined;
  const packet = decodePacket(event.hex);
  return packet && { at: event.at, conn: event.conn, dir: event.dir, packet };
}

export function packetsOf(span: SpanRecord): SeenPacket[] {
  return span.events.map(decode).filter((seen) => seen !== undefined);
}

/** Return codes of all CONNACKs that came in, in their order. */
export function connacksOf(span: SpanRecord): number[] {
  return packetsOf(span).flatMap(({ dir, packet }) => (dir === 'in' && packet.cmd === 'connack' ? [packet.returnCode ?? -1] : []));
}

/** Return code of the first CONNACK that came in, if any. */
export function connackOf(span: SpanRecord): number | undefined {
  for (const { dir, packet } of packetsOf(span)) if (dir === 'in' && packet.cmd === 'connack') return packet.returnCode;
  return undefined;
}

/** Does the span show a CONNACK 0, in either direction? */
export function sawAcceptance(span: SpanRecord): boolean {
  return packetsOf(span).some(({ packet }) => packet.cmd === 'connack' && packet.returnCode === 0);
}

/** Registration replies that came in, with their topic and text. */
export function repliesOf(
  span: SpanRecord,
): { topic: string; text: string; reply: RegistrationReply | undefined; qos: number; retain: boolean }[] {
  return packetsOf(span).flatMap(({ dir, packet }) => {
    if (dir !== 'in' || packet.cmd !== 'publish' || !isReplyTopic(packet.topic)) return [];
    const text = packet.payload.toString();
    return [{ topic: packet.topic, text, reply: tolerant(() => parseReply(text)), qos: packet.qos, retain: packet.retain }];
  });
}

/** Sign-ins and registrations that went past, as far as they can be read. */
export function loginsOf(span: SpanRecord, dir: 'out' | 'in'): { conn: number; login: Login | undefined; username: string }[] {
  return packetsOf(span).flatMap(({ conn, dir: where, packet }) => {
    if (where !== dir || packet.cmd !== 'connect') return [];
    return [{ conn, login: tolerant(() => readLogin(packet.clientId)), username: packet.username ?? '' }];
  });
}

function tolerant<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
