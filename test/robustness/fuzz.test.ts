// Whatever bytes a client sends, on whichever front: the process lives, no session stays behind, and the next device is served.
// A longer run: MUSTER_FUZZ_RUNS=20 npx vitest run test/robustness/fuzz.test.ts (a factor).
import * as fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { StreamFacts } from '../../kernel/bytes/stream.ts';
import { ambientClock, within } from '../../kernel/clock.ts';
import { answerRegistration } from '../../platform-stub/front/http-register.ts';
import { answerOperator } from '../../platform-stub/front/operator.ts';
import { Platform } from '../../platform-stub/platform.ts';
import { hostileRequest, hostileScript, HTTP_CORPUS, MQTT_CORPUS, type Script } from './hostile.ts';
import { packetsIn, signInPacket } from './packets.ts';
import { CrashWatch, dialInMemory, furnish, MQTT_FRONTS, openRig, OPERATOR_TOKEN, type FrontName, type Rig, type Wire } from './rig.ts';

const FACTOR = Number(process.env['MUSTER_FUZZ_RUNS'] ?? 1);
const DEVICE = 'fuzz-0001';
/** Nothing here takes longer than this unless it hangs. */
const LATE_MS = 5_000;
const clock = ambientClock();
let rig: Rig;
let watch: CrashWatch;
/** What the platform did because of the scripts: they are worth nothing when none gets past the CONNECT. */
const reached = new Map<string, number>();

beforeAll(async () => {
  watch = new CrashWatch();
  rig = await openRig({ devices: [DEVICE] });
  rig.platform.log.listen(({ deviceName, operation, code }) => {
    if (deviceName !== DEVICE) return;
    const key = `${operation} ${code}`;
    reached.set(key, (reached.get(key) ?? 0) + 1);
  });
});
afterAll(async () => {
  await rig.close();
  watch.stop();
});
afterEach(async () => {
  await expect.poll(() => rig.platform.openSessions, { timeout: LATE_MS }).toBe(0);
  await rig.goodDevice();
  expect(watch.crashes).toEqual([]);
});

/** How a client leaves, and in which pieces it sends. */
const manner = fc.record({ ending: fc.constantFrom('end' as const, 'reset' as const), pieces: fc.integer({ min: 1, max: 4 }) });
type Manner = typeof manner extends fc.Arbitrary<infer T> ? T : never;
const PLAINLY: Manner = { ending: 'end', pieces: 1 };

function* cut(bytes: Uint8Array, pieces: number): Generator<Uint8Array> {
  const size = Math.max(1, Math.ceil(bytes.length / pieces));
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Some turns of the event loop: what was sent within this process has been read and handled afterwards. */
async function turns(count = 12): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise<void>((resolve) => clock.turn(resolve));
}

const isEncrypted = (front: FrontName): boolean => front === 'tls' || front === 'wss' || front === 'https';

/** Sends the bytes, behind a CONNECT that was let in if the script wants it, and leaves; fails when the stub keeps the connection. */
async function play(wire: Wire, { signedIn, bytes }: Script, { ending, pieces }: Manner, encrypted: boolean): Promise<void> {
  if (signedIn) {
    wire.send(signInPacket(DEVICE, { encrypted }));
    await expect.poll(() => packetsIn(wire.received())[0]?.cmd, { interval: 1 }).toBe('connack');
  }
  for (const piece of cut(bytes, pieces)) {
    wire.send(piece);
    if (pieces > 1) await turns(1);
  }
  await turns();
  if (ending === 'end') wire.end();
  else wire.reset();
  expect(await within(clock, LATE_MS, wire.closed, () => 'kept')).not.toBe('kept');
}

async function attack(front: FrontName, script: Script, how: Manner): Promise<void> {
  await play(await rig.dial(front), script, how, isEncrypted(front));
}

/** The same without sockets, which is faster by far. */
async function attackInMemory(script: Script, how: Manner): Promise<void> {
  await play(dialInMemory(rig.front), script, how, true);
}

describe('the corpus', () => {
  it.each(MQTT_FRONTS)('of MQTT over %s', async (front) => {
    for (const [, script] of MQTT_CORPUS) await attack(front, script, PLAINLY);
  });

  it('of MQTT, byte by byte', async () => {
    for (const [, script] of MQTT_CORPUS) await attackInMemory(script, { ending: 'end', pieces: 10_000 });
  });

  it.each(['http', 'https', 'api', 'tcp', 'tls'] as const)('of HTTP on the port of %s', async (front) => {
    for (const [, bytes] of HTTP_CORPUS) await attack(front, { signedIn: false, bytes }, PLAINLY);
  });

  it.each(['ws', 'wss'] as const)('of HTTP inside %s', async (front) => {
    for (const [, bytes] of HTTP_CORPUS.slice(0, 3)) await attack(front, { signedIn: false, bytes }, PLAINLY);
  });
});

describe('random bytes and wounded packets', () => {
  it('as MQTT in memory', async () => {
    await fc.assert(fc.asyncProperty(hostileScript(DEVICE), manner, attackInMemory), { numRuns: 2000 * FACTOR });
  });

  it.each(MQTT_FRONTS)('as MQTT over %s', async (front) => {
    await fc.assert(
      fc.asyncProperty(hostileScript(DEVICE), manner, (script, how) => attack(front, script, how)),
      { numRuns: 100 * FACTOR },
    );
  });

  it.each(['http', 'https', 'api'] as const)('as HTTP on %s', async (front) => {
    await fc.assert(
      fc.asyncProperty(hostileRequest(OPERATOR_TOKEN, rig.ports.api), manner, (bytes, how) =>
        attack(front, { signedIn: false, bytes }, how),
      ),
      { numRuns: 100 * FACTOR },
    );
  });

  it('as a TLS handshake', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.constantFrom('tcp' as const, 'http' as const), manner, (bytes, front, how) =>
        attack(front, { signedIn: false, bytes: Buffer.concat([Buffer.from([0x16, 3, 1]), bytes]) }, how),
      ),
      { numRuns: 100 * FACTOR },
    );
  });
});

it('got past the CONNECT often enough to mean something', () => {
  expect(reached.get('online 200')).toBeGreaterThan(500);
  for (const operation of ['publish 200', 'publish 6813', 'publish 6207', 'register 6289'])
    expect(reached.get(operation)).toBeGreaterThan(0);
});

describe('what reaches the HTTP fronts as a text', () => {
  const platform = new Platform({ clock, seed: 'fuzz' });
  furnish(platform, [DEVICE]);
  const word = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.constantFrom(DEVICE, 'a1Muster0001', '__proto__', 'constructor', ''),
  );

  it('never makes the registration throw', () => {
    const form = fc
      .dictionary(fc.oneof(fc.constantFrom('productKey', 'deviceName', 'random', 'sign', 'signMethod', '__proto__'), word), word)
      .map((fields) => new URLSearchParams(Object.entries(fields)).toString());
    const body = fc.oneof(form, word, fc.webQueryParameters());
    fc.assert(
      fc.property(
        fc.constantFrom('POST', 'GET', 'OPTIONS', 'PUT'),
        fc.option(word, { nil: undefined }),
        body,
        (method, contentType, text) => {
          const facts: StreamFacts = { kind: 'tls', encrypted: true, peer: 'fuzz', port: 443 };
          const answer = answerRegistration({ method, path: '/auth/register/device', contentType, body: text, facts }, platform);
          expect([200, 204, 405]).toContain(answer.status);
        },
      ),
      { numRuns: 500 * FACTOR },
    );
  });

  it('never makes the operator API throw', () => {
    const actions = [
      ...['CreateProduct', 'UpdateProduct', 'DeleteProduct', 'QueryDeviceStatistics', 'X-SendVerificationCode', 'X-SetDynamicRegistration'],
      ...[
        'X-TurnDynamicRegistration',
        'AddDevices',
        'AddDevice',
        'TransformClientId',
        'SetDeviceProperty',
        'QueryProducts',
        'QueryDevices',
      ],
      ...[
        'QueryLog',
        'DeleteDevice',
        'ResetThing',
        'DisableThing',
        'EnableThing',
        'QueryDeviceDetail',
        'QueryClientIds',
        'DeleteClientIds',
      ],
    ];
    const value = fc.oneof(
      word,
      fc.boolean(),
      fc.double(),
      fc.nat(),
      fc.constant(null),
      fc.array(word),
      fc.dictionary(word, fc.jsonValue()),
    );
    const command = fc.record(
      {
        action: fc.constantFrom(...actions),
        ...{ productKey: word, deviceName: word, deviceNames: fc.array(word), deviceSecret: word, clientId: word, productSecret: word },
        ...{ on: fc.boolean(), verificationCode: word, items: fc.dictionary(word, fc.jsonValue()), attributes: fc.dictionary(word, word) },
        ...{ page: fc.nat(), pageSize: fc.nat(), search: word, code: fc.nat(), from: fc.double({ noNaN: true }), before: fc.nat() },
        limit: fc.nat(),
      },
      { requiredKeys: ['action'] },
    );
    // Few commands take many fields: each is asked with those that it might take.
    const body = fc.oneof(
      fc.json(),
      word,
      fc
        .tuple(fc.constantFrom(...actions), word, word)
        .map(([action, productKey, deviceName]) => JSON.stringify({ action, productKey, deviceName })),
      command.map((one) => JSON.stringify(one)),
      fc.tuple(fc.constantFrom(...actions), fc.dictionary(word, value)).map(([action, more]) => JSON.stringify({ ...more, action })),
    );
    const access = { token: OPERATOR_TOKEN, port: 8480 };
    const request = {
      method: 'POST',
      path: '/operator',
      host: '127.0.0.1:8480',
      origin: undefined,
      authorization: `Bearer ${OPERATOR_TOKEN}`,
    };
    fc.assert(
      fc.property(body, (text) => {
        expect([200, 400]).toContain(answerOperator({ ...request, body: text }, access, platform).status);
      }),
      { numRuns: 1500 * FACTOR },
    );
  });
});
