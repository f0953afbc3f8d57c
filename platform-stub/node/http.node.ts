// HTTP on the stub's ports: between node:http and the fronts that are pure functions. Not here: which port serves what (listen.node.ts).
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { WebSocketServer, type WebSocket } from 'ws';
import type { StreamFacts } from '../../kernel/bytes/stream.ts';
import { answerRegistration, answerWith, REGISTER_BODY_MAX, type HttpAnswer } from '../front/http-register.ts';
import { answerOperator, EVENTS_PATH, OPERATOR_BODY_MAX, OPERATOR_PATH, refuseOperator, type OperatorAccess } from '../front/operator.ts';
import type { Platform } from '../platform.ts';

const HEADERS_MS = 10_000;
const REQUEST_MS = 20_000;
const CHECK_MS = 5_000;
/** Where the authority's certificate can be downloaded. */
const CA_PATH = '/ca.pem';
const CA_HEADERS = { 'Content-Disposition': 'attachment; filename="muster-ca.pem"' } as const;
const BUSY = 'This stub has as many connections as it may have.\n';
const HEARTBEAT_MS = 15_000;
/** Unread bytes of an event stream above which entries are left out. */
const EVENTS_MAX = 1024 * 1024;
const CLOUD_URL_MAX = 512 * 1024;
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
    `<!doctype html><html lang="en"><meta charset="utf-8"><title>Muster stub</title><h1>This is Muster&#8217;s platform stub</h1>${accepted}<p><a href="${CA_PATH}">The certificate of its test authority</a>, for devices to trust.</p></html>\n`,
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

/** Answers when the body is there; a client that left in the middle gets nothing. A fault of ours costs that client its answer, nobody else. */
function serve(request: IncomingMessage, response: ServerResponse, limit: number, answer: (body: string) => HttpAnswer): void {
  const answered = (body: string): void => {
    try {
      send(response, answer(body));
    } catch (error) {
      process.emitWarning(error instanceof Error ? error : String(error));
      send(response, answerWith(500, 'text/plain; charset=utf-8', 'A fault of the stub itself.\n'));
    }
  };
  bodyOf(request, limit).then(answered, () => response.destroy());
}

/** How HTTP and WebSocket clients of the device ports are served. */
export interface DeviceHttp {
  /** Takes over a socket whose client speaks HTTP. */
  accept(socket: Socket): void;
  /** Tells a client that speaks HTTP that there is no room for it. */
  turnAway(socket: Socket): void;
  close(): void;
}

/**
 * @param caPem   the authority's certificate, for whoever has to trust it
 * @param factsOf what is known of a socket; `kind` says what a WebSocket on it would be
 * @param onWebSocket takes an MQTT client
 */
export function createDeviceHttp(
  platform: Platform,
  caPem: string,
  factsOf: (socket: Socket) => StreamFacts,
  onWebSocket: (socket: WebSocket, facts: StreamFacts) => void,
): DeviceHttp {
  const server = createServer(
    { headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS, connectionsCheckingInterval: CHECK_MS },
    (request, response) => {
      const facts = factsOf(request.socket);
      const { method = '', url = '' } = request;
      const reads = method === 'GET' || method === 'HEAD';
      if (reads && url === '/') return send(response, page(facts));
      if (reads && url === CA_PATH) return send(response, answerWith(200, 'application/x-x509-ca-cert', caPem, CA_HEADERS));
      serve(request, response, REGISTER_BODY_MAX, (body) =>
        answerRegistration({ method, path: url, contentType: request.headers['content-type'], body, facts }, platform),
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
    turnAway(socket) {
      socket.end(
        `HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\nContent-Length: ${BUSY.length}\r\n\r\n${BUSY}`,
      );
    },
    close() {
      webSockets.close();
      server.closeAllConnections();
      // It never listened, which it reports as an error.
      server.close(() => undefined);
    },
  };
}

/** Serves the operator API and its event stream; false for a path that is neither. */
export type OperatorHandler = (request: IncomingMessage, response: ServerResponse) => boolean;

/** @param access is asked at each request, since the port is known only when the server listens */
export function createOperatorHandler(platform: Platform, access: () => OperatorAccess): OperatorHandler {
  return (request, response) => {
    const { method = '', url = '', headers } = request;
    const { host, origin, authorization } = headers;
    const path = url.split('?', 1)[0];
    if (path === EVENTS_PATH) {
      const refused = refuseOperator({ host, origin, authorization }, access());
      if (refused) send(response, refused);
      else streamLog(platform, response);
      return true;
    }
    if (path !== OPERATOR_PATH && !path?.startsWith(`${OPERATOR_PATH}/`)) return false;
    serve(request, response, OPERATOR_BODY_MAX, (body) =>
      answerOperator({ method, path: url, host, origin, authorization, body }, access(), platform),
    );
    return true;
  };
}

/** The log from now on, as server-sent events. Who does not read loses entries, and holds nobody up. */
function streamLog(platform: Platform, response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' });
  response.write(': muster\n\n');
  const beat = setInterval(() => response.write(':\n\n'), HEARTBEAT_MS);
  const stop = platform.log.listen((entry) => {
    if (response.writableLength < EVENTS_MAX) response.write(`data: ${JSON.stringify(entry)}\n\n`);
  });
  response.on('close', () => {
    clearInterval(beat);
    stop();
  });
}

/** A request to the cloud API and its answer; header names in lower case. */
export type CloudFront = (request: {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}) => HttpAnswer;

/** The listener of operators and of cloud clients. */
export function createApiServer(handle: OperatorHandler, cloud: CloudFront): Server {
  return createServer(
    {
      headersTimeout: HEADERS_MS,
      requestTimeout: REQUEST_MS,
      connectionsCheckingInterval: CHECK_MS,
      // The newer cloud client puts everything into the URL: 5,000 names are 139 kB.
      maxHeaderSize: CLOUD_URL_MAX,
    },
    (request, response) => {
      if (handle(request, response)) return;
      const { method = '', url = '', headers } = request;
      serve(request, response, OPERATOR_BODY_MAX, (body) => cloud({ method, path: url, headers, body }));
    },
  );
}

/** Is this socket encrypted? */
export function isEncrypted(socket: Socket): socket is TLSSocket {
  return 'encrypted' in socket && socket.encrypted === true;
}
