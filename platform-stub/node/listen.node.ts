// The stub on the network: six listeners, and what a client that connects to one of them is handed to. No rule of the platform is here.
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { fromDuplex } from '../../kernel/bytes/duplex.ts';
import type { StreamFacts } from '../../kernel/bytes/stream.ts';
import type { Clock } from '../../kernel/clock.ts';
import { codeOf, EXIT, messageOf, UserError } from '../../kernel/errors.ts';
import type { MqttFront } from '../front/mqtt.ts';
import type { Platform } from '../platform.ts';
import { createDeviceHttp, createOperatorServer, isEncrypted } from './http.node.ts';
import { sniff } from './sniff.node.ts';
import type { Certificates } from './tls.node.ts';
import { webSocketStream } from './websocket.node.ts';

/** A port for each kind of client. `api` is the operator's. */
export interface StubPorts {
  readonly mqtt: number;
  readonly mqtts: number;
  readonly ws: number;
  readonly wss: number;
  readonly https: number;
  readonly api: number;
}

export type StubPort = keyof StubPorts;

/** Where a stub listens when nothing else is asked for (design, section 7). */
export const DEFAULT_PORTS: StubPorts = { mqtt: 1883, mqtts: 8883, ws: 8083, wss: 8084, https: 8443, api: 8480 };

/** Any free port. */
const FREE_PORTS: StubPorts = { mqtt: 0, mqtts: 0, ws: 0, wss: 0, https: 0, api: 0 };

/** In the order in which they are opened. */
export const STUB_PORTS = Object.keys(DEFAULT_PORTS) as readonly StubPort[];

/** Ports on which nothing is served in clear: as the vendor's 8883, and as HTTPS. The others take whatever comes (section 1.3). */
const ENCRYPTED_ONLY: ReadonlySet<StubPort> = new Set(['mqtts', 'wss', 'https']);

export const LOOPBACK = '127.0.0.1';

/** How long a client may take to say anything, and to finish its TLS handshake. */
const FIRST_BYTE_MS = 10_000;
const HANDSHAKE_MS = 10_000;
/** Connections the system keeps for us while we are busy; a fleet opens hundreds in one tick. */
const BACKLOG = 4096;

export interface StartOptions {
  readonly platform: Platform;
  /** Belongs to the stub from now on: `close` closes it too, and so does a start that fails. */
  readonly front: MqttFront;
  /** Address of the device ports; loopback unless told. The operator API is on loopback always. */
  readonly host?: string;
  /** 'auto', or a number for each; 0 is any free port. */
  readonly ports: 'auto' | StubPorts;
  readonly certificates: Certificates;
  readonly operatorToken: string;
  readonly clock: Clock;
}

export interface RunningStub {
  readonly ports: StubPorts;
  /** Ends every connection and listener; resolves when the ports are free again. Harmless when called twice. */
  close(): Promise<void>;
}

/**
 * Opens all six listeners, or none: a port that is taken or not permitted, and a host that is not of this machine, are UserErrors
 * (exit 3) that name the port and the remedy.
 */
export async function startStub(options: StartOptions): Promise<RunningStub> {
  const { platform, front, host = LOOPBACK, clock, certificates } = options;
  const wanted = options.ports === 'auto' ? FREE_PORTS : options.ports;
  const sockets = new Set<Socket>();

  const deviceHttp = createDeviceHttp(
    platform,
    (socket) => factsOf(socket, isEncrypted(socket) ? 'wss' : 'ws'),
    (webSocket, facts) => front.accept(webSocketStream(webSocket, facts)),
  );
  const tls = createTlsServer(
    {
      // Two keys of one authority, and Node's own list of ciphers: it holds RSA key exchange with CBC, which the C SDKs cannot do without.
      key: [certificates.rsa.key, certificates.ec.key],
      cert: [certificates.rsa.cert, certificates.ec.cert],
      minVersion: 'TLSv1.2',
      handshakeTimeout: HANDSHAKE_MS,
    },
    (socket) => {
      quiet(socket);
      neverReset(socket);
      greet(socket);
    },
  );
  tls.on('tlsClientError', (_error, socket) => socket.destroy());

  function greet(socket: Socket): void {
    sniff(socket, clock, FIRST_BYTE_MS, (spoken) => {
      if (spoken === 'mqtt') front.accept(fromDuplex(socket, factsOf(socket, isEncrypted(socket) ? 'tls' : 'tcp')));
      else if (spoken === 'http') deviceHttp.accept(socket);
      else if (spoken === 'tls' && !isEncrypted(socket)) tls.emit('connection', socket);
      else socket.destroy();
    });
  }

  function admit(socket: Socket, encryptedOnly: boolean): void {
    quiet(socket);
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    if (!encryptedOnly) return greet(socket);
    sniff(socket, clock, FIRST_BYTE_MS, (spoken) => {
      if (spoken === 'tls') tls.emit('connection', socket);
      else socket.destroy();
    });
  }

  const listening: Server[] = [];
  const operator = createOperatorServer(platform, () => ({ token: options.operatorToken, port: ports.api }));
  operator.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const closeAll = async (): Promise<void> => {
    const freed = listening.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    // Orderly first: what the platform still had to say is written before the sockets go.
    await front.close();
    deviceHttp.close();
    tls.close(() => undefined);
    for (const socket of sockets) socket.destroy();
    await Promise.all(freed);
  };

  const ports = { ...FREE_PORTS };
  try {
    for (const name of STUB_PORTS) {
      const encryptedOnly = ENCRYPTED_ONLY.has(name);
      const server = name === 'api' ? operator : createTcpServer({ noDelay: true }, (socket) => admit(socket, encryptedOnly));
      ports[name] = await listen(server, name, name === 'api' ? LOOPBACK : host, wanted[name]);
      listening.push(server);
    }
  } catch (error) {
    await closeAll();
    throw error;
  }
  let closing: Promise<void> | undefined;
  return { ports, close: () => (closing ??= closeAll()) };
}

function listen(server: Server, name: StubPort, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(listenError(error, name, host, port)));
    server.listen({ port, host, backlog: BACKLOG }, () => {
      server.removeAllListeners('error');
      // Afterwards an error is a connection that could not be accepted (EMFILE); that client's loss, not the stub's end.
      server.on('error', () => undefined);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function listenError(error: Error, name: StubPort, host: string, port: number): Error {
  switch (codeOf(error)) {
    case 'EADDRINUSE':
      return new UserError(
        `port ${port} (${name}) on ${host} is in use`,
        'stop the program that holds it, or use --ports auto',
        EXIT.unreachable,
      );
    case 'EACCES':
      return new UserError(
        `port ${port} (${name}) needs privileges this process lacks`,
        'choose a port above 1023, or use --ports auto',
        EXIT.unreachable,
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new UserError(
        `${host} is no address of this machine (${messageOf(error)})`,
        'give --host an address of this machine, or 0.0.0.0 for all',
        EXIT.unreachable,
      );
    default:
      return error;
  }
}

/** An error of a connection is an event of that connection; `close` follows, and that is what counts. */
function quiet(socket: Socket): void {
  socket.on('error', () => undefined);
}

/**
 * Node cannot reset a TLS connection (`ERR_INVALID_HANDLE_TYPE`), and resetting the TCP connection under it crashes the process: a TLS
 * stream that is aborted ends at once, without a close_notify.
 */
function neverReset(socket: TLSSocket): void {
  socket.resetAndDestroy = () => socket.destroy();
}

function factsOf(socket: Socket, kind: 'tcp' | 'tls' | 'ws' | 'wss'): StreamFacts {
  const sni = isEncrypted(socket) ? (socket as TLSSocket & { servername?: string | false }).servername : undefined;
  return {
    kind,
    encrypted: isEncrypted(socket),
    ...(typeof sni === 'string' && sni !== '' ? { sni } : {}),
    peer: `${socket.remoteAddress ?? 'unknown'}:${socket.remotePort ?? 0}`,
    port: socket.localPort ?? 0,
  };
}
