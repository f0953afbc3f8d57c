import mqtt from 'mqtt-packet';
import { describe, expect, test } from 'vitest';
import { concat, toHex } from '../../kernel/bytes/concat.ts';
import { standsFor } from '../../kernel/bytes/stands-for.ts';
import type { ByteStream, StreamHandlers } from '../../kernel/bytes/stream.ts';
import { decodePacket } from '../judge/decode.ts';
import { inPieces, inVersion, silentAfterConnect, trickled, withTail, withWill, type Wire } from './wire.ts';

const CONNECT = mqtt.generate({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clientId: 'c', clean: true, keepalive: 60 });
const PING = mqtt.generate({ cmd: 'pingreq' });

/** A stream whose methods belong to its class, as those of a socket do, and need their instance. */
class Recorder implements ByteStream {
  readonly facts = standsFor('encrypted', 'platform');
  readonly sent: Uint8Array[] = [];
  readonly calls: string[] = [];

  write(bytes: Uint8Array): boolean {
    return this.sent.push(bytes) > 0;
  }
  end(): void {
    this.calls.push('end');
  }
  shut(): void {
    this.calls.push('shut');
  }
  abort(): void {
    this.calls.push('abort');
  }
  pause(): void {
    this.calls.push('pause');
  }
  resume(): void {
    this.calls.push('resume');
  }
  attach(handlers: StreamHandlers): void {
    this.calls.push('attach');
    handlers.drain();
  }
}

/** What goes out, write by write, when a session writes a CONNECT and then a PINGREQ. */
function sentBy(wire: Wire): Uint8Array[] {
  const recorder = new Recorder();
  const stream = wire(recorder);
  stream.write(CONNECT);
  stream.write(PING);
  return recorder.sent;
}

const hexOf = (sent: readonly Uint8Array[]): string[] => sent.map(toHex);

describe('a device that writes otherwise changes its CONNECT, and nothing after it', () => {
  test('a tail goes out in the same write', () => {
    expect(hexOf(sentBy(withTail(Uint8Array.of(1, 2, 3))))).toEqual([`${toHex(CONNECT)}010203`, toHex(PING)]);
  });

  test('a will', () => {
    const [first, second] = hexOf(sentBy(withWill('/will', 'gone')));
    expect(decodePacket(first ?? '')).toMatchObject({ cmd: 'connect', clientId: 'c', will: { topic: '/will', qos: 0, retain: false } });
    expect(second).toBe(toHex(PING));
  });

  test.each([
    [3, 'MQIsdp'],
    [5, 'MQTT'],
  ] as const)('version %i calls itself %s', (version, name) => {
    const [first = new Uint8Array(), second = new Uint8Array()] = sentBy(inVersion(version));
    // MQTT-3.1.2: after two bytes of fixed header come the name, with its length before it, and the level.
    expect(new TextDecoder().decode(first.subarray(4, 4 + name.length))).toBe(name);
    expect([first[4 + name.length], toHex(second)]).toEqual([version, toHex(PING)]);
  });

  test('silence swallows all that follows; pieces lose nothing', () => {
    expect(hexOf(sentBy(silentAfterConnect))).toEqual([toHex(CONNECT)]);
    const pieces = sentBy(inPieces(5));
    expect([pieces.length, toHex(concat(pieces))]).toEqual([Math.ceil(CONNECT.length / 5) + 1, toHex(concat([CONNECT, PING]))]);
  });

  test.each<[string, Wire]>([
    ['in pieces', inPieces(5)],
    ['trickled', trickled(5, () => Promise.resolve())],
    ['with a tail', withTail(PING)],
    ['silent', silentAfterConnect],
  ])('all else is the stream of before, be it an instance of a class: %s', (_what, wire) => {
    const recorder = new Recorder();
    const stream = wire(recorder);
    let drained = 0;
    stream.attach({ data: () => undefined, drain: () => (drained += 1), end: () => undefined, close: () => undefined });
    for (const method of ['pause', 'resume', 'end', 'shut', 'abort'] as const) stream[method]();
    expect([stream.facts, recorder.calls, drained]).toEqual([recorder.facts, ['attach', 'pause', 'resume', 'end', 'shut', 'abort'], 1]);
  });
});
