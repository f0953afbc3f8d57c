// How a unit in Node reaches a platform on the network: TCP, TLS, and WebSocket over either. What it finds on the way is an outcome.
// Not here: anything that a browser can run.
import { X509Certificate } from 'node:crypto';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import { createWebSocketStream, WebSocket } from 'ws';
import { fromDuplex, type DuplexLike } from '../../kernel/bytes/duplex.ts';
import type { StreamFacts, StreamKind, TlsFacts } from '../../kernel/bytes/stream.ts';
import type { Clock } from '../../kernel/clock.ts';
import { codeOf, messageOf, UserError } from '../../kernel/errors.ts';
import type { Outcome } from '../../kernel/trace/outcome.ts';
import { contextOf, handshakeOf } from './handshake.node.ts';
import { hostOf } from './host.ts';
import { connectTls, type TcpAddress } from './tls.node.ts';
import { noSuchWay, type Dialled, type Transport, type Way } from './transport.ts';

/** URLs of a target, any subset: `mqtts://host:8883`, `wss://host/mqtt`. */
export interface Endpoints {
  readonly mqtt?: string;
  readonly mqtts?: string;
  readonly ws?: string;
  readonly wss?: string;
}

/** Where to dial and whom to trust: data, so it can be sent to a worker. */
export interface TcpTarget {
  readonly endpoints: Endpoints;
  /** Certificates to trust instead of Node's own list, PEM. */
  readonly ca?: string;
  /** Name to ask for and to check instead of the URL's host. */
  readonly serverName?: string;
  /** Takes any certificate. */
  readonly insecure?: boolean;
}

export interface TcpTransportOptions extends TcpTarget {
  readonly clock: Clock;
  /** `dial`: how long opening a stream may take, all stages together, milliseconds. */
  readonly timeouts: { readonly dial: number };
}

type DialStage = 'dns' | 'tcp' | 'tls' | 'ws';

interface Endpoint {
  readonly kind: Exclude<StreamKind, 'memory'>;
  /** Of a stream that is carried in the usual way: one object for thousands of them. */
  readonly facts: StreamFacts;
  readonly url: string;
  /** Without the brackets of an IPv6 literal. */
  readonly host: string;
  readonly port: number;
}

const KINDS = { mqtt: 'tcp', mqtts: 'tls', ws: 'ws', wss: 'wss' } as const;
const USUAL_PORTS = { mqtt: 1883, mqtts: 8883, ws: 80, wss: 443 } as const;

/** How long one of several addresses of a name may take; Node's 250 ms give up before a lost SYN is sent again. */
const ADDRESS_MS = 2_000;

function readEndpoint(options: TcpTarget, key: keyof Endpoints): Endpoint | undefined {
  const text = options.endpoints[key];
  if (text === undefined) return undefined;
  const remedy = `write it as ${key}://HOST:PORT`;
  if (!URL.canParse(text)) throw new UserError(`endpoint ${key} is no URL: ${text}`, remedy);
  const url = new URL(text);
  const host = hostOf(url);
  if (url.protocol !== `${key}:` || host === undefined)
    throw new UserError(`endpoint ${key} is no ${key}:// URL with a host: ${text}`, remedy);
  const kind = KINDS[key];
  const port = url.port === '' ? USUAL_PORTS[key] : Number(url.port);
  const encrypted = kind === 'tls' || kind === 'wss';
  return { kind, url: text, host, port, facts: { kind, encrypted, ...sniOf(host, options, encrypted, {}), peer: host, port } };
}

/**
 * A transport over sockets. 'encrypted' takes `mqtts`, else `wss`; 'plain' takes `mqtt`, else `ws`. `dial` never throws; an endpoint that
 * is no URL, and a CA that is no certificate, are UserErrors here and now.
 */
export function tcpTransport(options: TcpTransportOptions): Transport {
  const read = (first: keyof Endpoints, second: keyof Endpoints): Endpoint | undefined => {
    const [preferred, other] = [readEndpoint(options, first), readEndpoint(options, second)];
    return preferred ?? other;
  };
  const secureContext = contextFor(options.ca);
  const chosen = { encrypted: read('mqtts', 'wss'), plain: read('mqtt', 'ws') };
  const webSockets = { encrypted: readEndpoint(options, 'wss'), plain: readEndpoint(options, 'ws') };
  return {
    offersPlain: chosen.plain !== undefined,
    dial(security, way = {}) {
      if (way.tls !== undefined && security === 'plain') return Promise.resolve(noSuchWay(way));
      const overWebSocket = way.over === 'websocket' || way.frames !== undefined;
      const endpoint = overWebSocket ? webSockets[security] : chosen[security];
      if (endpoint) return dial(endpoint, options, way.tls === undefined ? secureContext : contextOf(way.tls, options.ca), way);
      if (overWebSocket) return Promise.resolve(noSuchWay(way));
      const stage = security === 'encrypted' ? 'tls' : 'tcp';
      return Promise.resolve({ ok: false, outcome: { kind: 'unreachable', stage, code: 'NO_ENDPOINT' } });
    },
  };
}

function dial(endpoint: Endpoint, options: TcpTransportOptions, secureContext: SecureContext, way: Way): Promise<Dialled> {
  const { clock, timeouts } = options;
  const { kind, host, port } = endpoint;
  const secure = kind === 'tls' || kind === 'wss';
  const startedAt = clock.now();
  return new Promise((resolve) => {
    let stage: DialStage = isIP(host) ? 'tcp' : 'dns';
    let settled = false;
    const settle = (result: Dialled): void => {
      if (settled) return;
      settled = true;
      timer.cancel();
      if (!result.ok) carrier.destroy();
      else if (kind === 'tcp' || kind === 'tls') {
        // The stream listens now. Thousands of connections need not keep what their dials needed.
        carrier.off('error', failed).off('close', closed);
      }
      resolve(result);
    };
    const closed = (): void => {
      if (!settled) failed(closedEarly());
    };
    const failed = (error: unknown): void => settle({ ok: false, outcome: outcomeOf(error, stage, clock.now() - startedAt) });
    const timer = clock.after(timeouts.dial, () => settle({ ok: false, outcome: { kind: 'silent', stage, waitedMs: timeouts.dial } }));
    let tls: TlsFacts | undefined;
    const opened = (duplex: DuplexLike): void => {
      const facts = tls ? { kind, encrypted: secure, ...sniOf(host, options, secure, way), tls, peer: host, port } : endpoint.facts;
      settle({ ok: true, stream: fromDuplex(duplex, facts) });
    };
    const upgrade = (socket: Socket): void => {
      if (kind === 'tcp' || kind === 'tls') return opened(socket);
      stage = 'ws';
      openWebSocket(endpoint, socket, way, opened, failed);
    };

    const address = { host, port, autoSelectFamilyAttemptTimeout: ADDRESS_MS };
    const secured = secure ? startTls(address, options, secureContext, way) : undefined;
    const carrier = secured ?? connectTcp({ ...address, noDelay: true });
    // Stays while the carrier is not itself the stream: without a listener an error would end the process.
    carrier.on('error', failed);
    if (stage === 'dns') {
      carrier.on('lookup', (error: Error | null) => {
        if (!error) stage = 'tcp';
      });
    }
    carrier.once('connect', () => {
      if (!secured) return upgrade(carrier);
      stage = 'tls';
      secured.once('secureConnect', () => {
        if (way.tls !== undefined) tls = handshakeOf(secured);
        upgrade(secured);
      });
    });
    // Only a carrier that is not replaced by a WebSocket closes without any other notice.
    carrier.on('close', closed);
  });
}

function startTls(address: TcpAddress, options: TcpTransportOptions, secureContext: SecureContext, way: Way): TLSSocket {
  return connectTls(address, {
    context: secureContext,
    // What the certificate is checked against when there is no name to ask for.
    subject: options.serverName ?? address.host,
    serverName: nameAsked(address.host, options, way),
    insecure: options.insecure === true,
  });
}

/** One for all connections: reading the certificates costs more than a handshake. */
function contextFor(ca: string | undefined): SecureContext {
  if (ca === undefined) return createSecureContext();
  try {
    // OpenSSL passes over what it cannot read, and then trusts nobody.
    new X509Certificate(ca).toString();
    return createSecureContext({ ca });
  } catch (error) {
    throw new UserError(
      `the CA to trust cannot be read (${messageOf(error)})`,
      'give the file that begins with -----BEGIN CERTIFICATE-----',
    );
  }
}

/** The name to ask for: none for an address (RFC 6066, section 3), and none of firmware that does not know how to ask. */
function nameAsked(host: string, options: TcpTarget, { tls }: Way): string | undefined {
  const name = options.serverName ?? host;
  return isIP(name) || tls === 'shipped-firmware' ? undefined : name;
}

function sniOf(host: string, options: TcpTarget, secure: boolean, way: Way): { sni?: string } {
  const sni = secure ? nameAsked(host, options, way) : undefined;
  return sni === undefined ? {} : { sni };
}

/**
 * The WebSocket of a device. What it writes once the platform has said that it closes is lost, as over TCP: to `ws` that is an error, which
 * would hide that the platform closed in good order.
 */
class DeviceWebSocket extends WebSocket {
  override send(data: Buffer, ...rest: unknown[]): void {
    const done = rest.findLast((one): one is (error?: Error) => void => typeof one === 'function');
    if (this.readyState === WebSocket.OPEN) this.deliver(data, done);
    else done?.();
  }

  protected deliver(data: Buffer, done: ((error?: Error) => void) | undefined): void {
    super.send(data, done);
  }
}

/** Says that every message is text, whatever it holds. */
class TextWebSocket extends DeviceWebSocket {
  protected override deliver(data: Buffer, done: ((error?: Error) => void) | undefined): void {
    WebSocket.prototype.send.call(this, data, { binary: false }, done);
  }
}

function openWebSocket(
  endpoint: Endpoint,
  socket: Socket,
  { frames }: Way,
  opened: (duplex: DuplexLike) => void,
  failed: (error: unknown) => void,
): void {
  // The socket is connected, and encrypted where the URL says so: `ws` has only the upgrade left to do.
  const webSocket = new (frames === 'text' ? TextWebSocket : DeviceWebSocket)(endpoint.url, ['mqtt'], {
    perMessageDeflate: false,
    createConnection: () => socket,
  });
  webSocket.on('error', failed);
  webSocket.on('unexpected-response', (request, response) => {
    failed(Object.assign(new Error(`HTTP ${response.statusCode} instead of an upgrade`), { code: `HTTP_${response.statusCode}` }));
    request.destroy();
  });
  webSocket.once('open', () => opened(createWebSocketStream(webSocket)));
}

/** The peer hung up before the stream was open. */
function closedEarly(): Error {
  return Object.assign(new Error('closed while dialling'), { code: 'ECONNRESET' });
}

/** Codes that say: our own machine has no more of it. */
const LOCAL_REASONS: Readonly<Record<string, 'ports' | 'descriptors'>> = {
  EMFILE: 'descriptors',
  ENFILE: 'descriptors',
  EADDRNOTAVAIL: 'ports',
};

/** Says of one address of a name that this machine cannot go there at all: another address tells more. */
const NO_ROUTE = new Set(['EADDRNOTAVAIL', 'ENETUNREACH', 'EHOSTUNREACH', 'EAFNOSUPPORT']);

function outcomeOf(error: unknown, stage: DialStage, waitedMs: number): Outcome {
  const code = tellingCode(error);
  const reason = LOCAL_REASONS[code];
  if (reason && stage !== 'ws') return { kind: 'local', reason };
  // The system gave up waiting before we did.
  if (code === 'ETIMEDOUT') return { kind: 'silent', stage, waitedMs };
  return { kind: 'unreachable', stage, code };
}

/** The code of an error; of one a name with several addresses ended in, the code that says most. */
function tellingCode(error: unknown): string {
  if (error instanceof AggregateError) {
    const codes = error.errors.map((one: unknown) => codeOf(one) ?? messageOf(one));
    const telling = codes.find((code) => !NO_ROUTE.has(code)) ?? codes[0];
    if (telling !== undefined) return telling;
  }
  return codeOf(error) ?? messageOf(error);
}
