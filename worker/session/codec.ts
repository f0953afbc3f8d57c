// The codec of MQTT.js without its streams: one parser for all connections of a thread, which take turns at it.
import mqtt, { type Packet, type Parser } from 'mqtt-packet';
import { PacketLimit } from './packet-limit.ts';

const OPTIONS = { protocolVersion: 4 };

/** The bytes of a packet; undefined where its fields have no form in MQTT 3.1.1. */
export function encode(packet: Packet): Uint8Array | undefined {
  try {
    return mqtt.generate(packet, OPTIONS);
  } catch {
    return undefined;
  }
}

/** A parser, and what it made of the last chunk. It goes from connection to connection while nothing of one is left in it. */
export class Reader {
  readonly #parser: Parser = mqtt.parser(OPTIONS);
  readonly #limit = new PacketLimit();
  packets: Packet[] = [];
  /** Why the rest of the chunk is no MQTT. */
  fault: string | undefined;
  #marked = false;

  constructor() {
    this.#parser.on('packet', (packet) => {
      this.packets.push(packet);
      // A CONNECT sets the version by which the parser reads from then on.
      if (packet.cmd === 'connect') this.#marked = true;
    });
    this.#parser.on('error', (error: Error) => {
      this.fault = error.message;
      // It goes on with the next chunk, but from where it stumbled (mqtt-packet 9.0.2).
      this.#marked = true;
    });
  }

  /** May the next connection use it? */
  get clean(): boolean {
    return this.#limit.between && !this.#marked;
  }

  read(bytes: Uint8Array): void {
    this.packets = [];
    this.fault = this.#limit.follow(bytes);
    if (this.fault !== undefined) this.#marked = true;
    else this.#parser.parse(Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  }
}

let shared = new Reader();

/**
 * Reads a chunk of a connection; the result belongs to it until the next call.
 * @param own the reader that the connection left a part of a packet in, if so: the one that this returned, while it is not `clean`
 */
export function readChunk(bytes: Uint8Array, own: Reader | undefined): Reader {
  const reader = own ?? shared;
  reader.read(bytes);
  if (!reader.clean && reader === shared) shared = new Reader();
  return reader;
}
