// Frames of the Wisp protocol, version 2 (draft 6), and Muster's extension of it (docs/relay.md): several frames a message, targets by
// name, reports of what the relay saw, and credit in both directions.
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Clock } from '../clock.ts';
import type { Carrier } from './carrier.ts';

/** Frame types of Wisp v2; `report` belongs to the extension. */
export const TYPE = { connect: 1, data: 2, continue: 3, close: 4, info: 5, report: 0x80 } as const;

/** Close reasons of Wisp v2 that are used here. */
export const REASON = {
  voluntary: 0x02,
  network: 0x03,
  incompatible: 0x04,
  invalid: 0x41,
  unreachable: 0x42,
  timedOut: 0x43,
  refused: 0x44,
  blocked: 0x48,
  throttled: 0x49,
} as const;
export type Reason = (typeof REASON)[keyof typeof REASON];

/** What a stream that was closed for a reason ended with. */
const CODES: Readonly<Record<number, string>> = {
  [REASON.invalid]: 'INVALID',
  [REASON.unreachable]: 'EHOSTUNREACH',
  [REASON.timedOut]: 'ETIMEDOUT',
  [REASON.refused]: 'ECONNREFUSED',
  [REASON.blocked]: 'BLOCKED',
  [REASON.throttled]: 'THROTTLED',
};
export const codeOfReason = (reason: number): string => CODES[reason] ?? 'ECONNRESET';

/** Kinds of stream a CONNECT asks for; a target by its name belongs to the extension. */
export const STREAM = { tcp: 1, target: 0x80 } as const;

/** Longest DATA that is sent where the extension is agreed: with the credit it bounds what a stream can hold. */
export const DATA_MAX = 16 * 1024;
/** A batch that has grown to this leaves at once, so that messages stay small. */
const BATCH_MAX = 256 * 1024;
const HEADER = 5;
const LENGTH = 4;

export interface Frame {
  readonly type: number;
  readonly stream: number;
  readonly payload: Uint8Array;
}

/** How frames lie in messages: one each, as Wisp has it, or a tick's, each after its length. */
export type Framing = 'single' | 'batched';

/** Collects the frames of one turn and sends them together, or one by one. */
export class FrameWriter {
  #frames: Uint8Array[] = [];
  #size = 0;
  #armed = false;
  /** Undefined while it is not known how the other side reads: frames wait. */
  #framing: Framing | undefined;
  readonly #carrier: Carrier;
  readonly #clock: Clock;

  constructor(carrier: Carrier, clock: Clock, framing: Framing | undefined) {
    this.#carrier = carrier;
    this.#clock = clock;
    this.#framing = framing;
  }

  write(type: number, stream: number, payload: Uint8Array): void {
    const head = new Uint8Array(LENGTH + HEADER);
    const view = new DataView(head.buffer);
    view.setUint32(0, HEADER + payload.length, true);
    view.setUint8(LENGTH, type);
    view.setUint32(LENGTH + 1, stream, true);
    this.#frames.push(head, payload);
    this.#size += head.length + payload.length;
    if (this.#size >= BATCH_MAX) this.flush();
    if (this.#armed || this.#frames.length === 0) return;
    this.#armed = true;
    this.#clock.turn(() => {
      this.#armed = false;
      this.flush();
    });
  }

  /** Sends one frame now and by itself, whatever waits: the handshake. */
  writeFirst(type: number, payload: Uint8Array): void {
    this.#carrier.send(concatBytes(Uint8Array.of(type, 0, 0, 0, 0), payload).buffer);
  }

  /** From now on frames lie in messages so. */
  use(framing: Framing): void {
    this.flush();
    this.#framing = framing;
    this.flush();
  }

  flush(): void {
    if (this.#frames.length === 0 || this.#framing === undefined) return;
    const frames = this.#frames;
    const batch = new Uint8Array(this.#size);
    this.#frames = [];
    this.#size = 0;
    if (this.#framing === 'single') {
      for (let i = 0; i < frames.length; i += 2) {
        const [head, payload] = [frames[i] as Uint8Array, frames[i + 1] as Uint8Array];
        this.#carrier.send(concatBytes(head.subarray(LENGTH), payload).buffer);
      }
      return;
    }
    let at = 0;
    for (const part of frames) {
      batch.set(part, at);
      at += part.length;
    }
    this.#carrier.send(batch.buffer);
  }
}

/** The frames of one message; a torn one at its end is dropped, since the carrier delivers whole messages. */
export function* framesOf(message: ArrayBuffer, framing: Framing = 'batched'): Generator<Frame> {
  const view = new DataView(message);
  const frameAt = (start: number, length: number): Frame => ({
    type: view.getUint8(start),
    stream: view.getUint32(start + 1, true),
    payload: new Uint8Array(message, start + HEADER, length - HEADER),
  });
  if (framing === 'single') {
    if (message.byteLength >= HEADER) yield frameAt(0, message.byteLength);
    return;
  }
  let at = 0;
  while (at + LENGTH + HEADER <= message.byteLength) {
    const length = view.getUint32(at, true);
    if (length < HEADER || at + LENGTH + length > message.byteLength) return;
    yield frameAt(at + LENGTH, length);
    at += LENGTH + length;
  }
}

export function creditOf(payload: Uint8Array): number {
  return new DataView(payload.buffer, payload.byteOffset, 4).getUint32(0, true);
}

export function creditFrame(credit: number): Uint8Array {
  const payload = new Uint8Array(4);
  new DataView(payload.buffer).setUint32(0, credit, true);
  return payload;
}

export interface Connect {
  readonly kind: number;
  readonly port: number;
  readonly host: string;
}

/** The payload of a CONNECT. */
export function connectFrame({ kind, port, host }: Connect): Uint8Array {
  const name = utf8ToBytes(host);
  const payload = new Uint8Array(3 + name.length);
  payload[0] = kind;
  new DataView(payload.buffer).setUint16(1, port, true);
  payload.set(name, 3);
  return payload;
}

/** Undefined for a payload that is none. */
export function readConnect(payload: Uint8Array): Connect | undefined {
  if (payload.length < 3) return undefined;
  const port = new DataView(payload.buffer, payload.byteOffset, 3).getUint16(1, true);
  return { kind: payload[0] as number, port, host: new TextDecoder().decode(payload.subarray(3)) };
}

/** Id and version of Muster's extension in INFO. */
const EXTENSION = 0xf0;
const EXTENSION_VERSION = 1;
const WISP = [2, 0] as const;

/** The payload of an INFO. `credit`: DATA frames of a stream that its sender takes before it has to grant more; null without the extension. */
export function infoFrame(credit: number | null): Uint8Array {
  if (credit === null) return Uint8Array.from(WISP);
  const payload = concatBytes(Uint8Array.of(EXTENSION_VERSION), creditFrame(credit));
  return concatBytes(Uint8Array.of(...WISP, EXTENSION), creditFrame(payload.length), payload);
}

/** The credit in an INFO that has the extension; null where it is not there, or of another version. */
export function creditOfInfo(payload: Uint8Array): number | null {
  let at: number = WISP.length;
  while (at + 5 <= payload.length) {
    const length = creditOf(payload.subarray(at + 1, at + 5));
    const body = payload.subarray(at + 5, at + 5 + length);
    if (payload[at] === EXTENSION) return body.length >= 5 && body[0] === EXTENSION_VERSION ? creditOf(body.subarray(1, 5)) : null;
    at += 5 + length;
  }
  return null;
}
