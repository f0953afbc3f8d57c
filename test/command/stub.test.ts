// The stub as a process: what it remembers, whom it lets operate, how it refuses when it is full.
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { createRequire } from 'node:module';
import { connect as tcpConnect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as tlsConnect } from 'node:tls';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ambientClock } from '../../kernel/clock.ts';
import { seededRandom } from '../../kernel/random.ts';
import { memoryFlash } from '../../worker/unit/flash.ts';
import { openReferenceSession } from '../../worker/session/reference.ts';
import { DEFAULT_TIMEOUTS } from '../../worker/session/session.ts';
import { tcpTransport } from '../../worker/transport/tcp.node.ts';
import { Unit } from '../../worker/unit/unit.ts';
import { muster, withServer, withStub, type Ready } from './command.ts';

const dir = mkdtempSync(join(tmpdir(), 'muster-stub-test-'));
afterAll(() => rmSync(dir, { recursive: true }));

const PRODUCT = { productKey: 'a1Muster0001', productSecret: 'ps0123456789abcd' };
const flashes = new Map<string, ReturnType<typeof memoryFlash>>();

/** A device that keeps its flash over two stubs. */
function device({ mqtts, ca }: Ready, deviceName: string, mode: 'register' | 'regnwl'): Unit {
  const clock = ambientClock();
  const flash = flashes.get(deviceName) ?? memoryFlash();
  flashes.set(deviceName, flash);
  return new Unit(
    { unitId: deviceName, mode, ...PRODUCT, deviceName },
    {
      clock,
      random: seededRandom('unit', deviceName),
      transport: tcpTransport({
        endpoints: { mqtts: `mqtts://localhost:${mqtts}` },
        ca: readFileSync(ca, 'utf8'),
        clock,
        timeouts: DEFAULT_TIMEOUTS,
      }),
      openSession: openReferenceSession,
      timeouts: DEFAULT_TIMEOUTS,
      edition: 'doc2020',
      signMethod: 'hmacsha256',
      flash,
    },
  );
}

interface Operator {
  readonly url: string;
  readonly token: string;
}
function operatorOf({ target }: Ready): Operator {
  const { administrator } = parse(readFileSync(target, 'utf8')) as { administrator: { url: string; tokenFile: string } };
  return { url: administrator.url, token: readFileSync(administrator.tokenFile, 'utf8') };
}
async function operate({ url, token }: Operator, command: object): Promise<Record<string, unknown>> {
  const response = await fetch(url, { method: 'POST', headers: { authorization: `Bearer ${token}` }, body: JSON.stringify(command) });
  return (await response.json()) as Record<string, unknown>;
}
/** A request with headers that fetch does not let one set. */
async function status(url: string, headers: Record<string, string>, body?: string): Promise<number> {
  const asked = httpRequest(url, { method: body === undefined ? 'GET' : 'POST', headers });
  asked.end(body);
  const [response] = (await once(asked, 'response')) as [{ statusCode: number; destroy(): void }];
  response.destroy();
  return response.statusCode;
}

describe('muster stub --state', () => {
  const state = join(dir, 'state');
  const config = join(dir, 'stub.yaml');
  writeFileSync(
    config,
    `products: [{ productKey: ${PRODUCT.productKey}, productSecret: ${PRODUCT.productSecret}, devices: [unit-0001, unit-0002] }]\n`,
  );
  const args = ['--state', state, '--config', config];

  it('remembers over a restart: devices go on, deleted ones stay deleted, and nobody else uses the directory', async () => {
    await withStub(args, async (ready) => {
      for (const one of [device(ready, 'unit-0001', 'register'), device(ready, 'token-0001', 'regnwl')]) {
        expect(await one.boot()).toMatchObject({ kind: 'accepted' });
        await one.disconnect();
      }
      const operator = operatorOf(ready);
      expect(await operate(operator, { action: 'DeleteDevice', productKey: PRODUCT.productKey, deviceName: 'unit-0002' })).toMatchObject({
        ok: true,
      });
      expect(await operate(operator, { action: 'X-SetDynamicRegistration', productKey: PRODUCT.productKey, on: false })).toMatchObject({
        ok: true,
      });
      const second = await muster(['stub', '--json', ...args]);
      expect([second.code, second.stdout]).toEqual([3, '']);
      expect(second.stderr).toMatch(/is in use by process \d+; stop that stub, or give --state another directory\n$/);
    });
    await withStub(args, async (ready) => {
      for (const [name, mode] of [
        ['unit-0001', 'register'],
        ['token-0001', 'regnwl'],
      ] as const) {
        const one = device(ready, name, mode);
        expect(await one.connect()).toMatchObject({ kind: 'accepted' });
        await one.disconnect();
      }
      const operator = operatorOf(ready);
      const { products } = (await operate(operator, { action: 'QueryProducts' })) as { products: Record<string, unknown>[] };
      expect(products).toMatchObject([{ dynamicRegistration: false, deviceCount: 2, activeCount: 2 }]);
    });
  }, 30_000);

  it('refuses a damaged state, keeps the file, and starts nothing', async () => {
    const file = join(state, 'state.json');
    const text = readFileSync(file, 'utf8').slice(0, -20);
    writeFileSync(file, text);
    const { code, stdout, stderr } = await muster(['stub', '--json', ...args]);
    expect([code, stdout, readFileSync(file, 'utf8') === text]).toEqual([3, '', true]);
    expect(stderr).toMatch(/state\.json cannot be used: it is not JSON; it was left as it is/);
    expect(stderr).not.toContain(PRODUCT.productSecret);
  });

  it('prints its authority with `stub ca`', async () => {
    const { code, stdout } = await muster(['stub', 'ca', '--state', state]);
    expect([code, stdout]).toEqual([0, readFileSync(join(state, 'ca.pem'), 'utf8')]);
  });
});

describe('muster stub --option', () => {
  it('reads the documents as told', async () => {
    await withStub(['--option', 'regnwlReplyTopic=/ext/register', '--option', 'refusalCode=5'], async (ready) => {
      expect(await device(ready, 'token-0002', 'regnwl').register()).toMatchObject({ kind: 'issued', topic: '/ext/register' });
      expect(await device(ready, 'unit-0003', 'register').register()).toMatchObject({ kind: 'refused', code: 5 });
    });
  }, 20_000);

  it.each([
    ['nobody=1', /names no option; write name=value; names are parsing, /],
    ['parsing', /names no option/],
    ['parsing=loose', /--option parsing has no value "loose"; give one of lenient, strict/],
  ])('refuses %s', async (option, says) => {
    const { code, stdout, stderr } = await muster(['stub', '--json', '--option', option]);
    expect([code, stdout, stderr.trimEnd().includes('\n')]).toEqual([64, '', false]);
    expect(stderr).toMatch(says);
  });
});

describe('the operator API', () => {
  it('answers nobody without the token, no page of another origin, and no name that was rebound', async () => {
    await withStub([], async (ready) => {
      const { url, token } = operatorOf(ready);
      const authorization = `Bearer ${token}`;
      const host = new URL(url).host;
      const body = JSON.stringify({ action: 'QueryProducts' });
      const seen = [];
      for (const address of [url, `${url}/events`]) {
        const sent = address === url ? body : undefined;
        seen.push([
          await status(address, { authorization }, sent),
          await status(address, {}, sent),
          await status(address, { authorization: 'Bearer wrong' }, sent),
          await status(address, { authorization, origin: 'http://evil.example' }, sent),
          await status(address, { authorization, host: 'evil.example' }, sent),
          await status(address, { authorization, host: `evil.example:${host.split(':')[1] ?? ''}` }, sent),
        ]);
      }
      expect(seen).toEqual([
        [200, 401, 401, 403, 403, 403],
        [200, 401, 401, 403, 403, 403],
      ]);
    });
  }, 20_000);

  it('streams the log as it happens', async () => {
    await withStub([], async (ready) => {
      const { url, token } = operatorOf(ready);
      const response = await fetch(`${url}/events`, { headers: { authorization: `Bearer ${token}` } });
      expect(response.headers.get('content-type')).toBe('text/event-stream');
      const reader = (response.body as ReadableStream<Uint8Array>).getReader();
      await reader.read();
      const one = device(ready, 'token-0003', 'regnwl');
      await one.boot();
      await one.disconnect();
      let text = '';
      while (!text.includes('"offline"')) text += new TextDecoder().decode((await reader.read()).value);
      await reader.cancel();
      const operations = [...text.matchAll(/^data: (.*)$/gm)].map(
        ([, json]) => (JSON.parse(json ?? '') as { operation: string }).operation,
      );
      expect(operations).toEqual(['regnwl', 'online', 'offline']);
    });
  }, 20_000);
});

describe('the cloud API', () => {
  it("answers the vendor's own client with an access key of the config, on the port that --json names", async () => {
    const config = join(dir, 'cloud.yaml');
    writeFileSync(
      config,
      `products: [{ productKey: ${PRODUCT.productKey}, productSecret: ${PRODUCT.productSecret} }]\naccessKeys: [{ id: testid, secret: testsecret }]\n`,
    );
    const { RPCClient } = createRequire(import.meta.url)('@alicloud/pop-core') as {
      RPCClient: new (config: object) => { request(action: string, params: object, options: object): Promise<Record<string, unknown>> };
    };
    await withStub(['--config', config], async (ready) => {
      const endpoint = `http://127.0.0.1:${ready.api}`;
      const client = (accessKeySecret: string) =>
        new RPCClient({ accessKeyId: 'testid', accessKeySecret, endpoint, apiVersion: '2018-01-20' });
      const added = await client('testsecret').request(
        'RegisterDevice',
        { ProductKey: PRODUCT.productKey, DeviceName: 'unit-0009' },
        { method: 'POST' },
      );
      expect(added).toMatchObject({ Success: true, Data: { DeviceName: 'unit-0009' } });
      expect(await device(ready, 'unit-0009', 'register').register()).toMatchObject({ kind: 'issued' });
      await expect(client('wrong').request('QueryProductList', { CurrentPage: 1, PageSize: 1 }, {})).rejects.toMatchObject({
        code: 'SignatureDoesNotMatch',
      });
    });
  }, 20_000);
});

describe('muster serve', () => {
  it('lets its own page operate the stub beside it, and nobody else', async () => {
    await withServer(async (app) => {
      const session = new URL('/session', app).href;
      const { operator, stub } = (await (await fetch(session)).json()) as {
        operator: { path: string; token: string };
        stub: Record<string, number>;
      };
      expect([operator.path, Object.keys(stub)]).toEqual(['/operator', ['mqtts', 'wss']]);
      const answer = await operate({ url: new URL(operator.path, app).href, token: operator.token }, { action: 'QueryProducts' });
      expect(answer).toMatchObject({ ok: true, products: [{ productKey: PRODUCT.productKey }] });
      expect([
        await status(session, { origin: 'http://evil.example' }),
        await status(session, { host: 'evil.example' }),
        await status(session, { 'sec-fetch-site': 'cross-site' }),
        await status(session, { 'sec-fetch-site': 'same-origin' }),
        await status(new URL('/operator', app).href, {}, '{}'),
      ]).toEqual([403, 403, 403, 200, 401]);
    });
  }, 20_000);
});

describe('at its capacity', () => {
  const small = join(dir, 'small.yaml');
  writeFileSync(small, `products: [{ productKey: a1, productSecret: secret }]\ncapacity: 3\n`);
  const heard = async (socket: Socket, says: string | Buffer): Promise<string> => {
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.write(says);
    await once(socket, 'close');
    return Buffer.concat(chunks).toString('latin1');
  };

  it('the listener refuses as politely as the protocol allows, and serves again when there is room', async () => {
    await withStub(['--config', small], async (ready) => {
      const idle = Array.from({ length: 3 }, () => tcpConnect(ready.mqtt, '127.0.0.1'));
      await Promise.all(idle.map((one) => once(one, 'connect')));
      // Any CONNECT: it is not looked at.
      const connect = Buffer.from('100c00044d5154540402003c0000', 'hex');
      const options = { port: ready.mqtts, host: '127.0.0.1', rejectUnauthorized: false };
      expect(await heard(tcpConnect(ready.mqtt, '127.0.0.1'), connect)).toBe('\x20\x02\x00\x03');
      expect(await heard(tlsConnect(options), connect)).toBe('\x20\x02\x00\x03');
      expect(await heard(tcpConnect(ready.ws, '127.0.0.1'), 'GET / HTTP/1.1\r\nHost: x\r\n\r\n')).toMatch(
        /^HTTP\/1\.1 503 Service Unavailable\r\n/,
      );
      expect(await status(operatorOf(ready).url, {})).toBe(401);
      for (const one of idle) one.destroy();
      await expect
        .poll(() => heard(tcpConnect(ready.ws, '127.0.0.1'), 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'))
        .toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    });
  }, 20_000);
});
