import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import mqttPacket from 'mqtt-packet';
import { describe, expect, it } from 'vitest';
import { connectContent, registrationContent } from './content.ts';
import { registrationIdentifier } from './identifier.ts';
import { formatReply } from './payload.ts';
import { parseSignMethod, sameSignature, sign, SIGN_METHODS, verifyConnect, verifyRegistration, type SignMethod } from './sign.ts';
import { REPLY_TOPIC } from './topics.ts';
import { formatUsername } from './username.ts';

const K1_DEVICE = { deviceName: 'sensor-0001', productKey: 'a1B2c3D4e5F' };
const V9_PARTS = { deviceName: '898600810000', productKey: 'a1B2c3D4e5F', random: '0000000042' };
const V9_SECRET = 'ps0123456789abcd';

/** The table of protocol.md section 9: [name, key, content built here, content printed there, md5, sha1, sha256]. */
const VECTORS: [string, string, string, string, string, string, string][] = [
  [
    'V1',
    'secret',
    connectContent({ clientId: '12345', deviceName: 'device', productKey: 'pk', timestamp: '789' }),
    'clientId12345deviceNamedeviceproductKeypktimestamp789',
    '14b198324fe55e1d3c88f2e705e201ee',
    'fafd82a3d602b37fb0fa8b7892f24a477f851a14',
    '6074a46a91b1ebb2cc4ea42790ad0e80202c9843859fc292e57c4eb19fad9e57',
  ],
  [
    'V2',
    'testSecret',
    connectContent({
      clientId: 'testProduct.testDevice',
      deviceName: 'testDevice',
      productKey: 'testProduct',
      timestamp: '1700000000000',
    }),
    'clientIdtestProduct.testDevicedeviceNametestDeviceproductKeytestProducttimestamp1700000000000',
    '5485eac94e4984394aaa4fde7aadc91b',
    '9232b5397c585d8ab4c208640a3798fefa326550',
    'cf010f6c3258ec9917e7cee0dad88c964d0fd125343140b6a78e715e87da3040',
  ],
  [
    'V5',
    'h1nQFYPZS0mW0000',
    registrationContent({ deviceName: 'device1', productKey: 'al123456789', random: '123' }),
    'deviceNamedevice1productKeyal123456789random123',
    '4288093ea2431037abfe4bc910043fcb',
    'a5feededeb0481ba1e5b6ad86cb52c0f59a645a2',
    'c859505a3e1752f4828f8dbf5bece22c7c4dec29a8a2b5f38a292c3401fa7bff',
  ],
  [
    'V6',
    'productSecret0001',
    registrationContent({ deviceName: 'deviceName1234', productKey: '1234556554', random: '567345' }),
    'deviceNamedeviceName1234productKey1234556554random567345',
    '77b73244a53371d3c12e938f21d6819b',
    'c80df8565468214766128774e2066920dc873340',
    'a012c96f94ae209395dab829bae3c6f535b8adaed591649da14f1ac28279dacd',
  ],
  [
    'V7',
    '0f48121e8cb55c65efba7e03f7000000',
    connectContent({ clientId: 'a1B2c3D4e5F.sensor-0001', ...K1_DEVICE, timestamp: '2524608000000' }),
    'clientIda1B2c3D4e5F.sensor-0001deviceNamesensor-0001productKeya1B2c3D4e5Ftimestamp2524608000000',
    'ff9481052eecbd16bd6ee6268b535508',
    '338ba453e57bb153f02da47307e6dbfbafa1e654',
    '1511332871ad35b1f90b58d0a76e189a62c793f4ada0099a966add425512f8cf',
  ],
  [
    'V8',
    '0f48121e8cb55c65efba7e03f7000000',
    connectContent({ clientId: 'a1B2c3D4e5F.sensor-0001', ...K1_DEVICE, timestamp: '2524608000000' }, 'minimal'),
    'deviceNamesensor-0001productKeya1B2c3D4e5F',
    'b2aff55e8a752231ad244b9c557567b1',
    '05e6663fb2cc4d5d671c11230e9ad240503dffee',
    'd3fa0b3bc530eb7f7164ea3d766a5a69d0d1755e508592092d60dac9763549a4',
  ],
  [
    'V9',
    V9_SECRET,
    registrationContent(V9_PARTS),
    'deviceName898600810000productKeya1B2c3D4e5Frandom0000000042',
    '603c1aac22249ffca23fed00206264c0',
    'f025e9e799726fbe7fdea0adc4750a5a4bbf3790',
    '283908737fc6f053b392fbcee580da0ace2f3efe4f77b03988a7ac6e8cfc9528',
  ],
];

describe('published vectors', () => {
  it.each(VECTORS)('%s: content and the three digests', (_name, key, built, printed, md5, sha1, sha256) => {
    expect(built).toBe(printed);
    expect(sign('hmacmd5', key, built)).toBe(md5);
    expect(sign('hmacsha1', key, built)).toBe(sha1);
    expect(sign('hmacsha256', key, built)).toBe(sha256);
  });

  it('V9 as a whole CONNECT, byte for byte', () => {
    const packet = mqttPacket.generate({
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: 4,
      clean: true,
      keepalive: 60,
      clientId: registrationIdentifier({
        clientPart: '898600810000.a1B2c3D4e5F',
        authType: 'regnwl',
        random: V9_PARTS.random,
        signMethod: 'hmacsha256',
        secureMode: '2',
      }),
      username: formatUsername(V9_PARTS.deviceName, V9_PARTS.productKey),
      password: Buffer.from(sign('hmacsha256', V9_SECRET, registrationContent(V9_PARTS))),
    });
    expect(packet.toString('hex')).toBe(
      '10c60100044d51545404c2003c' +
        '005e3839383630303831303030302e61314232633344346535467c72616e646f6d3d303030303030303034322c61757468547970653d7265676e776c2c' +
        '7365637572656d6f64653d322c7369676e6d6574686f643d686d61637368613235367c' +
        '0018383938363030383130303030266131423263334434653546' +
        '0040' +
        '32383339303837333766633666303533623339326662636565353830646130616365326633656665346637376230333938386137616336653863666339353238',
    );
  });

  it('V9 is answered by a QoS 0 PUBLISH that begins as printed', () => {
    const payload = formatReply({
      kind: 'regnwl',
      productKey: V9_PARTS.productKey,
      deviceName: V9_PARTS.deviceName,
      clientId: '9rSzYt4js92f000112',
      deviceToken: 'token1',
    });
    const packet = mqttPacket.generate({ cmd: 'publish', topic: REPLY_TOPIC.regnwl, payload, qos: 0, dup: false, retain: false });
    expect(packet.toString('hex')).toMatch(/^30..000b2f6578742f7265676e776c7b22/);
  });
});

describe('sign', () => {
  it('agrees with node:crypto on registrations of any content', () => {
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(fc.constantFrom(...SIGN_METHODS), text, text, text, text, (method, key, deviceName, productKey, random) => {
        const parts = { deviceName, productKey, random };
        const theirs = createHmac(method.slice('hmac'.length), key)
          .update(`deviceName${deviceName}productKey${productKey}random${random}`)
          .digest('hex');
        expect(sign(method, key, registrationContent(parts))).toBe(theirs);
        expect(verifyRegistration(method, key, parts, theirs.toUpperCase())).toBe(true);
      }),
    );
  });

  it('agrees with node:crypto on keys longer than a block', () => {
    const key = 'k'.repeat(100);
    for (const method of SIGN_METHODS) expect(sign(method, key, 'x')).toBe(createHmac(method.slice(4), key).update('x').digest('hex'));
  });
});

describe('parseSignMethod', () => {
  it.each<[string, SignMethod]>([
    ['hmacmd5', 'hmacmd5'],
    ['HmacMD5', 'hmacmd5'],
    ['HMACSHA1', 'hmacsha1'],
    ['hmacSha256', 'hmacsha256'],
  ])('%s', (raw, method) => {
    expect(parseSignMethod(raw)).toBe(method);
  });

  it.each(['', 'md5', 'hmacsha512', ' hmacmd5', 'hmacsha', 'constructor'])('refuses %j', (raw) => {
    expect(() => parseSignMethod(raw)).toThrow(expect.objectContaining({ kind: 'sign-method' }));
  });
});

describe('sameSignature', () => {
  it('RULE-04: the case of the hex digits does not matter', () => {
    expect(sameSignature('0123456789abcdef', '0123456789ABCDEF')).toBe(true);
    expect(sameSignature('aB', 'Ab')).toBe(true);
  });

  it.each([
    ['ab', 'ac'],
    ['ab', 'bb'],
    ['ab', 'abab'],
    ['ab', ''],
    ['', ''],
    ['zz', 'zz'],
    ['ag', 'ag'],
    ['1', '\u0131'],
    ['a', '!'],
    ['0', '@'],
    ['a', '\u0161'],
    ['ab', 'ab '],
  ])('%j is not %j', (a, b) => {
    expect(sameSignature(a, b)).toBe(false);
    expect(sameSignature(b, a)).toBe(false);
  });

  it('tells any one changed digit', () => {
    const hex = fc.stringMatching(/^[0-9a-f]{40}$/);
    fc.assert(
      fc.property(hex, fc.nat(39), fc.integer({ min: 1, max: 15 }), (a, at, shift) => {
        const other = ((parseInt(a.charAt(at), 16) + shift) % 16).toString(16);
        const b = a.slice(0, at) + other + a.slice(at + 1);
        expect(sameSignature(a, a.toUpperCase())).toBe(true);
        expect(sameSignature(a, b)).toBe(false);
      }),
    );
  });
});

describe('verify', () => {
  const parts = { clientId: 'a1B2c3D4e5F.sensor-0001', ...K1_DEVICE, timestamp: '2524608000000' };
  const dn = 'deviceNamesensor-0001productKeya1B2c3D4e5F';
  const forms = [
    `clientId${parts.clientId}${dn}timestamp2524608000000`,
    `clientId${parts.clientId}${dn}`,
    `${dn}timestamp2524608000000`,
    dn,
  ];

  it.each(SIGN_METHODS)('%s: accepts the four forms of a connection (S4), in either case', (method) => {
    for (const form of forms) {
      expect(verifyConnect(method, 'ds', parts, sign(method, 'ds', form))).toBe(true);
      expect(verifyConnect(method, 'ds', parts, sign(method, 'ds', form).toUpperCase())).toBe(true);
    }
  });

  it('refuses another secret, method, timestamp or name, and the secret itself', () => {
    const good = sign('hmacsha1', 'ds', forms[0] ?? '');
    expect(verifyConnect('hmacsha1', 'ds', parts, good)).toBe(true);
    expect(verifyConnect('hmacsha1', 'other', parts, good)).toBe(false);
    expect(verifyConnect('hmacsha256', 'ds', parts, good)).toBe(false);
    expect(verifyConnect('hmacsha1', 'ds', { ...parts, timestamp: '1' }, good)).toBe(false);
    expect(verifyConnect('hmacsha1', 'ds', { ...parts, timestamp: undefined }, good)).toBe(false);
    expect(verifyConnect('hmacsha1', 'ds', { ...parts, deviceName: 'sensor-0002' }, good)).toBe(false);
    expect(verifyConnect('hmacsha1', 'ds', parts, 'ds')).toBe(false);
  });

  it('a registration is not a connection', () => {
    const good = sign('hmacsha256', V9_SECRET, registrationContent(V9_PARTS));
    expect(verifyRegistration('hmacsha256', V9_SECRET, V9_PARTS, good)).toBe(true);
    expect(verifyRegistration('hmacsha256', V9_SECRET, { ...V9_PARTS, random: '43' }, good)).toBe(false);
    expect(verifyConnect('hmacsha256', V9_SECRET, { ...V9_PARTS, clientId: 'x' }, good)).toBe(false);
  });
});
