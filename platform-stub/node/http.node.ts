// HTTP on the stub's ports: between node:http and the fronts that are pure functions. Not here: which port serves what (listen.node.ts).
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { WebSocketServer, type WebSocket } from 'ws';
import type { StreamFacts } from '../../kernel/bytes/stream.ts';
import { answerRegistration, answerWith, REGISTER_BODY_MAX, type HttpAnswer } from '../front/http-register.ts';
import { answerOperator, OPERATOR_BODY_MAX, type OperatorAccess } from '../front/operator.ts';
import type { Platform } from '../platform.ts';

const HEADERS_MS = 10_000;
const REQUEST_MS = 20_000;
const CHECK_MS = 5_000;
/** Largest WebSocket message that is taken: four times the largest MQTT message (section 8). */
const FRAME_MAX = 1024 * 1024;
/** Sub-protocols of MQTT over WebSocket, dearest first: the second is what MQTT 3.1 clients ask for. */
const SUB_PROTOCOLS = ['mqtt', 'mqttv3.1'] as const;

/** The server's answer to a browser that is sent here to accept the test certificate. */
function page(facts: StreamFacts): HttpAnswer {
  const accepted = facts.encrypted
    ? '<p>Its test certificate is accepted now. You can close this tab and go back to Muster.</p><p lang="zh-CN">测试证书已被接受，可以关闭此标签页，回到 Muster。</p>'
    : '<p>This port is not encrypted, so there is no certificate to accept. Registration needs the encrypted ports.</p>';
  return answerWith(
    200,
    'text/html; charset=utf-8',
    `<!doctype html><html lang="en"><meta charset="utf-8"><title>Muster stub</title><h1>This is Muster&#8217;s platform stub</h1>${accepted}</html>\n`,
    { 'Content-Security-Policy': "default-src 'none'", 'X-Content-Type-Options': 'nosniff' },
  );
}

/** The body as text. One that is longer than `limit` bytes comes cut, but longer than the limit still: the front then refuses it. */
async function bodyOf(request: IncomingMessage, limit: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    // What is too long is read to its end all the same, or the client would never read the answer.
    if (size > limit) continue;
    size += chunk.length;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function send(response: ServerResponse, answer: HttpAnswer): void {
  response.writeHead(answer.status, answer.headers);
  response.end(answer.body);
}

/** Answers when the body is there; a client that left in the middle gets nothing. */
function serve(request: IncomingMessage, response: ServerResponse, limit: number, answer: (body: string) => HttpAnswer): void {
  bodyOf(request, limit).then(
    (body) => send(response, answer(body)),
    () => response.destroy(),
  );
}

/** How HTTP and WebSocket clients of the device ports are served. */
export interface DeviceHttp {
  /** Takes over a socket whose client speaks HTTP. */
  accept(socket: Socket): void;
  close(): void;
}

/**
 * @param factsOf what is known of a socket; `kind` says what a WebSocket on it would be
 * @param onWebSocket takes an MQTT client
 */
export function createDeviceHttp(
  platform: Platform,
  factsOf: (socket: Socket) => StreamFacts,
  onWebSocket: (socket: WebSocket, facts: StreamFacts) => void,
): DeviceHttp {
  const server = createServer(
    { headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS, connectionsCheckingInterval: CHECK_MS },
    (request, response) => {
      const facts = factsOf(request.socket);
      const { method = '', url = '' } = request;
      serve(request, response, REGISTER_BODY_MAX, (body) =>
        (method === 'GET' || method === 'HEAD') && url === '/'
          ? page(facts)
          : answerRegistration({ method, path: url, contentType: request.headers['content-type'], body, facts }, platform),
      );
    },
  );
  const webSockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: FRAME_MAX,
    // False takes the connection without a sub-protocol: some firmware offers none.
    handleProtocols: (offered) => SUB_PROTOCOLS.find((one) => offered.has(one)) ?? false,
  });
  server.on('upgrade', (request, socket: Socket, head) => {
    const facts = factsOf(socket);
    webSockets.handleUpgrade(request, socket, head, (webSocket) => onWebSocket(webSocket, facts));
  });
  // A server that never listens enforces no time-outs unless it believes that it does.
  server.emit('listening');
  return {
    accept: (socket) => void server.emit('connection', socket),
    close() {
      webSockets.close();
      server.closeAllConnections();
      // It never listened, which it reports as an error.
      server.close(() => undefined);
    },
  };
}

/** The operator API; `access` is asked at each request, since the port is known only when the server listens. */
export function createOperatorServer(platform: Platform, access: () => OperatorAccess): Server {
  return createServer(
    { headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS, connectionsCheckingInterval: CHECK_MS },
    (request, response) => {
      const { method = '', url = '', headers } = request;
      const { host, origin, authorization } = headers;
      serve(request, response, OPERATOR_BODY_MAX, (body) =>
        answerOperator({ method, path: url, host, origin, authorization, body }, access(), platform),
      );
    },
  );
}

/** Is this socket encrypted? */
export function isEncrypted(socket: Socket): socket is TLSSocket {
  return 'encrypted' in socket && socket.encrypted === true;
}
