// Debian's python3-paho-mqtt as a device: paho_device.py, whose signatures are made by Python's own hmac.
import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { caFileOf, describeForeign, issuedBy, MODES, SIGN_METHODS } from './foreign.ts';
import { openTestStub, PRODUCT, type TestStub } from './stub.ts';

const run = promisify(execFile);
const DEVICE = join(import.meta.dirname, 'paho_device.py');
const { productKey, productSecret } = PRODUCT;
// The package belongs to the system's Python, which need not be the first on PATH.
const python = ['/usr/bin/python3', 'python3'].find((program) => spawnSync(program, ['-c', 'import paho.mqtt.client']).status === 0);

/** Every way, and each method of signing on some of them. */
const WAYS = MODES.flatMap((mode) =>
  ['tls', 'tcp'].flatMap((carrier) => ['3.1', '3.1.1'].map((version) => ({ mode, carrier, version }))),
).map((way, i) => ({ ...way, method: SIGN_METHODS[i % SIGN_METHODS.length] as string, deviceName: `paho-${i}` }));
const UNREGISTERED = 'paho-wrong';

describeForeign('paho-mqtt for Python', python !== undefined, 'apt-get install python3-paho-mqtt', () => {
  let stub: TestStub;
  let ca: ReturnType<typeof caFileOf>;

  beforeAll(async () => {
    stub = await openTestStub([UNREGISTERED, ...WAYS.filter(({ mode }) => mode === 'register').map(({ deviceName }) => deviceName)]);
    ca = caFileOf(stub.certificates.caPem);
  });
  afterAll(async () => {
    await stub.close();
    ca.remove();
  });

  async function device(way: Omit<(typeof WAYS)[number], 'method'> & { method: string }, secret: string = productSecret): Promise<unknown> {
    const { mqtt, mqtts } = stub.ports;
    const { carrier, mode, version, method, deviceName } = way;
    const args = [DEVICE, ca.path, mqtts, carrier === 'tls' ? mqtts : mqtt, carrier, mode, version, method, productKey, secret, deviceName];
    const { stdout } = await run(python as string, args.map(String), { timeout: 40_000 });
    return JSON.parse(stdout);
  }

  it.each(WAYS)(
    'goes through $mode, connects over $carrier and posts, as MQTT $version with $method',
    async (way) => {
      const { mode, deviceName } = way;
      expect(await device(way)).toEqual({
        issued: issuedBy(mode, productKey, deviceName),
        granted: [1],
        answer: expect.objectContaining({ code: 200, id: '7' }) as object,
      });
      const detail = stub.platform.operate({ action: 'QueryDeviceDetail', productKey, deviceName });
      expect(detail).toMatchObject({ ok: true, device: { status: 'OFFLINE' } });
    },
    60_000,
  );

  it.each(MODES)(
    'is told CONNACK 4 with a wrong ProductSecret, in mode %s',
    async (mode) => {
      const way = { mode, carrier: 'tls', version: '3.1.1', method: 'hmacsha256', deviceName: UNREGISTERED };
      expect(await device(way, 'another0secret')).toEqual({ refused: 4 });
    },
    60_000,
  );
});
