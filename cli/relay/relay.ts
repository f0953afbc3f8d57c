// The relay: WebSockets of this user's pages and programs in, TCP and TLS to listed targets out.
import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { REASON, STREAM, type Connect } from '../../kernel/bytes/mux-frames.ts';
import { relayServer, type Asked } from '../../kernel/bytes/mux-relay.ts';
import type { Clock } from '../../kernel/clock.ts';
import { answerTo, refuseClient, type Refusal, type RelayAccess } from './access.ts';
import { webSocketCarrier } from './carrier.ts';
import { dial, type Dialled, type Place } from './dial.ts';
import { Gate } from './gate.ts';
import { Quota, RELAY_LIMITS, type RelayLimits } from './limits.ts';
import { Pipe } from './pipe.ts';
import { Pins, type Lookup } from './pins.ts';
import type { RelayTarget } from './targets.ts';

export interface RelayOptions {
  readonly clock: Clock;
  readonly targets: readonly RelayTarget[];
  /** Asked at each request, since the port is known only when the server listens. */
  readonly access: () => RelayAccess;
  readonly limits?: Partial<RelayLimits>;
  readonly lookup?: Lookup;
}

export interface Relay {
  /** Takes or refuses a request to upgrade. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  readonly streams: number;
  /** Ends everything at once. */
  close(): void;
}

const GOING_AWAY = 1001;
const TRY_AGAIN = 1013;

export function createRelay({ clock, targets, access, limits: given, lookup }: RelayOptions): Relay {
  const limits = { ...RELAY_LIMITS, ...given };
  const quota = new Quota(limits, clock);
  const pins = new Pins(lookup);
  const places = placesOf(targets);
  /** Every WebSocket, also one too many on its way out; and how many of them are served. */
  const sockets = new Set<WebSocket>();
  let carriers = 0;
  /** Connections that were refused an upgrade, until they have been told. */
  const refusals = new Set<Duplex>();
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: limits.messageMax,
    handleProtocols: answerTo,
  });

  const gates = new Map<Place, Gate>();
  const dialInTurn = (place: Place, settled: (result: Dialled) => void): (() => void) => {
    const gate =
      gates.get(place) ??
      new Gate(clock, { least: limits.dialsAtLeast, most: limits.dials, perSecond: limits.dialsPerSecond }, limits.dialHoldMs);
    gates.set(place, gate);
    let cancel = (): void => undefined;
    const cameAt = clock.now();
    const leave = gate.enter(() => {
      const waitedMs = clock.now() - cameAt;
      cancel = dial(place, pins, clock, limits.dialMs, (result) => {
        leave(result.ok);
        settled(result.ok ? { ...result, opening: { ...result.opening, waitedMs } } : result);
      });
    });
    return () => {
      leave();
      cancel();
    };
  };

  /** Of a WebSocket that was hung up on: it may answer, but not for the half minute that `ws` would wait. */
  const dropLater = (socket: WebSocket): void => {
    const timer = clock.after(limits.hangUpMs, () => socket.terminate());
    socket.once('close', () => timer.cancel());
  };

  const serve = (socket: WebSocket): void => {
    // One that breaks the protocol is closed by `ws`, which says so here too: without a listener the process would end.
    socket.on('error', () => dropLater(socket));
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    if (carriers >= limits.carriers) {
      socket.close(TRY_AGAIN, 'too many connections to this relay');
      return dropLater(socket);
    }
    carriers += 1;
    const pipes = new Set<Pipe>();
    const congested = (full: boolean): void => {
      for (const one of pipes) one.hold(full);
    };
    const carrier = webSocketCarrier(socket, limits, congested, () => dropLater(socket));
    socket.on('close', () => {
      carriers -= 1;
      for (const one of pipes) one.abort();
    });
    const ended = (one: Pipe): void => {
      quota.release();
      pipes.delete(one);
    };
    const connect = (asked: Asked): void => {
      // Whatever it asks for: asking is what costs.
      if (!quota.arrives()) return asked.stream.refuse(REASON.throttled);
      const place = places(asked.to);
      if (place === undefined || place === 'invalid') return asked.stream.refuse(place ? REASON.invalid : REASON.blocked);
      if (pipes.size >= limits.streamsPerCarrier || !quota.take()) return asked.stream.refuse(REASON.throttled);
      const one = new Pipe(asked, (settled) => dialInTurn(place, settled), clock, limits.lingerMs, ended);
      pipes.add(one);
      if (carrier.isFull()) one.hold(true);
    };
    relayServer(carrier, clock, {
      bufferMax: { stream: limits.bufferPerStream, all: limits.bufferPerCarrier },
      handshakeMs: limits.handshakeMs,
      connect,
    });
  };

  return {
    get streams() {
      return quota.streams;
    },
    upgrade(request, socket, head) {
      const refused = refuseClient(request, access());
      if (!refused) return server.handleUpgrade(request, socket, head, serve);
      refuse(socket, refused);
      refusals.add(socket);
      socket.once('close', () => refusals.delete(socket));
    },
    close() {
      for (const socket of refusals) socket.destroy();
      for (const socket of sockets) {
        socket.close(GOING_AWAY, 'the relay ends');
        socket.terminate();
      }
      server.close();
    },
  };
}

/** Says why, and keeps nothing: `node:http` has given this connection away, and nobody else ends it. */
function refuse(socket: Duplex, { status, why }: Refusal): void {
  const body = `${why}\n`;
  socket.on('error', () => undefined);
  socket.once('finish', () => socket.destroy());
  // What it still sends is not kept either.
  socket.resume();
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

/** Where a CONNECT leads: a target by its name, or TCP to the very host and port of one; undefined where it may not go. */
function placesOf(targets: readonly RelayTarget[]): (to: Connect) => Place | 'invalid' | undefined {
  const byName = new Map<string, Place>();
  const byAddress = new Map<string, Place>();
  for (const { id, endpoints } of targets) {
    for (const [key, place] of Object.entries(endpoints)) {
      byName.set(`${id}/${key}`, place);
      const { host, port } = place;
      byAddress.set(`${host}:${port}`, { host, port });
    }
  }
  return ({ kind, host, port }) => {
    if (kind === STREAM.target) return byName.get(host);
    if (kind !== STREAM.tcp || port === 0 || host === '') return 'invalid';
    return byAddress.get(`${host.toLowerCase()}:${port}`);
  };
}
