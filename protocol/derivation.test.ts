// The derivation of a signature, and the mistake behind a wrong one. Every mistake is made here by hand, not by the code that looks for it.
import { createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { derive, type DerivationInput, type SignedRequest } from './derivation.ts';
import { SIGN_METHODS } from './sign.ts';

const registration: SignedRequest = { kind: 'registration', deviceName: '898600810000', productKey: 'a1B2c3D4e5F', random: '0000000042' };
const connect: SignedRequest = {
  kind: 'connect',
  clientId: 'a1B2c3D4e5F.sensor-0001',
  deviceName: 'sensor-0001',
  productKey: 'a1B2c3D4e5F',
  timestamp: '2524608000000',
};
const ps = 'ps0123456789abcd';
const ds = '0f48121e8cb55c65efba7e03f7000000';
const hmac = (key: string, text: string, hash = 'sha256'): string => createHmac(hash, key).update(text).digest('hex');
const RIGHT = 'deviceName898600810000productKeya1B2c3D4e5Frandom0000000042';

const explain = (observed: string, more: Partial<DerivationInput> = {}) =>
  derive({ request: registration, method: 'hmacsha256', secret: ps, observed, ...more }).explanation;

test('the steps lead to the published vectors, and hold no secret', () => {
  const { steps, password } = derive({ request: registration, method: 'hmacsha256', secret: ps });
  expect(password).toBe('283908737fc6f053b392fbcee580da0ace2f3efe4f77b03988a7ac6e8cfc9528');
  expect(steps.map((step) => step.value)).toContain(RIGHT);
  expect(JSON.stringify(steps)).not.toContain(ps);
  expect(derive({ request: connect, method: 'hmacmd5', secret: ds }).password).toBe('ff9481052eecbd16bd6ee6268b535508');
});

describe('names the mistake', () => {
  test.each([
    ['wrong order', hmac(ps, 'productKeya1B2c3D4e5FdeviceName898600810000random0000000042'), /wrong order/, {}],
    ['wrong key', hmac(ds, RIGHT), /signed with the DeviceSecret, not the ProductSecret/, { otherSecrets: { DeviceSecret: ds } }],
    ['upper-case key', hmac(ps.toUpperCase(), RIGHT), /key was changed to upper case/, {}],
    ['stale random', hmac(ps, RIGHT.replace('0000000042', '41')), /stale random/, { earlier: ['40', '41'] }],
    ['another method', hmac(ps, RIGHT, 'sha1'), /made with hmacsha1, but the request names hmacsha256/, {}],
    ['separators', hmac(ps, 'deviceName=898600810000&productKey=a1B2c3D4e5F&random=0000000042'), /"=&" in the signed text/, {}],
    ['random left out', hmac(ps, RIGHT.replace('random0000000042', '')), /random is missing/, {}],
    ['clientId signed', hmac(ps, `clientId898600810000${RIGHT}`), /clientId is signed too/, {}],
    ['value in another case', hmac(ps, RIGHT.replace('a1B2c3D4e5F', 'A1B2C3D4E5F')), /value of productKey is in another case/, {}],
    ['name in another case', hmac(ps, RIGHT.replace('deviceName', 'DeviceName')), /name deviceName is written DeviceName/, {}],
    ['base64', createHmac('sha256', ps).update(RIGHT).digest('base64'), /base64/, {}],
    ['no HMAC', createHash('sha256').update(`${RIGHT}${ps}`).digest('hex'), /plain hash of text and key/, {}],
    ['swapped', hmac(RIGHT, ps), /swapped/, {}],
    ['line break in the key', hmac(`${ps}\n`, RIGHT), /line break/, {}],
    ['values only', hmac(ps, '898600810000a1B2c3D4e5F0000000042'), /only the values/, {}],
  ])('%s', (_what, observed, mistake, more) => {
    const found = explain(observed, more);
    expect(found?.kind).toBe('mistaken');
    expect(found?.kind === 'mistaken' ? found.mistakes.join('; ') : '').toMatch(mistake);
    expect(JSON.stringify(found)).not.toContain(ps);
  });

  test('two at once', () => {
    const found = explain(hmac(ps.toUpperCase(), RIGHT.replace('random0000000042', ''), 'md5'));
    expect(found?.kind).toBe('unexplained');
    const two = explain(hmac(ps.toUpperCase(), RIGHT, 'md5'));
    expect(two).toMatchObject({ kind: 'mistaken', mistakes: [expect.stringMatching(/upper case/), expect.stringMatching(/hmacmd5/)] });
  });

  test.each([
    ['', /empty/],
    ['hello', /not hex/],
    ['abcd', /length of no method/],
    [hmac('another', 'thing', 'md5'), /are of hmacmd5, but the request names hmacsha256/],
    [hmac('another', 'thing'), /character by character/],
  ])('or says what is known of %j', (observed, why) => {
    const found = explain(observed);
    expect(found).toMatchObject({ kind: 'unexplained', why: expect.stringMatching(why) as string });
  });
});

test('what may be left out or written otherwise is right', () => {
  expect(explain(hmac(ps, RIGHT).toUpperCase())).toMatchObject({ kind: 'right', note: expect.stringMatching(/upper-case/) as string });
  const minimal = hmac(ds, 'deviceNamesensor-0001productKeya1B2c3D4e5F');
  expect(derive({ request: connect, method: 'hmacsha256', secret: ds, observed: minimal }).explanation).toMatchObject({ kind: 'right' });
});

test('a right signature is never accused', () => {
  const word = fc.string({ minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(word, word, word, word, fc.constantFrom(...SIGN_METHODS), (deviceName, productKey, random, secret, method) => {
      const request: SignedRequest = { kind: 'registration', deviceName, productKey, random };
      const { password } = derive({ request, method, secret });
      expect(derive({ request, method, secret, observed: password }).explanation).toEqual({ kind: 'right' });
    }),
    { numRuns: 50 },
  );
});
