// A relay on a free port with targets of its own, and two clients: ours, and one that knows nothing but Wisp 2 as its text has it.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { WebSocket, type ClientOptions } from 'ws';
import { socketCarrier, type SocketLike } from '../../kernel/bytes/carrier.ts';
import { ambientClock } from '../../kernel/clock.ts';
import { muxWebSocketTransport, type RelayTimes } from '../../worker/transport/mux-websocket.ts';
import type { Transport } from '../../worker/transport/transport.ts';
import { createRelay, type Relay, type RelayOptions } from './relay.ts';
import { listed, targetOf, type RelayTarget } from './targets.ts';

export const TOKEN = 'a-token-of-this-run';
const clock = ambientClock();

const closers: (() => unknown)[] = [];

/** Closes whatever a test opened, newest first. */
export async function closeAll(): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close();
}

/** A self-signed certificate for these names. */
export function certificateFor(names: string): { readonly key: string; readonly cert: string } {
  const dir = mkdtempSync(join(tmpdir(), 'muster-relay-test-'));
  const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
  const subject = ['-subj', '/CN=muster-test', '-addext', `subjectAltName=${names}`];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', cert, ...subject], {
    stdio: 'pipe',
  });
  const made = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  rmSync(dir, { recursive: true });
  return made;
}

/** Serves each connection by `serve`; with a certificate over TLS. */
export async function target(serve: (socket: Socket) => unknown, tls?: { readonly key: string; readonly cert: string }): Promise<number> {
  const sockets = new Set<Socket>();
  const accept = (socket: Socket): void => {
    sockets.add(socket.on('error', () => undefined));
    serve(socket);
  };
  const server: Server = tls ? createTlsServer(tls, accept) : createServer({ allowHalfOpen: false }, accept);
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

/** A port on which nobody listens. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export const echo = (socket: Socket): unknown => socket.pipe(socket);

/** A target of this machine by its ports. */
export function lab(
  ports: { readonly mqtt?: number; readonly mqtts?: number },
  trust: Parameters<typeof targetOf>[2] = {},
  host = '127.0.0.1',
): RelayTarget {
  const urls = {
    ...(ports.mqtt === undefined ? {} : { mqtt: `mqtt://${host}:${ports.mqtt}` }),
    ...(ports.mqtts === undefined ? {} : { mqtts: `mqtts://${host}:${ports.mqtts}` }),
  };
  return targetOf({ name: 'lab', productKey: 'a1Lab' }, urls, trust, 'the test');
}

export interface OpenRelay {
  readonly relay: Relay;
  readonly port: number;
  readonly url: string;
  readonly server: HttpServer;
}

export async function openRelay(
  targets: readonly RelayTarget[],
  more: Partial<Pick<RelayOptions, 'limits' | 'lookup'>> & { readonly origins?: readonly string[] } = {},
): Promise<OpenRelay> {
  const server = createHttpServer();
  const port = (): number => (server.address() as AddressInfo).port;
  const { origins = [], ...options } = more;
  const relay = createRelay({ clock, targets, access: () => ({ token: TOKEN, port: port(), origins }), ...options });
  server.on('upgrade', (request, socket, head) => relay.upgrade(request, socket, head));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    relay.close();
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return { relay, port: port(), url: `ws://127.0.0.1:${port()}/relay/`, server };
}

/** A WebSocket to a relay, not open yet. */
export function socketTo(
  url: string,
  protocols: readonly string[] = ['muster.relay', `token.${TOKEN}`],
  options: ClientOptions = {},
): WebSocket {
  const socket = new WebSocket(url, [...protocols], { perMessageDeflate: false, ...options });
  socket.binaryType = 'arraybuffer';
  closers.push(() => socket.terminate());
  return socket;
}

/** A connection that asks to upgrade and does nothing by itself afterwards: it answers no CLOSE, and keeps its side open. */
export function rawUpgrade(port: number, token = TOKEN): Socket {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => undefined);
  const headers = {
    Host: `127.0.0.1:${port}`,
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Protocol': `muster.relay, token.${token}`,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`GET /relay/ HTTP/1.1\r\n${lines.join('')}\r\n`);
  closers.push(() => socket.destroy());
  return socket;
}

/** The other side has ended a connection, or broken it off. */
export function gone(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket
      .resume()
      .once('end', resolve)
      .once('close', () => resolve());
  });
}

/** Our transport over one such WebSocket at a time. */
export function transportTo(
  { url }: OpenRelay,
  to: RelayTarget,
  times?: RelayTimes,
  dialMs = 5_000,
): { transport: Transport; sockets: WebSocket[] } {
  const sockets: WebSocket[] = [];
  const transport = muxWebSocketTransport({
    target: listed(to),
    clock,
    timeouts: { dial: dialMs },
    ...(times ? { times } : {}),
    connect: async () => {
      const socket = socketTo(url);
      sockets.push(socket);
      const carrier = socketCarrier(socket as unknown as SocketLike);
      await once(socket, 'open');
      return carrier;
    },
  });
  return { transport, sockets };
}

export interface PlainFrame {
  readonly type: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** A client of Wisp 2 without any extension: one frame a message. */
export class PlainClient {
  readonly frames: PlainFrame[] = [];
  readonly socket: WebSocket;
  readonly #waiting = new Set<() => void>();

  constructor(url: string) {
    this.socket = socketTo(url, ['wisp-v2', `token.${TOKEN}`]);
    this.socket.on('error', () => undefined);
    this.socket.on('message', (data: ArrayBuffer) => {
      const bytes = Buffer.from(data);
      this.frames.push({ type: bytes.readUInt8(0), stream: bytes.readUInt32LE(1), payload: bytes.subarray(5) });
      for (const look of [...this.#waiting]) look();
    });
  }

  /** Opened, and greeted both ways: INFO, INFO, CONTINUE. */
  static async greet(url: string): Promise<PlainClient> {
    const client = new PlainClient(url);
    await client.next((frame) => frame.type === 5);
    client.send(5, 0, Buffer.of(2, 0));
    await client.next((frame) => frame.type === 3 && frame.stream === 0);
    return client;
  }

  send(type: number, stream: number, payload: Uint8Array = Buffer.alloc(0)): void {
    const head = Buffer.alloc(5);
    head.writeUInt8(type, 0);
    head.writeUInt32LE(stream, 1);
    this.socket.send(Buffer.concat([head, payload]));
  }

  connect(stream: number, host: string, port: number, kind = 1): void {
    const head = Buffer.alloc(3);
    head.writeUInt8(kind, 0);
    head.writeUInt16LE(port, 1);
    this.send(1, stream, Buffer.concat([head, Buffer.from(host)]));
  }

  /** The first frame of this kind, whether it has come or will. */
  next(is: (frame: PlainFrame) => boolean): Promise<PlainFrame> {
    return new Promise((resolve) => {
      const look = (): void => {
        const found = this.frames.find(is);
        if (!found) return;
        this.#waiting.delete(look);
        resolve(found);
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** The reason with which a stream was closed. */
  async closed(stream: number): Promise<number> {
    return (await this.next((frame) => frame.type === 4 && frame.stream === stream)).payload.readUInt8(0);
  }

  /** Everything that came on a stream. */
  text(stream: number): string {
    return Buffer.concat(this.frames.filter((one) => one.type === 2 && one.stream === stream).map(({ payload }) => payload)).toString();
  }
}
