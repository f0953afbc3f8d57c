// The stub on the network: six listeners, and what a client that connects to one of them is handed to. No rule of the platform is here.
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { fromDuplex } from '../../kernel/bytes/duplex.ts';
import type { StreamFacts } from '../../kernel/bytes/stream.ts';
import type { Clock } from '../../kernel/clock.ts';
import { codeOf, EXIT, messageOf, UserError } from '../../kernel/errors.ts';
import { answerWith } from '../front/http-register.ts';
import type { MqttFront } from '../front/mqtt.ts';
import type { Platform } from '../platform.ts';
import { createApiServer, createDeviceHttp, createOperatorHandler, isEncrypted, type CloudFront } from './http.node.ts';
import { sniff, type Spoken } from './sniff.node.ts';
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
/** Connections to the device ports, unless told otherwise: what a process with 20,000 open files can hold. */
export const DEFAULT_CAPACITY = 18_000;
/** Connections beyond that are told so; further ones are dropped without a word. */
const RESERVE = 500;
const TURNED_AWAY_MS = 1000;
/** CONNACK 3: server unavailable (section 2.5). */
const UNAVAILABLE = Buffer.from([0x20, 0x02, 0x00, 0x03]);

export interface StartOptions {
  readonly platform: Platform;
  /** Belongs to the stub from now on: `close` closes it too, and so does a start that fails. */
  readonly front: MqttFront;
  /** Address of the device ports; loopback unless told. */
  readonly host?: string;
  /** Address of the operator and cloud API; loopback unless told, whatever the device ports are on. */
  readonly operatorHost?: string;
  /** Names, IPv6 addresses in brackets, under which that address is dialled besides loopback. */
  readonly operatorNames?: readonly string[];
  /** Answers what comes to the API port and is not for the operator API. */
  readonly cloud?: CloudFront;
  /** Connections that the device ports take. */
  readonly capacity?: number;
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
  const { platform, front, host = LOOPBACK, operatorHost = LOOPBACK, capacity = DEFAULT_CAPACITY, clock, certificates } = options;
  const wanted = options.ports === 'auto' ? FREE_PORTS : options.ports;
  const sockets = new Set<Socket>();
  /** Came when there was no room; they are answered as politely as their protocol allows. */
  const turnedAway = new WeakSet<Socket>();

  const deviceHttp = createDeviceHttp(
    platform,
    certificates.caPem,
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
      if (spoken === 'tls' && !isEncrypted(socket)) tls.emit('connection', socket);
      else if (isTurnedAway(socket)) farewell(socket, spoken);
      else if (spoken === 'mqtt') front.accept(fromDuplex(socket, factsOf(socket, isEncrypted(socket) ? 'tls' : 'tcp')));
      else if (spoken === 'http') deviceHttp.accept(socket);
      else socket.destroy();
    });
  }

  /** Was there no room for it? Of a TLS connection the one below it is asked. */
  function isTurnedAway(socket: Socket): boolean {
    return turnedAway.has(socket) || turnedAway.has((socket as { _parent?: Socket })._parent ?? socket);
  }

  function farewell(socket: Socket, spoken: Spoken): void {
    if (spoken === 'mqtt') socket.end(UNAVAILABLE);
    else if (spoken === 'http') deviceHttp.turnAway(socket);
    else return void socket.destroy();
    // Unread bytes would turn the end into a reset, which takes the answer with it.
    socket.resume();
    const late = clock.after(TURNED_AWAY_MS, () => socket.destroy());
    socket.once('close', () => late.cancel());
  }

  function admit(socket: Socket, encryptedOnly: boolean): void {
    quiet(socket);
    if (sockets.size >= capacity + RESERVE) return void socket.destroy();
    if (sockets.size >= capacity) turnedAway.add(socket);
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    if (!encryptedOnly) return greet(socket);
    sniff(socket, clock, FIRST_BYTE_MS, (spoken) => {
      if (spoken === 'tls') tls.emit('connection', socket);
      else socket.destroy();
    });
  }

  const listening: Server[] = [];
  const handle = createOperatorHandler(platform, () => ({
    token: options.operatorToken,
    port: ports.api,
    hosts: options.operatorNames ?? [],
  }));
  const api = createApiServer(handle, options.cloud ?? (() => answerWith(404, 'text/plain; charset=utf-8', 'Nothing here.\n')));
  // Operators find room where devices find none.
  const operators = new Set<Socket>();
  api.on('connection', (socket) => {
    operators.add(socket);
    socket.once('close', () => operators.delete(socket));
  });
  const closeAll = async (): Promise<void> => {
    const freed = listening.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    // Orderly first: what the platform still had to say is written before the sockets go.
    await front.close();
    deviceHttp.close();
    tls.close(() => undefined);
    for (const socket of [...sockets, ...operators]) socket.destroy();
    await Promise.all(freed);
  };

  const ports = { ...FREE_PORTS };
  try {
    for (const name of STUB_PORTS) {
      const encryptedOnly = ENCRYPTED_ONLY.has(name);
      const server = name === 'api' ? api : createTcpServer({ noDelay: true }, (socket) => admit(socket, encryptedOnly));
      ports[name] = await listen(server, name, name === 'api' ? operatorHost : host, wanted[name]);
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
        `give ${name === 'api' ? '--operator-host' : '--host'} an address of this machine, or 0.0.0.0 for all`,
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
