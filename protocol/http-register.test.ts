import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatHttpFailure,
  formatHttpSuccess,
  formatRegisterForm,
  parseHttpReply,
  parseRegisterForm,
  type RegisterForm,
} from './http-register.ts';
import { isCompact, type SecretReply } from './payload.ts';
import { SIGN_METHODS } from './sign.ts';

const FORM: RegisterForm = {
  productKey: 'a1B2c3D4e5F',
  deviceName: 'sensor-0001',
  random: '8Ygb7ULYh53B6OA',
  sign: 'AB12',
  signMethod: 'hmacsha256',
};
const BODY = 'productKey=a1B2c3D4e5F&deviceName=sensor-0001&random=8Ygb7ULYh53B6OA&sign=AB12&signMethod=hmacsha256';
const REPLY: SecretReply = {
  kind: 'register',
  productKey: 'k1hipglLdjU',
  deviceName: '868488076506128',
  deviceSecret: 'fef30000000000000000000000a0a021',
};

describe('form', () => {
  it('is written in the order of S3 and read in any', () => {
    expect(formatRegisterForm(FORM)).toBe(BODY);
    expect(parseRegisterForm(BODY)).toEqual(FORM);
    expect(parseRegisterForm(BODY.split('&').sort().join('&'))).toEqual(FORM);
  });

  it('reads HmacMD5, percent and plus signs, further fields, a final newline', () => {
    expect(parseRegisterForm('x&productKey=pk&deviceName=a%40b%3A1&random=a+b&sign=ab&signMethod=HmacMD5&extra=%E0%A4%A&\r\n')).toEqual({
      productKey: 'pk',
      deviceName: 'a@b:1',
      random: 'a b',
      sign: 'ab',
      signMethod: 'hmacmd5',
    });
    expect(parseRegisterForm(`${BODY}&deviceName=other`).deviceName).toBe('sensor-0001');
    expect(parseRegisterForm(BODY.replace('AB12', 'AB12==')).sign).toBe('AB12==');
  });

  it.each(['productKey', 'deviceName', 'random', 'sign', 'signMethod'])('names %s when it is missing, empty or wrongly encoded', (name) => {
    const without = BODY.split('&').filter((piece) => !piece.startsWith(`${name}=`));
    for (const body of [without.join('&'), [`${name}=`, ...without].join('&'), [`${name}=%GG`, ...without].join('&')]) {
      expect(() => parseRegisterForm(body)).toThrow(
        expect.objectContaining({
          name: 'ProtocolError',
          kind: 'http-form',
          message: expect.stringMatching(new RegExp(`^${name} `)) as string,
        }),
      );
    }
    expect(() => formatRegisterForm({ ...FORM, [name]: '' })).toThrow(expect.objectContaining({ kind: 'http-form' }));
  });

  it('tells an unsupported method from a missing one, and takes no MQTT spelling', () => {
    expect(() => parseRegisterForm(BODY.replace('hmacsha256', 'hmacsha512'))).toThrow(expect.objectContaining({ kind: 'sign-method' }));
    expect(() => parseRegisterForm(BODY.replace('signMethod', 'signmethod'))).toThrow(expect.objectContaining({ kind: 'http-form' }));
  });

  it('parse(format(x)) = x', () => {
    const text = fc.string({ unit: 'binary', minLength: 1 });
    const form = fc.record({ productKey: text, deviceName: text, random: text, sign: text, signMethod: fc.constantFrom(...SIGN_METHODS) });
    fc.assert(
      fc.property(form, (x) => {
        expect(parseRegisterForm(formatRegisterForm(x))).toEqual(x);
      }),
    );
  });

  it('is not written from half a surrogate pair', () => {
    expect(() => formatRegisterForm({ ...FORM, random: '\ud800' })).toThrow(expect.objectContaining({ kind: 'http-form' }));
  });
});

describe('reply', () => {
  it('has the shape and the length of the captured one', () => {
    const text = formatHttpSuccess(REPLY);
    expect(text).toBe(
      '{"code":200,"data":{"deviceName":"868488076506128","deviceSecret":"fef30000000000000000000000a0a021",' +
        '"productKey":"k1hipglLdjU"},"message":"success"}',
    );
    expect(text).toHaveLength(149);
  });

  it('stays below the 256 bytes of K2 even with the longest values', () => {
    const longest = { ...REPLY, productKey: 'p'.repeat(20), deviceName: 'd'.repeat(32), deviceSecret: 's'.repeat(63) };
    expect(formatHttpSuccess(longest).length).toBeLessThan(256);
    expect(() => formatHttpSuccess({ ...REPLY, deviceSecret: 's'.repeat(64) })).toThrow(expect.objectContaining({ kind: 'limits' }));
    expect(() => formatHttpSuccess({ ...REPLY, deviceSecret: '"' })).toThrow(expect.objectContaining({ kind: 'payload' }));
  });

  it('parse(format(x)) = x', () => {
    const plain = (max: number): fc.Arbitrary<string> => fc.stringMatching(new RegExp(`^[A-Za-z0-9@:._-]{1,${max}}$`));
    const reply = fc.record({
      kind: fc.constant('register' as const),
      productKey: plain(20),
      deviceName: plain(32),
      deviceSecret: plain(63),
    });
    fc.assert(
      fc.property(reply, (x) => {
        expect(parseHttpReply(formatHttpSuccess(x))).toEqual({ code: 200, message: 'success', reply: x });
        expect(isCompact(formatHttpSuccess(x))).toBe(true);
      }),
    );
    fc.assert(
      fc.property(
        fc.integer().filter((n) => n !== 200),
        fc.string({ unit: 'binary' }),
        (code, message) => {
          expect(parseHttpReply(formatHttpFailure(code, message))).toEqual({ code, message });
        },
      ),
    );
  });

  it('a refusal has no data and another code than 200', () => {
    expect(formatHttpFailure(6289, 'device already activated')).toBe('{"code":6289,"message":"device already activated"}');
    expect(() => formatHttpFailure(200, 'x')).toThrow(expect.objectContaining({ kind: 'payload' }));
    expect(parseHttpReply('{"code":6289,"data":{"deviceSecret":"s"}}')).toEqual({ code: 6289, message: '' });
  });

  it.each([
    '',
    'x',
    '[]',
    '{}',
    '{"code":"200"}',
    '{"code":200}',
    '{"code":200,"data":null}',
    '{"code":200,"data":{}}',
    '{"code":200,"data":{"deviceName":"dn01","productKey":"pk","deviceSecret":""}}',
  ])('refuses %s', (text) => {
    expect(() => parseHttpReply(text)).toThrow(expect.objectContaining({ name: 'ProtocolError', kind: 'payload' }));
  });
});
