import fc from 'fast-check';
import mqtt, { type Packet } from 'mqtt-packet';
import { expect, it } from 'vitest';
import { connackIn, encodeConnect } from './handshake-packets.ts';

const text = fc.oneof(
  fc.string({ maxLength: 70 }),
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.integer({ min: 1, max: 21_845 }).map((length) => 'ü'.repeat(length)),
);

it('writes a CONNECT as the codec does, or leaves it to the codec', () => {
  let written = 0;
  const fields = fc.record({ clientId: text, username: text, password: text, keepAlive: fc.nat({ max: 0xffff }), clean: fc.boolean() });
  fc.assert(
    fc.property(fields, ({ clientId, username, password, keepAlive: keepalive, clean }) => {
      const bytes = encodeConnect({ clientId, username, password, keepAlive: keepalive, clean });
      if (!bytes) {
        expect([clientId, username, password]).toContain('');
        return;
      }
      written += 1;
      const packet = { cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clean, keepalive, clientId, username, password };
      expect(Buffer.from(bytes).equals(mqtt.generate(packet as unknown as Packet))).toBe(true);
    }),
    { numRuns: 300 },
  );
  expect(written).toBeGreaterThan(10);
});

it.each([
  ['a keep-alive over 16 bits', { keepAlive: 65_536 }],
  ['a negative one', { keepAlive: -1 }],
  ['half a second', { keepAlive: 0.5 }],
  ['a text that may be too long', { password: 'x'.repeat(21_846) }],
  ['an empty identifier', { clientId: '' }],
])('leaves to the codec: %s', (_, bent) => {
  expect(encodeConnect({ clientId: 'c', username: 'u', password: 'p', keepAlive: 60, clean: true, ...bent })).toBeUndefined();
});

it('reads a CONNACK as the codec does, and nothing but a whole one', () => {
  const byte = fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(0, 1, 2, 5, 0x20));
  const chunk = fc.oneof(
    fc.uint8Array({ maxLength: 8 }),
    fc.tuple(byte, byte).map(([flags, code]) => Uint8Array.of(0x20, 2, flags, code)),
  );
  let read = 0;
  fc.assert(
    fc.property(chunk, (bytes) => {
      const packets: Packet[] = [];
      const parser = mqtt.parser({ protocolVersion: 4 }).on('packet', (packet) => packets.push(packet));
      let wrong = false;
      parser.on('error', () => (wrong = true));
      const left = parser.parse(Buffer.from(bytes));
      const connack = connackIn(bytes);
      if (connack) read += 1;
      const [first, ...more] = packets;
      const whole = !wrong && left === 0 && more.length === 0 && first?.cmd === 'connack' && bytes.length === 4;
      expect(connack).toEqual(whole ? { returnCode: first.returnCode, sessionPresent: first.sessionPresent } : undefined);
    }),
    { numRuns: 500 },
  );
  expect(read).toBeGreaterThan(10);
});
