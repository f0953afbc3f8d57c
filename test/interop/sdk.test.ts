// The vendor's npm SDK 1.2.8 (mqtt.js 3 and axios 0.18 inside) as a device that registers over HTTPS.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { caFileOf } from './foreign.ts';
import { openTestStub, PRODUCT, type TestStub } from './stub.ts';

const run = promisify(execFile);
const DEVICE = join(import.meta.dirname, 'sdk-device.mjs');
const { productKey, productSecret } = PRODUCT;
const CARRIERS = ['mqtts', 'mqtt', 'ws', 'wss'] as const;
let stub: TestStub;
let ca: ReturnType<typeof caFileOf>;

beforeAll(async () => {
  stub = await openTestStub(CARRIERS.map((carrier) => `sdk-${carrier}`));
  ca = caFileOf(stub.certificates.caPem);
});
afterAll(async () => {
  await stub.close();
  ca.remove();
});

interface Said {
  readonly registered: Record<string, unknown>;
  readonly sessions: readonly object[];
}

async function device(deviceName: string, brokerUrl: string, secret: string = productSecret): Promise<Said> {
  const args = [DEVICE, `https://localhost:${stub.ports.https}/auth/register/device`, brokerUrl, productKey, secret, deviceName];
  const { stdout } = await run(process.execPath, args, { env: { ...process.env, NODE_EXTRA_CA_CERTS: ca.path }, timeout: 30_000 });
  return JSON.parse(stdout) as Said;
}

describe('the npm SDK', () => {
  it.each(CARRIERS)(
    'registers over HTTPS, then connects and posts over %s, twice',
    async (carrier) => {
      const deviceName = `sdk-${carrier}`;
      const { registered, sessions } = await device(deviceName, `${carrier}://localhost:${stub.ports[carrier]}/`);
      expect(registered).toEqual({
        code: 200,
        message: expect.any(String) as string,
        data: { productKey, deviceName, deviceSecret: expect.stringMatching(/^[0-9a-z]{32}$/) as string },
      });
      // It writes the topic it waits on into the message's id, and calls back only when the id comes back as it was. Two of its filters
      // match that topic, and its second session resumes the first: the answer comes once all the same.
      const id = (n: number): string => `${n}|exp-topic|/sys/${productKey}/${deviceName}/thing/event/property/post_reply`;
      expect(sessions).toEqual([1, 2].map((n) => ({ answer: expect.objectContaining({ code: 200, id: id(n) }) as object, copies: 1 })));
      const detail = stub.platform.operate({ action: 'QueryDeviceDetail', productKey, deviceName });
      expect(detail).toMatchObject({ ok: true, device: { status: 'OFFLINE' } });
    },
    60_000,
  );

  it('reads the code and the message of a refusal', async () => {
    expect(await device('sdk-mqtts', 'mqtts://localhost:1', 'another0secret')).toEqual({
      registered: { code: 6600, message: expect.any(String) as string },
      sessions: [],
    });
    expect(await device('sdk-unknown', 'mqtts://localhost:1')).toMatchObject({ registered: { code: 6100 }, sessions: [] });
  }, 60_000);
});
