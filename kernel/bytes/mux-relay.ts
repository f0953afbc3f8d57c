// The relay's side of a multiplexer: any client that speaks Wisp v2 (draft 6), and with more comfort one that has Muster's extension.
// Whom a stream may reach is decided by whoever is asked in `connect`.
import type { Clock } from '../clock.ts';
import type { Carrier } from './carrier.ts';
import {
  creditFrame,
  creditOfInfo,
  DATA_MAX,
  framesOf,
  FrameWriter,
  infoFrame,
  readConnect,
  REASON,
  TYPE,
  type Connect,
  type Frame,
} from './mux-frames.ts';
import type { RelayReport } from './mux-report.ts';
import { MuxStream } from './mux-stream.ts';
import { MuxStreams, RELAYED_CREDIT } from './mux.ts';

/** One for all reports: there are two of each connection. */
const UTF8 = new TextEncoder();

/** A stream that a client asked for. */
export interface Asked {
  readonly to: Connect;
  readonly stream: MuxStream;
  /** Tells a client that understands it. */
  report(report: RelayReport): void;
}

export interface RelayServerOptions {
  /** Bytes that clients may have under way and targets have not taken: of one stream, and of all of this carrier. */
  readonly bufferMax: { readonly stream: number; readonly all: number };
  /** How long a client may take to say INFO, milliseconds. */
  readonly handshakeMs: number;
  readonly connect: (asked: Asked) => void;
}

/** Serves a client until its carrier has gone; what it opened ends with it. */
export function relayServer(carrier: Carrier, clock: Clock, { bufferMax, handshakeMs, connect }: RelayServerOptions): void {
  const writer = new FrameWriter(carrier, clock, 'single');
  const streams = new MuxStreams({ writer, clock, dataMax: DATA_MAX, bufferMax });
  let introduced = false;
  /** DATA frames that the client takes before it has to grant more: Wisp itself knows no such limit. */
  let credit = Infinity;
  const extended = (): boolean => credit !== Infinity;
  /** Hung up on: a carrier takes its time to close, and what it still brings is nobody's. */
  let over = false;
  const hangUp = (): void => {
    over = true;
    late.cancel();
    writer.write(TYPE.close, 0, Uint8Array.of(REASON.incompatible));
    writer.flush();
    carrier.close();
  };
  const late = clock.after(handshakeMs, hangUp);

  const introduce = (frame: Frame): boolean => {
    if (frame.type !== TYPE.info || frame.stream !== 0) return false;
    introduced = true;
    late.cancel();
    credit = creditOfInfo(frame.payload) ?? Infinity;
    if (extended()) writer.use('batched');
    writer.write(TYPE.continue, 0, creditFrame(RELAYED_CREDIT));
    return true;
  };

  const open = ({ stream: id, payload }: Frame): void => {
    const to = readConnect(payload);
    if (!to || id === 0) {
      writer.write(TYPE.close, id, Uint8Array.of(REASON.invalid));
      return;
    }
    const facts = { kind: 'tcp', encrypted: false, peer: to.host, port: to.port } as const;
    const stream = new MuxStream(streams.shared, id, { facts, credit, window: RELAYED_CREDIT });
    streams.byId.set(id, stream);
    connect({
      to,
      stream,
      report(report) {
        if (extended() && streams.byId.get(id) === stream) writer.write(TYPE.report, id, UTF8.encode(JSON.stringify(report)));
      },
    });
  };

  carrier.receive((message) => {
    if (over) return;
    for (const frame of framesOf(message, extended() ? 'batched' : 'single')) {
      // Version 1 has no INFO: such a client opens streams at once, and could be told nothing of the extension.
      if (!introduced) {
        if (!introduce(frame)) hangUp();
        return;
      }
      if (streams.dispatch(frame)) continue;
      if (frame.type === TYPE.connect && !streams.byId.has(frame.stream)) open(frame);
    }
  });
  carrier.onClosed?.(() => {
    late.cancel();
    streams.lose('ECONNRESET');
  });
  writer.writeFirst(TYPE.info, infoFrame(RELAYED_CREDIT));
}
