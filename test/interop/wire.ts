// A device that speaks in packets over a real connection: what it sends is exactly what a test says. No test is in this file.
import { connect as connectTcp, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { generate, parser, type IConnectPacket, type Packet } from 'mqtt-packet';

export function tcp(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp({ port, host: '127.0.0.1', noDelay: true });
    socket.once('connect', () => resolve(socket));
    socket.once('error', reject);
  });
}

/** Without a server name unless `options` has one: Node sends none for an address. */
export function tls(port: number, ca: string, options: ConnectionOptions = {}): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ port, host: '127.0.0.1', ca, ...options });
    socket.once('secureConnect', () => resolve(socket));
    socket.once('error', reject);
  });
}

/** A CONNECT; MQTT 3.1.1, keep-alive 60, a clean session unless told. */
export interface Connect {
  readonly clientId: string;
  readonly username: string;
  readonly password: string;
  readonly level?: 3 | 4;
  readonly keepalive?: number;
  readonly clean?: boolean;
}

export function connectPacket({ clientId, username, password, level = 4, keepalive = 60, clean = true }: Connect): IConnectPacket {
  const protocolId = level === 3 ? 'MQIsdp' : 'MQTT';
  return { cmd: 'connect', protocolId, protocolVersion: level, clean, keepalive, clientId, username, password: Buffer.from(password) };
}

export class Wire {
  readonly #socket: Duplex;
  readonly #packets: Packet[] = [];
  #wake: (() => void) | undefined;
  #closed = false;

  constructor(socket: Duplex) {
    this.#socket = socket;
    const parse = parser();
    parse.on('packet', (packet) => {
      this.#packets.push(packet);
      this.#wake?.();
    });
    // The end of a connection is what counts, not how it ended.
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => void parse.parse(chunk));
    socket.on('close', () => {
      this.#closed = true;
      this.#wake?.();
    });
  }

  /** In one piece, so that they arrive together. */
  send(...packets: readonly Packet[]): void {
    this.#socket.write(Buffer.concat(packets.map((packet) => generate(packet))));
  }

  /** The next packet that came, or `closed`. */
  async next(): Promise<Packet | 'closed'> {
    for (;;) {
      const packet = this.#packets.shift();
      if (packet) return packet;
      if (this.#closed) return 'closed';
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** The packets that come until there is one of that kind, which is the last of them. */
  async until(cmd: Packet['cmd']): Promise<readonly Packet[]> {
    const found: Packet[] = [];
    for (;;) {
      const packet = await this.next();
      if (packet === 'closed') throw new Error(`closed before ${cmd} came, after ${JSON.stringify(found)}`);
      found.push(packet);
      if (packet.cmd === cmd) return found;
    }
  }

  /** Sends a CONNECT; the code of its CONNACK, which must be the first packet that comes. */
  async connect(connect: Connect): Promise<number> {
    this.send(connectPacket(connect));
    const packet = await this.next();
    if (packet === 'closed' || packet.cmd !== 'connack') throw new Error(`no CONNACK: ${JSON.stringify(packet)}`);
    return packet.returnCode ?? -1;
  }

  /** Leaves as the C SDK does: no DISCONNECT, only a FIN. Resolves when the connection is gone. */
  async leave(): Promise<void> {
    this.#socket.end();
    while ((await this.next()) !== 'closed');
  }
}
