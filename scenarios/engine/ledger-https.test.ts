// Registrations over HTTPS are written down as those over MQTT are: before they are sent, without a secret.
import { expect, test } from 'vitest';
import type { HttpsRegistrar } from '../../worker/transport/http-register.ts';
import { requestOf } from '../../worker/unit/https.ts';
import { ledgeredRegistrar, type LedgerEntry } from './ledger.ts';

const IDENTITY = {
  productKey: 'a1Muster0001',
  deviceName: 'unit:1&b=c',
  productSecret: 'ps0123456789abcd',
  random: '567345',
  signMethod: 'hmacsha256',
} as const;

/** What the ledger holds when each request is sent. */
async function written(...bodies: readonly string[]): Promise<LedgerEntry[][]> {
  const entries: LedgerEntry[] = [];
  const seen: LedgerEntry[][] = [];
  const wire: HttpsRegistrar = {
    post() {
      seen.push([...entries]);
      return Promise.resolve({ ok: true, status: 200, body: new Uint8Array() });
    },
  };
  const registrar = ledgeredRegistrar(wire, 'platform/registration/https', (entry) => entries.push(entry));
  for (const body of bodies) await registrar.post({ body, contentType: null }, (stream) => stream);
  return seen;
}

test('before it is sent, whatever characters its names have', async () => {
  const { request } = requestOf(IDENTITY, {});
  const [entries] = await written(request.body);
  const { productKey, deviceName } = IDENTITY;
  expect(entries).toEqual([{ what: 'registers', mode: 'register', case: 'platform/registration/https', productKey, deviceName }]);
  expect(JSON.stringify(entries)).not.toContain(IDENTITY.productSecret);
});

test('a form that names no device is sent, and leaves no entry', async () => {
  expect(await written('', 'productKey=a1Muster0001', '{"deviceName":"unit"}')).toEqual([[], [], []]);
});
