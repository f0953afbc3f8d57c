import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../clock.testkit.ts';
import { seededRandom } from '../random.ts';
import { concat } from './concat.ts';
import { faulty, type Faults } from './faults.ts';
import { memoryPair } from './memory.ts';
import { bytesOf, FACTS, Listener } from './stream.testkit.ts';
import type { ByteStream } from './stream.ts';

const LONG_MS = 60 * 60 * 1000;

/** `a` has the bad network; `b` is the other end as it is. */
function pair(faults: Faults): { clock: ManualClock; a: ByteStream; b: ByteStream } {
  const clock = new ManualClock();
  const [a, b] = memoryPair(clock, FACTS, { ...FACTS, peer: 'device' });
  return { clock, a: faulty(a, faults, clock, seededRandom('faults')), b };
}

const lane = fc.record(
  {
    delayMs: fc.nat(50),
    jitterMs: fc.nat(50),
    bytesPerSecond: fc.integer({ min: 100, max: 100_000 }),
    sliceMax: fc.integer({ min: 1, max: 20 }),
  },
  { requiredKeys: [] },
);
const writes = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 20 });

describe('a bad network', () => {
  it('brings every byte in order, both ways, however late, slow and sliced; then the end, then one close', () => {
    fc.assert(
      fc.property(lane, lane, writes, writes, (out, into, fromA, fromB) => {
        const { clock, a, b } = pair({ out, in: into });
        const [atA, atB] = [new Listener(a), new Listener(b)];
        for (const [i, bytes] of fromA.entries()) {
          a.write(bytes.slice());
          clock.advance(i % 3);
        }
        for (const bytes of fromB) b.write(bytes.slice());
        a.end();
        clock.advance(LONG_MS);
        expect([...atB.bytes]).toEqual([...concat(fromA)]);
        expect([...atA.bytes]).toEqual([...concat(fromB)]);
        for (const { log, closes } of [atA, atB]) {
          expect(closes).toHaveLength(1);
          expect(log.slice(-2)).toEqual(['end', 'close']);
        }
        expect(clock.alarms).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it('delays each byte by no less than it says, and by no more than the jitter', () => {
    const { clock, a, b } = pair({ out: { delayMs: 100, jitterMs: 20 } });
    const atB = new Listener(b);
    a.write(bytesOf('x'));
    clock.advance(99);
    expect(atB.text).toBe('');
    clock.advance(22);
    expect(atB.text).toBe('x');
  });

  it('is as late with an end as with bytes', () => {
    const { clock, a, b } = pair({ in: { delayMs: 100 } });
    const atA = new Listener(a);
    new Listener(b);
    b.end();
    clock.advance(99);
    expect(atA.log).toEqual([]);
    clock.advance(2);
    expect(atA.log).toEqual(['end', 'close']);
  });

  it('carries so many bytes a second and no more', () => {
    const { clock, a, b } = pair({ in: { bytesPerSecond: 1000, sliceMax: 10 } });
    const atA = new Listener(a);
    b.write(new Uint8Array(2000));
    clock.advance(1000);
    expect(atA.bytes.length).toBeGreaterThan(980);
    expect(atA.bytes.length).toBeLessThanOrEqual(1000);
    clock.advance(1010);
    expect(atA.bytes.length).toBe(2000);
  });

  it('cuts one write into pieces of 1 to `sliceMax` bytes', () => {
    const { clock, a, b } = pair({ in: { sliceMax: 3 } });
    const atA = new Listener(a);
    b.write(new Uint8Array(100));
    clock.settle();
    const sizes = new Set(atA.chunks.map((chunk) => chunk.length));
    expect(sizes).toEqual(new Set([1, 2, 3]));
  });

  it('asks its writer to wait and lets it go once, without losing a byte', () => {
    const { clock, a, b } = pair({ out: { bytesPerSecond: 100_000, sliceMax: 1000 } });
    const [atA, atB] = [new Listener(a), new Listener(b)];
    let sent = 0;
    while (a.write(new Uint8Array(1000))) sent += 1000;
    sent += 1000;
    expect(sent).toBeLessThan(100_000);
    clock.advance(LONG_MS);
    expect([atA.log, atB.bytes.length]).toEqual([['drain'], sent]);
  });

  it('holds up the sender whose reader does not read', () => {
    const { clock, a, b } = pair({ in: { sliceMax: 10_000 } });
    const [atA, atB] = [new Listener(a), new Listener(b)];
    a.pause();
    const chunk = 32 * 1024;
    let sent = 0;
    for (let more = true; more && sent < 100 * chunk; sent += chunk) {
      more = b.write(new Uint8Array(chunk));
      clock.settle();
    }
    expect(sent).toBeLessThan(100 * chunk);
    expect([atA.bytes.length, atB.log]).toEqual([0, []]);
    a.resume();
    clock.settle();
    expect([atA.bytes.length, atB.log]).toEqual([sent, ['drain']]);
  });
});

describe('a reset', () => {
  it('comes after so many bytes of both directions; both ends see it', () => {
    const { clock, a, b } = pair({ resetAfter: 5 });
    const [atA, atB] = [new Listener(a), new Listener(b)];
    a.write(bytesOf('abc'));
    clock.settle();
    b.write(bytesOf('defgh'));
    clock.settle();
    expect([atB.text, atA.text]).toEqual(['abc', 'de']);
    const reset = { by: 'fault', code: 'ECONNRESET' };
    expect([atA.closes, atB.closes]).toEqual([[reset], [reset]]);
  });

  it('comes at once after 0 bytes, and the other end may leave first all the same', () => {
    const { clock, a, b } = pair({ resetAfter: 0 });
    const [atA, atB] = [new Listener(a), new Listener(b)];
    a.write(bytesOf('abc'));
    clock.settle();
    expect([atB.text, atA.closes.length, atB.closes.length]).toEqual(['', 1, 1]);
    const other = pair({ resetAfter: 10 });
    const [left, right] = [new Listener(other.a), new Listener(other.b)];
    other.b.abort();
    other.clock.settle();
    expect([left.closes, right.closes]).toEqual([[{ by: 'fault', code: 'ECONNRESET' }], [{ by: 'local' }]]);
  });
});

describe('a half-open connection', () => {
  it('takes what is written and delivers nothing, in either direction, and tells nobody', () => {
    const { clock, a, b } = pair({ halfOpenAfter: 3 });
    const [atA, atB] = [new Listener(a), new Listener(b)];
    a.write(bytesOf('abcd'));
    clock.settle();
    expect(a.write(new Uint8Array(1_000_000))).toBe(true);
    b.write(bytesOf('x'));
    b.end();
    clock.advance(LONG_MS);
    expect([atA.log, atB.text]).toEqual([[], 'abc']);
    a.end();
    clock.advance(LONG_MS);
    expect([atA.closes, atB.closes]).toEqual([[], []]);
    a.abort();
    clock.settle();
    expect(atA.closes).toEqual([{ by: 'local' }]);
  });
});

it('closes both ends exactly once, and nothing follows, whatever the two sides do', () => {
  const action = fc.constantFrom('write', 'end', 'shut', 'abort', 'pause', 'resume', 'turn', 'advance');
  const faults = fc.record(
    { out: lane, in: lane, resetAfter: fc.nat(20), halfOpenAfter: fc.nat(20) },
    { requiredKeys: [] },
  ) as fc.Arbitrary<Faults>;
  fc.assert(
    fc.property(faults, fc.array(fc.tuple(fc.boolean(), action), { maxLength: 25 }), (bad, actions) => {
      const { clock, a, b } = pair(bad);
      const listeners = [new Listener(a), new Listener(b)];
      const sent: number[] = [];
      for (const [onA, what] of actions) {
        const stream = onA ? a : b;
        if (what === 'turn') clock.step();
        else if (what === 'advance') clock.advance(7);
        else if (what === 'write') {
          if (onA) sent.push(sent.length);
          stream.write(Uint8Array.of(sent.length - 1));
        } else stream[what]();
      }
      for (const stream of [a, b]) {
        stream.resume();
        stream.end();
      }
      clock.advance(LONG_MS);
      // A half-open connection ends only when somebody gives it up.
      a.abort();
      clock.advance(LONG_MS);
      b.abort();
      clock.settle();
      for (const { log, closes } of listeners) {
        expect(closes).toHaveLength(1);
        expect(log.at(-1)).toBe('close');
        expect(log.filter((what) => what === 'end').length).toBeLessThan(2);
      }
      const received = [...(listeners[1] as Listener).bytes];
      expect(received).toEqual(sent.slice(0, received.length));
      expect(clock.alarms).toBe(0);
    }),
    { numRuns: 500 },
  );
});
