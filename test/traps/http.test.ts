// Traps 18 and 22: the HTTPS registration as the SDKs' own parsers see it, byte for byte, and the two ways to register side by side.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hmac, type SignMethod } from '../interop/foreign.ts';
import { PRODUCT } from '../interop/stub.ts';
import { tls } from '../interop/wire.ts';
import { Bench, productKey, REFUSED, type Issued } from './bench.ts';
import { registration } from './clients.ts';
import { connectBytes } from './raw.ts';

let bench: Bench;

beforeAll(async () => {
  bench = await Bench.open();
});
afterAll(() => bench.close());

const AUTH_HOST = 'iot-auth.cn-shanghai.aliyuncs.com';

/** How a client registers over HTTPS. */
interface FormRow {
  readonly client: string;
  readonly method: SignMethod;
  /** How `signMethod` is spelled. */
  readonly spelled: string;
  readonly hex: 'upper' | 'lower';
  readonly random: string;
  /** Request headers besides Content-Length, in the client's order. */
  readonly headers: readonly string[];
  readonly alphabetical?: true;
}

const FORM = 'Content-Type: application/x-www-form-urlencoded';
const C3 = {
  method: 'hmacsha256',
  spelled: 'hmacsha256',
  hex: 'upper',
  random: '8Ygb7ULYh53B6OA',
  headers: [`Host: ${AUTH_HOST}`, 'Accept: text/xml,text/javascript,text/html,application/json', FORM],
} as const;
const NPM = {
  method: 'hmacsha1',
  spelled: 'hmacsha1',
  hex: 'lower',
  random: 'gpzsi9injkm',
  headers: ['Accept: application/json, text/plain, */*', FORM, 'User-Agent: axios/0.18.1', 'Host: localhost:443', 'Connection: close'],
} as const;
const PLAIN = ['Host: localhost', FORM] as const;

const FORMS: Readonly<Record<string, FormRow>> = {
  // Host without a port, neither User-Agent nor Connection.
  A: { client: 'C Link SDK 4.2.0', method: 'hmacsha256', spelled: 'hmacsha256', hex: 'upper', random: '957785166', headers: PLAIN },
  C: { ...C3, client: 'C SDK 3.2.0' },
  D: { ...C3, client: 'C SDK 3.0.1' },
  E: { client: 'Python linkkit', method: 'hmacsha256', spelled: 'hmacsha256', hex: 'lower', random: 'Ax71', headers: PLAIN },
  F: { ...NPM, client: 'alibabacloud-iot-device-sdk' },
  H: { client: 'things-go', method: 'hmacmd5', spelled: 'hmacmd5', hex: 'lower', random: '42', headers: PLAIN, alphabetical: true },
  AT: { client: 'an AT-command module', method: 'hmacmd5', spelled: 'HmacMD5', hex: 'lower', random: '42', headers: PLAIN },
};
const CLIENTS = Object.keys(FORMS);

function form(who: string, deviceName: string, secret: string = PRODUCT.productSecret): string {
  const { method, spelled, hex, random, alphabetical } = FORMS[who]!;
  const digest = hmac(method, secret, `deviceName${deviceName}productKey${productKey}random${random}`);
  const sign = hex === 'upper' ? digest.toUpperCase() : digest;
  return alphabetical
    ? `deviceName=${deviceName}&productKey=${productKey}&random=${random}&sign=${sign}&signMethod=${spelled}`
    : `productKey=${productKey}&deviceName=${deviceName}&random=${random}&sign=${sign}&signMethod=${spelled}`;
}

/** The whole answer, as it came. The connection is left open, as client A leaves it: only the stated length tells where the body ends. */
async function post(who: string, body: string): Promise<{ readonly head: readonly string[]; readonly body: string; readonly raw: string }> {
  const socket = await tls(bench.ports.https, bench.caPem, { ...(who === 'D' || who === 'A' ? {} : { servername: 'localhost' }) });
  const request = ['POST /auth/register/device HTTP/1.1', ...FORMS[who]!.headers, `Content-Length: ${body.length}`, '', body].join('\r\n');
  const raw = await new Promise<string>((resolve, reject) => {
    let text = '';
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`closed before the length was reached: ${text}`)));
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      const [head, ...rest] = text.split('\r\n\r\n');
      const length = /\r\nContent-Length: (\d+)(\r\n|$)/.exec(head!)?.[1];
      if (rest.length > 0 && length === undefined) reject(new Error(`no Content-Length in this spelling: ${text}`));
      if (rest.length > 0 && rest.join('\r\n\r\n').length >= Number(length)) resolve(text);
    });
    socket.write(request);
  });
  socket.destroy();
  const at = raw.indexOf('\r\n\r\n');
  return { head: raw.slice(0, at).split('\r\n'), body: raw.slice(at + 4), raw };
}

describe('trap-18: JSON over HTTP, but the C SDKs read it with sscanf and strstr', () => {
  it.each(CLIENTS)('trap-18: %s gets Content-Length in capitals, no chunks, and code and data first without a blank', async (who) => {
    const deviceName = bench.added();
    const { head, body, raw } = await post(who, form(who, deviceName));
    expect(head[0]).toBe('HTTP/1.1 200 OK');
    expect(head).toContain(`Content-Length: ${body.length}`);
    expect(head.filter((line) => /^content-length:/i.test(line))).toHaveLength(1);
    expect(raw).not.toMatch(/transfer-encoding|content-encoding/i);
    // Every name as HTTP/1.1 writes it: A, C and D know no other.
    for (const line of head.slice(1)) expect(line).toMatch(/^[A-Z][a-z]*(-[A-Z][a-z]*)*: /);
    expect(body).toMatch(/^\{"code":200,"data":\{"/);
    expect(body).not.toMatch(/\s/);
    expect(body.length).toBeLessThan(256);
    const { data } = JSON.parse(body) as { data: Issued };
    expect(data).toEqual({ deviceName, productKey, deviceSecret: expect.stringMatching(/^[0-9A-Za-z]{1,63}$/) });
    await (await bench.online('D', data)).disconnect();
  });

  it.each(CLIENTS)('trap-18: the longest names there are stay below the 256 bytes of C and D (%s)', async (who) => {
    const deviceName = bench.added(who.padEnd(32, '@'));
    const encoded = form(who, deviceName).replace(`deviceName=${deviceName}`, `deviceName=${encodeURIComponent(deviceName)}`);
    const { body } = await post(who, encoded);
    expect(body).toMatch(/^\{"code":200,/);
    expect(body.length).toBeLessThan(256);
  });

  it.each(CLIENTS)('trap-18: a failure is HTTP 200 with another code first, a message, and no data (%s)', async (who) => {
    const [deviceName, active] = [bench.added(), await bench.issue('A')];
    await (await bench.online('A', active)).disconnect();
    const failures: readonly (readonly [number, string])[] = [
      [6600, form(who, deviceName, 'wrong')],
      [6289, form(who, active.deviceName)],
      [6100, form(who, bench.name())],
      [6250, form(who, deviceName).replace(productKey, 'a1Nobody')],
      [6292, form(who, deviceName).replace(/signMethod=.*/, 'signMethod=hmacsha3')],
      [460, form(who, deviceName).replace(/random=[^&]*&/, '')],
    ];
    for (const [code, body] of failures) {
      const answer = await post(who, body);
      expect(answer.head[0]).toBe('HTTP/1.1 200 OK');
      expect(answer.head).toContain(`Content-Length: ${answer.body.length}`);
      expect(answer.body).toMatch(new RegExp(`^\\{"code":${code},"message":"[^"]+"\\}$`));
      expect(answer.raw).not.toMatch(/transfer-encoding|deviceSecret/i);
    }
    expect((await post(who, form(who, deviceName))).body).toMatch(/^\{"code":200,/);
  });

  it('trap-18: spells signMethod in any case and takes the hex in both', async () => {
    const deviceName = bench.added();
    const body = form('AT', deviceName);
    for (const one of [
      body,
      body.replace('HmacMD5', 'HMACMD5'),
      body.replace(/sign=\w+/, (sign) => `sign=${sign.slice(5).toUpperCase()}`),
    ]) {
      expect((await post('AT', one)).body).toMatch(/^\{"code":200,/);
    }
  });
});

describe('trap-05: a random looks like a nonce, over HTTPS too', () => {
  it.each(['C', 'D', 'F'])('trap-05: %s registers again and again with the random that is compiled into it', async (who) => {
    const body = form(who, bench.added());
    expect(body).toMatch(/random=(8Ygb7ULYh53B6OA|gpzsi9injkm)&/);
    for (let i = 0; i < 3; i++) expect((await post(who, body)).body).toMatch(/^\{"code":200,/);
  });
});

describe('trap-22: a secret was delivered, but the device is not activated by that', () => {
  it('trap-22: registers over MQTT, then over HTTPS, then over MQTT before its first connect; what came last works', async () => {
    const deviceName = bench.added();
    const first = await bench.issue('B', deviceName);
    expect(bench.status(deviceName)).toBe('UNACTIVE');
    const { data } = JSON.parse((await post('C', form('C', deviceName))).body) as { data: Issued };
    expect(bench.status(deviceName)).toBe('UNACTIVE');
    const last = await bench.issue('B', deviceName);
    expect(bench.status(deviceName)).toBe('UNACTIVE');
    expect(bench.presence(deviceName)).toEqual([]);
    await (await bench.online('B', last)).disconnect();
    // The edition of the seed delivers one secret however often it is asked.
    expect([first.deviceSecret, data.deviceSecret]).toEqual([last.deviceSecret, last.deviceSecret]);
  });

  it('trap-22: the first connect closes both ways', async () => {
    const deviceName = bench.added();
    const { data } = JSON.parse((await post('D', form('D', deviceName))).body) as { data: Issued };
    const online = await bench.online('D', data);
    expect((await post('D', form('D', deviceName))).body).toMatch(/^\{"code":6289,/);
    const again = await bench.tls();
    expect(await again.send(connectBytes(registration('B', deviceName))).untilClosed()).toBe(REFUSED);
    expect(await online.ping()).toEqual([]);
    await online.disconnect();
    // Nor does being offline open it again.
    expect((await post('D', form('D', deviceName))).body).toMatch(/^\{"code":6289,/);
  });

  it('trap-22: a refused first connect does not activate', async () => {
    const issued = await bench.issue('B');
    await expect(bench.online('B', { ...issued, deviceSecret: 'wrong' })).rejects.toThrow(REFUSED);
    await bench.issue('B', issued.deviceName);
  });
});
