// The relay's side of a multiplexer against whatever a client may send, in the turns of a manual clock: the order of frames, what is refused,
// and that nothing makes it throw, keep what it need not, or fail the streams beside.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../clock.testkit.ts';
import type { Carrier } from './carrier.ts';
import { connectFrame, creditFrame, framesOf, infoFrame, REASON, TYPE, type Frame, type Framing } from './mux-frames.ts';
import { relayServer, type Asked } from './mux-relay.ts';
import { relayClient } from './mux.ts';
import { bytesOf, FACTS, Listener } from './stream.testkit.ts';
import type { Ending } from './stream.ts';

const KIB = 1024;
const WINDOW = 64;
const LIMITS = { stream: 256 * KIB, all: 512 * KIB };

/** A carrier whose other end is the test: it keeps what is sent, and delivers what the test says even after it was closed. */
class TestCarrier implements Carrier {
  readonly sent: Frame[] = [];
  closed = 0;
  framing: Framing = 'single';
  deliver: (message: ArrayBuffer) => void = () => undefined;
  end: () => void = () => undefined;

  send(message: ArrayBuffer): void {
    // The greeting is by itself in either framing.
    this.sent.push(...framesOf(message, this.sent.length === 0 ? 'single' : this.framing));
  }

  receive(handler: (message: ArrayBuffer) => void): void {
    this.deliver = handler;
  }

  close(): void {
    this.closed += 1;
  }

  onClosed(handler: () => void): void {
    this.end = handler;
  }
}

function message(type: number, stream: number, payload: Uint8Array = new Uint8Array()): Uint8Array {
  const bytes = new Uint8Array(5 + payload.length);
  bytes[0] = type;
  new DataView(bytes.buffer).setUint32(1, stream, true);
  bytes.set(payload, 5);
  return bytes;
}

/** Frames as one message of the extension. */
function batch(...frames: readonly Uint8Array[]): ArrayBuffer {
  const whole = new Uint8Array(frames.reduce((sum, { length }) => sum + 4 + length, 0));
  let at = 0;
  for (const frame of frames) {
    new DataView(whole.buffer).setUint32(at, frame.length, true);
    whole.set(frame, at + 4);
    at += 4 + frame.length;
  }
  return whole.buffer;
}

const TO = connectFrame({ kind: 1, port: 1883, host: 'platform' });

function served(): {
  clock: ManualClock;
  carrier: TestCarrier;
  asked: Asked[];
  say: (type: number, stream: number, payload?: Uint8Array) => void;
  closes: () => [number, number | undefined][];
} {
  const clock = new ManualClock();
  const carrier = new TestCarrier();
  const asked: Asked[] = [];
  relayServer(carrier, clock, { bufferMax: LIMITS, handshakeMs: 5_000, connect: (one) => void asked.push(one) });
  const say = (type: number, stream: number, payload?: Uint8Array): void => {
    carrier.deliver(message(type, stream, payload).buffer as ArrayBuffer);
    clock.settle();
  };
  const closes = (): [number, number | undefined][] =>
    carrier.sent.flatMap((frame): [number, number | undefined][] => (frame.type === TYPE.close ? [[frame.stream, frame.payload[0]]] : []));
  return { clock, carrier, asked, say, closes };
}

/** One that has introduced itself, without the extension. */
function greeted(): ReturnType<typeof served> {
  const side = served();
  side.say(TYPE.info, 0, infoFrame(null));
  return side;
}

describe('a client that was hung up on', () => {
  it.each([
    ['for its silence', (side: ReturnType<typeof served>) => side.clock.advance(5_000)],
    ['for what it said first', (side: ReturnType<typeof served>) => side.say(TYPE.connect, 1, TO)],
  ])('%s opens nothing, however long its carrier stays', (_why, offend) => {
    const side = served();
    offend(side);
    expect([side.closes(), side.carrier.closed]).toEqual([[[0, REASON.incompatible]], 1]);
    side.say(TYPE.info, 0, infoFrame(null));
    side.say(TYPE.connect, 1, TO);
    side.clock.advance(10_000);
    expect([side.asked, side.carrier.sent.length, side.carrier.closed]).toEqual([[], 2, 1]);
  });
});

describe('what a client asks for', () => {
  it('is a stream once: another CONNECT with its id changes nothing, and after its end it may be asked for again', () => {
    const { say, asked, closes } = greeted();
    say(TYPE.connect, 7, TO);
    say(TYPE.connect, 7, connectFrame({ kind: 1, port: 22, host: 'another' }));
    expect([asked.map(({ to }) => to.host), closes()]).toEqual([['platform'], []]);
    const heard = new Listener(asked[0]?.stream ?? expect.fail());
    say(TYPE.data, 7, bytesOf('still the first'));
    expect(heard.text).toBe('still the first');
    say(TYPE.close, 7, Uint8Array.of(REASON.voluntary));
    say(TYPE.connect, 7, TO);
    expect(asked).toHaveLength(2);
  });

  it('is never stream 0, which is the carrier itself', () => {
    const { say, asked, closes } = greeted();
    say(TYPE.connect, 0, TO);
    expect([asked, closes()]).toEqual([[], [[0, REASON.invalid]]]);
    say(TYPE.connect, 1, TO);
    expect(asked).toHaveLength(1);
  });
});

describe('what waits for a target that does not read', () => {
  const stalled = (streams: number): ReturnType<typeof greeted> => {
    const side = greeted();
    for (let id = 1; id <= streams; id++) side.say(TYPE.connect, id, TO);
    return side;
  };

  it('is at most twice the frames of the credit', () => {
    const { say, closes } = stalled(2);
    for (let i = 0; i < 2 * WINDOW; i++) say(TYPE.data, 1, Uint8Array.of(i));
    expect(closes()).toEqual([]);
    say(TYPE.data, 1);
    expect(closes()).toEqual([[1, REASON.throttled]]);
  });

  it('is at most so many bytes a stream', () => {
    const { say, closes } = stalled(2);
    say(TYPE.data, 1, new Uint8Array(LIMITS.stream));
    expect(closes()).toEqual([]);
    say(TYPE.data, 1, Uint8Array.of(0));
    say(TYPE.data, 2, Uint8Array.of(0));
    expect(closes()).toEqual([[1, REASON.throttled]]);
  });

  it('is at most so many bytes in all, and those of a stream that ended count no more', () => {
    const { say, closes } = stalled(4);
    for (const id of [1, 2]) say(TYPE.data, id, new Uint8Array(LIMITS.stream));
    expect(closes()).toEqual([]);
    say(TYPE.data, 3, Uint8Array.of(0));
    expect(closes()).toEqual([[3, REASON.throttled]]);
    say(TYPE.close, 1, Uint8Array.of(REASON.network));
    say(TYPE.data, 4, new Uint8Array(LIMITS.stream));
    expect(closes()).toHaveLength(1);
  });
});

describe('what a target was given and has not taken', () => {
  /** Streams whose consumers take what comes and want no more for now, as a socket does whose buffer is full. */
  const full = (streams: number): ReturnType<typeof greeted> & { closed: Ending[] } => {
    const side = greeted();
    const closed: Ending[] = [];
    for (let id = 1; id <= streams; id++) {
      side.say(TYPE.connect, id, TO);
      const { stream } = side.asked[id - 1] ?? expect.fail();
      const nothing = (): void => undefined;
      stream.attach({ data: () => stream.pause(), drain: nothing, end: nothing, close: (ending) => void closed.push(ending) });
    }
    return { ...side, closed };
  };

  it('counts with what waits, until the target goes on; a stream that exceeds it broke, it did not end', () => {
    const { say, closes, asked, closed } = full(2);
    for (const id of [1, 2]) {
      say(TYPE.data, id, new Uint8Array(LIMITS.stream - 1));
      say(TYPE.data, id, Uint8Array.of(0));
    }
    expect(closes()).toEqual([]);
    asked[1]?.stream.resume();
    for (const id of [1, 2]) say(TYPE.data, id, Uint8Array.of(0));
    expect([closes(), closed]).toEqual([[[1, REASON.throttled]], [{ by: 'fault', code: 'THROTTLED' }]]);
  });

  it('counts over all streams, and no more once its stream has ended', () => {
    const { say, closes } = full(4);
    for (const id of [1, 2]) say(TYPE.data, id, new Uint8Array(LIMITS.stream));
    say(TYPE.data, 3, Uint8Array.of(0));
    expect(closes()).toEqual([[3, REASON.throttled]]);
    say(TYPE.close, 1, Uint8Array.of(REASON.network));
    say(TYPE.data, 4, new Uint8Array(LIMITS.stream));
    expect(closes()).toHaveLength(1);
  });

  it('does not keep it from hearing at once that the client has ended', () => {
    const { say, asked } = full(1);
    const closed: Ending[] = [];
    asked[0]?.stream.watch({ closed: (ending) => void closed.push(ending) });
    for (let i = 0; i < 2; i++) say(TYPE.data, 1, Uint8Array.of(0));
    say(TYPE.close, 1, Uint8Array.of(REASON.voluntary));
    expect(closed).toEqual([{ by: 'remote' }]);
  });
});

describe('a relay without the extension', () => {
  it('is hung up on, and whatever was to go through it ends', () => {
    const clock = new ManualClock();
    const carrier = new TestCarrier();
    const client = relayClient(carrier, clock);
    const told: Ending[] = [];
    const watcher = { told: () => undefined, closed: (ending: Ending) => void told.push(ending) };
    const early = new Listener(client.open('lab/mqtt', FACTS, watcher));
    carrier.deliver(message(TYPE.info, 0, infoFrame(null)).buffer as ArrayBuffer);
    clock.settle();
    const late = new Listener(client.open('lab/mqtt', FACTS, watcher));
    clock.settle();
    const gone = { by: 'fault', code: 'RELAY_GONE' };
    expect([carrier.closed, carrier.sent, told, early.closes, late.closes]).toEqual([1, [], [gone, gone], [gone], [gone]]);
  });
});

describe('whatever messages come', () => {
  const GOOD = 0x5a5a5a5a;
  const id = fc.oneof({ weight: 9, arbitrary: fc.nat({ max: 6 }) }, { weight: 1, arbitrary: fc.constantFrom(0x7fffffff, 0xffffffff) });
  const junk = fc.uint8Array({ maxLength: 60 });
  const port = fc.nat({ max: 2 });
  const whole = fc.oneof(
    fc.tuple(id, port, fc.constantFrom(1, 2, 0x80)).map(([one, to, kind]) => message(1, one, connectFrame({ kind, port: to, host: 'h' }))),
    fc.tuple(id, fc.nat({ max: 100 * KIB })).map(([one, size]) => message(TYPE.data, one, new Uint8Array(size))),
    fc.tuple(id, fc.nat()).map(([one, credit]) => message(TYPE.continue, one, creditFrame(credit))),
    fc.tuple(id, fc.uint8Array({ maxLength: 3 })).map(([one, torn]) => message(TYPE.continue, one, torn)),
    fc.tuple(id, fc.constantFrom(2, 3, 0xff)).map(([one, reason]) => message(TYPE.close, one, Uint8Array.of(reason))),
    fc.tuple(fc.nat({ max: 255 }), id, junk).map(([type, one, payload]) => message(type, one, payload)),
    fc.constantFrom(null, 0, 64).map((credit) => message(TYPE.info, 0, infoFrame(credit))),
  );
  /** As it is, torn, or with a byte changed. */
  const frame = fc
    .tuple(whole, fc.option(fc.nat(), { freq: 4 }), fc.option(fc.tuple(fc.nat({ max: 20 }), fc.nat({ max: 255 })), { freq: 4 }))
    .map(([bytes, cut, change]) => {
      const torn = cut === null ? bytes.slice() : bytes.slice(0, cut % (bytes.length + 1));
      if (change && change[0] < torn.length) torn[change[0]] = change[1];
      return torn;
    });
  const single = fc.oneof(junk, frame).map((bytes) => bytes.slice().buffer);
  const batched = fc.oneof(
    junk.map((bytes) => bytes.slice().buffer),
    fc.tuple(fc.array(frame, { maxLength: 6 }), fc.nat({ max: 8 })).map(([frames, less]) => batch(...frames).slice(0, -less || undefined)),
  );

  it('before any greeting nothing throws, and nothing is opened but by who has greeted', () => {
    fc.assert(
      fc.property(fc.array(single, { maxLength: 5 }), (messages) => {
        const { clock, carrier, asked } = served();
        for (const one of messages) carrier.deliver(one);
        clock.advance(5_000);
        const greets = messages[0] !== undefined && [...framesOf(messages[0], 'single')].some(({ type }) => type === TYPE.info);
        if (!greets) expect(asked).toEqual([]);
      }),
    );
  });

  it.each<[string, Framing, fc.Arbitrary<ArrayBuffer>]>([
    ['one frame each', 'single', single],
    ['many in one', 'batched', batched],
  ])('nothing throws, nothing grows without bound, and a stream beside lives on: %s', (_name, framing, arbitrary) => {
    fc.assert(
      fc.property(fc.array(arbitrary, { maxLength: 30 }), (messages) => {
        const { clock, carrier, asked } = served();
        const say = (message: ArrayBuffer): void => {
          carrier.deliver(message);
          clock.advance(100);
        };
        const one = (...frame: Parameters<typeof message>): ArrayBuffer =>
          framing === 'single' ? (message(...frame).buffer as ArrayBuffer) : batch(message(...frame));
        carrier.framing = framing;
        say(message(TYPE.info, 0, infoFrame(framing === 'single' ? null : WINDOW)).buffer as ArrayBuffer);
        say(one(TYPE.connect, GOOD, TO));
        let used = 0;
        const use = (): void => {
          // By the port that was asked for: nobody reads, the bytes come back, or it is refused.
          for (const { to, stream } of asked.slice(used)) {
            used += 1;
            if (to.port === 0) continue;
            if (to.port === 2) stream.refuse(REASON.blocked);
            else
              stream.attach({
                data(bytes) {
                  if (!stream.write(bytes)) stream.pause();
                },
                drain: () => stream.resume(),
                end: () => stream.end(),
                close: () => undefined,
              });
          }
        };
        use();
        /** Bytes of streams that nobody reads, as far as they are open or ended in good order. */
        const open = new Map<number, { readonly unread: boolean; bytes: number }>();
        let [seen, left, frames] = [carrier.sent.length, 0, 0];
        for (const [i, junk] of messages.entries()) {
          for (const { type, stream, payload } of framesOf(junk, framing)) {
            frames += 1;
            const known = open.get(stream);
            if (known && type === TYPE.data) known.bytes += payload.length;
            else if (known && type === TYPE.close) {
              if (known.unread && payload[0] === REASON.voluntary) left += known.bytes;
              open.delete(stream);
            } else if (!known && type === TYPE.connect && payload.length >= 3)
              open.set(stream, { unread: payload[1] === 0 && payload[2] === 0, bytes: 0 });
          }
          say(junk);
          use();
          clock.advance(100);
          for (const { type, stream } of carrier.sent.slice(seen)) if (type === TYPE.close) open.delete(stream);
          seen = carrier.sent.length;
          const held = [...open.values()].reduce((sum, { unread, bytes }) => sum + (unread ? bytes : 0), left);
          expect(held).toBeLessThanOrEqual(LIMITS.all);
          say(one(TYPE.continue, GOOD, creditFrame(WINDOW)));
          say(one(TYPE.data, GOOD, Uint8Array.of(i)));
        }
        const echoed = carrier.sent.flatMap(({ type, stream, payload }) => (type === TYPE.data && stream === GOOD ? [...payload] : []));
        expect(echoed).toEqual(messages.map((_, i) => i));
        // An echo in pieces of 16 KiB, a CLOSE, a CONTINUE: not more than a few for each.
        expect(carrier.sent.length).toBeLessThan(20 + 10 * frames + 2 * messages.length);
        carrier.end();
        clock.advance(100);
        expect(clock.alarms).toBe(0);
      }),
    );
  });
});
