// How a unit in a browser reaches a platform: WebSockets, which is all that a page has. A browser gives a page a few hundred of them over
// all its workers and tells nobody why one failed, so both are kept account of here.
import type { ByteStream, Ending, StreamFacts, StreamHandlers } from '../../kernel/bytes/stream.ts';
import type { Clock } from '../../kernel/clock.ts';
import { noSuchWay, type Dialled, type Transport } from './transport.ts';

export interface WebSocketTarget {
  /** `wss://host:port/path`. */
  readonly url: string;
  /** Connections this worker may have: its share of what the browser gives a page. */
  readonly sockets: number;
  /** Connections this worker may be opening at once: Chromium delays a page's new ones once 16 are pending (measured). */
  readonly pending: number;
}

/** How many connections a worker holds, and whether there were ever no more for it. */
export class SocketAccount {
  open = 0;
  full = false;
}

export interface WebSocketTransportOptions extends WebSocketTarget {
  readonly clock: Clock;
  /** `dial`: how long opening a connection may take once it is its turn, milliseconds. */
  readonly timeouts: { readonly dial: number };
  /** Kept up to date, for whoever wants to know. */
  readonly account?: SocketAccount;
}

/** Bytes under way at which a writer is asked to wait, and how often it is then looked whether they have left, milliseconds. */
const HIGH_WATER = 256 * 1024;
const DRAIN_POLL_MS = 20;
/** How long a dial waits for another device to hang up when all sockets are taken, milliseconds. */
const CAP_PATIENCE_MS = 3_000;
/**
 * A browser that has no more sockets says 1006 like everybody, but at once: it asks no network (measured, Chromium 156: 0.4-0.9 ms, where a
 * closed port of this machine takes 4.7 ms). A worker that is busy hears of it later, and then it looks like the target's doing.
 */
const AT_ONCE_MS = 4;
/** Every browser gives more: with fewer that are open it is something else that refuses at once. */
const SURELY_GIVEN = 16;
/** WebSocket close codes (RFC 6455, section 7.4); of the reserved ones a browser may send 1000 only. */
const NORMAL = 1000;
const NOT_BINARY = 4003;

/** A transport over WebSockets. `dial` never throws; clear text is not offered, since registration needs TLS (RULE-02). */
export function webSocketTransport(options: WebSocketTransportOptions): Transport {
  const slots = new Slots(options);
  return {
    offersPlain: false,
    async dial(security, way) {
      if (way?.frames !== undefined || way?.tls !== undefined) return noSuchWay(way);
      if (security === 'plain') return { ok: false, outcome: { kind: 'unreachable', stage: 'tcp', code: 'NO_ENDPOINT' } };
      // Whom the browser refused waits for a socket like everybody else.
      for (;;) {
        if (!(await slots.take())) return { ok: false, outcome: { kind: 'local', reason: 'browser-cap' } };
        const dialled = await open(options, slots);
        if (dialled !== 'full') return dialled;
      }
    },
  };
}

function open({ url, clock, timeouts }: WebSocketTransportOptions, slots: Slots): Promise<Dialled | 'full'> {
  const { hostname, port } = new URL(url);
  const facts: StreamFacts = { kind: 'wss', encrypted: true, sni: hostname, peer: hostname, port: port === '' ? 443 : Number(port) };
  const startedAt = clock.now();
  const socket = new WebSocket(url, 'mqtt');
  socket.binaryType = 'arraybuffer';
  return new Promise((resolve) => {
    let isOpen = false;
    const settle = (result: Dialled | 'full'): void => {
      timer.cancel();
      isOpen = result !== 'full' && result.ok;
      slots.settled(isOpen);
      resolve(result);
    };
    const timer = clock.after(timeouts.dial, () => {
      socket.onopen = null;
      socket.close();
      settle({ ok: false, outcome: { kind: 'silent', stage: 'ws', waitedMs: timeouts.dial } });
    });
    socket.onopen = () => {
      socket.onopen = null;
      settle({ ok: true, stream: streamOf(socket, facts, clock) });
    };
    // An 'error' says nothing and is always followed by a 'close', which says 1006 whatever the cause was.
    socket.addEventListener('close', ({ code }) => {
      const wasOpening = socket.onopen !== null;
      const isFull = wasOpening && clock.now() - startedAt < AT_ONCE_MS && slots.lowered();
      slots.closed(isOpen);
      if (wasOpening) settle(isFull ? 'full' : { ok: false, outcome: { kind: 'unreachable', stage: 'ws', code: String(code) } });
    });
  });
}

/** Whose turn it is to open a connection, first come first served. */
class Slots {
  readonly #clock: Clock;
  readonly #pending: number;
  readonly #account: SocketAccount;
  #sockets: number;
  #taken = 0;
  #opening = 0;
  readonly #queue: (() => void)[] = [];

  constructor({ clock, sockets, pending, account = new SocketAccount() }: WebSocketTransportOptions) {
    this.#clock = clock;
    this.#account = account;
    this.#sockets = sockets;
    this.#pending = pending;
  }

  /** Resolves when a connection may be opened; false when all are in use and stay so. */
  take(): Promise<boolean> {
    return new Promise((resolve) => {
      const turn = (): void => {
        timer.cancel();
        this.#taken += 1;
        this.#opening += 1;
        resolve(true);
      };
      const giveUp = (): void => {
        const place = this.#queue.indexOf(turn);
        // Waiting for others to get open is no sign of the cap.
        if (this.#taken < this.#sockets || this.#opening > 0) {
          timer = this.#clock.after(CAP_PATIENCE_MS, giveUp);
          return;
        }
        this.#queue.splice(place, 1);
        this.#account.full = true;
        resolve(false);
      };
      let timer = this.#clock.after(CAP_PATIENCE_MS, giveUp);
      this.#queue.push(turn);
      this.#next();
    });
  }

  /** One more is open, or will never be. */
  settled(isOpen: boolean): void {
    if (isOpen) this.#account.open += 1;
    this.#opening -= 1;
    this.#next();
  }

  /** The browser gave no more than there are beside the one that it refused. False where few are open, and something else is the matter. */
  lowered(): boolean {
    if (this.#account.open < SURELY_GIVEN) return false;
    this.#sockets = Math.min(this.#sockets, this.#taken - 1);
    this.#account.full = true;
    return true;
  }

  closed(wasOpen: boolean): void {
    if (wasOpen) this.#account.open -= 1;
    this.#taken -= 1;
    this.#next();
  }

  #next(): void {
    while (this.#queue.length > 0 && this.#taken < this.#sockets && this.#opening < this.#pending) this.#queue.shift()?.();
  }
}

/** The stream of an open WebSocket. It cannot be paused, so what nobody wants yet is kept; it has no half-closed state and no reset. */
function streamOf(socket: WebSocket, facts: StreamFacts, clock: Clock): ByteStream {
  let handlers: StreamHandlers | undefined;
  let inbox: Uint8Array[] = [];
  let paused = false;
  let ending: Ending | undefined;
  let over = false;
  let told = false;
  let owesDrain = false;

  const deliver = (): void => {
    if (!handlers || told) return;
    while (!paused && inbox.length > 0 && ending?.by !== 'local') handlers.data(inbox.shift() as Uint8Array);
    if (!over || !ending || (inbox.length > 0 && ending.by !== 'local')) return;
    told = true;
    if (ending.by === 'remote') handlers.end();
    handlers.close(ending);
  };
  const leave = (code: number): void => {
    if (ending) return;
    ending = { by: 'local' };
    inbox = [];
    socket.close(code);
  };
  const watchDrain = (): void => {
    if (ending) return;
    if (socket.bufferedAmount >= HIGH_WATER) clock.after(DRAIN_POLL_MS, watchDrain);
    else {
      owesDrain = false;
      handlers?.drain();
    }
  };
  socket.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (!(data instanceof ArrayBuffer)) return leave(NOT_BINARY);
    if (ending) return;
    inbox.push(new Uint8Array(data));
    deliver();
  };
  socket.addEventListener('close', ({ wasClean, code }) => {
    ending ??= wasClean ? { by: 'remote' } : { by: 'fault', code: String(code) };
    over = true;
    deliver();
  });
  return {
    facts,
    write(bytes) {
      if (ending) return true;
      socket.send(bytes as Uint8Array<ArrayBuffer>);
      if (socket.bufferedAmount < HIGH_WATER) return true;
      if (!owesDrain) clock.after(DRAIN_POLL_MS, watchDrain);
      owesDrain = true;
      return false;
    },
    end: () => leave(NORMAL),
    shut: () => leave(NORMAL),
    abort() {
      leave(NORMAL);
      over = true;
      clock.turn(deliver);
    },
    pause: () => {
      paused = true;
    },
    resume() {
      paused = false;
      deliver();
    },
    attach(next) {
      handlers = next;
      clock.turn(deliver);
    },
  };
}
