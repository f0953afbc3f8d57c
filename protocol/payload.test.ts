import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatPostReply,
  formatPropertyPost,
  formatReply,
  isCompact,
  parsePostReply,
  parsePropertyPost,
  parseReply,
  type RegistrationReply,
  type SecretReply,
  type TokenReply,
} from './payload.ts';

const SECRET: SecretReply = {
  kind: 'register',
  productKey: 'a1B2c3D4e5F',
  deviceName: 'sensor-0001',
  deviceSecret: '0f48121e8cb55c65efba7e03f7000000',
};
const TOKEN: TokenReply = {
  kind: 'regnwl',
  productKey: 'a1B2c3D4e5F',
  deviceName: 'sensor-0001',
  clientId: '9rSzYt4js92f000112',
  deviceToken: 'abcDEF0123456789',
};
const utf8 = new TextEncoder();

describe('formatReply', () => {
  it('writes the bytes seen on the wire', () => {
    expect(formatReply(SECRET)).toBe(
      '{"deviceSecret":"0f48121e8cb55c65efba7e03f7000000","productKey":"a1B2c3D4e5F","deviceName":"sensor-0001"}',
    );
    expect(formatReply(TOKEN)).toBe(
      '{"clientId":"9rSzYt4js92f000112","productKey":"a1B2c3D4e5F","deviceName":"sensor-0001","deviceToken":"abcDEF0123456789"}',
    );
  });

  it.each<[string, RegistrationReply, string]>([
    ['a quote', { ...SECRET, deviceSecret: 'a"b' }, 'payload'],
    ['a backslash', { ...TOKEN, deviceToken: 'a\\b' }, 'payload'],
    ['a control character', { ...TOKEN, clientId: 'a\nb' }, 'payload'],
    ['half a surrogate pair', { ...SECRET, deviceName: 'abc\ud800' }, 'payload'],
    ['an empty secret', { ...SECRET, deviceSecret: '' }, 'payload'],
    ['an empty token', { ...TOKEN, deviceToken: '' }, 'payload'],
    ['an empty ProductKey', { ...TOKEN, productKey: '' }, 'payload'],
    ['a secret of 64', { ...SECRET, deviceSecret: 'x'.repeat(64) }, 'limits'],
    ['a token of 64', { ...TOKEN, deviceToken: 'x'.repeat(64) }, 'limits'],
    ['a ClientID of 65', { ...TOKEN, clientId: 'x'.repeat(65) }, 'limits'],
    ['a DeviceName of 33', { ...SECRET, deviceName: 'x'.repeat(33) }, 'limits'],
  ])('refuses %s', (_name, reply, kind) => {
    expect(() => formatReply(reply)).toThrow(expect.objectContaining({ name: 'ProtocolError', kind }));
  });

  it('takes the longest values', () => {
    expect(parseReply(formatReply({ ...SECRET, deviceSecret: 'x'.repeat(63) }))).toMatchObject({ deviceSecret: 'x'.repeat(63) });
    expect(parseReply(formatReply({ ...TOKEN, clientId: 'x'.repeat(64), deviceToken: 'y'.repeat(63) }))).toMatchObject({
      clientId: 'x'.repeat(64),
      deviceToken: 'y'.repeat(63),
    });
  });

  const plain = (max: number): fc.Arbitrary<string> =>
    fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: max }).map((s) => s.replace(/["\\]/g, '_'));
  const names = { productKey: plain(20), deviceName: plain(32) };
  const secretReply = fc.record({ kind: fc.constant('register' as const), ...names, deviceSecret: plain(63) });
  const tokenReply = fc.record({ kind: fc.constant('regnwl' as const), ...names, clientId: plain(64), deviceToken: plain(63) });

  it('parse(format(x)) = x, as text and as bytes, always compact', () => {
    fc.assert(
      fc.property(fc.oneof(secretReply, tokenReply), (reply) => {
        const text = formatReply(reply);
        expect(parseReply(text)).toEqual(reply);
        expect(parseReply(utf8.encode(text))).toEqual(reply);
        expect(isCompact(text)).toBe(true);
      }),
    );
  });
});

describe('parseReply', () => {
  it.each([
    ['spacing of S1', '{ "deviceSecret" : "s1",\n "productKey" : "pk", "deviceName" : "dn01" }'],
    ['other order, further fields', '{"deviceName":"dn01","iotId":"x","n":{"deviceToken":"no"},"deviceSecret":"s1","productKey":"pk"}'],
    ['escapes', '{"deviceSecret":"\\u0073\\u0031","productKey":"pk","device\\u004eame":"dn01"}'],
    ['repeated key, last counts', '{"deviceSecret":"s0","productKey":"pk","deviceName":"dn01","deviceSecret":"s1"}'],
    ['byte order mark', '\ufeff{"deviceSecret":"s1","productKey":"pk","deviceName":"dn01"}'],
  ])('%s', (_name, text) => {
    expect(parseReply(utf8.encode(text))).toEqual({ kind: 'register', productKey: 'pk', deviceName: 'dn01', deviceSecret: 's1' });
  });

  it.each([
    ['nothing', ''],
    ['no JSON', 'deviceSecret=s1'],
    ['cut off', '{"deviceSecret":"s1","productKey":"pk","deviceNa'],
    ['an array', '["deviceSecret"]'],
    ['null', 'null'],
    ['text', '"deviceSecret"'],
    ['no credentials', '{"productKey":"pk","deviceName":"dn01"}'],
    ['empty secret', '{"deviceSecret":"","productKey":"pk","deviceName":"dn01"}'],
    ['numeric secret', '{"deviceSecret":1,"productKey":"pk","deviceName":"dn01"}'],
    ['null token', '{"clientId":"c","deviceToken":null,"productKey":"pk","deviceName":"dn01"}'],
    ['token without ClientID', '{"deviceToken":"t","productKey":"pk","deviceName":"dn01"}'],
    ['ClientID without token', '{"clientId":"c","productKey":"pk","deviceName":"dn01"}'],
    ['no DeviceName', '{"deviceSecret":"s1","productKey":"pk"}'],
    ['no ProductKey', '{"deviceSecret":"s1","deviceName":"dn01"}'],
    ['both kinds', '{"deviceSecret":"s1","clientId":"c","deviceToken":"t","productKey":"pk","deviceName":"dn01"}'],
    ['credentials on the prototype', '{"__proto__":{"deviceSecret":"s1"},"productKey":"pk","deviceName":"dn01"}'],
  ])('refuses %s', (_name, text) => {
    expect(() => parseReply(text)).toThrow(expect.objectContaining({ name: 'ProtocolError', kind: 'payload' }));
  });

  it('refuses bytes that are not UTF-8', () => {
    const bytes = utf8.encode(formatReply(SECRET));
    bytes[20] = 0xff;
    expect(() => parseReply(bytes)).toThrow(expect.objectContaining({ kind: 'payload' }));
  });
});

describe('isCompact', () => {
  it.each([
    ['{"a":"b"}', true],
    ['{"a":"b c"}', true],
    ['{"a": "b"}', false],
    ['{"a" :"b"}', false],
    ['{"a":"b"}\n', false],
    ['{\t"a":"b"}', false],
    ['{"a":"\\u0041"}', false],
    ['{"a":"\\""}', false],
    ['{"a":"b', false],
  ])('%j: %s', (text, expected) => {
    expect(isCompact(text)).toBe(expected);
  });
});

describe('property post', () => {
  it('writes the envelope of section 11', () => {
    expect(formatPropertyPost({ id: '1', params: { Temp: 21.5 } })).toBe(
      '{"id":"1","version":"1.0","params":{"Temp":21.5},"method":"thing.event.property.post"}',
    );
    expect(formatPropertyPost({ id: '1', params: {}, ack: false })).toContain('"sys":{"ack":0}');
  });

  it.each(['', '-1', '1.5', '4294967296', '1e3', '00000000001'])('refuses the id %j', (id) => {
    expect(() => formatPropertyPost({ id, params: {} })).toThrow(expect.objectContaining({ kind: 'payload' }));
  });

  it('parse(format(x)) = x', () => {
    const post = fc.record({
      id: fc.nat(4294967295).map(String),
      params: fc.dictionary(fc.string(), fc.oneof(fc.integer(), fc.string(), fc.boolean()), { noNullPrototype: true }),
      ack: fc.boolean(),
    });
    fc.assert(
      fc.property(post, (x) => {
        expect(parsePropertyPost(formatPropertyPost(x))).toEqual(x);
      }),
    );
  });

  it('keeps an id of any shape and takes a number for text', () => {
    expect(parsePropertyPost('{"id":"1|exp-topic|/sys/pk/dn/post_reply","params":{}}').id).toBe('1|exp-topic|/sys/pk/dn/post_reply');
    expect(parsePropertyPost('{"id":7,"params":{}}')).toEqual({ id: '7', params: {}, ack: true });
  });

  it.each(['{"params":{}}', '{"id":"","params":{}}', '{"id":"1"}', '{"id":"1","params":[]}', '{"id":"1","params":{},"method":"thing.x"}'])(
    'refuses %s',
    (text) => {
      expect(() => parsePropertyPost(text)).toThrow(expect.objectContaining({ kind: 'payload' }));
    },
  );
});

describe('post reply', () => {
  it('writes keys in the order of section 11', () => {
    expect(formatPostReply({ id: '1', code: 200 })).toBe(
      '{"code":200,"data":{},"id":"1","message":"success","method":"thing.event.property.post","version":"1.0"}',
    );
    expect(formatPostReply({ id: '1', code: 6207 })).toContain('"message":"payload is not JSON"');
  });

  it('parse(format(x)) = x', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.integer(), fc.string(), (id, code, message) => {
        expect(parsePostReply(utf8.encode(formatPostReply({ id, code, message })))).toEqual({ id, code, message });
      }),
    );
  });

  it('does without a message, not without id or code', () => {
    expect(parsePostReply('{"id":3,"code":200}')).toEqual({ id: '3', code: 200 });
    for (const text of ['{"id":"3"}', '{"code":200}', '{"id":"3","code":"200"}', '{"id":"3","code":1.5}', '[]']) {
      expect(() => parsePostReply(text)).toThrow(expect.objectContaining({ kind: 'payload' }));
    }
  });
});
