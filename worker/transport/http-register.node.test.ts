// Registration over HTTPS against hosts that answer in one way each: whatever happens is an outcome, and the bytes are kept.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { ambientClock } from '../../kernel/clock.ts';
import { UserError } from '../../kernel/errors.ts';
import type { TraceEvent } from '../../kernel/trace/event.ts';
import type { Outcome } from '../../kernel/trace/outcome.ts';
import { exchangeOf, readAnswer } from './http-register.ts';
import { httpsRegistrar, type HttpsRegistrarOptions } from './http-register.node.ts';

const clock = ambientClock();
const timeouts = { dial: 5_000, reply: 5_000 };
let good = { key: '', cert: '' };
let server: Server | undefined;
const sockets = new Set<Socket>();

beforeAll(() => {
  const dir = mkdtempSync(join(tmpdir(), 'muster-https-'));
  const [key, cert] = [join(dir, 'key'), join(dir, 'pem')];
  const subject = ['-subj', '/CN=muster-test', '-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', cert, ...subject], {
    stdio: 'pipe',
  });
  good = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  rmSync(dir, { recursive: true });
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  server = undefined;
});

/** A host that does `answer` when the whole form has come. */
async function host(answer: (socket: Socket) => void): Promise<string> {
  const listening = createServer(good, (socket) => {
    sockets.add(socket.on('error', () => undefined));
    let seen = '';
    socket.on('data', (piece: Buffer) => {
      seen += piece.toString();
      if (seen.endsWith('a=b')) answer(socket);
    });
  });
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  return `https://127.0.0.1:${(listening.address() as AddressInfo).port}/`;
}

const http = (body: string, status = '200 OK'): string => `HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const DATA = '"data":{"deviceName":"sensor","deviceSecret":"0123456789abcdef","productKey":"a1B2c3D4e5F"}';

async function post(url: string, more: Partial<HttpsRegistrarOptions> = {}) {
  const events: TraceEvent[] = [];
  const exchange = exchangeOf(1, clock, (event) => events.push(event));
  const registrar = httpsRegistrar({ url, clock, timeouts, ca: good.cert, ...more });
  const answered = await registrar.post({ body: 'a=b', contentType: 'text/x-form' }, (stream) => exchange.observe(stream));
  exchange.done();
  const bytes = (dir: 'in' | 'out'): string =>
    events.map((event) => (event.kind === 'bytes' && event.dir === dir ? Buffer.from(event.bytes).toString() : '')).join('');
  return { answer: readAnswer(answered), out: bytes('out'), in: bytes('in'), kinds: events.map((event) => event.kind) };
}

test('delivers a secret, and keeps both halves of the exchange', async () => {
  const body = `{"code":200,${DATA},"message":"success"}`;
  const seen = await post(await host((socket) => socket.write(http(body))));
  expect(seen.answer).toMatchObject({ kind: 'register', deviceName: 'sensor', deviceSecret: '0123456789abcdef' });
  expect(seen.out).toMatch(
    /^POST \/auth\/register\/device HTTP\/1\.1\r\nHost: 127\.0\.0\.1\r\n[^]*Content-Type: text\/x-form\r\n[^]*\r\n\r\na=b$/,
  );
  expect(seen.in).toBe(http(body));
  expect(seen.kinds).toEqual(['opened', 'bytes', 'bytes']);
});

test.each<readonly [string, (socket: Socket) => void, Partial<Outcome>]>([
  ['a code', (socket) => socket.write(http('{"code":6289,"message":"x"}')), { kind: 'refused', by: 'http', code: 6289 }],
  ['a code under another status', (socket) => socket.write(http('{"code":460}', '403 No')), { kind: 'refused', by: 'http', code: 460 }],
  ['a status alone', (socket) => socket.write(http('<html>', '404 Not Found')), { kind: 'refused', by: 'http', code: 404 }],
  ['no JSON', (socket) => socket.write(http('<html>')), { kind: 'malformed', what: 'http' }],
  ['success without a secret', (socket) => socket.write(http('{"code":200,"data":{}}')), { kind: 'malformed', what: 'http' }],
  ['no HTTP', (socket) => socket.write('\x20\x02\x00\x00 nonsense\r\n\r\n'), { kind: 'malformed', what: 'http' }],
  ['too much', (socket) => socket.write(http('x'.repeat(100_000))), { kind: 'malformed', what: 'http' }],
  ['half an answer', (socket) => socket.end(http('{"code":200').slice(0, -4)), { kind: 'closed', stage: 'reply' }],
  ['nothing but an end', (socket) => socket.end(), { kind: 'closed', stage: 'reply' }],
])('takes %s for what it is', async (_what, answer, outcome) => {
  expect((await post(await host(answer))).answer).toMatchObject(outcome);
});

test('waits no longer than it was told', async () => {
  const seen = await post(await host(() => undefined), { timeouts: { dial: 5_000, reply: 50 } });
  expect(seen.answer).toEqual({ kind: 'silent', stage: 'reply', waitedMs: 50 });
});

test('trusts nobody it was not told to', async () => {
  const { ca: _ca, ...untold } = { ca: undefined, url: await host(() => undefined), clock, timeouts };
  const answered = await httpsRegistrar(untold).post({ body: 'a=b', contentType: null }, (stream) => stream);
  expect(readAnswer(answered)).toMatchObject({ kind: 'unreachable', stage: 'tls' });
  expect(() => httpsRegistrar({ url: 'http://127.0.0.1:1', clock, timeouts })).toThrow(UserError);
});
