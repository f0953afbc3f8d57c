// MQTT.js as a stranger uses it: mqttjs-device.mjs runs in a process of its own and shares nothing with us.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { caFileOf, issuedBy, MODES, type Mode } from './foreign.ts';
import { openTestStub, PRODUCT, type TestStub } from './stub.ts';

const run = promisify(execFile);
const DEVICE = join(import.meta.dirname, 'mqttjs-device.mjs');
const { productKey, productSecret } = PRODUCT;
type Carrier = 'mqtt' | 'mqtts' | 'ws' | 'wss';
type Level = '3' | '4' | '5';

/** What registers a device, what it connects over then, and with which MQTT (3 is 3.1). */
const WAYS: readonly (readonly [registration: Carrier, connection: Carrier, level: Level])[] = [
  ['mqtts', 'mqtts', '4'],
  ['mqtts', 'mqtt', '4'],
  ['wss', 'wss', '4'],
  ['wss', 'ws', '4'],
  ['mqtts', 'mqtts', '3'],
  ['wss', 'ws', '3'],
];
const REFUSED = 'mqttjs-refused';
let stub: TestStub;
let ca: ReturnType<typeof caFileOf>;

const nameOf = (mode: Mode, way: (typeof WAYS)[number]): string => `mqttjs-${mode}-${way.join('-')}`;

beforeAll(async () => {
  stub = await openTestStub([REFUSED, ...WAYS.map((way) => nameOf('register', way))]);
  ca = caFileOf(stub.certificates.caPem);
});
afterAll(async () => {
  await stub.close();
  ca.remove();
});

function urlOf(carrier: Carrier): string {
  return `${carrier}://localhost:${stub.ports[carrier]}${carrier.startsWith('ws') ? '/mqtt' : ''}`;
}

async function device(
  mode: Mode,
  [registration, connection, level]: (typeof WAYS)[number],
  deviceName: string,
  secret: string = productSecret,
) {
  const args = [DEVICE, urlOf(registration), urlOf(connection), ca.path, mode, productKey, secret, deviceName, level];
  const { stdout } = await run(process.execPath, args, { timeout: 30_000 });
  return JSON.parse(stdout) as object;
}

describe.each(MODES)('an MQTT.js device in mode %s', (mode) => {
  it.each(WAYS)(
    'registers over %s, connects over %s and posts, with MQTT level %s',
    async (...way) => {
      const deviceName = nameOf(mode, way);
      expect(await device(mode, way, deviceName)).toEqual({
        topic: `/ext/${mode}`,
        issued: issuedBy(mode, productKey, deviceName),
        granted: 1,
        answer: expect.objectContaining({ code: 200, id: '1' }) as object,
      });
      const detail = stub.platform.operate({ action: 'QueryDeviceDetail', productKey, deviceName });
      expect(detail).toMatchObject({ ok: true, device: { status: 'OFFLINE' } });
    },
    60_000,
  );

  it.each([
    ['over TCP', 2, ['mqtt', 'mqtt', '4'], productSecret],
    ['over a WebSocket in clear', 2, ['ws', 'ws', '4'], productSecret],
    ['with a wrong ProductSecret', 4, ['wss', 'wss', '4'], 'another0secret'],
    // The platform speaks 5.0 on some instances; the stub does not.
    ['with MQTT 5', 1, ['mqtts', 'mqtts', '5'], productSecret],
  ] as const)(
    'is refused registration %s: CONNACK %i',
    async (_why, code, way, secret) => {
      expect(await device(mode, way, REFUSED, secret)).toEqual({ refused: code });
    },
    60_000,
  );
});
