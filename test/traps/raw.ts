// MQTT as bytes: packets written by hand, and a client that keeps what comes back as it came. No test is in this file.
import type { Duplex } from 'node:stream';

/** Behind a length of two bytes, as every text in MQTT. */
function field(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([uint16(bytes.length), bytes]);
}

function uint16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff]);
}

/** A packet: its first byte, its length in seven bits a byte, its content. */
function packet(first: number, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const length: number[] = [];
  let left = body.length;
  do {
    length.push((left & 0x7f) | (left > 0x7f ? 0x80 : 0));
    left >>= 7;
  } while (left > 0);
  return Buffer.concat([Buffer.from([first, ...length]), body]);
}

/** What a CONNECT says; MQTT 3.1.1 unless told. No client in the field sends a will. */
export interface Connect {
  readonly clientId: string;
  readonly username: string;
  readonly password: string;
  readonly level?: 3 | 4 | 5;
  readonly keepAlive: number;
  readonly clean: boolean;
}

export function connectBytes({ clientId, username, password, level = 4, keepAlive, clean }: Connect): Buffer {
  const flags = Buffer.from([level, 0xc0 | (clean ? 0x02 : 0)]);
  const properties = Buffer.from(level === 5 ? [0] : []);
  return packet(
    0x10,
    field(level === 3 ? 'MQIsdp' : 'MQTT'),
    flags,
    uint16(keepAlive),
    properties,
    ...[clientId, username, password].map(field),
  );
}

export function subscribeBytes(messageId: number, qos: 0 | 1, ...filters: readonly string[]): Buffer {
  return packet(0x82, uint16(messageId), ...filters.flatMap((filter) => [field(filter), Buffer.from([qos])]));
}

/** At QoS 1 with this message id, at QoS 0 without one. */
export function publishBytes(topic: string, payload: string, messageId?: number): Buffer {
  const id = messageId === undefined ? [] : [uint16(messageId)];
  return packet(messageId === undefined ? 0x30 : 0x32, field(topic), ...id, Buffer.from(payload));
}

export const pubackBytes = (messageId: number): Buffer => packet(0x40, uint16(messageId));
export const PINGREQ = Buffer.from([0xc0, 0x00]);
export const PINGRESP = 'd000';
export const DISCONNECT = Buffer.from([0xe0, 0x00]);

/** A PUBLISH taken apart; `first` is its first byte in hex: type, DUP, QoS and RETAIN. */
export interface Published {
  readonly first: string;
  readonly topic: string;
  readonly messageId: number | undefined;
  readonly payload: string;
}

export function readPublish(bytes: Buffer): Published {
  const first = bytes[0]!;
  if (first >> 4 !== 3) throw new Error(`not a PUBLISH: ${bytes.toString('hex')}`);
  const from = headerLength(bytes)!;
  const topicEnd = from + 2 + bytes.readUInt16BE(from);
  const hasId = (first & 0x06) !== 0;
  return {
    first: first.toString(16),
    topic: bytes.toString('utf8', from + 2, topicEnd),
    messageId: hasId ? bytes.readUInt16BE(topicEnd) : undefined,
    payload: bytes.toString('utf8', topicEnd + (hasId ? 2 : 0)),
  };
}

/** Bytes of the fixed header; undefined while it is not whole. */
function headerLength(bytes: Buffer): number | undefined {
  for (let at = 1; at <= 4 && at < bytes.length; at++) if ((bytes[at]! & 0x80) === 0) return at + 1;
  return undefined;
}

/** Length of the packet that `bytes` begin with; undefined while it is not whole. */
function packetLength(bytes: Buffer): number | undefined {
  const header = headerLength(bytes);
  if (header === undefined) return undefined;
  let body = 0;
  for (let at = 1; at < header; at++) body += (bytes[at]! & 0x7f) << (7 * (at - 1));
  return bytes.length < header + body ? undefined : header + body;
}

/** A connection of a client that sends what it is told and interprets nothing. */
export class Raw {
  readonly socket: Duplex;
  /** Everything that came, from the first byte on. */
  received: Buffer = Buffer.alloc(0);
  /** How the connection broke, if it did not just end. */
  fault: string | undefined;
  #read = 0;
  #closed = false;
  #wake: (() => void) | undefined;

  constructor(socket: Duplex) {
    this.socket = socket;
    socket.on('error', (error: Error & { code?: string }) => (this.fault = error.code ?? error.message));
    socket.on('data', (chunk: Buffer) => {
      this.received = Buffer.concat([this.received, chunk]);
      this.#wake?.();
    });
    socket.on('close', () => {
      this.#closed = true;
      this.#wake?.();
    });
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** In one write, so that the packets arrive together. */
  send(...packets: readonly Buffer[]): this {
    this.socket.write(Buffer.concat(packets));
    return this;
  }

  /** The next whole packet. Throws when the connection ends before it. */
  async next(): Promise<Buffer> {
    for (;;) {
      const rest = this.received.subarray(this.#read);
      const length = packetLength(rest);
      if (length !== undefined) {
        this.#read += length;
        return rest.subarray(0, length);
      }
      if (this.#closed) throw new Error(`closed (${this.fault ?? 'in order'}) after ${this.received.toString('hex')}`);
      await this.#change();
    }
  }

  /** The next packet in hex: for short ones. */
  async nextHex(): Promise<string> {
    return (await this.next()).toString('hex');
  }

  /** A round trip: the packets that came before its end, in hex. Whatever the platform had to say before is among them. */
  async ping(): Promise<readonly string[]> {
    this.send(PINGREQ);
    const before: string[] = [];
    for (;;) {
      const hex = await this.nextHex();
      if (hex === PINGRESP) return before;
      before.push(hex);
    }
  }

  /** Everything that ever came, in hex, when the platform has ended the connection. */
  async untilClosed(): Promise<string> {
    while (!this.#closed) await this.#change();
    return this.received.toString('hex');
  }

  /** Ends as most clients do: DISCONNECT, then FIN. */
  async disconnect(): Promise<void> {
    this.send(DISCONNECT);
    this.socket.end();
    await this.untilClosed();
  }

  /** Ends as client A does: FIN alone. */
  async fin(): Promise<void> {
    this.socket.end();
    await this.untilClosed();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }
}
