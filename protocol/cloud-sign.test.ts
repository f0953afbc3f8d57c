// Vectors V10 and V11 of the protocol notes, the encoding, and what a changed byte does to a signature.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ACS3,
  acs3Signature,
  acs3StringToSign,
  bodyHash,
  parseAcs3Authorization,
  parseParameters,
  percentEncode,
  rpcSignature,
  rpcStringToSign,
  verifyAcs3,
  verifyRpc,
  type Acs3Request,
  type CloudParameter,
} from './cloud-sign.ts';
import { ProtocolError } from './errors.ts';

const SECRET = 'testsecret';
const OPERATION: CloudParameter[] = [
  ['ProductKey', 'a1B2c3D4e5F'],
  ['DeviceName', 'sensor-0001'],
  ['IotInstanceId', 'iot-test0001'],
];
const V10: CloudParameter[] = [
  ['AccessKeyId', 'testid'],
  ['Action', 'QueryDeviceDetail'],
  ['Format', 'JSON'],
  ['Version', '2018-01-20'],
  ['Timestamp', '2024-01-01T00:00:00Z'],
  ['SignatureMethod', 'HMAC-SHA1'],
  ['SignatureVersion', '1.0'],
  ['SignatureNonce', 'nonce-0001'],
  ...OPERATION,
];
const V11_HEADERS = {
  host: 'iot.cn-shanghai.aliyuncs.com',
  'x-acs-action': 'QueryDeviceDetail',
  'x-acs-content-sha256': 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  'x-acs-date': '2024-01-01T00:00:00Z',
  'x-acs-signature-nonce': 'nonce-0001',
  'x-acs-version': '2018-01-20',
};
const V11: Acs3Request = {
  method: 'POST',
  path: '/',
  query: OPERATION,
  headers: new Map(Object.entries(V11_HEADERS)),
  signedHeaders: Object.keys(V11_HEADERS),
  payloadHash: V11_HEADERS['x-acs-content-sha256'],
};
const kindOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof ProtocolError) return error.kind;
    throw error;
  }
  return 'none';
};

describe('the RPC signature', () => {
  it('signs the text of V10', () => {
    expect(rpcStringToSign('GET', V10)).toBe(
      'GET&%2F&AccessKeyId%3Dtestid%26Action%3DQueryDeviceDetail%26DeviceName%3Dsensor-0001%26Format%3DJSON' +
        '%26IotInstanceId%3Diot-test0001%26ProductKey%3Da1B2c3D4e5F%26SignatureMethod%3DHMAC-SHA1%26SignatureNonce%3Dnonce-0001' +
        '%26SignatureVersion%3D1.0%26Timestamp%3D2024-01-01T00%253A00%253A00Z%26Version%3D2018-01-20',
    );
  });

  it.each([
    ['GET', 'zTslV/8WaVbh4m4Sd7mE22DhmR4='],
    ['POST', 'Wow+lYPPJwCX5APpHb6g21/KSsA='],
  ])('is that of V10 for %s, in whatever order and with the Signature beside', (method, signature) => {
    expect(rpcSignature(SECRET, method, V10)).toBe(signature);
    expect(verifyRpc(SECRET, method, [...V10.toReversed(), ['Signature', signature]], signature)).toBe(true);
  });

  it('is another under another secret, method or parameter, and none when empty', () => {
    const signature = rpcSignature(SECRET, 'GET', V10);
    expect(verifyRpc('testsecreT', 'GET', V10, signature)).toBe(false);
    expect(verifyRpc(SECRET, 'POST', V10, signature)).toBe(false);
    expect(verifyRpc(SECRET, 'GET', [...V10, ['IotId', '']], signature)).toBe(false);
    expect(verifyRpc(SECRET, 'GET', V10, signature.toLowerCase())).toBe(false);
    expect(verifyRpc(SECRET, 'GET', V10, '')).toBe(false);
  });
});

describe('the ACS3 signature', () => {
  it('is that of V11, hex in either case', () => {
    const signature = '7565a2d1478c9d5f05d4ba967051a686cb38538dbb740dfff6211aabbb707c04';
    expect(bodyHash('')).toBe(V11.payloadHash);
    expect(acs3StringToSign(V11)).toMatch(/^ACS3-HMAC-SHA256\n[0-9a-f]{64}$/);
    expect(acs3Signature(SECRET, V11)).toBe(signature);
    expect(verifyAcs3(SECRET, V11, signature.toUpperCase())).toBe(true);
  });

  it.each<[string, Partial<Acs3Request>]>([
    ['method', { method: 'GET' }],
    ['path', { path: '/x' }],
    ['parameter', { query: [...OPERATION, ['IotId', 'x']] }],
    ['header', { headers: new Map(Object.entries({ ...V11_HEADERS, 'x-acs-action': 'DeleteDevice' })) }],
    ['list of signed headers', { signedHeaders: V11.signedHeaders.slice(1) }],
    ['body', { payloadHash: bodyHash('x') }],
  ])('is another with another %s', (_, bent) => {
    expect(verifyAcs3(SECRET, { ...V11, ...bent }, acs3Signature(SECRET, V11))).toBe(false);
  });

  it('ignores the white space around a header, which HTTP ignores', () => {
    const headers = new Map(Object.entries({ ...V11_HEADERS, host: ` ${V11_HEADERS.host}\t` }));
    expect(acs3Signature(SECRET, { ...V11, headers })).toBe(acs3Signature(SECRET, V11));
  });
});

describe('an Authorization header', () => {
  it('is read with or without blanks, header names in lower case', () => {
    const read = { accessKeyId: 'testid', signedHeaders: ['host', 'x-acs-date'], signature: 'ab12' };
    expect(parseAcs3Authorization(`${ACS3} Credential=testid,SignedHeaders=host;x-acs-date,Signature=ab12`)).toEqual(read);
    expect(parseAcs3Authorization(`${ACS3} Signature=ab12, Credential=testid, SignedHeaders=Host;X-Acs-Date`)).toEqual(read);
  });

  it.each([
    '',
    ACS3,
    'Bearer token',
    'ACS3-HMAC-SM3 Credential=testid,SignedHeaders=host,Signature=ab12',
    `${ACS3} Credential=,SignedHeaders=host,Signature=ab12`,
    `${ACS3} Credential=testid,Signature=ab12`,
    `${ACS3} Credential=testid,SignedHeaders=host`,
  ])('is refused when it is %j', (header) => {
    expect(kindOf(() => parseAcs3Authorization(header))).toBe('http-form');
  });
});

describe('parameters', () => {
  it('are encoded as RFC 3986 wants', () => {
    expect(percentEncode("aZ09-_.~ !'()*+/:&=%ü")).toBe('aZ09-_.~%20%21%27%28%29%2A%2B%2F%3A%26%3D%25%C3%BC');
    expect(kindOf(() => percentEncode('\ud800'))).toBe('http-form');
  });

  it('are read back from what was encoded, and from what clients leave bare', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string({ unit: 'grapheme', minLength: 1 }), fc.string({ unit: 'grapheme' }))), (parameters) => {
        const text = parameters.map(([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`).join('&');
        expect(parseParameters(text)).toEqual(parameters);
      }),
    );
    expect(parseParameters('a=*&b=x+y&c&=d&&e=f=g')).toEqual([
      ['a', '*'],
      ['b', 'x y'],
      ['c', ''],
      ['', 'd'],
      ['e', 'f=g'],
    ]);
    expect(parseParameters('')).toEqual([]);
    expect(kindOf(() => parseParameters('a=%E4%A'))).toBe('http-form');
  });
});
