import fc from 'fast-check';
import mqtt from 'mqtt-packet';
import { describe, expect, it } from 'vitest';
import { memoryPair } from '../bytes/memory.ts';
import { bytesOf, FACTS, Listener } from '../bytes/stream.testkit.ts';
import { ManualClock } from '../clock.testkit.ts';
import type { TraceEvent } from './event.ts';
import { PacketFramer, REST_MAX } from './framing.ts';
import { recorded } from './recorder.ts';

/** A packet of any type with any body; what it means is not the recorder's business. */
const packet = fc.tuple(fc.nat(255), fc.uint8Array({ maxLength: 300 })).map(([head, body]) => {
  const length: number[] = [];
  let left = body.length;
  do {
    length.push((left % 128) | (left > 127 ? 128 : 0));
    left = Math.floor(left / 128);
  } while (left > 0);
  return Uint8Array.from([head, ...length, ...body]);
});

function cut(bytes: Uint8Array, at: readonly number[]): Uint8Array[] {
  const places = [...new Set(at.map((place) => place % (bytes.length + 1)))].sort((x, y) => x - y);
  return [0, ...places].map((from, i) => bytes.slice(from, places[i] ?? bytes.length));
}

/** Records what `chunks` make, sent and received, and ends the stream. */
function record(chunks: readonly Uint8Array[]): TraceEvent[] {
  const clock = new ManualClock();
  const events: TraceEvent[] = [];
  const [a, b] = memoryPair(clock, FACTS, FACTS);
  const device = recorded(a, 3, clock, (event) => events.push(event));
  new Listener(device);
  new Listener(b);
  for (const chunk of chunks) {
    device.write(chunk.slice());
    b.write(chunk.slice());
    clock.settle();
  }
  b.end();
  clock.settle();
  return events;
}

const shown = (events: readonly TraceEvent[]): string[] =>
  events.map((event) => ('bytes' in event ? `${event.kind} ${event.dir} ${Buffer.from(event.bytes).toString('hex')}` : event.kind));

const kinds = (events: readonly TraceEvent[], dir: 'in' | 'out'): string[] => shown(events).filter((line) => line.includes(` ${dir} `));

describe('the recorder', () => {
  it('reports the same packets however the bytes were cut', () => {
    fc.assert(
      fc.property(
        fc.array(packet, { maxLength: 6 }),
        fc.uint8Array({ maxLength: 6 }),
        fc.array(fc.nat(3000), { maxLength: 12 }),
        (packets, tail, places) => {
          const whole = Uint8Array.from([...packets.flatMap((one) => [...one]), ...tail]);
          const one = record([whole]);
          const many = record(cut(whole, places));
          for (const dir of ['in', 'out'] as const) expect(kinds(many, dir)).toEqual(kinds(one, dir));
          expect(kinds(one, 'in').slice(0, packets.length)).toEqual(
            packets.map((bytes) => `packet in ${Buffer.from(bytes).toString('hex')}`),
          );
        },
      ),
    );
  });

  it('keeps every byte, in order, and a copy of its own', () => {
    const clock = new ManualClock();
    const events: TraceEvent[] = [];
    const [a, b] = memoryPair(clock, FACTS, FACTS);
    const device = recorded(a, 1, clock, (event) => events.push(event));
    new Listener(device);
    new Listener(b).onData = (bytes) => bytes.fill(0);
    device.write(Uint8Array.of(0xc0, 0, 0x30, 9, 9));
    clock.settle();
    device.end();
    clock.settle();
    expect(shown(events)).toEqual(['opened', 'packet out c000', 'bytes out 300909', 'closed']);
  });

  it.each([
    ['a remaining length of five bytes', [0x30, 0xff, 0xff, 0xff, 0xff, 0x01, 0xc0, 0x00]],
    ['HTTP', [...bytesOf('POST / HTTP/1.1\r\n\r\n')]],
    ['a torn packet', [0x30, 10, 1, 2]],
  ])('ends %s as bytes, before the close', (_what, bytes) => {
    const events = record([Uint8Array.from([0xd0, 0x00, ...bytes])]);
    const hex = Buffer.from(bytes).toString('hex');
    expect(shown(events)).toEqual(['opened', 'packet out d000', 'packet in d000', `bytes out ${hex}`, `bytes in ${hex}`, 'closed']);
    expect(events.at(-1)).toMatchObject({ kind: 'closed', conn: 3, ending: { by: 'remote' } });
  });

  it('never takes a packet from behind a malformed one', () => {
    const framer = new PacketFramer();
    expect(framer.push(Uint8Array.of(0x30, 0xff, 0xff, 0xff, 0xff))).toEqual([]);
    expect(framer.push(Uint8Array.of(0xc0, 0x00))).toEqual([]);
    expect([...framer.rest()]).toEqual([0x30, 0xff, 0xff, 0xff, 0xff, 0xc0, 0x00]);
    expect(framer.rest()).toHaveLength(0);
  });

  it('takes the longest length MQTT can state for a packet under way', () => {
    const framer = new PacketFramer();
    expect(framer.push(Uint8Array.of(0x30, 0xff, 0xff, 0xff, 0x7f, 1))).toEqual([]);
    expect(framer.rest()).toHaveLength(6);
  });

  it.each([
    ['no packet at all', [0x30, 0xff, 0xff, 0xff, 0xff]],
    ['a packet of 256 MiB', [0x30, 0xff, 0xff, 0xff, 0x7f]],
  ])('keeps the beginning of a flood, not all of it: %s', (_what, start) => {
    const framer = new PacketFramer();
    expect(framer.push(Uint8Array.from(start))).toEqual([]);
    const flood = new Uint8Array(64 * 1024);
    for (let pushed = 0; pushed < 4 * REST_MAX; pushed += flood.length) expect(framer.push(flood)).toEqual([]);
    const rest = framer.rest();
    expect([...rest.subarray(0, 5)]).toEqual(start);
    expect(rest.length).toBeGreaterThanOrEqual(REST_MAX);
    expect(rest.length).toBeLessThan(REST_MAX + 2 * flood.length);
  });

  it('splits a large packet that dribbles in without copying it again for each byte', () => {
    const body = new Uint8Array(200_000).fill(7);
    const bytes = mqtt.generate({ cmd: 'publish', topic: 't', payload: Buffer.from(body), qos: 0, retain: false, dup: false });
    const framer = new PacketFramer();
    const packets: Uint8Array[] = [];
    const startedAt = performance.now();
    for (const byte of bytes) packets.push(...framer.push(Uint8Array.of(byte)));
    expect(Buffer.from(packets[0] as Uint8Array).equals(bytes)).toBe(true);
    // 200,000 copies of up to 200 kB each would be 20 GB: many seconds.
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });

  it('stamps events with the time of its clock', () => {
    const clock = new ManualClock(1000);
    const events: TraceEvent[] = [];
    const [a, b] = memoryPair(clock, FACTS, FACTS);
    const device = recorded(a, 1, clock, (event) => events.push(event));
    new Listener(device);
    new Listener(b);
    clock.advance(50);
    device.write(Uint8Array.of(0xc0, 0));
    clock.advance(50);
    device.end();
    clock.settle();
    expect(events.map(({ at, kind }) => [at, kind])).toEqual([
      [1000, 'opened'],
      [1050, 'packet'],
      [1100, 'closed'],
    ]);
  });
});
