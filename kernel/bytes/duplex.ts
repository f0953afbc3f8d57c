// Between our byte streams and the Duplex that MQTT.js, aedes, sockets and `ws` speak. Both ways, nothing else.
import { Duplex } from 'readable-stream';
import { concat } from './concat.ts';
import type { ByteStream, Ending, StreamFacts, StreamHandlers } from './stream.ts';

/** What a chunk-by-chunk writer of a Duplex hands to `writev`. */
interface Piece {
  readonly chunk: Uint8Array;
}

/**
 * A Duplex over a byte stream. Pieces that are written in one tick leave as one (`writev`): mqtt-packet writes a CONNACK byte by
 * byte. `allowHalfOpen: false`, else MQTT.js never sees `close` after the peer ended.
 */
export function toDuplex(stream: ByteStream): Duplex {
  let waiting: (() => void) | undefined;
  let over = false;
  let ended = false;
  const send = (bytes: Uint8Array, done: () => void): void => {
    if (over || stream.write(bytes)) done();
    else waiting = done;
  };
  const release = (): void => {
    const done = waiting;
    waiting = undefined;
    done?.();
  };
  const duplex = new Duplex({
    allowHalfOpen: false,
    read: () => stream.resume(),
    write: (chunk: Uint8Array, _encoding, done) => send(chunk, done),
    writev: (pieces: ArrayLike<Piece>, done: () => void) => send(concat(Array.from(pieces, (piece) => piece.chunk)), done),
    final(done) {
      stream.end();
      done();
    },
    destroy(error, done) {
      if (!over) {
        over = true;
        // As of a socket: what was written before `destroy` still leaves, whatever the reason (aedes: a CONNACK 1).
        stream.shut();
      }
      release();
      done(error);
    },
  });
  stream.attach({
    data(bytes) {
      if (!duplex.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))) stream.pause();
    },
    drain: release,
    end() {
      ended = true;
      duplex.push(null);
    },
    close(ending) {
      over = true;
      release();
      if (ending.by === 'fault') duplex.destroy(Object.assign(new Error(ending.code), { code: ending.code }));
      // What came before an orderly end is still to be read.
      else if (ended && !duplex.readableEnded) duplex.once('end', () => duplex.destroy());
      else duplex.destroy();
    },
  });
  return duplex;
}

/** The part of a Node Duplex (socket, TLS socket, WebSocket stream) that a byte stream needs. */
export interface DuplexLike {
  write(chunk: Uint8Array): boolean;
  end(): unknown;
  destroy(error?: Error): unknown;
  pause(): unknown;
  resume(): unknown;
  on(event: 'data', listener: (chunk: Uint8Array) => void): unknown;
  on(event: 'drain' | 'end' | 'close', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error & { code?: string }) => void): unknown;
  destroySoon?: () => unknown;
  resetAndDestroy?: () => unknown;
  readonly writableEnded?: boolean;
  readonly writableFinished?: boolean;
}

/** A class, since a fleet has thousands of them: its methods are made once, closures for each stream. */
class DuplexStream implements ByteStream {
  readonly facts: StreamFacts;
  readonly #duplex: DuplexLike;
  #handlers: StreamHandlers | undefined;
  #ending: Ending | undefined;
  #closed = false;
  /** Nothing is written any more; and nothing is awaited from the peer either. */
  #ended = false;
  #finished = false;

  constructor(duplex: DuplexLike, facts: StreamFacts) {
    this.facts = facts;
    this.#duplex = duplex;
    duplex.on('error', (error) => {
      // After our own `end` the peer may still break the stream; after `shut` and `abort` that is its end, not a fault.
      if (this.#ending === undefined || (this.#ending.by === 'local' && !this.#finished))
        this.#ending = { by: 'fault', code: error.code ?? error.message };
    });
    duplex.on('close', () => {
      if (this.#closed) return;
      this.#closed = true;
      this.#deliverClose();
    });
  }

  write(bytes: Uint8Array): boolean {
    return this.#ended || this.#duplex.write(bytes);
  }

  end(): void {
    this.#ending ??= { by: 'local' };
    this.#ended = true;
    this.#duplex.end();
  }

  shut(): void {
    this.#ending ??= { by: 'local' };
    this.#ended = this.#finished = true;
    if (this.#duplex.destroySoon) this.#duplex.destroySoon();
    else this.#duplex.end();
  }

  abort(): void {
    this.#ending ??= { by: 'local' };
    this.#ended = this.#finished = true;
    // A socket whose FIN is under way cannot be reset (EINVAL of uv_tcp_close_reset), and Node 20 never closes what it failed to reset: the
    // descriptor stays, and a thread that holds it never ends.
    const ending = this.#duplex.writableEnded === true && this.#duplex.writableFinished !== true;
    try {
      if (!ending) this.#duplex.resetAndDestroy?.();
    } catch {
      // A TLS socket has the method but can only be destroyed (ERR_INVALID_HANDLE_TYPE).
    }
    this.#duplex.destroy();
  }

  pause(): void {
    this.#duplex.pause();
  }

  resume(): void {
    this.#duplex.resume();
  }

  attach(handlers: StreamHandlers): void {
    this.#handlers = handlers;
    this.#duplex.on('drain', () => handlers.drain());
    this.#duplex.on('end', () => {
      this.#ending ??= { by: 'remote' };
      handlers.end();
    });
    this.#duplex.on('data', (chunk) => handlers.data(chunk));
    this.#deliverClose();
  }

  #deliverClose(): void {
    if (this.#closed) this.#handlers?.close(this.#ending ?? { by: 'remote' });
  }
}

/** A byte stream over a socket or another Duplex of the platform. */
export function fromDuplex(duplex: DuplexLike, facts: StreamFacts): ByteStream {
  return new DuplexStream(duplex, facts);
}
