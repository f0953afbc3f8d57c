// Cases that need sockets, driven at platforms of this process: the stub as it is, or one whose TLS, WebSocket or reading of segments is
// wrong in one way. No test is in this file.
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { createWebSocketStream, WebSocketServer } from 'ws';
import { fromDuplex } from '../../kernel/bytes/duplex.ts';
import type { ByteStream } from '../../kernel/bytes/stream.ts';
import { ambientClock } from '../../kernel/clock.ts';
import { Redactor } from '../../kernel/trace/redact.ts';
import type { Options } from '../../platform-stub/core/options.ts';
import { createMqttFront, type MqttFront } from '../../platform-stub/front/mqtt.ts';
import { startStub } from '../../platform-stub/node/listen.node.ts';
import type { Certificates } from '../../platform-stub/node/tls.node.ts';
import { Platform } from '../../platform-stub/platform.ts';
import { openReferenceSession } from '../../worker/session/reference.ts';
import { DEFAULT_TIMEOUTS } from '../../worker/session/session.ts';
import { httpsRegistrar } from '../../worker/transport/http-register.node.ts';
import { tcpTransport, type Endpoints } from '../../worker/transport/tcp.node.ts';
import { CASES } from '../engine/cases.ts';
import { driveCase } from '../engine/drive.ts';
import { judgedClass } from '../engine/requirements.ts';
import { judgeCase, type CheckResult } from '../judge/judge.ts';
import { stubOperator } from '../operators/stub.ts';

/** What a case is driven at. */
export interface Rig {
  readonly platform: Platform;
  readonly endpoints: Endpoints;
  readonly https?: { readonly url: string; readonly plain: string };
  close(): Promise<void>;
}

const clock = ambientClock();

/** The stub, with some options set otherwise. */
export async function stubRig(certificates: Certificates, options: Partial<Options>): Promise<Rig> {
  const platform = new Platform({ clock, seed: 'sockets', options });
  const front = await createMqttFront(platform);
  const { ports, close } = await startStub({ platform, front, ports: 'auto', certificates, operatorToken: 'token-of-this-test', clock });
  const endpoints = {
    mqtt: `mqtt://127.0.0.1:${ports.mqtt}`,
    mqtts: `mqtts://localhost:${ports.mqtts}`,
    ws: `ws://127.0.0.1:${ports.ws}/mqtt`,
    wss: `wss://localhost:${ports.wss}/mqtt`,
  };
  return { platform, endpoints, https: { url: `https://localhost:${ports.https}`, plain: `http://127.0.0.1:${ports.ws}` }, close };
}

export interface WrongRig {
  readonly tls?: TlsOptions;
  /** Stands between each connection and the platform. */
  readonly read?: (stream: ByteStream) => ByteStream;
}

/** A platform on TLS and `wss` that takes text frames for binary ones, as a careless server does. */
export async function carelessRig({ rsa }: Certificates, { tls = {}, read = (stream) => stream }: WrongRig): Promise<Rig> {
  const platform = new Platform({ clock, seed: 'sockets' });
  const front: MqttFront = await createMqttFront(platform);
  const secure = { key: rsa.key, cert: rsa.cert, ...tls };
  const facts = { encrypted: true, peer: 'test', port: 0 } as const;
  const mqtts = createTlsServer(secure, (socket) => {
    socket.on('error', () => undefined);
    // Node cannot reset a TLS connection.
    socket.resetAndDestroy = () => socket.destroy();
    front.accept(read(fromDuplex(socket, { ...facts, kind: 'tls' })));
  });
  mqtts.on('tlsClientError', (_error, socket) => socket.destroy());
  const https = createHttpsServer(secure);
  const webSockets = new WebSocketServer({ server: https, skipUTF8Validation: true, handleProtocols: () => 'mqtt' });
  webSockets.on('connection', (webSocket) => {
    front.accept(read(fromDuplex(createWebSocketStream(webSocket), { ...facts, kind: 'wss' })));
  });
  const port = (server: Server): Promise<number> =>
    new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));
  const endpoints = { mqtts: `mqtts://localhost:${await port(mqtts)}`, wss: `wss://localhost:${await port(https)}/mqtt` };
  return {
    platform,
    endpoints,
    async close() {
      await front.close();
      for (const one of webSockets.clients) one.terminate();
      https.closeAllConnections();
      await Promise.all([mqtts, https].map((server) => new Promise<void>((resolve) => server.close(() => resolve()))));
    },
  };
}

/** Drives a case at the rig, whose certificates `ca` (PEM) issued, and judges it. */
export async function judgedAt(rig: Rig, caseId: string, ca: string): Promise<readonly CheckResult[]> {
  const definition = CASES.find((one) => one.id === caseId);
  if (definition?.direction !== 'platform') throw new Error(`no case ${caseId}`);
  const { platform, endpoints, https } = rig;
  const common = { clock, timeouts: DEFAULT_TIMEOUTS, ca };
  const { ws, wss } = endpoints;
  const record = await driveCase(definition, {
    clock,
    seed: '1',
    namespace: '0',
    edition: 'doc2020',
    paceMs: 0,
    redactor: new Redactor('run 1'),
    openSession: openReferenceSession,
    timeouts: DEFAULT_TIMEOUTS,
    transport: tcpTransport({ ...common, endpoints }),
    websocket: tcpTransport({ ...common, endpoints: { ...(ws ? { ws } : {}), ...(wss ? { wss } : {}) } }),
    ...(https ? { https: httpsRegistrar({ ...common, ...https }) } : {}),
    operator: stubOperator((command) => Promise.resolve(platform.operate(command)), '1', '0'),
  });
  if (record.fault !== null) throw new Error(record.fault);
  return judgeCase(record, definition.checks, judgedClass).checks;
}
