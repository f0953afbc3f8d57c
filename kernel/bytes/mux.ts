// Many byte streams over one carrier, in the frames of the Wisp protocol, version 2 (draft 6): CONNECT, DATA, CONTINUE, CLOSE, INFO.
// Each message of the carrier holds a tick's frames, each after its length: one transfer a tick is several times cheaper than one a packet
// (measured). Wisp has no half-open streams: `end` and `shut` are the same CLOSE.
import { utf8ToBytes } from '@noble/hashes/utils.js';
import type { Clock } from '../clock.ts';
import type { Carrier } from './carrier.ts';
import { concat } from './concat.ts';
import type { ByteStream, Ending, StreamFacts, StreamHandlers } from './stream.ts';

/** Frame types of Wisp v2. */
const TYPE = { connect: 1, data: 2, continue: 3, close: 4, info: 5 } as const;
/** Close reasons of Wisp v2 that are used here. */
const REASON = { voluntary: 0x02, network: 0x03, unreachable: 0x42 } as const;
const TCP = 1;
const HEADER = 5;
const LENGTH = 4;
/** DATA frames a client may have under way on one stream before the server has consumed them. */
const CREDIT = 128;

interface Frame {
  readonly type: number;
  readonly stream: number;
  readonly payload: Uint8Array;
}

/** Collects the frames of one turn and sends them together. */
class FrameWriter {
  #frames: Uint8Array[] = [];
  #armed = false;
  readonly #carrier: Carrier;
  readonly #clock: Clock;

  constructor(carrier: Carrier, clock: Clock) {
    this.#carrier = carrier;
    this.#clock = clock;
  }

  write(type: number, stream: number, payload: Uint8Array): void {
    const head = new Uint8Array(LENGTH + HEADER);
    const view = new DataView(head.buffer);
    view.setUint32(0, HEADER + payload.length, true);
    view.setUint8(LENGTH, type);
    view.setUint32(LENGTH + 1, stream, true);
    this.#frames.push(head, payload);
    if (this.#armed) return;
    this.#armed = true;
    this.#clock.turn(() => this.flush());
  }

  flush(): void {
    this.#armed = false;
    if (this.#frames.length === 0) return;
    const batch = new Uint8Array(this.#frames.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of this.#frames) {
      batch.set(part, at);
      at += part.length;
    }
    this.#frames = [];
    this.#carrier.send(batch.buffer);
  }
}

/** The frames of one message; a torn one at its end is dropped, since the carrier delivers whole messages. */
function* framesOf(message: ArrayBuffer): Generator<Frame> {
  const view = new DataView(message);
  let at = 0;
  while (at + LENGTH + HEADER <= message.byteLength) {
    const length = view.getUint32(at, true);
    if (length < HEADER || at + LENGTH + length > message.byteLength) return;
    const start = at + LENGTH;
    yield {
      type: view.getUint8(start),
      stream: view.getUint32(start + 1, true),
      payload: new Uint8Array(message, start + HEADER, length - HEADER),
    };
    at = start + length;
  }
}

class MuxStream implements ByteStream {
  readonly facts: StreamFacts;
  readonly #id: number;
  readonly #side: 'client' | 'server';
  readonly #mux: MuxSide;
  #handlers: StreamHandlers | undefined;
  #inbox: Uint8Array[] = [];
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

  constructor(mux: MuxSide, id: number, side: 'client' | 'server', facts: StreamFacts) {
    this.#mux = mux;
    this.#id = id;
    this.#side = side;
    this.facts = facts;
    this.#credit = side === 'client' ? mux.credit : Infinity;
  }

  write(bytes: Uint8Array): boolean {
    if (this.#closed || this.#closing) return true;
    this.#outbox.push(bytes);
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
    this.#inbox = [];
    // Once the peer has closed, nobody grants credit for what is left.
    if (this.#ending) this.#finish(this.#ending, REASON.voluntary);
    else this.#send();
  }

  abort(): void {
    this.#finish({ by: 'local' }, REASON.network);
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#deliver();
  }

  attach(handlers: StreamHandlers): void {
    this.#handlers = handlers;
    this.#mux.clock.turn(() => this.#deliver());
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
    if (this.#closed || this.#closing) return;
    this.#inbox.push(bytes);
    this.#deliver();
  }

  closedByPeer(reason: number): void {
    if (this.#closed) return;
    this.#ending =
      reason === REASON.voluntary ? { by: 'remote' } : { by: 'fault', code: reason === REASON.unreachable ? 'EHOSTUNREACH' : 'ECONNRESET' };
    if (this.#ending.by === 'fault') this.#inbox = [];
    this.#mux.forget(this.#id);
    this.#deliver();
  }

  #send(): void {
    while (this.#outbox.length > 0 && this.#credit > 0) {
      this.#credit -= 1;
      this.#mux.writer.write(TYPE.data, this.#id, this.#outbox.shift() as Uint8Array);
    }
    if (this.#closing && this.#outbox.length === 0) this.#finish({ by: 'local' }, REASON.voluntary);
  }

  #finish(ending: Ending, reason: number): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#inbox = [];
    this.#outbox = [];
    if (this.#ending === undefined) {
      this.#mux.writer.write(TYPE.close, this.#id, Uint8Array.of(reason));
      this.#mux.forget(this.#id);
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
    this.#mux.clock.turn(() => handlers.close(ending));
  }

  #deliver(): void {
    const handlers = this.#handlers;
    if (!handlers || this.#closed) return;
    if (!this.#paused && this.#inbox.length > 0) {
      this.#consumed += this.#inbox.length;
      const bytes = concat(this.#inbox);
      this.#inbox = [];
      if (this.#side === 'server' && this.#consumed >= CREDIT) {
        this.#consumed = 0;
        this.#mux.grant(this.#id);
      }
      handlers.data(bytes);
    }
    // `data` may have come back here through `resume`, or have closed the stream.
    if (this.#closed || !this.#ending || this.#inbox.length > 0 || this.#endDelivered) return;
    this.#endDelivered = true;
    if (this.#ending.by !== 'fault') handlers.end();
    this.#finish(this.#ending, REASON.voluntary);
  }
}

class MuxSide {
  readonly writer: FrameWriter;
  readonly clock: Clock;
  readonly streams = new Map<number, MuxStream>();
  credit = 0;

  constructor(carrier: Carrier, clock: Clock) {
    this.clock = clock;
    this.writer = new FrameWriter(carrier, clock);
  }

  forget(id: number): void {
    this.streams.delete(id);
  }

  grant(id: number): void {
    const credit = new Uint8Array(4);
    new DataView(credit.buffer).setUint32(0, CREDIT, true);
    this.writer.write(TYPE.continue, id, credit);
  }

  /** Frames that belong to a stream; false where the frame is for the side itself. */
  dispatch(frame: Frame): boolean {
    if (frame.stream === 0 || frame.type === TYPE.connect) return false;
    const stream = this.streams.get(frame.stream);
    // A frame for a stream that was just closed is no error: it was under way.
    if (!stream) return true;
    if (frame.type === TYPE.data) stream.received(frame.payload);
    else if (frame.type === TYPE.continue && frame.payload.length >= 4) stream.continued(creditOf(frame.payload));
    else if (frame.type === TYPE.close) stream.closedByPeer(frame.payload[0] ?? REASON.network);
    return true;
  }
}

function creditOf(payload: Uint8Array): number {
  return new DataView(payload.buffer, payload.byteOffset, 4).getUint32(0, true);
}

export interface MuxClient {
  /** A stream to `facts.peer`:`facts.port` on the other side; writing may begin at once. */
  open(facts: StreamFacts): ByteStream;
  close(): void;
}

/** The side that opens streams. */
export function muxClient(carrier: Carrier, clock: Clock): MuxClient {
  const side = new MuxSide(carrier, clock);
  let nextId = 1;
  let over = false;
  carrier.receive((message) => {
    for (const frame of framesOf(message)) {
      if (side.dispatch(frame)) continue;
      // Stream 0: INFO is answered with ours, CONTINUE is the credit every stream begins with.
      if (frame.type === TYPE.info) side.writer.write(TYPE.info, 0, Uint8Array.of(2, 0));
      if (frame.type === TYPE.continue && frame.payload.length >= 4) {
        side.credit = creditOf(frame.payload);
        for (const stream of side.streams.values()) stream.continued(side.credit);
      }
    }
  });
  return {
    open(facts) {
      const id = nextId++;
      const stream = new MuxStream(side, id, 'client', facts);
      if (over) {
        stream.closedByPeer(REASON.network);
        return stream;
      }
      side.streams.set(id, stream);
      const host = utf8ToBytes(facts.peer);
      const payload = new Uint8Array(3 + host.length);
      payload[0] = TCP;
      new DataView(payload.buffer).setUint16(1, facts.port, true);
      payload.set(host, 3);
      side.writer.write(TYPE.connect, id, payload);
      return stream;
    },
    close() {
      over = true;
      for (const stream of [...side.streams.values()]) stream.abort();
      side.writer.flush();
      carrier.close();
    },
  };
}

/**
 * The side that serves streams.
 * @param factsOf what a stream to this port stands for; undefined where nothing listens
 */
export function muxServer(
  carrier: Carrier,
  clock: Clock,
  factsOf: (port: number) => StreamFacts | undefined,
  accept: (stream: ByteStream) => void,
): void {
  const side = new MuxSide(carrier, clock);
  carrier.receive((message) => {
    for (const frame of framesOf(message)) {
      if (side.dispatch(frame)) continue;
      if (frame.type === TYPE.info) side.grant(0);
      if (frame.type !== TYPE.connect || frame.payload.length < 3 || side.streams.has(frame.stream)) continue;
      const facts = factsOf(new DataView(frame.payload.buffer, frame.payload.byteOffset, 3).getUint16(1, true));
      if (!facts) {
        side.writer.write(TYPE.close, frame.stream, Uint8Array.of(REASON.unreachable));
        continue;
      }
      const stream = new MuxStream(side, frame.stream, 'server', facts);
      side.streams.set(frame.stream, stream);
      accept(stream);
    }
  });
  side.writer.write(TYPE.info, 0, Uint8Array.of(2, 0));
}
