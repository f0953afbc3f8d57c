import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../clock.testkit.ts';
import type { Carrier } from './carrier.ts';
import { concat } from './concat.ts';
import {
  codeOfReason,
  connectFrame,
  creditFrame,
  creditOf,
  creditOfInfo,
  framesOf,
  FrameWriter,
  infoFrame,
  readConnect,
  REASON,
  TYPE,
  type Framing,
} from './mux-frames.ts';

const U32 = fc.integer({ min: 0, max: 0xffff_ffff });
const FRAME = fc.record({ type: fc.integer({ min: 0, max: 0xff }), stream: U32, payload: fc.uint8Array({ maxLength: 40 }) });
const FRAMINGS = ['single', 'batched'] as const;

/** A carrier that keeps what was sent. */
function keeper(): { sent: ArrayBuffer[]; carrier: Carrier } {
  const sent: ArrayBuffer[] = [];
  return { sent, carrier: { send: (message) => sent.push(message), receive: () => undefined, close: () => undefined } };
}

function written(framing: Framing | undefined): { writer: FrameWriter; sent: ArrayBuffer[]; clock: ManualClock } {
  const clock = new ManualClock();
  const { sent, carrier } = keeper();
  return { writer: new FrameWriter(carrier, clock, framing), sent, clock };
}

describe('frames', () => {
  it.each(FRAMINGS)('are read as they were written, in messages of the kind %s', (framing) => {
    fc.assert(
      fc.property(fc.array(FRAME, { minLength: 1, maxLength: 20 }), (frames) => {
        const { writer, sent, clock } = written(framing);
        for (const { type, stream, payload } of frames) writer.write(type, stream, payload);
        expect(sent).toEqual([]);
        clock.settle();
        expect(sent).toHaveLength(framing === 'single' ? frames.length : 1);
        expect(sent.flatMap((message) => [...framesOf(message, framing)])).toEqual(frames);
      }),
    );
  });

  it('wait until it is known how the other side reads them', () => {
    const { writer, sent, clock } = written(undefined);
    writer.write(TYPE.data, 1, Uint8Array.of(1));
    writer.writeFirst(TYPE.info, Uint8Array.of(2, 0));
    clock.settle();
    expect(sent.map((message) => [...new Uint8Array(message)])).toEqual([[TYPE.info, 0, 0, 0, 0, 2, 0]]);
    writer.use('single');
    expect([...framesOf(sent[1] as ArrayBuffer, 'single')]).toEqual([{ type: TYPE.data, stream: 1, payload: Uint8Array.of(1) }]);
  });

  it('leave at once where many bytes wait, so that no message is large', () => {
    const { writer, sent, clock } = written('batched');
    const piece = new Uint8Array(64 * 1024);
    for (let i = 0; i < 16; i++) writer.write(TYPE.data, 1, piece);
    expect(sent.length).toBeGreaterThan(2);
    clock.settle();
    // The relay takes no message above 1 MiB.
    for (const message of sent) expect(message.byteLength).toBeLessThan(512 * 1024);
    expect(sent.flatMap((message) => [...framesOf(message)])).toHaveLength(16);
  });

  it('of a message that was torn are those before the tear', () => {
    fc.assert(
      fc.property(fc.array(FRAME, { minLength: 1, maxLength: 8 }), fc.double({ min: 0, max: 1, noNaN: true }), (frames, part) => {
        const { writer, sent, clock } = written('batched');
        for (const { type, stream, payload } of frames) writer.write(type, stream, payload);
        clock.settle();
        const whole = sent[0] as ArrayBuffer;
        const at = Math.floor(part * whole.byteLength);
        const ends = frames.reduce<number[]>((sums, { payload }) => [...sums, (sums.at(-1) ?? 0) + 9 + payload.length], []);
        expect([...framesOf(whole.slice(0, at))]).toEqual(frames.slice(0, ends.filter((end) => end <= at).length));
      }),
    );
  });

  it.each(FRAMINGS)('of any bytes are never more than there are, in messages of the kind %s', (framing) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const found = [...framesOf(bytes.slice().buffer, framing)];
        const held = found.reduce((sum, { payload }) => sum + payload.length + 5 + (framing === 'batched' ? 4 : 0), 0);
        expect(held).toBeLessThanOrEqual(bytes.length);
        for (const { payload } of found) expect(payload.byteOffset + payload.length).toBeLessThanOrEqual(bytes.length);
      }),
    );
  });

  it.each([
    [0, 'shorter than a header'],
    [4, 'one byte short'],
    [0xffff_ffff, 'longer than any message'],
  ])('end where a length is a lie: %i, %s', (length) => {
    const lie = concat([creditFrame(length), new Uint8Array(20)]);
    expect([...framesOf(lie.slice().buffer)]).toEqual([]);
  });
});

describe('payloads', () => {
  it('credit and CONNECT are read as they were written', () => {
    fc.assert(
      fc.property(
        U32,
        fc.record({ kind: fc.nat(0xff), port: fc.nat(0xffff), host: fc.string({ unit: 'grapheme', maxLength: 30 }) }),
        (credit, to) => {
          expect(creditOf(creditFrame(credit))).toBe(credit);
          // Read from within a message, where a payload does not begin at 0.
          expect(creditOf(concat([Uint8Array.of(9), creditFrame(credit)]).subarray(1))).toBe(credit);
          expect(readConnect(concat([Uint8Array.of(9), connectFrame(to)]).subarray(1))).toEqual(to);
        },
      ),
    );
  });

  it('a CONNECT of any bytes names a host or is none', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect(readConnect(bytes) === undefined).toBe(bytes.length < 3);
      }),
    );
  });

  it('INFO holds the credit of the extension, wherever it stands among others', () => {
    const other = fc.record({ id: fc.integer({ min: 0, max: 0xef }), body: fc.uint8Array({ maxLength: 12 }) });
    fc.assert(
      fc.property(U32, fc.array(other, { maxLength: 4 }), (credit, others) => {
        const ours = infoFrame(credit);
        const strangers = others.map(({ id, body }) => concat([Uint8Array.of(id), creditFrame(body.length), body]));
        expect(creditOfInfo(ours)).toBe(credit);
        expect(creditOfInfo(concat([ours.subarray(0, 2), ...strangers, ours.subarray(2)]))).toBe(credit);
        expect(creditOfInfo(concat([infoFrame(null), ...strangers]))).toBeNull();
      }),
    );
  });

  it('INFO that is torn, of another version, or of any bytes has no credit or a number', () => {
    const whole = infoFrame(64);
    for (let at = 0; at < whole.length; at++) expect(creditOfInfo(whole.subarray(0, at))).toBeNull();
    expect(creditOfInfo(whole.map((byte, i) => (i === 7 ? 2 : byte)))).toBeNull();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const credit = creditOfInfo(bytes);
        expect(credit === null || (Number.isInteger(credit) && credit >= 0 && credit <= 0xffff_ffff)).toBe(true);
      }),
    );
  });

  it('every reason has a code, and one that nobody knows is a reset', () => {
    expect(codeOfReason(REASON.refused)).toBe('ECONNREFUSED');
    for (let reason = 0; reason <= 0xff; reason++) expect(codeOfReason(reason)).toMatch(/^[A-Z]+$/);
    for (const unknown of [0, 0x03, 0x77]) expect(codeOfReason(unknown)).toBe('ECONNRESET');
  });
});
