// What a client sends that is broken or means harm, as fast-check arbitraries; and the corpus, which is sent in every run.
// No test is in this file.
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { generate } from 'mqtt-packet';
import { header, postPacket, postTopic, publishPacket, registerPacket, signInPacket, subscribePacket, PRODUCT } from './packets.ts';

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(`corpus/${name}.json`, import.meta.url), 'utf8'));

/** A script of bytes: some only hurt after a CONNECT that was let in. */
export interface Script {
  readonly signedIn: boolean;
  readonly bytes: Uint8Array;
}

export const MQTT_CORPUS: readonly (readonly [name: string, script: Script])[] = Object.entries(
  read('mqtt') as Record<string, { hex: string; signedIn?: boolean }>,
).map(([name, { hex, signedIn = false }]) => [name, { signedIn, bytes: Buffer.from(hex.replaceAll(' ', ''), 'hex') }]);

export const HTTP_CORPUS: readonly (readonly [name: string, bytes: Uint8Array])[] = Object.entries(
  read('http') as Record<string, string>,
).map(([name, text]) => [name, Buffer.from(text, 'latin1')]);

/** One thing done to a packet; places are fractions of its length. */
type Wound = readonly [kind: 'flip' | 'insert' | 'cut' | 'repeat' | 'length', at: number, value: number];

const wound: fc.Arbitrary<Wound> = fc.tuple(
  fc.constantFrom('flip' as const, 'insert' as const, 'cut' as const, 'repeat' as const, 'length' as const),
  fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  fc.nat(255),
);

function wounded(packet: Uint8Array, [kind, place, value]: Wound): Uint8Array {
  const at = Math.floor(place * packet.length);
  const [before, after] = [packet.subarray(0, at), packet.subarray(at)];
  switch (kind) {
    case 'flip':
      return packet.map((byte, i) => (i === at ? byte ^ (value || 1) : byte));
    case 'insert':
      return Buffer.concat([before, Buffer.from([value]), after]);
    case 'cut':
      return before;
    case 'repeat':
      return Buffer.concat([before, after, after]);
    case 'length':
      // A remaining length that has nothing to do with what follows.
      return Buffer.concat([header(packet[0] ?? 0x10, value ** 4 % 268_435_455), packet.subarray(2)]);
  }
}

/** Right packets, and some that are right but unwelcome. */
function welcome(deviceName: string): fc.Arbitrary<Uint8Array> {
  const own = `/${PRODUCT.productKey}/${deviceName}/user/get`;
  return fc.oneof(
    fc.boolean().map((clean) => signInPacket(deviceName, { clean })),
    fc.constantFrom('register' as const, 'regnwl' as const).map((mode) => registerPacket(deviceName, mode)),
    fc.constantFrom(0 as const, 1 as const).map((qos) => postPacket(deviceName, '1', qos)),
    fc.string({ unit: 'binary', maxLength: 300 }).map((text) => publishPacket(postTopic(deviceName), text)),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 200 }).map((topic) => publishPacket(topic, 'x', 1)),
    fc.json().map((json) => publishPacket(postTopic(deviceName), json, 1)),
    fc
      .array(fc.oneof(fc.constantFrom(own, '#', '+/+', '/sys/#'), fc.string({ minLength: 1 })), { minLength: 1, maxLength: 20 })
      .map(subscribe),
    fc.constantFrom('pubrel', 'puback', 'pubrec', 'pubcomp', 'unsuback').map((cmd) => generate({ cmd, messageId: 7 } as never)),
    fc.constantFrom('pingreq', 'disconnect', 'pingresp').map((cmd) => generate({ cmd })),
    fc.constant(generate({ cmd: 'unsubscribe', messageId: 9, unsubscriptions: [own, '#'] })),
  );
}

const subscribe = (topics: string[]): Uint8Array => subscribePacket(topics);

/** Random bytes, packets, wounded packets, headers with absurd lengths: several in a row. */
export function hostileScript(deviceName: string): fc.Arbitrary<Script> {
  const right = welcome(deviceName);
  const piece = fc.oneof(
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
    { weight: 3, arbitrary: right },
    { weight: 6, arbitrary: fc.tuple(right, fc.array(wound, { minLength: 1, maxLength: 4 })).map(([p, all]) => all.reduce(wounded, p)) },
    { weight: 1, arbitrary: fc.tuple(fc.nat(255), fc.nat(268_435_455)).map(([first, length]) => header(first, length)) },
  );
  return fc.record({
    signedIn: fc.boolean(),
    bytes: fc.array(piece, { minLength: 1, maxLength: 5 }).map((pieces) => new Uint8Array(Buffer.concat(pieces))),
  });
}

/** An HTTP request that is right until it is wounded. */
export function hostileRequest(token: string, port: number): fc.Arbitrary<Uint8Array> {
  const body = fc.oneof(
    fc.json(),
    fc.webQueryParameters(),
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc
      .record({ action: fc.constantFrom('QueryDevices', 'AddDevice', 'QueryLog'), productKey: fc.string() })
      .map((one) => JSON.stringify(one)),
  );
  const path = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom('/operator', '/operator', '/auth/register/device', '/', '*', '/mqtt') },
    fc.webPath(),
  );
  const request = fc
    .tuple(fc.constantFrom('POST', 'POST', 'POST', 'GET', 'OPTIONS', 'HEAD', 'DELETE', 'CONNECT'), path, body, fc.boolean(), fc.boolean())
    .map(([method, where, text, chunked, form]) => {
      const bytes = Buffer.from(text);
      const length = chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${bytes.length}`;
      const head = [
        `${method} ${where === '' ? '/' : where} HTTP/1.1`,
        `Host: 127.0.0.1:${port}`,
        `Authorization: Bearer ${token}`,
        `Content-Type: ${form ? 'application/x-www-form-urlencoded' : 'application/json'}`,
        length,
      ].join('\r\n');
      const content = chunked ? [Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n0\r\n\r\n')] : [bytes];
      return Buffer.concat([Buffer.from(`${head}\r\n\r\n`), ...content]);
    });
  return fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    request,
    fc.tuple(request, fc.array(wound, { minLength: 1, maxLength: 4 })).map(([bytes, all]) => all.reduce<Uint8Array>(wounded, bytes)),
  );
}
