import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../clock.testkit.ts';
import { concat } from './concat.ts';
import { memoryPair } from './memory.ts';
import { bytesOf, FACTS, Listener } from './stream.testkit.ts';
import type { ByteStream } from './stream.ts';

const SERVER_FACTS = { ...FACTS, peer: 'device' };
const HIGH_WATER = 256 * 1024;

function pair(extraTurns = 0): { clock: ManualClock; a: ByteStream; b: ByteStream } {
  const clock = new ManualClock();
  const [a, b] = memoryPair(clock, FACTS, SERVER_FACTS, extraTurns);
  return { clock, a, b };
}

describe('a memory pair', () => {
  it('tells each end the facts it stands for', () => {
    const { a, b } = pair();
    expect([a.facts, b.facts]).toEqual([FACTS, SERVER_FACTS]);
  });

  it('delivers what was written in order, both ways, whatever the cutting', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.boolean(), fc.uint8Array({ maxLength: 20 })), { maxLength: 40 }),
        fc.nat(3),
        (writes, extraTurns) => {
          const { clock, a, b } = pair(extraTurns);
          const [atA, atB] = [new Listener(a), new Listener(b)];
          for (const [fromA, bytes] of writes) {
            (fromA ? a : b).write(bytes.slice());
            clock.step();
          }
          clock.settle();
          expect([...atB.bytes]).toEqual(writes.filter(([fromA]) => fromA).flatMap(([, bytes]) => [...bytes]));
          expect([...atA.bytes]).toEqual(writes.filter(([fromA]) => !fromA).flatMap(([, bytes]) => [...bytes]));
        },
      ),
    );
  });

  it('never calls back within the call', () => {
    const { clock, a, b } = pair();
    const [atA, atB] = [new Listener(a), new Listener(b)];
    a.write(bytesOf('x'));
    a.end();
    b.abort();
    expect([atA.log, atB.log]).toEqual([[], []]);
    clock.settle();
    expect(atA.closes).toHaveLength(1);
  });

  it('keeps for a late consumer what came before it', () => {
    const { clock, a, b } = pair();
    new Listener(a);
    a.write(bytesOf('early'));
    a.end();
    clock.settle();
    const atB = new Listener(b);
    clock.settle();
    expect([atB.text, atB.log]).toEqual(['early', ['data', 'end', 'close']]);
  });

  it.each([0, 1, 5])('takes %i turns longer when told to', (extraTurns) => {
    const { clock, a, b } = pair(extraTurns);
    const atB = new Listener(b);
    clock.settle();
    a.write(bytesOf('x'));
    let turns = 0;
    while (atB.chunks.length === 0 && clock.step()) turns += 1;
    expect(turns).toBe(extraTurns + 1);
  });

  it('ends orderly: local for who ended first, remote for the other, data first, close once', () => {
    const { clock, a, b } = pair();
    const [atA, atB] = [new Listener(a), new Listener(b)];
    a.write(bytesOf('bye'));
    a.end();
    expect(a.write(bytesOf('too late'))).toBe(true);
    clock.settle();
    expect([atB.text, atB.log, atB.closes]).toEqual(['bye', ['data', 'end', 'close'], [{ by: 'remote' }]]);
    expect([atA.log, atA.closes]).toEqual([['end', 'close'], [{ by: 'local' }]]);
  });

  it('is half-open after an end: the other side may go on', () => {
    const { clock, a, b } = pair();
    const [atA, atB] = [new Listener(a), new Listener(b, false)];
    a.end();
    clock.settle();
    b.write(bytesOf('still here'));
    clock.settle();
    expect([atA.text, atA.log, atB.log]).toEqual(['still here', ['data'], ['end']]);
    b.end();
    clock.settle();
    expect([atA.closes, atB.closes]).toEqual([[{ by: 'local' }], [{ by: 'remote' }]]);
  });

  it('delivers after shut what was written before, and takes nothing more', () => {
    const { clock, a, b } = pair();
    const [atA, atB] = [new Listener(a), new Listener(b)];
    b.write(bytesOf('unread'));
    a.write(bytesOf('last '));
    a.write(bytesOf('words'));
    a.shut();
    clock.settle();
    b.write(bytesOf('into the void'));
    clock.settle();
    expect([atB.text, atB.closes]).toEqual(['last words', [{ by: 'remote' }]]);
    expect([atA.text, atA.log, atA.closes]).toEqual(['', ['close'], [{ by: 'local' }]]);
  });

  it('drops on abort what was under way: the peer sees a reset', () => {
    const { clock, a, b } = pair();
    const [atA, atB] = [new Listener(a), new Listener(b)];
    a.write(bytesOf('lost'));
    a.abort();
    clock.settle();
    expect([atB.text, atB.log, atB.closes]).toEqual(['', ['close'], [{ by: 'fault', code: 'ECONNRESET' }]]);
    expect([atA.log, atA.closes]).toEqual([['close'], [{ by: 'local' }]]);
  });

  it('holds data, but not a reset, while paused', () => {
    const { clock, a, b } = pair();
    new Listener(a);
    const atB = new Listener(b);
    b.pause();
    a.write(bytesOf('x'));
    a.write(bytesOf('y'));
    clock.settle();
    expect(atB.log).toEqual([]);
    b.resume();
    clock.settle();
    expect(atB.text).toBe('xy');
    b.pause();
    a.write(bytesOf('z'));
    a.end();
    clock.settle();
    expect(atB.log).toEqual(['data']);
    a.abort();
    clock.settle();
    expect([atB.text, atB.log]).toEqual(['xy', ['data', 'close']]);
  });

  it('asks the writer to wait at 256 KiB and tells it once when there is room', () => {
    const { clock, a, b } = pair();
    const [atA, atB] = [new Listener(a), new Listener(b)];
    b.pause();
    expect(a.write(new Uint8Array(HIGH_WATER - 1))).toBe(true);
    expect(a.write(new Uint8Array(1))).toBe(false);
    clock.settle();
    expect(atA.log).toEqual([]);
    b.resume();
    clock.settle();
    expect([atA.log, atB.bytes.length]).toEqual([['drain'], HIGH_WATER]);
    expect(a.write(new Uint8Array(1))).toBe(true);
    clock.settle();
    expect(atA.log).toEqual(['drain']);
  });

  it('lets a waiting writer go when the reader leaves without reading', () => {
    const { clock, a, b } = pair();
    const [atA, atB] = [new Listener(a, false), new Listener(b)];
    b.pause();
    expect(a.write(new Uint8Array(HIGH_WATER))).toBe(false);
    b.shut();
    clock.settle();
    expect(atA.log).toContain('drain');
    a.end();
    clock.settle();
    expect([atA.closes, atB.closes]).toEqual([[{ by: 'remote' }], [{ by: 'local' }]]);
  });

  it('says nothing after close, not even drain', () => {
    const { clock, a, b } = pair();
    const [atA, atB] = [new Listener(a), new Listener(b)];
    b.pause();
    a.write(new Uint8Array(HIGH_WATER));
    a.shut();
    clock.settle();
    b.resume();
    clock.settle();
    expect(atA.log).toEqual(['close']);
    expect(atB.bytes.length).toBe(HIGH_WATER);
  });

  it('closes both ends exactly once, and nothing follows, whatever the two sides do', () => {
    const action = fc.constantFrom('write', 'end', 'shut', 'abort', 'pause', 'resume', 'turn');
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), action), { maxLength: 25 }), fc.nat(2), (actions, extraTurns) => {
        const { clock, a, b } = pair(extraTurns);
        const listeners = [new Listener(a), new Listener(b)];
        const sent: Uint8Array[] = [];
        for (const [onA, what] of actions) {
          const stream = onA ? a : b;
          if (what === 'turn') clock.step();
          else if (what === 'write') {
            const bytes = Uint8Array.of(sent.length);
            if (onA) sent.push(bytes.slice());
            stream.write(bytes);
          } else stream[what]();
        }
        for (const stream of [a, b]) {
          stream.resume();
          stream.end();
        }
        clock.settle();
        for (const { log, closes } of listeners) {
          expect(closes).toHaveLength(1);
          expect(log.at(-1)).toBe('close');
          expect(log.filter((what) => what === 'end').length).toBeLessThan(2);
        }
        // What arrives is a prefix of what was sent.
        const received = [...(listeners[1] as Listener).bytes];
        expect(received).toEqual([...concat(sent)].slice(0, received.length));
      }),
      { numRuns: 500 },
    );
  });
});
