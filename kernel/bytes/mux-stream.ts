// One side of a multiplexed stream: what waits to be sent until there is credit, what came until somebody takes it, and how it ends.
// Wisp has no half-open streams: `end` and `shut` are the same CLOSE.
import type { Clock } from '../clock.ts';
import { concat } from './concat.ts';
import { codeOfReason, creditFrame, REASON, TYPE, type FrameWriter } from './mux-frames.ts';
import type { ByteStream, Ending, StreamFacts, StreamHandlers } from './stream.ts';

/** What the streams of one side have in common. */
export interface MuxShared {
  readonly writer: FrameWriter;
  readonly clock: Clock;
  /** Longest DATA that is sent; longer writes are cut. */
  readonly dataMax: number;
  /** Bytes that came and were not taken yet, and how many of them there may be: over one stream, and over all. */
  buffered: number;
  readonly bufferMax?: { readonly stream: number; readonly all: number };
  forget(id: number): void;
}

/** Who wants to know of a stream what no consumer of bytes does. */
export interface Watcher {
  /** What the relay reports: JSON text, unchecked. */
  told?(report: string): void;
  /** It was closed by the other side, or went with the carrier; what came before may still wait for its consumer. */
  closed(ending: Ending): void;
}

export interface MuxStreamOptions {
  readonly facts: StreamFacts;
  /** DATA frames that may be sent before the other side has granted any. */
  readonly credit: number;
  /** DATA frames the other side may have under way: what is granted after so many were taken. */
  readonly window: number;
  readonly watcher?: Watcher;
}

export class MuxStream implements ByteStream {
  readonly facts: StreamFacts;
  readonly #id: number;
  readonly #shared: MuxShared;
  readonly #window: number;
  #watcher: Watcher | undefined;
  #handlers: StreamHandlers | undefined;
  #inbox: Uint8Array[] = [];
  #inboxBytes = 0;
  /** Bytes that the consumer was given and paused at: until it goes on they wait with it, and count. */
  #handed = 0;
  #outbox: Uint8Array[] = [];
  #credit: number;
  #consumed = 0;
  #paused = false;
  #ending: Ending | undefined;
  #endDelivered = false;
  #closed = false;
  #closeDelivered = false;
  #closing = false;
  #owesDrain = false;

  constructor(shared: MuxShared, id: number, { facts, credit, window, watcher }: MuxStreamOptions) {
    this.#shared = shared;
    this.#id = id;
    this.facts = facts;
    this.#credit = credit;
    this.#window = window;
    this.#watcher = watcher;
  }

  write(bytes: Uint8Array): boolean {
    if (this.#closed || this.#closing) return true;
    const { dataMax } = this.#shared;
    if (bytes.length <= dataMax) this.#outbox.push(bytes);
    else for (let at = 0; at < bytes.length; at += dataMax) this.#outbox.push(bytes.subarray(at, at + dataMax));
    this.#send();
    if (this.#outbox.length === 0) return true;
    this.#owesDrain = true;
    return false;
  }

  end(): void {
    this.shut();
  }

  shut(): void {
    if (this.#closed || this.#closing) return;
    this.#closing = true;
    this.#dropInbox();
    // Once the peer has closed, nobody grants credit for what is left.
    if (this.#ending) this.#finish(this.#ending, REASON.voluntary);
    else this.#send();
  }

  abort(): void {
    this.refuse(REASON.network);
  }

  /** Ends at once, and says why. */
  refuse(reason: number): void {
    this.#finish({ by: 'local' }, reason);
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#release();
    this.#deliver();
  }

  watch(watcher: Watcher): void {
    this.#watcher = watcher;
  }

  attach(handlers: StreamHandlers): void {
    this.#handlers = handlers;
    if (this.#inbox.length > 0 || this.#ending) this.#shared.clock.turn(() => this.#deliver());
    this.#announce();
  }

  /** Credit is not added up: CONTINUE states it anew. */
  continued(credit: number): void {
    this.#credit = credit;
    this.#send();
    if (this.#owesDrain && this.#outbox.length === 0) {
      this.#owesDrain = false;
      this.#handlers?.drain();
    }
  }

  received(bytes: Uint8Array): void {
    if (this.#closed || this.#closing || this.#ending) return;
    const { bufferMax } = this.#shared;
    this.#inbox.push(bytes);
    this.#inboxBytes += bytes.length;
    this.#shared.buffered += bytes.length;
    this.#deliver();
    if (bufferMax && this.#inbox.length + this.#handed > 0 && this.#isTooMuch(bufferMax))
      this.#finish({ by: 'fault', code: codeOfReason(REASON.throttled) }, REASON.throttled);
  }

  closedByPeer(reason: number): void {
    this.closedBy(reason === REASON.voluntary ? { by: 'remote' } : { by: 'fault', code: codeOfReason(reason) });
  }

  /** The other side, or the carrier with it, has gone. */
  closedBy(ending: Ending): void {
    if (this.#closed) return;
    this.#ending = ending;
    if (ending.by === 'fault') this.#dropInbox();
    this.#shared.forget(this.#id);
    this.#watcher?.closed(ending);
    this.#deliver();
  }

  told(report: string): void {
    this.#watcher?.told?.(report);
  }

  /** A sender has at most twice that under way, since credit is stated anew and what is on its way is not counted. */
  #isTooMuch(max: { readonly stream: number; readonly all: number }): boolean {
    return this.#inbox.length > 2 * this.#window || this.#inboxBytes + this.#handed > max.stream || this.#shared.buffered > max.all;
  }

  #dropInbox(): void {
    this.#shared.buffered -= this.#inboxBytes;
    this.#inboxBytes = 0;
    this.#inbox = [];
  }

  #release(): void {
    this.#shared.buffered -= this.#handed;
    this.#handed = 0;
  }

  #send(): void {
    while (this.#outbox.length > 0 && this.#credit > 0) {
      this.#credit -= 1;
      this.#shared.writer.write(TYPE.data, this.#id, this.#outbox.shift() as Uint8Array);
    }
    if (this.#closing && this.#outbox.length === 0) this.#finish({ by: 'local' }, REASON.voluntary);
  }

  #finish(ending: Ending, reason: number): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#dropInbox();
    this.#release();
    this.#outbox = [];
    if (this.#ending === undefined) {
      this.#shared.writer.write(TYPE.close, this.#id, Uint8Array.of(reason));
      this.#shared.forget(this.#id);
    }
    this.#ending ??= ending;
    this.#announce();
  }

  /** Tells the consumer of the end, once there is one. */
  #announce(): void {
    const handlers = this.#handlers;
    const ending = this.#ending;
    if (!handlers || !ending || !this.#closed || this.#closeDelivered) return;
    this.#closeDelivered = true;
    this.#shared.clock.turn(() => handlers.close(ending));
  }

  #deliver(): void {
    const handlers = this.#handlers;
    if (!handlers || this.#closed) return;
    if (!this.#paused && this.#inbox.length > 0) {
      this.#consumed += this.#inbox.length;
      const bytes = concat(this.#inbox);
      this.#inbox = [];
      this.#handed = this.#inboxBytes;
      this.#inboxBytes = 0;
      if (this.#consumed >= this.#window) {
        this.#consumed = 0;
        this.#shared.writer.write(TYPE.continue, this.#id, creditFrame(this.#window));
      }
      handlers.data(bytes);
      if (!this.#paused) this.#release();
    }
    // `data` may have come back here through `resume`, or have closed the stream.
    if (this.#closed || !this.#ending || this.#inbox.length > 0 || this.#endDelivered) return;
    this.#endDelivered = true;
    if (this.#ending.by !== 'fault') handlers.end();
    this.#finish(this.#ending, REASON.voluntary);
  }
}
