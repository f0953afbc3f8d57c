// MQTT.js as a stranger uses it: mqttjs-device.mjs runs in a process of its own and shares nothing with us.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestStub, PRODUCT, type TestStub } from './stub.ts';

const run = promisify(execFile);
const DEVICE = join(import.meta.dirname, 'mqttjs-device.mjs');
const { productKey, productSecret } = PRODUCT;
const dir = mkdtempSync(join(tmpdir(), 'muster-mqttjs-'));
const caFile = join(dir, 'ca.pem');
let stub: TestStub;

beforeAll(async () => {
  stub = await openTestStub(['mqttjs-tls-register', 'mqttjs-wss-register']);
  writeFileSync(caFile, stub.certificates.caPem);
});
afterAll(async () => {
  await stub.close();
  rmSync(dir, { recursive: true });
});

describe.each(['tls', 'wss'] as const)('an MQTT.js device over %s', (carrier) => {
  it.each(['register', 'regnwl'] as const)(
    'obtains its identity with %s, connects and posts',
    async (mode) => {
      const url = carrier === 'tls' ? `mqtts://localhost:${stub.ports.mqtts}` : `wss://localhost:${stub.ports.wss}/mqtt`;
      const deviceName = `mqttjs-${carrier}-${mode}`;
      const { stdout } = await run(process.execPath, [DEVICE, url, url, caFile, mode, productKey, productSecret, deviceName], {
        timeout: 20_000,
      });
      const said = JSON.parse(stdout) as { topic: string; issued: Record<string, string> };
      expect(said).toMatchObject({ topic: `/ext/${mode}`, issued: { productKey, deviceName }, granted: 1, answer: { code: 200, id: '1' } });
      expect(Object.keys(said.issued).sort()).toEqual(
        mode === 'register' ? ['deviceName', 'deviceSecret', 'productKey'] : ['clientId', 'deviceName', 'deviceToken', 'productKey'],
      );
      const detail = stub.platform.operate({ action: 'QueryDeviceDetail', productKey, deviceName });
      expect(detail).toMatchObject({ ok: true, device: { status: 'OFFLINE' } });
    },
    30_000,
  );
});
