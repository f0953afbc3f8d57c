// Which answer a form gets. The bytes on the wire are checked in node/listen.node.test.ts.
import { beforeEach, describe, expect, it } from 'vitest';
import type { StreamFacts } from '../../kernel/bytes/stream.ts';
import { ambientClock } from '../../kernel/clock.ts';
import { registrationContent } from '../../protocol/content.ts';
import { formatRegisterForm, REGISTER_PATH } from '../../protocol/http-register.ts';
import { sign, type SignMethod } from '../../protocol/sign.ts';
import { Platform } from '../platform.ts';
import { answerRegistration, REGISTER_BODY_MAX, type HttpAnswer, type HttpRegisterRequest } from './http-register.ts';

const PRODUCT = { productKey: 'a1Muster0001', productSecret: 'ps0123456789abcd' };
const FACTS: StreamFacts = { kind: 'tls', encrypted: true, peer: 'test', port: 443 };
let platform: Platform;

beforeEach(() => {
  platform = new Platform({ clock: ambientClock(), seed: 'test' });
  platform.operate({ action: 'CreateProduct', ...PRODUCT, dynamicRegistration: true });
  platform.operate({ action: 'AddDevices', productKey: PRODUCT.productKey, deviceNames: ['unit-0001', 'unit-0002'] });
});

interface Bend {
  productKey?: string;
  deviceName?: string;
  secret?: string;
  signMethod?: SignMethod;
}

function form({
  productKey = PRODUCT.productKey,
  deviceName = 'unit-0001',
  secret = PRODUCT.productSecret,
  signMethod = 'hmacsha256',
}: Bend = {}): string {
  const parts = { productKey, deviceName, random: '8Ygb7ULYh53B6OA' };
  return formatRegisterForm({ ...parts, signMethod, sign: sign(signMethod, secret, registrationContent(parts)) });
}

function ask(request: Partial<HttpRegisterRequest> = {}): HttpAnswer {
  const usual = { method: 'POST', path: REGISTER_PATH, contentType: 'application/x-www-form-urlencoded', facts: FACTS, body: form() };
  return answerRegistration({ ...usual, ...request }, platform);
}

const codeOf = (answer: HttpAnswer): unknown => (JSON.parse(answer.body) as { code: unknown }).code;

describe('registration over HTTPS', () => {
  it.each(['hmacmd5', 'hmacsha1', 'hmacsha256'] as const)('answers a form signed with %s compactly, `code` first', (signMethod) => {
    const answer = ask({ body: form({ signMethod }) });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatch(
      /^{"code":200,"data":{"deviceName":"unit-0001","deviceSecret":"[0-9a-f]{32}","productKey":"a1Muster0001"},"message":"success"}$/,
    );
    expect(answer.headers).toEqual({
      'Content-Type': 'application/json',
      'Content-Length': String(answer.body.length),
      'Access-Control-Allow-Origin': '*',
    });
  });

  const cases: readonly [what: string, request: Partial<Omit<HttpRegisterRequest, 'body'>> & { body: () => string }, code: number][] = [
    ['no product of that key', { body: () => form({ productKey: 'a1Unknown' }) }, 6250],
    ['a wrong signature', { body: () => form({ secret: 'another secret' }) }, 6600],
    ['a DeviceName that was not added', { body: () => form({ deviceName: 'unit-9999' }) }, 6100],
    ['a sign method of no kind', { body: () => form().replace('hmacsha256', 'hmacsha512') }, 6292],
    ['a missing field', { body: () => form().replace(/random=[^&]*&/, '') }, 460],
    ['an empty body', { body: () => '' }, 460],
    ['JSON', { contentType: 'application/json', body: () => '{}' }, 460],
    ['a form that is too long', { body: () => form() + '&x='.padEnd(REGISTER_BODY_MAX, 'é') }, 460],
    ['a stream in clear', { facts: { ...FACTS, kind: 'tcp', encrypted: false } as const, body: () => form() }, 460],
  ];
  it.each(cases)('refuses %s with HTTP status 200 and a code of its own', (_what, { body, ...request }, code) => {
    const answer = ask({ ...request, body: body() });
    expect(answer.status).toBe(200);
    expect(codeOf(answer)).toBe(code);
    expect(JSON.parse(answer.body)).toEqual({ code, message: expect.stringMatching(/./) as string });
  });

  it('refuses while registration is off, and a device that is disabled', () => {
    platform.operate({ action: 'X-SetDynamicRegistration', productKey: PRODUCT.productKey, on: false });
    expect(codeOf(ask())).toBe(6288);
    platform.operate({ action: 'X-SetDynamicRegistration', productKey: PRODUCT.productKey, on: true });
    platform.operate({ action: 'DisableThing', productKey: PRODUCT.productKey, deviceName: 'unit-0001' });
    expect(codeOf(ask())).toBe(6204);
  });

  it('takes a form with no content type, with parameters to it, and a path with a query', () => {
    expect(codeOf(ask({ contentType: undefined }))).toBe(200);
    expect(codeOf(ask({ contentType: 'Application/X-WWW-Form-Urlencoded; charset=utf-8' }))).toBe(200);
    expect(codeOf(ask({ path: `${REGISTER_PATH}?x=1` }))).toBe(200);
  });

  it('answers a browser that asks first, and knows other paths and methods', () => {
    const preflight = ask({ method: 'OPTIONS' });
    expect(preflight).toMatchObject({
      status: 204,
      body: '',
      headers: { 'Access-Control-Allow-Origin': '*', 'Access-Control-Allow-Methods': 'POST, OPTIONS' },
    });
    expect(ask({ method: 'GET' })).toMatchObject({ status: 405, headers: { Allow: 'POST, OPTIONS' } });
    expect(ask({ path: '/auth/devicename' }).status).toBe(404);
  });

  it('never has to deliver a secret that no reply can carry: the operator is refused it', () => {
    const added = platform.operate({
      action: 'AddDevice',
      productKey: PRODUCT.productKey,
      deviceName: 'unit-long',
      deviceSecret: 'x'.repeat(64),
    });
    expect(added).toMatchObject({ ok: false, code: 'iot.device.InvalidFormattedDeviceSecret' });
    expect(codeOf(ask({ body: form({ deviceName: 'unit-long' }) }))).toBe(6100);
  });
});
