// Whom the operator API answers, and what it takes for a command.
import { describe, expect, it } from 'vitest';
import { ambientClock } from '../../kernel/clock.ts';
import { Platform } from '../platform.ts';
import { answerOperator, OPERATOR_BODY_MAX, type OperatorRequest } from './operator.ts';

const TOKEN = 'token-of-this-test';
const ACCESS = { token: TOKEN, port: 8480 };
const productKey = 'a1Muster0001';
const deviceName = 'unit-0001';

function fresh(): Platform {
  const platform = new Platform({ clock: ambientClock(), seed: 'test' });
  platform.operate({ action: 'CreateProduct', productKey, productSecret: 'ps0123456789abcd', dynamicRegistration: true });
  platform.operate({ action: 'AddDevices', productKey, deviceNames: [deviceName] });
  return platform;
}

function ask(request: Partial<OperatorRequest>, platform = fresh()): [status: number, body: unknown] {
  const body = JSON.stringify({ action: 'QueryDeviceDetail', productKey, deviceName });
  const usual = { method: 'POST', path: '/operator', host: '127.0.0.1:8480', origin: undefined, authorization: `Bearer ${TOKEN}`, body };
  const answer = answerOperator({ ...usual, ...request }, ACCESS, platform);
  expect(answer.headers['Content-Type']).toBe('application/json');
  return [answer.status, JSON.parse(answer.body)];
}

describe('the operator API', () => {
  it('answers the holder of the token, under every name of this machine', () => {
    for (const host of ['127.0.0.1:8480', 'localhost:8480', 'LOCALHOST:8480', '[::1]:8480']) {
      expect(ask({ host })).toMatchObject([200, { ok: true, kind: 'device', device: { status: 'UNACTIVE' } }]);
    }
    expect(ask({ origin: 'http://127.0.0.1:8480' })[0]).toBe(200);
  });

  it.each([undefined, '', 'evil.example:8480', '127.0.0.1', '127.0.0.1:8481', '127.0.0.1:8480.evil.example'])(
    'refuses the Host %j',
    (host) => {
      expect(ask({ host })[0]).toBe(403);
    },
  );

  it.each(['http://evil.example', 'https://127.0.0.1:8480', 'http://127.0.0.1:9999', 'http://localhost:8480', 'null'])(
    'refuses a page of %s',
    (origin) => {
      expect(ask({ origin })[0]).toBe(403);
    },
  );

  it.each([undefined, '', TOKEN, 'Bearer', `Bearer ${TOKEN}x`, `Bearer ${TOKEN.slice(1)}y`, `Basic ${TOKEN}`])(
    'wants the token, not %j',
    (authorization) => {
      expect(ask({ authorization })).toMatchObject([401, { ok: false, message: expect.stringContaining('Authorization') as string }]);
    },
  );

  it('answers under the names of an address of its own, and without the port that HTTP has anyhow', () => {
    const request = { method: 'POST', path: '/operator', origin: undefined, authorization: `Bearer ${TOKEN}` };
    const body = JSON.stringify({ action: 'QueryProducts' });
    const status = (host: string, access: object): number =>
      answerOperator({ ...request, host, body }, { ...ACCESS, ...access }, fresh()).status;
    const hosts = ['192.0.2.2', '[fd00::2]', 'lab-pc'];
    for (const name of hosts) expect([status(`${name}:8480`, {}), status(`${name}:8480`, { hosts })]).toEqual([403, 200]);
    expect([status('127.0.0.1', { port: 80 }), status('localhost:80', { port: 80 }), status('evil.example', { port: 80 })]).toEqual([
      200, 200, 403,
    ]);
  });

  it('exports the log as JSON lines, filtered as asked', () => {
    const request = { method: 'GET', host: '127.0.0.1:8480', origin: undefined, authorization: `Bearer ${TOKEN}`, body: '' };
    const get = (query: string): [number, string[]] => {
      const answer = answerOperator({ ...request, path: `/operator/log.jsonl${query}` }, ACCESS, fresh());
      return [answer.status, answer.body.trimEnd().split('\n')];
    };
    const operations = (lines: string[]): unknown[] => lines.map((line) => (JSON.parse(line) as { operation: string }).operation);
    const [status, lines] = get('?book=audit&limit=5');
    expect([status, operations(lines)]).toEqual([200, ['AddDevices', 'CreateProduct']]);
    expect(operations(get('?search=create')[1])).toEqual(['CreateProduct']);
    expect(get('?nobody=1')[0]).toBe(400);
    expect(get('?limit=0')[0]).toBe(400);
    expect(answerOperator({ ...request, authorization: undefined, path: '/operator/log.jsonl' }, ACCESS, fresh()).status).toBe(401);
  });

  it('knows one path and one method', () => {
    expect(ask({ path: '/' })[0]).toBe(404);
    expect(ask({ method: 'GET' })[0]).toBe(405);
    expect(ask({ body: ' '.repeat(OPERATOR_BODY_MAX + 1) })[0]).toBe(413);
  });

  it.each([
    ['', 'not JSON'],
    ['[]', '"action"'],
    ['null', 'JSON object'],
    ['{}', '"action"'],
    ['{"action":"Explode"}', '"action"'],
    ['{"action":"DeleteDevice","productKey":"a1Muster0001"}', '"deviceName"'],
    ['{"action":"DeleteDevice","productKey":"a1Muster0001","deviceName":7}', '"deviceName"'],
    ['{"action":"AddDevices","productKey":"a1Muster0001","deviceNames":["unit-0002",7]}', '"deviceNames.1"'],
    ['{"action":"QueryDeviceStatistics","productKey":"a1Muster0001","more":1}', 'unknown field "more"'],
    ['{"action":"AddDevice","productKey":"a1Muster0001","deviceName":"unit-0002","deviceSecret":"with\\"quote"}', '"deviceSecret"'],
  ])('says in one sentence what is wrong with %s', (body, named) => {
    const [status, answer] = ask({ body });
    expect(status).toBe(400);
    const { message } = answer as { message: string };
    expect(message).toContain(named);
    expect(message).toMatch(/^[A-Z][^\n]*\.$/);
    expect(message).not.toContain('quote');
  });

  it('carries commands out, and passes on what the platform refuses', () => {
    const platform = fresh();
    const command = (body: unknown): unknown => ask({ body: JSON.stringify(body) }, platform)[1];
    expect(command({ action: 'AddDevices', productKey, deviceNames: ['unit-0002', 'unit-0003'] })).toEqual({ ok: true, kind: 'done' });
    expect(command({ action: 'AddDevice', productKey, deviceName: 'unit-0004', deviceSecret: '0f48121e8cb55c65' })).toEqual({
      ok: true,
      kind: 'done',
    });
    expect(command({ action: 'QueryDeviceStatistics', productKey })).toMatchObject({ statistics: { deviceCount: 4 } });
    expect(command({ action: 'DeleteDevice', productKey, deviceName: 'unit-0002' })).toEqual({ ok: true, kind: 'done' });
    expect(command({ action: 'AddDevices', productKey, deviceNames: ['x'] })).toMatchObject({
      ok: false,
      code: 'iot.device.InvalidFormattedDeviceName',
    });
  });
});
