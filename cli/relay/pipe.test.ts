// How a pipe ends, at a target that takes nothing, on a manual clock: whoever is gone, the connection and its place are given back.
import { describe, expect, it } from 'vitest';
import type { Asked } from '../../kernel/bytes/mux-relay.ts';
import { FrameWriter, REASON } from '../../kernel/bytes/mux-frames.ts';
import type { RelayReport } from '../../kernel/bytes/mux-report.ts';
import { MuxStream } from '../../kernel/bytes/mux-stream.ts';
import { MuxStreams } from '../../kernel/bytes/mux.ts';
import { bytesOf, FACTS } from '../../kernel/bytes/stream.testkit.ts';
import type { ByteStream, StreamHandlers } from '../../kernel/bytes/stream.ts';
import { ManualClock } from '../../kernel/clock.testkit.ts';
import type { Dialled } from './dial.ts';
import { Pipe } from './pipe.ts';

const LINGER_MS = 10_000;
const BUFFER_MAX = { stream: 100, all: 1_000 };

/** A target that takes nothing: what it was told, and its way to end. */
class DeafTarget implements ByteStream {
  readonly facts = FACTS;
  readonly told: string[] = [];
  handlers: StreamHandlers | undefined;

  write(bytes: Uint8Array): boolean {
    this.told.push(`write ${bytes.length}`);
    return false;
  }
  end(): void {
    this.told.push('end');
  }
  shut(): void {
    this.told.push('shut');
  }
  abort(): void {
    if (!this.told.includes('abort')) this.handlers?.close({ by: 'local' });
    this.told.push('abort');
  }
  pause(): void {}
  resume(): void {}
  attach(handlers: StreamHandlers): void {
    this.handlers = handlers;
  }
}

function piped(up = true): {
  clock: ManualClock;
  stream: MuxStream;
  streams: MuxStreams;
  target: DeafTarget;
  pipe: Pipe;
  reports: RelayReport[];
  ends: { ended: number; cancelled: number };
} {
  const clock = new ManualClock();
  const writer = new FrameWriter({ send: () => undefined, receive: () => undefined, close: () => undefined }, clock, 'single');
  const streams = new MuxStreams({ writer, clock, dataMax: 100, bufferMax: BUFFER_MAX });
  const stream = new MuxStream(streams.shared, 1, { facts: FACTS, credit: 8, window: 8 });
  streams.byId.set(1, stream);
  const target = new DeafTarget();
  const reports: RelayReport[] = [];
  const ends = { ended: 0, cancelled: 0 };
  const asked: Asked = { to: { kind: 1, host: 'h', port: 1 }, stream, report: (report) => void reports.push(report) };
  let settle: (result: Dialled) => void = () => undefined;
  const open = (settled: typeof settle): (() => void) => {
    settle = settled;
    return () => (ends.cancelled += 1);
  };
  const pipe = new Pipe(asked, open, clock, LINGER_MS, () => (ends.ended += 1));
  if (up) settle({ ok: true, stream: target, opening: { tcpMs: 1 } });
  clock.settle();
  return { clock, stream, streams, target, pipe, reports, ends };
}

describe('a target that takes nothing', () => {
  it('may take its time with what came before the client ended, but not for good', () => {
    const { clock, stream, target, ends } = piped();
    stream.received(bytesOf('bye'));
    stream.resume();
    stream.closedByPeer(REASON.voluntary);
    clock.advance(LINGER_MS - 1);
    expect([target.told, ends.ended]).toEqual([['write 3', 'shut'], 0]);
    clock.advance(1);
    expect([target.told.includes('abort'), ends.ended, clock.alarms]).toEqual([true, 1, 0]);
  });

  it('nor with what the relay itself still keeps', () => {
    const { clock, stream, target, ends } = piped();
    stream.received(bytesOf('one'));
    stream.received(bytesOf('and more'));
    stream.closedByPeer(REASON.voluntary);
    clock.advance(LINGER_MS - 1);
    expect([target.told, ends.ended]).toEqual([['write 3'], 0]);
    clock.advance(1);
    expect([target.told.includes('abort'), ends.ended, clock.alarms]).toEqual([true, 1, 0]);
  });

  it('is not waited for either when it ended itself', () => {
    const { clock, stream, target, ends } = piped();
    stream.received(bytesOf('more'));
    target.handlers?.end();
    clock.advance(LINGER_MS - 1);
    expect([target.told, ends.ended]).toEqual([['write 4', 'shut'], 0]);
    clock.advance(1);
    expect([target.told.includes('abort'), ends.ended, clock.alarms]).toEqual([true, 1, 0]);
  });

  it('is waited for no longer than it takes', () => {
    const { clock, stream, target, ends } = piped();
    stream.closedByPeer(REASON.voluntary);
    clock.settle();
    target.handlers?.close({ by: 'local' });
    clock.settle();
    expect([target.told, ends.ended, clock.alarms]).toEqual([['shut'], 1, 0]);
  });

  it('is reset at once when the carrier goes, also of a stream that had ended before', () => {
    for (const ended of [false, true]) {
      const { clock, stream, streams, target, pipe, ends } = piped();
      stream.received(bytesOf('one'));
      stream.received(bytesOf('two'));
      if (ended) stream.closedByPeer(REASON.voluntary);
      clock.settle();
      streams.lose('ECONNRESET');
      pipe.abort();
      clock.settle();
      expect([target.told[1], ends.ended, clock.alarms, streams.shared.buffered]).toEqual(['abort', 1, 0, 0]);
    }
  });

  it('is reset where the client sent more than is kept for it', () => {
    const { clock, stream, target, ends } = piped();
    stream.received(new Uint8Array(BUFFER_MAX.stream));
    stream.received(new Uint8Array(1));
    clock.settle();
    expect([target.told, ends.ended, clock.alarms]).toEqual([[`write ${BUFFER_MAX.stream}`, 'abort'], 1, 0]);
  });
});

describe('a dial under way', () => {
  it('is cancelled when the carrier goes', () => {
    const { clock, pipe, ends } = piped(false);
    pipe.abort();
    clock.settle();
    expect([ends, clock.alarms]).toEqual([{ ended: 1, cancelled: 1 }, 0]);
  });

  it('is cancelled when the client that has ended waited long enough', () => {
    const { clock, stream, ends } = piped(false);
    stream.received(bytesOf('for nobody'));
    stream.closedByPeer(REASON.voluntary);
    clock.advance(LINGER_MS);
    expect([ends, clock.alarms]).toEqual([{ ended: 1, cancelled: 1 }, 0]);
  });
});

it('the time to the first byte begins with the first byte, not with a frame of none', () => {
  const { clock, stream, target, reports } = piped();
  stream.received(new Uint8Array());
  clock.advance(500);
  stream.received(bytesOf('x'));
  clock.advance(20);
  target.handlers?.data(bytesOf('y'));
  expect(reports).toEqual([{ up: { tcpMs: 1 } }, { firstByteMs: 20 }]);
});
