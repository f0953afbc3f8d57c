// Debian's mosquitto_sub as a registering device: the one client that must subscribe before it shows anything.
import { execFile, spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestStub, PRODUCT, type TestStub } from './stub.ts';

const run = promisify(execFile);
const missing = spawnSync('mosquitto_sub', ['--help']).error !== undefined;
const { productKey, productSecret } = PRODUCT;

if (missing) {
  // In a pipeline a proof that was not run must not look like one that was.
  if (process.env.CI === 'true') {
    it('mosquitto_sub is installed', () => expect.unreachable('mosquitto_sub is missing: apt-get install mosquitto-clients'));
  } else {
    it.skip('SKIPPED, mosquitto_sub is not installed: apt-get install mosquitto-clients', () => undefined);
  }
}

describe.skipIf(missing)('mosquitto_sub', () => {
  const dir = mkdtempSync(join(tmpdir(), 'muster-mosquitto-'));
  const caFile = join(dir, 'ca.pem');
  let stub: TestStub;

  beforeAll(async () => {
    stub = await openTestStub(['mosquitto-register']);
    writeFileSync(caFile, stub.certificates.caPem);
  });
  afterAll(async () => {
    await stub.close();
    rmSync(dir, { recursive: true });
  });

  /** Registers, waits for one message, and says what came: topic, a blank, payload. */
  async function register(mode: string, port: number, version: string, secret: string = productSecret): Promise<string> {
    const deviceName = `mosquitto-${mode}`;
    const password = createHmac('sha1', secret).update(`deviceName${deviceName}productKey${productKey}random4711`).digest('hex');
    const id = `${deviceName}|securemode=2,authType=${mode},random=4711,signmethod=hmacsha1|`;
    const connection = [
      '-h',
      'localhost',
      '-p',
      String(port),
      '--cafile',
      caFile,
      '-V',
      version,
      '-i',
      id,
      '-u',
      `${deviceName}&${productKey}`,
      '-P',
      password,
    ];
    const { stdout } = await run('mosquitto_sub', [...connection, '-t', `/ext/${mode}`, '-C', '1', '-W', '10', '-v'], { timeout: 20_000 });
    return stdout;
  }

  describe.each(['register', 'regnwl'] as const)('registering with %s', (mode) => {
    it.each([
      ['mqtts', 'mqttv311'],
      ['mqtt', 'mqttv31'],
    ] as const)('gets its reply over TLS on port %s, as %s', async (port, version) => {
      const [topic, payload = ''] = (await register(mode, stub.ports[port], version)).trimEnd().split(' ');
      expect(topic).toBe(`/ext/${mode}`);
      const issued =
        mode === 'register'
          ? { deviceSecret: expect.any(String) as string }
          : { clientId: expect.any(String) as string, deviceToken: expect.any(String) as string };
      expect(JSON.parse(payload)).toEqual({ productKey, deviceName: `mosquitto-${mode}`, ...issued });
    });
  });

  it('is refused with a wrong ProductSecret', async () => {
    await expect(register('register', stub.ports.mqtts, 'mqttv311', 'wrong')).rejects.toMatchObject({
      stderr: expect.stringMatching(/bad user name or password/i) as string,
    });
  });
});
