import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from './errors.ts';
import {
  EXT_NOTIFY,
  EXT_RRPC,
  formatIdentifier,
  parseIdentifier,
  readLogin,
  registrationIdentifier,
  secretIdentifier,
  tokenIdentifier,
  type Login,
} from './identifier.ts';
import { SIGN_METHODS } from './sign.ts';

const DN = 'sensor-0001';
const PK = 'a1B2c3D4e5F';
const ID = 'iot-06z00abcd';
const CID = '9rSzYt4js92f000112';

function registration(kind: 'register' | 'regnwl', clientPart: string, random: string, rest: Partial<Login> = {}): Login {
  const base = { kind, clientPart, random, signMethod: 'hmacsha256', secureMode: '2', instanceId: undefined } as const;
  return { ...base, ...rest } as Login;
}

function secret(clientPart: string, rest: Partial<Login>): Login {
  const base = {
    kind: 'secret',
    clientPart,
    signMethod: 'hmacsha256',
    timestamp: undefined,
    secureMode: '2',
    ext: 0,
    autoSubscribe: false,
  } as const;
  return { ...base, ...rest } as Login;
}

function token(rest: Partial<Login> = {}): Login {
  return { kind: 'token', clientId: CID, secureMode: '-2', ext: 0, autoSubscribe: false, ...rest } as Login;
}

/** What each client puts on the wire (clients.md section 2, protocol.md 2.2, 4a, 4b), letters as there. */
const SEEN: [string, string, Login][] = [
  [
    'A register',
    `${DN}.${PK}|random=957785166,authType=register,securemode=2,signmethod=hmacsha256|`,
    registration('register', `${DN}.${PK}`, '957785166'),
  ],
  [
    'A regnwl',
    `${DN}.${PK}|random=2511861850,authType=regnwl,securemode=2,signmethod=hmacsha256|`,
    registration('regnwl', `${DN}.${PK}`, '2511861850'),
  ],
  [
    'A regnwl on an instance',
    `${DN}.${PK}|random=2511861850,authType=regnwl,securemode=2,signmethod=hmacsha256,instanceId=${ID}|`,
    registration('regnwl', `${DN}.${PK}`, '2511861850', { instanceId: ID }),
  ],
  [
    'B register',
    `${PK}.${DN}|authType=register,random=68FB1A47,signmethod=hmacsha256,securemode=2|`,
    registration('register', `${PK}.${DN}`, '68FB1A47'),
  ],
  [
    'E register',
    `${DN}.${PK}|random=abcdefghij12345,authType=register,securemode=2,signmethod=hmacsha256,instanceId=${ID}|`,
    registration('register', `${DN}.${PK}`, 'abcdefghij12345', { instanceId: ID }),
  ],
  [
    'E regnwl',
    `${DN}.${PK}|random=abcdefghij12345,authType=regnwl,securemode=2,signmethod=hmacsha256|`,
    registration('regnwl', `${DN}.${PK}`, 'abcdefghij12345'),
  ],
  [
    'I register',
    `${DN}|securemode=2,authType=register,random=1715000000,signmethod=hmacsha1|`,
    registration('register', DN, '1715000000', { signMethod: 'hmacsha1' }),
  ],
  [
    'I regnwl',
    `${DN}|securemode=-2,authType=regnwl,random=1715000000,signmethod=hmacsha1,instanceId=${ID}|`,
    registration('regnwl', DN, '1715000000', { signMethod: 'hmacsha1', secureMode: '-2', instanceId: ID }),
  ],
  [
    'J register',
    `${DN}|securemode=2,authType=register,random=123,signmethod=hmacmd5|`,
    registration('register', DN, '123', { signMethod: 'hmacmd5' }),
  ],
  [
    'J regnwl',
    `${DN}|securemode=-2,authType=regnwl,random=123,signmethod=hmacmd5|`,
    registration('regnwl', DN, '123', { signMethod: 'hmacmd5', secureMode: '-2' }),
  ],
  [
    'K, L by hand',
    `${DN}|securemode=-2,authType=register,random=1,signmethod=hmacsha256,instanceId=${ID}|`,
    registration('register', DN, '1', { secureMode: '-2', instanceId: ID }),
  ],
  [
    'A connect over TLS',
    `${PK}.${DN}|timestamp=2524608000000,_ss=1,_v=sdk-c-4.2.0,securemode=2,signmethod=hmacsha256,ext=3,_conn=tls_2e|`,
    secret(`${PK}.${DN}`, { timestamp: '2524608000000', ext: 3, autoSubscribe: true }),
  ],
  [
    'A connect over TCP',
    `${PK}.${DN}|timestamp=2524608000000,_ss=1,_v=sdk-c-4.2.0,securemode=3,signmethod=hmacsha256,ext=3,_conn=tcp|`,
    secret(`${PK}.${DN}`, { timestamp: '2524608000000', secureMode: '3', ext: 3, autoSubscribe: true }),
  ],
  [
    'K1 connect with a comma too many',
    `${PK}.${DN}|timestamp=2524608000000,_ss=1,_v=sdk-c-4.2.0,securemode=2,signmethod=hmacsha256,ext=3,|`,
    secret(`${PK}.${DN}`, { timestamp: '2524608000000', ext: 3, autoSubscribe: true }),
  ],
  ['A connwl', `${CID}|authType=connwl,securemode=-2,_ss=1,ext=3,_v=sdk-c-4.2.0|`, token({ ext: 3, autoSubscribe: true })],
  [
    'B, C connect',
    `${PK}.${DN}|timestamp=2524608000000,_v=sdk-c-3.2.0,securemode=2,signmethod=hmacsha256,lan=C,_ss=1,gw=0,ext=0|`,
    secret(`${PK}.${DN}`, { timestamp: '2524608000000', autoSubscribe: true }),
  ],
  [
    'D connect',
    `${PK}.${DN}|timestamp=2524608000000,_v=sdk-c-3.0.1,securemode=2,signmethod=hmacsha256,lan=C,gw=0,ext=0|`,
    secret(`${PK}.${DN}`, { timestamp: '2524608000000' }),
  ],
  [
    'E connect',
    `${PK}&${DN}|securemode=2,signmethod=hmacsha1,ext=1,_ss=1,lan=Python,_v=1.2.13,timestamp=1715000000|`,
    secret(`${PK}&${DN}`, { signMethod: 'hmacsha1', timestamp: '1715000000', ext: 1, autoSubscribe: true }),
  ],
  ['E connwl', `${CID}|authType=connwl,securemode=-2,_ss=1,ext=3,lan=Python,_v=1.2.13|`, token({ ext: 3, autoSubscribe: true })],
  [
    'F connect',
    `${PK}&${DN}|securemode=2,signmethod=hmacsha1,timestamp=1715000000123,lan=NodeJS,_v=1.2.8|`,
    secret(`${PK}&${DN}`, { signMethod: 'hmacsha1', timestamp: '1715000000123' }),
  ],
  [
    'F in a browser: a bar and a blank inside the list',
    `${PK}&${DN}|securemode=2,signmethod=hmacsha1,timestamp=1715000000123,lan=JS|Broswer ,_v=1.2.8|`,
    secret(`${PK}&${DN}`, { signMethod: 'hmacsha1', timestamp: '1715000000123' }),
  ],
  [
    'G connect: newlines and blanks inside',
    `${PK}&${DN}_aliyun-iot-device-sdk-js|securemode=2,\n        signmethod=hmacsha1,\n        timestamp=1715000000123|`,
    secret(`${PK}&${DN}_aliyun-iot-device-sdk-js`, { signMethod: 'hmacsha1', timestamp: '1715000000123' }),
  ],
  [
    'H connect: a blank inside a value',
    `${PK}.${DN}|_v=sdk-golang-0.0.1 Beta,ext=0,gw=0,lan=Golang,securemode=2,signmethod=hmacsha256,timestamp=1715000000123|`,
    secret(`${PK}.${DN}`, { timestamp: '1715000000123' }),
  ],
  [
    'I, J connect over TCP',
    `${PK}.${DN}|securemode=3,signmethod=hmacmd5,timestamp=32472115200|`,
    secret(`${PK}.${DN}`, { signMethod: 'hmacmd5', timestamp: '32472115200', secureMode: '3' }),
  ],
  ['I, J connwl', `${CID}|securemode=-2,authType=connwl|`, token()],
  ['2020 connwl without authType', `${CID}|securemode=-2,signmethod=hmacsha1,timestamp=132323232|`, token()],
  ['no signmethod: HMAC-MD5 (S4)', `${DN}|securemode=3|`, secret(DN, { signMethod: 'hmacmd5', secureMode: '3' })],
  ['nothing but bars', `${DN}||`, secret(DN, { signMethod: 'hmacmd5', secureMode: undefined })],
];

describe('readLogin: identifiers seen in the field', () => {
  it.each(SEEN)('%s', (_name, raw, login) => {
    expect(readLogin(raw)).toEqual(login);
  });
});

describe('readLogin: what deserves CONNACK 2', () => {
  const R = 'random=1,signmethod=hmacmd5,securemode=2';
  it.each([
    ['J after regnwl: no bars', DN],
    ['empty', ''],
    ['empty client part', `|${R},authType=register|`],
    ['empty client part of a connection', '|securemode=3,signmethod=hmacmd5|'],
    ['empty ClientID', '|securemode=-2,authType=connwl|'],
    ['client part over 64, registration', `${'x'.repeat(65)}|${R},authType=register|`],
    ['client part over 64, connection', `${'x'.repeat(65)}|securemode=3,signmethod=hmacmd5|`],
    ['client part over 64, connwl', `${'x'.repeat(65)}|securemode=-2,authType=connwl|`],
    ['RULE-09: no random', `${DN}|authType=register,signmethod=hmacmd5|`],
    ['RULE-09: no random in regnwl, securemode -2', `${DN}|authType=regnwl,securemode=-2,signmethod=hmacmd5|`],
    ['RULE-09: empty random', `${DN}|authType=register,random=,signmethod=hmacmd5|`],
    ['RULE-09: no signmethod', `${DN}|authType=register,random=1|`],
    ['RULE-09: empty signmethod', `${DN}|authType=regnwl,random=1,signmethod=|`],
    ['RULE-09: no authType', `${DN}|${R}|`],
    ['RULE-09: no authType, securemode -2', `${DN}|random=1,signmethod=hmacmd5,securemode=-2|`],
    ['RULE-09: no closing bar', `${DN}|${R},authType=register`],
    ['too long for MQTT', `${DN}|a=${'x'.repeat(65536)}|`],
  ])('%s', (_name, raw) => {
    expect(() => readLogin(raw)).toThrow(expect.objectContaining({ name: 'ProtocolError', kind: 'identifier' }));
  });

  it.each([
    ['RULE-10: unknown authType', `${DN}|${R},authType=renew|`],
    ['RULE-10: empty authType', `${DN}|${R},authType=|`],
    ['RULE-10: authType in other case', `${DN}|${R},authType=Register|`],
  ])('%s', (_name, raw) => {
    expect(() => readLogin(raw)).toThrow(expect.objectContaining({ name: 'ProtocolError', kind: 'auth-type' }));
  });

  it.each([
    ['a word without "="', `${DN}|${R},authType=register,word|`],
    ['a bar inside the list (K3 in a browser)', `${PK}&${DN}|securemode=2,signmethod=hmacsha1,lan=JS|Browser ,_v=1.2.8|`],
    ['blanks and newlines before a name (G)', `${DN}|securemode=2,\n        signmethod=hmacsha1|`],
    ['a repeated name', `${DN}|securemode=2,signmethod=hmacsha1,signmethod=hmacmd5|`],
    ['connwl without authType', `${CID}|securemode=-2,signmethod=hmacsha1,timestamp=132323232|`],
    ['no closing bar', `${DN}|securemode=2,signmethod=hmacsha1`],
  ])('strict: %s', (_name, raw) => {
    expect(() => readLogin(raw, 'strict')).toThrow(expect.objectContaining({ name: 'ProtocolError', kind: 'identifier' }));
  });

  it.each([
    ['A registers', `${DN}.${PK}|random=1,authType=register,securemode=2,signmethod=hmacsha256|`],
    ['A connects', `${PK}.${DN}|timestamp=2524608000000,_ss=1,securemode=2,signmethod=hmacsha256,ext=3,|`],
    ['H connects', `${PK}.${DN}|_v=sdk-golang-0.0.1 Beta,securemode=2,signmethod=hmacsha256|`],
    ['connwl', `${CID}|securemode=-2,authType=connwl|`],
  ])('strict lets through: %s', (_name, raw) => {
    expect(readLogin(raw, 'strict')).toEqual(readLogin(raw));
  });

  it.each([
    `${DN}|random=1,authType=register,signmethod=hmacsha512,securemode=2|`,
    `${DN}|random=1,authType=regnwl,signmethod=md5,securemode=2|`,
    `${DN}|securemode=3,signmethod=sha1|`,
    `${DN}|securemode=3,signmethod=|`,
  ])('unsupported method: %s', (raw) => {
    expect(() => readLogin(raw)).toThrow(expect.objectContaining({ kind: 'sign-method' }));
  });
});

describe('readLogin: what is let pass', () => {
  it('takes 64 characters of client part', () => {
    expect(readLogin(`${'x'.repeat(64)}|securemode=-2,authType=connwl|`)).toEqual(token({ clientId: 'x'.repeat(64) }));
  });

  it('never judges securemode', () => {
    expect(readLogin(`${DN}|authType=register,random=1,signmethod=hmacmd5|`)).toMatchObject({ kind: 'register', secureMode: undefined });
    expect(readLogin(`${DN}|authType=register,random=1,signmethod=hmacmd5,securemode=9|`)).toMatchObject({ secureMode: '9' });
    expect(readLogin(`${CID}|authType=connwl,securemode=2|`)).toMatchObject({ kind: 'token', secureMode: '2' });
    expect(readLogin(`${CID}|authType=connwl|`)).toMatchObject({ kind: 'token', secureMode: undefined });
  });

  it('takes an ordinary connection without its closing bar', () => {
    expect(readLogin(`${DN}|securemode=3,signmethod=hmacmd5`)).toMatchObject({ kind: 'secret', signMethod: 'hmacmd5' });
  });

  it('reads ext as a bitmap, nonsense as none', () => {
    expect(readLogin(`${CID}|authType=connwl,ext=3|`)).toMatchObject({ ext: EXT_RRPC | EXT_NOTIFY });
    for (const ext of ['', '-1', 'x', '1e3', '0x2', '9999999999'])
      expect(readLogin(`${CID}|authType=connwl,ext=${ext}|`)).toMatchObject({ ext: 0 });
  });

  it('asks for automatic subscriptions with _ss=1 only', () => {
    for (const ss of ['0', '', '11']) expect(readLogin(`${DN}|_ss=${ss}|`)).toMatchObject({ autoSubscribe: false });
    expect(readLogin(`${DN}|_ss=1|`)).toMatchObject({ autoSubscribe: true });
  });
});

describe('parseIdentifier', () => {
  it('ends the client part at the first bar and keeps its blanks', () => {
    expect(parseIdentifier(' a b |x=1|y=2|')).toEqual({
      clientPart: ' a b ',
      params: new Map([
        ['x', '1'],
        ['y', '2'],
      ]),
      hasParams: true,
    });
  });

  it('tells no bar from no parameters', () => {
    expect(parseIdentifier('abc')).toEqual({ clientPart: 'abc', params: new Map(), hasParams: false });
    expect(parseIdentifier('abc|')).toEqual({ clientPart: 'abc', params: new Map(), hasParams: true });
  });

  it('splits at the first equals sign, skips bare words and nameless values, keeps the first of a name', () => {
    expect([...parseIdentifier('c|a=b=c==,bare,=nameless, = x,a=later,d=,\n e = 1 \n|').params]).toEqual([
      ['a', 'b=c=='],
      ['d', ''],
      ['e', '1'],
    ]);
  });

  it('refuses what MQTT cannot carry and what is no text', () => {
    expect(parseIdentifier('x'.repeat(65535)).clientPart).toHaveLength(65535);
    expect(() => parseIdentifier('x'.repeat(65536))).toThrow(expect.objectContaining({ kind: 'identifier' }));
    expect(() => parseIdentifier(undefined as unknown as string)).toThrow(ProtocolError);
  });
});

describe('formatIdentifier', () => {
  it('writes bars around the list', () => {
    expect(formatIdentifier('cp', [['k', 'v'] as const, ['l', ''] as const])).toBe('cp|k=v,l=|');
    expect(formatIdentifier('cp', [])).toBe('cp||');
  });

  it.each<[string, string, [string, string][]]>([
    ['bar in the client part', 'a|b', []],
    ['comma in a value', 'a', [['k', 'v,w']]],
    ['bar in a value', 'a', [['k', 'v|w']]],
    ['equals sign in a name', 'a', [['k=l', 'v']]],
    ['comma in a name', 'a', [['k,l', 'v']]],
    ['bar in a name', 'a', [['k|l', 'v']]],
    ['outer blank in a name', 'a', [[' k', 'v']]],
    ['outer newline in a value', 'a', [['k', 'v\n']]],
    ['empty name', 'a', [['', 'v']]],
    [
      'repeated name',
      'a',
      [
        ['k', 'v'],
        ['k', 'v'],
      ],
    ],
    ['too long', 'a', [['k', 'v'.repeat(65535)]]],
  ])('refuses %s', (_name, clientPart, params) => {
    expect(() => formatIdentifier(clientPart, params)).toThrow(expect.objectContaining({ kind: 'identifier' }));
  });

  const text = fc.string({ unit: 'binary' });
  const clean = text.map((s) => s.replace(/[=,|]/g, '').trim());

  it('parse(format(x)) = x for all that can be written', () => {
    const value = fc.array(clean, { maxLength: 3 }).map((parts) => parts.join('=').trim());
    const params = fc.uniqueArray(
      fc.tuple(
        clean.map((s) => s || 'n'),
        value,
      ),
      { selector: ([name]) => name },
    );
    fc.assert(
      fc.property(
        text.map((s) => s.replaceAll('|', '')),
        params,
        (clientPart, list) => {
          const parsed = parseIdentifier(formatIdentifier(clientPart, list));
          expect(parsed.clientPart).toBe(clientPart);
          expect([...parsed.params]).toEqual(list);
          expect(parsed.hasParams).toBe(true);
        },
      ),
    );
  });

  it('either refuses or comes back unchanged', () => {
    const nasty = fc.string({ unit: fc.constantFrom('a', 'b', '=', ',', '|', ' ', '\n', '\u00a0', '\ufeff') });
    fc.assert(
      fc.property(nasty, fc.array(fc.tuple(nasty, nasty), { maxLength: 3 }), (clientPart, list) => {
        let written: string;
        try {
          written = formatIdentifier(clientPart, list);
        } catch (e) {
          expect(e).toBeInstanceOf(ProtocolError);
          return;
        }
        expect(parseIdentifier(written)).toEqual({ clientPart, params: new Map(list), hasParams: true });
        expect([...parseIdentifier(written).params]).toEqual(list);
      }),
      { numRuns: 500 },
    );
  });
});

describe('builders', () => {
  const part = fc.stringMatching(/^[A-Za-z0-9.&_-]{1,64}$/);
  const word = fc.stringMatching(/^[A-Za-z0-9-]{1,20}$/);
  const method = fc.constantFrom(...SIGN_METHODS);

  it('V9 is written as K1 writes it', () => {
    expect(
      registrationIdentifier({
        clientPart: 'cp',
        authType: 'regnwl',
        random: '42',
        signMethod: 'hmacsha256',
        secureMode: '2',
        instanceId: ID,
      }),
    ).toBe(`cp|random=42,authType=regnwl,securemode=2,signmethod=hmacsha256,instanceId=${ID}|`);
  });

  it('writes the forms of S4 and S1', () => {
    expect(secretIdentifier({ clientPart: 'cp', signMethod: 'hmacsha1', secureMode: '3', timestamp: '789', extra: [['_ss', '1']] })).toBe(
      'cp|securemode=3,signmethod=hmacsha1,timestamp=789,_ss=1|',
    );
    expect(secretIdentifier({ clientPart: 'cp', signMethod: 'hmacsha1', secureMode: '2' })).toBe('cp|securemode=2,signmethod=hmacsha1|');
    expect(tokenIdentifier(CID)).toBe(`${CID}|securemode=-2,authType=connwl|`);
    expect(tokenIdentifier(CID, [['ext', '2']])).toBe(`${CID}|securemode=-2,authType=connwl,ext=2|`);
  });

  it('readLogin reads back what they write', () => {
    fc.assert(
      fc.property(
        part,
        word,
        method,
        fc.constantFrom('register', 'regnwl'),
        fc.constantFrom('2', '-2'),
        fc.option(word, { nil: undefined }),
        (clientPart, random, signMethod, authType, secureMode, instanceId) => {
          const login = readLogin(registrationIdentifier({ clientPart, authType, random, signMethod, secureMode, instanceId }));
          expect(login).toEqual({ kind: authType, clientPart, random, signMethod, secureMode, instanceId });
        },
      ),
    );
    fc.assert(
      fc.property(
        part,
        method,
        fc.constantFrom('2', '3'),
        fc.option(word, { nil: undefined }),
        (clientPart, signMethod, secureMode, timestamp) => {
          const extra: [string, string][] = [
            ['_ss', '1'],
            ['ext', '2'],
          ];
          const login = readLogin(secretIdentifier({ clientPart, signMethod, secureMode, timestamp, extra }));
          expect(login).toEqual({ kind: 'secret', clientPart, signMethod, timestamp, secureMode, ext: EXT_NOTIFY, autoSubscribe: true });
          expect(readLogin(tokenIdentifier(clientPart, extra))).toEqual(
            token({ clientId: clientPart, ext: EXT_NOTIFY, autoSubscribe: true }),
          );
        },
      ),
    );
  });

  it('refuse what readLogin would refuse', () => {
    const o = { clientPart: 'cp', authType: 'register', random: '1', signMethod: 'hmacmd5', secureMode: '2' } as const;
    const refused = expect.objectContaining({ kind: 'identifier' }) as Error;
    expect(() => registrationIdentifier({ ...o, random: '' })).toThrow(refused);
    expect(() => registrationIdentifier({ ...o, clientPart: '' })).toThrow(refused);
    expect(() => registrationIdentifier({ ...o, random: '1|2' })).toThrow(refused);
    expect(() => secretIdentifier({ clientPart: 'x'.repeat(65), signMethod: 'hmacmd5', secureMode: '2' })).toThrow(refused);
    expect(() => tokenIdentifier('')).toThrow(refused);
    expect(() => tokenIdentifier(CID, [['authType', 'register']])).toThrow(refused);
  });
});
