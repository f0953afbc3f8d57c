// Many byte streams over one carrier, in the frames of the Wisp protocol, version 2 (draft 6): CONNECT, DATA, CONTINUE, CLOSE, INFO.
// Between two workers each message of the carrier holds a tick's frames, each after its length: one transfer a tick is several times
// cheaper than one a packet (measured). The relay agrees on it first, by the extension of mux-frames.ts; its side is mux-relay.ts.
import type { Clock } from '../clock.ts';
import type { Carrier } from './carrier.ts';
import {
  connectFrame,
  creditFrame,
  creditOf,
  creditOfInfo,
  DATA_MAX,
  framesOf,
  FrameWriter,
  infoFrame,
  readConnect,
  REASON,
  STREAM,
  TYPE,
  type Frame,
} from './mux-frames.ts';
import { MuxStream, type MuxShared, type Watcher } from './mux-stream.ts';
import { RELAY_GONE, type ByteStream, type StreamFacts } from './stream.ts';

/** DATA frames one side of two workers may have under way on a stream before the other has taken them, in both directions. */
const CREDIT = 128;
/** The same between a relay and its client. */
export const RELAYED_CREDIT = 64;

/** One for all reports: there are two of each connection. */
const UTF8 = new TextDecoder();

/** The streams of one side, and which frame is for which. */
export class MuxStreams {
  readonly byId = new Map<number, MuxStream>();
  readonly shared: MuxShared;

  constructor(shared: Omit<MuxShared, 'buffered' | 'forget'>) {
    this.shared = { ...shared, buffered: 0, forget: (id) => void this.byId.delete(id) };
  }

  /** Frames that belong to a stream; false where the frame is for the side itself. */
  dispatch(frame: Frame): boolean {
    if (frame.stream === 0 || frame.type === TYPE.connect) return false;
    const stream = this.byId.get(frame.stream);
    // A frame for a stream that was just closed is no error: it was under way.
    if (!stream) return true;
    if (frame.type === TYPE.data) stream.received(frame.payload);
    else if (frame.type === TYPE.continue && frame.payload.length >= 4) stream.continued(creditOf(frame.payload));
    else if (frame.type === TYPE.close) stream.closedByPeer(frame.payload[0] ?? REASON.network);
    else if (frame.type === TYPE.report) stream.told(UTF8.decode(frame.payload));
    return true;
  }

  /** The carrier has gone. */
  lose(code: string): void {
    for (const stream of [...this.byId.values()]) stream.closedBy({ by: 'fault', code });
  }
}

export interface MuxClient {
  /** A stream to `facts.peer`:`facts.port` on the other side; writing may begin at once. */
  open(facts: StreamFacts): ByteStream;
  close(): void;
}

export interface RelayClient {
  /** A stream to a target that the relay knows by this name; writing may begin at once, and what came of it is told. */
  open(target: string, facts: StreamFacts, watcher: Watcher): ByteStream;
  close(): void;
}

interface ClientOptions {
  /** DATA frames that the other side may have under way on a stream. */
  readonly window: number;
  /** Longest DATA that is sent. */
  readonly dataMax: number;
  /** What streams end with that are opened after the end. */
  readonly gone: string;
}

class ClientSide {
  readonly streams: MuxStreams;
  readonly #carrier: Carrier;
  readonly #options: ClientOptions;
  /** Undefined until the server has told: streams begin without any. */
  credit = 0;
  #nextId = 1;
  over = false;

  constructor(carrier: Carrier, writer: FrameWriter, clock: Clock, options: ClientOptions) {
    this.#carrier = carrier;
    this.#options = options;
    this.streams = new MuxStreams({ writer, clock, dataMax: options.dataMax });
  }

  /** CONTINUE of stream 0: the credit every stream begins with. */
  granted(frame: Frame): void {
    if (frame.type !== TYPE.continue || frame.payload.length < 4) return;
    this.credit = creditOf(frame.payload);
    for (const stream of this.streams.byId.values()) stream.continued(this.credit);
  }

  open(kind: number, host: string, port: number, facts: StreamFacts, watcher?: Watcher): MuxStream {
    const id = this.#nextId++;
    const { shared, byId } = this.streams;
    const { window, gone } = this.#options;
    const stream = new MuxStream(shared, id, { facts, credit: this.credit, window, ...(watcher && { watcher }) });
    if (this.over) {
      stream.closedBy({ by: 'fault', code: gone });
      return stream;
    }
    byId.set(id, stream);
    shared.writer.write(TYPE.connect, id, connectFrame({ kind, host, port }));
    return stream;
  }

  close(): void {
    this.over = true;
    for (const stream of [...this.streams.byId.values()]) stream.abort();
    this.streams.shared.writer.flush();
    this.#carrier.close();
  }
}

/** The side that opens streams, to another worker. */
export function muxClient(carrier: Carrier, clock: Clock): MuxClient {
  const writer = new FrameWriter(carrier, clock, 'batched');
  const side = new ClientSide(carrier, writer, clock, { window: CREDIT, dataMax: Infinity, gone: 'ECONNRESET' });
  carrier.receive((message) => {
    for (const frame of framesOf(message)) {
      if (side.streams.dispatch(frame)) continue;
      // INFO is answered with ours.
      if (frame.type === TYPE.info) writer.write(TYPE.info, 0, infoFrame(null));
      side.granted(frame);
    }
  });
  return {
    open: (facts) => side.open(STREAM.tcp, facts.peer, facts.port, facts),
    close: () => side.close(),
  };
}

/**
 * The side that opens streams, to a relay that has the extension; from one without it the carrier is hung up.
 * @param carrier an open one
 */
export function relayClient(carrier: Carrier, clock: Clock): RelayClient {
  // Frames wait until INFO has said how the relay reads them.
  const writer = new FrameWriter(carrier, clock, undefined);
  const side = new ClientSide(carrier, writer, clock, { window: RELAYED_CREDIT, dataMax: DATA_MAX, gone: RELAY_GONE });
  let agreed = false;
  const lose = (): void => {
    side.over = true;
    side.streams.lose(RELAY_GONE);
  };
  carrier.onClosed?.(lose);
  carrier.receive((message) => {
    for (const frame of framesOf(message, agreed ? 'batched' : 'single')) {
      if (side.streams.dispatch(frame)) continue;
      if (frame.type === TYPE.info && !agreed) {
        if (creditOfInfo(frame.payload) === null) {
          carrier.close();
          return lose();
        }
        writer.writeFirst(TYPE.info, infoFrame(RELAYED_CREDIT));
        writer.use('batched');
        agreed = true;
      }
      side.granted(frame);
    }
  });
  return {
    open: (target, facts, watcher) => side.open(STREAM.target, target, 0, facts, watcher),
    close: () => side.close(),
  };
}

/**
 * The side that serves streams, in another worker.
 * @param factsOf what a stream to this port stands for; undefined where nothing listens
 */
export function muxServer(
  carrier: Carrier,
  clock: Clock,
  factsOf: (port: number) => StreamFacts | undefined,
  accept: (stream: ByteStream) => void,
): void {
  const writer = new FrameWriter(carrier, clock, 'batched');
  const streams = new MuxStreams({ writer, clock, dataMax: Infinity });
  carrier.receive((message) => {
    for (const frame of framesOf(message)) {
      if (streams.dispatch(frame)) continue;
      if (frame.type === TYPE.info) writer.write(TYPE.continue, 0, creditFrame(CREDIT));
      const asked = frame.type === TYPE.connect ? readConnect(frame.payload) : undefined;
      if (!asked || streams.byId.has(frame.stream)) continue;
      const facts = factsOf(asked.port);
      if (!facts) {
        writer.write(TYPE.close, frame.stream, Uint8Array.of(REASON.unreachable));
        continue;
      }
      const stream = new MuxStream(streams.shared, frame.stream, { facts, credit: CREDIT, window: CREDIT });
      streams.byId.set(frame.stream, stream);
      accept(stream);
    }
  });
  writer.write(TYPE.info, 0, infoFrame(null));
}
