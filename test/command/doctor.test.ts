// `muster doctor`: what is in the way is named with what to do, and nothing is consumed that was not offered.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { muster, withStub, type Ready } from './command.ts';

interface Examination {
  readonly what: string;
  readonly health: string;
  readonly said: string;
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-test-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

type TargetFile = Record<string, Record<string, string>>;
const targetOf = (ready: Ready): TargetFile => parse(readFileSync(ready.target, 'utf8')) as TargetFile;

/** The target file of a stub with something changed. */
function changed(ready: Ready, name: string, change: (target: TargetFile) => void): string {
  const target = targetOf(ready);
  change(target);
  const path = join(folder, name);
  writeFileSync(path, stringify(target));
  return path;
}

async function examine(target: string, ...more: string[]): Promise<{ code: number | null; found: readonly Examination[] }> {
  const { code, stdout } = await muster(['doctor', '--target', target, '--json', ...more]);
  return { code, found: (JSON.parse(stdout) as { examinations: Examination[] }).examinations };
}

const problems = (found: readonly Examination[]): string[] =>
  found.filter((one) => one.health === 'problem').map((one) => `${one.what}: ${one.said}`);

test('finds nothing in the way of a stub, and says so of every stage', async () => {
  await withStub([], async (ready) => {
    const { code, stdout, stderr } = await muster(['doctor', '--target', ready.target]);
    expect([code, stderr]).toEqual([0, '']);
    for (const what of ['endpoints', 'tcp mqtts', 'tls mqtts', 'tls https', 'product', 'switch', 'clock', 'administrator', 'open files'])
      expect(stdout).toMatch(new RegExp(`^ok +${what} `, 'm'));
    expect(stdout).not.toContain('What to do');
  });
});

test('consumes nothing without --allow-probe, and one ClientID with it', async () => {
  await withStub([], async (ready) => {
    const target = changed(ready, 'no-https.yaml', (file) => {
      delete file['endpoints']?.['https'];
      delete file['profiles'];
    });
    const { url = '', tokenFile = '' } = targetOf(ready)['administrator'] ?? {};
    const devices = async (): Promise<number> => {
      const answer = await fetch(url, {
        method: 'POST',
        headers: { authorization: `Bearer ${readFileSync(tokenFile, 'utf8').trim()}`, 'content-type': 'application/json' },
        body: JSON.stringify({ action: 'QueryDeviceStatistics', productKey: 'a1Muster0001' }),
      });
      return ((await answer.json()) as { statistics: { deviceCount: number } }).statistics.deviceCount;
    };
    const before = await devices();
    const { found } = await examine(target);
    expect(found.find((one) => one.what === 'product')?.health).toBe('unknown');
    expect(await devices()).toBe(before);
    const probed = await examine(target, '--allow-probe');
    expect(probed.found.filter((one) => one.what === 'product' || one.what === 'switch').map((one) => one.health)).toEqual(['ok', 'ok']);
    expect(await devices()).toBe(before + 1);
  });
});

describe('names what is in the way', () => {
  test('of a product', async () => {
    await withStub([], async (ready) => {
      const unknown = await examine(changed(ready, 'unknown.yaml', (file) => (file['product'] = { ...file['product'], key: 'a1Nobody' })));
      expect([unknown.code, problems(unknown.found)[0]]).toEqual([3, expect.stringMatching(/product: .*no product a1Nobody \(6250\)/)]);
      const secret = join(folder, 'wrong-secret');
      writeFileSync(secret, 'wrongwrongwrong1');
      const wrong = await examine(changed(ready, 'wrong.yaml', (file) => (file['product'] = { key: 'a1Muster0001', secretFile: secret })));
      expect([wrong.code, problems(wrong.found)[0]]).toEqual([3, expect.stringMatching(/6600.*ProductSecret is wrong/)]);
      expect(JSON.stringify(wrong.found)).not.toContain('wrongwrong');
    });
  });

  test('of a switch that is off, over HTTPS and by a probe', async () => {
    const config = join(folder, 'off.yaml');
    writeFileSync(
      config,
      'products:\n  - { productKey: a1Muster0001, productSecret: ps0123456789abcd, dynamicRegistration: false, devices: [] }\n',
    );
    await withStub(['--config', config], async (ready) => {
      expect(problems((await examine(ready.target)).found)).toEqual([expect.stringMatching(/switch: .*off.*6288/)]);
      const target = changed(ready, 'off-target.yaml', (file) => {
        delete file['endpoints']?.['https'];
        delete file['profiles'];
      });
      const { code, found } = await examine(target, '--allow-probe');
      expect(code).toBe(3);
      expect(problems(found).join()).toMatch(/refused connack 4.*alike|something else was refused/);
    });
  });

  test('of certificates and names', async () => {
    await withStub([], async (ready) => {
      const untrusted = await examine(changed(ready, 'untrusted.yaml', (file) => delete file['tls']));
      expect(problems(untrusted.found).join()).toMatch(/tls mqtts: the certificate is not trusted .*chain: localhost/);
      const name = await examine(changed(ready, 'name.yaml', (file) => (file['tls'] = { ...file['tls'], serverName: 'iot.example.com' })));
      expect(name.code).toBe(3);
      expect(problems(name.found).join()).toMatch(/ERR_TLS_CERT_ALTNAME_INVALID/);
    });
  });

  test('of addresses: a dead port, a name that nobody knows, a port that speaks no TLS', async () => {
    const env = { MUSTER_PRODUCT_KEY: 'a1Muster0001', MUSTER_PRODUCT_SECRET: 'ps0123456789abcd' };
    const silent = createServer((socket) => socket.on('error', () => undefined).end('hello\r\n')).listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    const open = (silent.address() as AddressInfo).port;
    const said = async (target: string): Promise<string> => {
      const { code, stdout } = await muster(['doctor', '--target', target], env);
      expect(code).toBe(3);
      return stdout;
    };
    try {
      expect(await said('mqtts://127.0.0.1:1')).toMatch(/problem +tcp mqtts +nothing listens at 127\.0\.0\.1:1/);
      expect(await said('mqtts://no-such-host.invalid:8883')).toMatch(/problem +dns mqtts/);
      expect(await said(`mqtts://127.0.0.1:${open}`)).toMatch(/problem +tls mqtts +the handshake failed/);
    } finally {
      silent.close();
    }
  });
});

describe('signature', () => {
  const sent = [
    '--identifier',
    '898600810000.a1B2c3D4e5F|random=0000000042,authType=regnwl,securemode=2,signmethod=hmacsha256|',
    '--username',
    '898600810000&a1B2c3D4e5F',
  ];
  const env = { MUSTER_PRODUCT_SECRET: 'ps0123456789abcd', DEVICE_SECRET: '0f48121e8cb55c65efba7e03f7000000' };
  const RIGHT = '283908737fc6f053b392fbcee580da0ace2f3efe4f77b03988a7ac6e8cfc9528';

  test('shows each step, and no secret', async () => {
    const { code, stdout } = await muster(['doctor', 'signature', ...sent], env);
    expect(code).toBe(0);
    expect(stdout).toContain('deviceName898600810000productKeya1B2c3D4e5Frandom0000000042');
    expect(stdout).toContain(RIGHT);
    expect(stdout).not.toContain(env.MUSTER_PRODUCT_SECRET);
  });

  test('knows a right one, and the mistake in a wrong one', async () => {
    expect(await muster(['doctor', 'signature', ...sent, '--password', RIGHT.toUpperCase()], env)).toMatchObject({ code: 0 });
    const md5 = '603c1aac22249ffca23fed00206264c0';
    const { code, stdout } = await muster(['doctor', 'signature', ...sent, '--password', md5], env);
    expect([code, stdout]).toEqual([1, expect.stringMatching(/made with hmacmd5, but the request names hmacsha256/)]);
  });

  test.each([
    [['--identifier', 'x|authType=register,signmethod=hmacsha256|', '--username', 'dn01&pk'], /has no random/],
    [['--identifier', 'x|authType=connwl,securemode=-2|', '--username', 'dn01&pk'], /connwl is not signed/],
    [['--identifier', 'x|signmethod=rot13|', '--username', 'dn01&pk'], /sign method is none of/],
    [['--identifier', 'x|signmethod=hmacsha1|', '--username', 'nothing'], /--username/],
  ])('refuses %j', async (args, why) => {
    const { code, stderr } = await muster(['doctor', 'signature', ...args], env);
    expect([code, stderr]).toEqual([64, expect.stringMatching(why)]);
  });

  test('asks for the secret by its variable', async () => {
    const { code, stderr } = await muster(['doctor', 'signature', ...sent, '--secret-env', 'NOWHERE'], env);
    expect([code, stderr]).toEqual([64, expect.stringMatching(/NOWHERE is not set/)]);
  });
});
