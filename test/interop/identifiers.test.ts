// What the SDKs in the field write into a CONNECT, row by row (letters: the clients of A to L that were recorded on the wire). A row
// registers, connects and posts over real sockets, and is refused where its signature is off by one digit.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IPublishPacket } from 'mqtt-packet';
import { hmac, issuedBy, MODES, type Mode, type SignMethod } from './foreign.ts';
import { openTestStub, PRODUCT, type TestStub } from './stub.ts';
import { tcp, tls, Wire, type Connect } from './wire.ts';

const { productKey: PK, productSecret } = PRODUCT;

type Tuning = Pick<Connect, 'level' | 'keepalive' | 'clean'>;
type Carrier = 'tls' | 'tcp';
const upper = (text: string): string => text.toUpperCase();
const lower = (text: string): string => text;
type Hex = typeof upper;

/** A registration: `identifier` may name the device, the mode and the product as $D, $M and $P. */
interface Registration extends Tuning {
  readonly by: string;
  readonly identifier: string;
  readonly random: string;
  readonly method: SignMethod;
  readonly hex: Hex;
  readonly modes: readonly Mode[];
  /** Firmware that registers on port 1883, with TLS. */
  readonly port?: 'mqtt';
}

const K1 = { method: 'hmacsha256', hex: upper, keepalive: 1200 } as const;
const K4 = { method: 'hmacsha256', hex: lower } as const;
const LUA = { hex: upper, keepalive: 240 } as const;

const REGISTRATIONS: readonly Registration[] = [
  {
    by: 'A, C SDK 4.2.0',
    identifier: '$D.$P|random=957785166,authType=$M,securemode=2,signmethod=hmacsha256|',
    random: '957785166',
    modes: MODES,
    ...K1,
  },
  {
    by: 'A on an instance host',
    identifier: '$D.$P|random=2511861850,authType=$M,securemode=2,signmethod=hmacsha256,instanceId=iot-060a0abc|',
    random: '2511861850',
    modes: MODES,
    ...K1,
  },
  {
    by: 'B, C SDK 3.2.0',
    identifier: '$P.$D|authType=register,random=68FB1A47,signmethod=hmacsha256,securemode=2|',
    random: '68FB1A47',
    modes: ['register'],
    method: 'hmacsha256',
    hex: upper,
    keepalive: 120,
  },
  {
    by: 'E, Python linkkit',
    identifier: '$D.$P|random=k3v0x7Q2m9Lp4Za,authType=$M,securemode=2,signmethod=hmacsha256|',
    random: 'k3v0x7Q2m9Lp4Za',
    modes: MODES,
    ...K4,
  },
  {
    by: 'E as MQTT 3.1, with an instance',
    identifier: '$D.$P|random=k3v0x7Q2m9Lp4Za,authType=$M,securemode=2,signmethod=hmacsha256,instanceId=iot-060a0abc|',
    random: 'k3v0x7Q2m9Lp4Za',
    modes: MODES,
    level: 3,
    ...K4,
  },
  {
    by: 'I, LuatOS aliyun2.lua',
    identifier: '$D|securemode=2,authType=register,random=1715000000,signmethod=hmacsha1|',
    random: '1715000000',
    method: 'hmacsha1',
    modes: ['register'],
    ...LUA,
  },
  {
    by: 'I, LuatOS aliyun2.lua',
    identifier: '$D|securemode=-2,authType=regnwl,random=1715000000,signmethod=hmacsha1,instanceId=iot-060a0abc|',
    random: '1715000000',
    method: 'hmacsha1',
    modes: ['regnwl'],
    ...LUA,
  },
  {
    by: 'J, LuatOS aliyun.lua',
    identifier: '$D|securemode=2,authType=register,random=123,signmethod=hmacmd5|',
    random: '123',
    method: 'hmacmd5',
    modes: ['register'],
    port: 'mqtt',
    ...LUA,
  },
  {
    by: 'J, LuatOS aliyun.lua',
    identifier: '$D|securemode=-2,authType=regnwl,random=123,signmethod=hmacmd5|',
    random: '123',
    method: 'hmacmd5',
    modes: ['regnwl'],
    port: 'mqtt',
    ...LUA,
  },
  ...(['hmacmd5', 'hmacsha1', 'hmacsha256'] as const).map((method): Registration => ({
    by: `K and L, by hand with ${method}`,
    identifier: `$D|securemode=-2,authType=$M,random=0,signmethod=${method}|`,
    random: '0',
    method,
    hex: lower,
    modes: MODES,
    keepalive: 300,
  })),
  {
    by: 'a client part that is a MAC address',
    identifier: '00:1A:2B:3C:4D:5E|securemode=2,authType=$M,random=a b,signmethod=hmacsha1|',
    random: 'a b',
    method: 'hmacsha1',
    hex: lower,
    modes: MODES,
    keepalive: 0,
  },
  {
    by: 'a client part of 64 characters',
    identifier: `${'s'.repeat(64)}|securemode=2,authType=$M,random=1,signmethod=hmacmd5,nonce=1,gw=0|`,
    random: '1',
    method: 'hmacmd5',
    hex: upper,
    modes: MODES,
  },
];

/** A registration over HTTPS. In the body, $D is the device and $S the signature. */
interface Form {
  readonly by: string;
  readonly body: string;
  readonly headers: string;
  readonly random: string;
  readonly method: SignMethod;
  readonly hex: Hex;
}

const FORM = 'Content-Type: application/x-www-form-urlencoded';
const AXIOS = `Accept: application/json, text/plain, */*\r\n${FORM}\r\nUser-Agent: axios/0.18.1\r\nHost: localhost\r\nConnection: close`;

const FORMS: readonly Form[] = [
  {
    by: 'A, C SDK 4.2.0',
    headers: `Host: 127.0.0.1\r\nAccept: text/xml,text/javascript,text/html,application/json\r\n${FORM}`,
    body: `productKey=${PK}&deviceName=$D&random=957785166&sign=$S&signMethod=hmacsha256`,
    random: '957785166',
    method: 'hmacsha256',
    hex: upper,
  },
  {
    by: 'C and D, C SDK 3.x',
    headers: `Host: iot-auth.cn-shanghai.aliyuncs.com\r\nAccept: text/xml,text/javascript,text/html,application/json\r\n${FORM}`,
    body: `productKey=${PK}&deviceName=$D&random=8Ygb7ULYh53B6OA&sign=$S&signMethod=hmacsha256`,
    random: '8Ygb7ULYh53B6OA',
    method: 'hmacsha256',
    hex: upper,
  },
  {
    by: 'E, Python linkkit',
    headers: `Host: localhost\r\nAccept-Encoding: identity\r\n${FORM}\r\nConnection: close`,
    body: `productKey=${PK}&deviceName=$D&random=k3v0x7Q2m9Lp4Za&sign=$S&signMethod=hmacsha256`,
    random: 'k3v0x7Q2m9Lp4Za',
    method: 'hmacsha256',
    hex: lower,
  },
  {
    by: 'F and G, npm SDKs',
    headers: AXIOS,
    body: `productKey=${PK}&deviceName=$D&random=gpzsi9injkm&sign=$S&signMethod=hmacsha1`,
    random: 'gpzsi9injkm',
    method: 'hmacsha1',
    hex: lower,
  },
  ...(['hmacmd5', 'hmacsha1', 'hmacsha256'] as const).map((method): Form => ({
    by: `H, Go with ${method}`,
    headers: `Host: localhost\r\nUser-Agent: Go-http-client/1.1\r\n${FORM}\r\nAccept-Encoding: gzip`,
    body: `deviceName=$D&productKey=${PK}&random=8674665223082153551&sign=$S&signMethod=${method}`,
    random: '8674665223082153551',
    method,
    hex: lower,
  })),
  {
    by: 'an AT command guide',
    headers: `Host: iot-auth.cn-shanghai.aliyuncs.com\r\n${FORM}`,
    body: `productKey=${PK}&deviceName=$D&random=123456&sign=$S&signMethod=HmacMD5`,
    random: '123456',
    method: 'hmacmd5',
    hex: upper,
  },
];

/** A connection with a DeviceSecret. In the identifier, $D is the device and $P the product. */
interface SecretLogin extends Tuning {
  readonly by: string;
  readonly identifier: string;
  readonly over: readonly Carrier[];
  /** HMAC-MD5 where the identifier does not say. */
  readonly method: SignMethod;
  readonly hex: Hex;
  /** Which of the optional pieces it signs. */
  readonly signs?: 'names only' | 'no timestamp';
}

const C3 = { method: 'hmacsha256', hex: upper, keepalive: 120, clean: false } as const;
const NPM = { method: 'hmacsha1', hex: lower, clean: false } as const;
const FAR = '2524608000000';

const SECRET_LOGINS: readonly SecretLogin[] = [
  {
    by: 'A, C SDK 4.2.0 over TLS',
    identifier: `$P.$D|timestamp=${FAR},_ss=1,_v=sdk-c-4.2.0,securemode=2,signmethod=hmacsha256,ext=3,_conn=tls_2e|`,
    over: ['tls'],
    ...K1,
  },
  {
    by: 'A over TCP',
    identifier: `$P.$D|timestamp=${FAR},_ss=1,_v=sdk-c-4.2.0,securemode=3,signmethod=hmacsha256,ext=3,_conn=tcp|`,
    over: ['tcp'],
    ...K1,
  },
  {
    by: 'A with nothing after its last comma',
    identifier: `$P.$D|timestamp=${FAR},_ss=1,_v=sdk-c-4.2.0,securemode=2,signmethod=hmacsha256,ext=3,|`,
    over: ['tls'],
    ...K1,
  },
  {
    by: 'B and C, C SDK 3.2.0',
    identifier: `$P.$D|timestamp=${FAR},_v=sdk-c-3.2.0,securemode=2,signmethod=hmacsha256,lan=C,_ss=1,gw=0,ext=0|`,
    over: ['tls'],
    ...C3,
  },
  {
    by: 'D, C SDK 3.0.1',
    identifier: `$P.$D|timestamp=${FAR},_v=sdk-c-3.0.1,securemode=2,signmethod=hmacsha256,lan=C,gw=0,ext=0|`,
    over: ['tls'],
    ...C3,
  },
  {
    by: 'E, Python linkkit',
    identifier: '$P&$D|securemode=2,signmethod=hmacsha1,ext=1,_ss=1,lan=Python,_v=1.2.13,timestamp=1715000000|',
    over: ['tls', 'tcp'],
    method: 'hmacsha1',
    hex: lower,
  },
  {
    by: 'E as MQTT 3.1',
    identifier: '$P&$D|securemode=2,signmethod=hmacsha1,ext=1,_ss=1,lan=Python,_v=1.2.13,timestamp=1715000000|',
    over: ['tls', 'tcp'],
    method: 'hmacsha1',
    hex: lower,
    level: 3,
  },
  {
    by: 'F, npm SDK 1.2.8',
    identifier: '$P&$D|securemode=2,signmethod=hmacsha1,timestamp=1715000000000,lan=NodeJS,_v=1.2.8|',
    over: ['tls'],
    ...NPM,
  },
  // Its languages of the web hold a bar: a list in a list.
  ...['JS|Broswer ', 'JS|Ali', 'JS|WX', 'JS|UNKNOW'].map((lan): SecretLogin => ({
    by: `F where lan is "${lan}"`,
    identifier: `$P&$D|securemode=3,signmethod=hmacsha1,timestamp=1715000000000,lan=${lan},_v=1.2.8|`,
    over: ['tls', 'tcp'],
    ...NPM,
  })),
  {
    by: 'G, npm SDK 1.0.1: newlines and blanks in the list',
    identifier: '$P&$D_aliyun-iot-device-sdk-js|securemode=2,\n        signmethod=hmacsha1,\n        timestamp=1715000000000|',
    over: ['tls', 'tcp'],
    ...NPM,
  },
  {
    by: 'H, Go: in alphabetical order, a blank in a value',
    identifier: '$P.$D|_v=sdk-golang-0.0.1 Beta,ext=0,gw=0,lan=Golang,securemode=2,signmethod=hmacsha256,timestamp=1715000000000|',
    over: ['tls', 'tcp'],
    method: 'hmacsha256',
    hex: lower,
    keepalive: 30,
  },
  {
    by: 'I and J, LuatOS',
    identifier: '$P.$D|securemode=3,signmethod=hmacmd5,timestamp=32472115200|',
    over: ['tcp', 'tls'],
    method: 'hmacmd5',
    ...LUA,
  },
  ...(['hmacmd5', 'hmacsha1', 'hmacsha256'] as const).map((method): SecretLogin => ({
    by: `K and L, by hand with ${method}`,
    identifier: `$D|securemode=3,signmethod=${method},timestamp=789|`,
    over: ['tcp', 'tls'],
    method,
    hex: lower,
  })),
  {
    by: 'an AT firmware that signs no timestamp',
    identifier: '$P.$D|securemode=3,signmethod=hmacsha1,timestamp=1715000000|',
    over: ['tcp'],
    method: 'hmacsha1',
    hex: upper,
    signs: 'no timestamp',
  },
  {
    by: 'a serial number, nothing but the names signed, signmethod left out',
    identifier: '00:1A:2B:3C:4D:5E|securemode=3|',
    over: ['tcp'],
    method: 'hmacmd5',
    hex: lower,
    signs: 'names only',
  },
];

/** A connection with ClientID and DeviceToken. */
interface TokenLogin extends Tuning {
  readonly by: string;
  /** What follows the ClientID. */
  readonly list: string;
  readonly over: readonly Carrier[];
}

const TOKEN_LOGINS: readonly TokenLogin[] = [
  { by: 'A, C SDK 4.2.0', list: '|authType=connwl,securemode=-2,_ss=1,ext=3,_v=sdk-c-4.2.0|', over: ['tls', 'tcp'], keepalive: 1200 },
  { by: 'E, Python linkkit', list: '|authType=connwl,securemode=-2,_ss=1,ext=3,lan=Python,_v=1.2.13|', over: ['tls'] },
  { by: 'E as MQTT 3.1', list: '|authType=connwl,securemode=-2,_ss=1,ext=3,lan=Python,_v=1.2.13|', over: ['tls', 'tcp'], level: 3 },
  { by: 'I, LuatOS aliyun2.lua', list: '|securemode=-2,authType=connwl|', over: ['tcp'], keepalive: 240 },
  { by: 'J, LuatOS aliyun.lua', list: '|securemode=-2,authType=connwl|', over: ['tcp'], keepalive: 300 },
  { by: 'K and L, by hand', list: '|securemode=-2,authType=connwl|', over: ['tls', 'tcp'], clean: false },
  { by: 'the 2020 revision', list: '|securemode=-2,signmethod=hmacsha1,timestamp=132323232|', over: ['tls', 'tcp'] },
];

let stub: TestStub;
let count = 0;
beforeAll(async () => {
  stub = await openTestStub();
});
afterAll(() => stub.close());

/** A device nobody has used yet. */
function deviceOf(mode: Mode): string {
  const deviceName = `ident-${++count}`;
  if (mode === 'register') stub.platform.operate({ action: 'AddDevices', productKey: PK, deviceNames: [deviceName] });
  return deviceName;
}

async function dial(carrier: Carrier, port: 'mqtt' | 'mqtts' = carrier === 'tls' ? 'mqtts' : 'mqtt'): Promise<Wire> {
  return new Wire(await (carrier === 'tls' ? tls(stub.ports[port], stub.certificates.caPem) : tcp(stub.ports[port])));
}

function fill(template: string, deviceName: string, mode?: Mode): string {
  return template
    .replaceAll('$D', deviceName)
    .replaceAll('$P', PK)
    .replaceAll('$M', mode ?? '');
}

/** One hexadecimal digit is another. */
function offByOne(signature: string): string {
  return `${signature.slice(0, -1)}${signature.endsWith('0') ? '1' : '0'}`;
}

function signRegistration(deviceName: string, { random, method, hex }: { random: string; method: SignMethod; hex: Hex }): string {
  return hex(hmac(method, productSecret, `deviceName${deviceName}productKey${PK}random${random}`));
}

/** Registers, and checks what a C SDK without a JSON parser needs: compact, and no escapes. */
async function register(deviceName: string, row: Registration, mode: Mode): Promise<Record<string, string>> {
  const { level, keepalive, clean, port = 'mqtts' } = row;
  const password = signRegistration(deviceName, row);
  const connect = {
    clientId: fill(row.identifier, deviceName, mode),
    username: `${deviceName}&${PK}`,
    ...defined({ level, keepalive, clean }),
  };
  const forged = await dial('tls', port);
  expect(await forged.connect({ ...connect, password: offByOne(password) })).toBe(4);
  expect(await forged.next()).toBe('closed');

  const wire = await dial('tls', port);
  expect(await wire.connect({ ...connect, password })).toBe(0);
  const reply = (await wire.next()) as IPublishPacket;
  expect(reply).toMatchObject({ cmd: 'publish', topic: `/ext/${mode}`, qos: 0, retain: false });
  const text = reply.payload.toString();
  expect(text).toMatch(/^\{"\w+":"[\w.-]+"(?:,"\w+":"[\w.-]+")+\}$/);
  await wire.leave();
  return JSON.parse(text) as Record<string, string>;
}

function defined(tuning: { [K in keyof Tuning]: Tuning[K] | undefined }): Tuning {
  return Object.fromEntries(Object.entries(tuning).filter(([, value]) => value !== undefined));
}

/** Posts a property and waits for the reply, unsubscribed where the identifier has `_ss=1`, else with a SUBSCRIBE that it does not await. */
async function post(wire: Wire, deviceName: string, identifier: string): Promise<void> {
  const topic = `/sys/${PK}/${deviceName}/thing/event/property/post`;
  const payload = '{"id":"5","version":"1.0","params":{"Temp":21.5},"method":"thing.event.property.post"}';
  const publish = { cmd: 'publish', topic, payload, qos: 1, messageId: 2, dup: false, retain: false } as const;
  if (identifier.includes('_ss=1')) wire.send(publish);
  else wire.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: `${topic}_reply`, qos: 1 }] }, publish);
  const reply = (await wire.until('publish')).at(-1) as IPublishPacket;
  expect(reply.topic).toBe(`${topic}_reply`);
  expect(JSON.parse(reply.payload.toString())).toMatchObject({ code: 200, id: '5' });
}

/** Connects, is online, posts, and leaves. */
async function works(deviceName: string, carrier: Carrier, connect: Connect): Promise<void> {
  const forged = await dial(carrier);
  expect(await forged.connect({ ...connect, password: offByOne(connect.password) })).toBe(4);
  expect(await forged.next()).toBe('closed');

  const wire = await dial(carrier);
  expect(await wire.connect(connect)).toBe(0);
  const detail = stub.platform.operate({ action: 'QueryDeviceDetail', productKey: PK, deviceName });
  expect(detail).toMatchObject({ ok: true, device: { status: 'ONLINE' } });
  await post(wire, deviceName, connect.clientId);
  await wire.leave();
}

function secretLogin(row: SecretLogin, deviceName: string, deviceSecret: string): Connect {
  const clientId = fill(row.identifier, deviceName);
  const timestamp = /timestamp=(\d+)/.exec(clientId)?.[1];
  const content = [
    row.signs === 'names only' ? '' : `clientId${clientId.split('|', 1)[0] ?? ''}`,
    `deviceName${deviceName}productKey${PK}`,
    row.signs ? '' : `timestamp${timestamp ?? ''}`,
  ].join('');
  const { level, keepalive, clean } = row;
  const password = row.hex(hmac(row.method, deviceSecret, content));
  return { clientId, username: `${deviceName}&${PK}`, password, ...defined({ level, keepalive, clean }) };
}

/** What every row of connections is tried with: registered by hand. */
const BY_HAND = REGISTRATIONS.find(({ by }) => by.startsWith('K and L')) as Registration;
const MANUAL_LOGIN = SECRET_LOGINS.find(({ by }) => by.startsWith('K and L')) as SecretLogin;

describe('a registration over MQTT, as written by', () => {
  it.each(REGISTRATIONS.flatMap((row) => row.modes.map((mode) => ({ ...row, mode }))))('$by: $mode', async (row) => {
    const deviceName = deviceOf(row.mode);
    const issued = await register(deviceName, row, row.mode);
    expect(issued).toEqual(issuedBy(row.mode, PK, deviceName));
    const { deviceSecret, clientId, deviceToken } = issued;
    const login = deviceSecret
      ? secretLogin(MANUAL_LOGIN, deviceName, deviceSecret)
      : {
          clientId: `${clientId as string}|securemode=-2,authType=connwl|`,
          username: `${deviceName}&${PK}`,
          password: deviceToken as string,
        };
    await works(deviceName, 'tcp', login);
  });
});

describe('a registration over HTTPS, as written by', () => {
  async function post(row: Form, deviceName: string, signature: string): Promise<{ head: string; body: string }> {
    const socket = await tls(stub.ports.https, stub.certificates.caPem);
    const body = row.body.replace('$D', deviceName).replace('$S', signature);
    const answer = new Promise<string>((resolve) => {
      let text = '';
      socket.on('error', () => undefined);
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        // A client without `Connection: close` has to count, in this very spelling.
        const [head = '', rest] = text.split('\r\n\r\n');
        const length = /\r\nContent-Length: (\d+)/.exec(head)?.[1];
        if (rest?.length === Number(length)) socket.destroy();
      });
      socket.on('close', () => resolve(text));
    });
    socket.write(`POST /auth/register/device HTTP/1.1\r\n${row.headers}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    const [head = '', rest = ''] = (await answer).split('\r\n\r\n');
    return { head, body: rest };
  }

  it.each(FORMS)('$by', async (row) => {
    const deviceName = deviceOf('register');
    const signature = signRegistration(deviceName, row);
    expect(JSON.parse((await post(row, deviceName, offByOne(signature))).body)).toMatchObject({ code: 6600 });
    const { head, body } = await post(row, deviceName, signature);
    expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n(?:.*\r\n)*Content-Length: \d+/);
    // The C SDKs 3.x do not parse: `code` first, `data` second, no blanks, and 256 bytes at most.
    expect(body).toMatch(/^\{"code":200,"data":\{/);
    expect(body.length).toBeLessThan(256);
    const { data } = JSON.parse(body) as { data: { deviceSecret: string } };
    expect(data).toEqual(issuedBy('register', PK, deviceName));
    await works(deviceName, 'tls', secretLogin(MANUAL_LOGIN, deviceName, data.deviceSecret));
  });
});

describe('a connection with a DeviceSecret, as written by', () => {
  it.each(SECRET_LOGINS.flatMap((row) => row.over.map((carrier) => ({ ...row, carrier }))))('$by, over $carrier', async (row) => {
    const deviceName = deviceOf('register');
    const { deviceSecret = '' } = await register(deviceName, BY_HAND, 'register');
    await works(deviceName, row.carrier, secretLogin(row, deviceName, deviceSecret));
  });
});

describe('a connection with a DeviceToken, as written by', () => {
  it.each(TOKEN_LOGINS.flatMap((row) => row.over.map((carrier) => ({ ...row, carrier }))))('$by, over $carrier', async (row) => {
    const deviceName = deviceOf('regnwl');
    const { clientId = '', deviceToken = '' } = await register(deviceName, BY_HAND, 'regnwl');
    const { level, keepalive, clean, list, carrier } = row;
    const connect = { clientId: `${clientId}${list}`, username: `${deviceName}&${PK}`, password: deviceToken };
    await works(deviceName, carrier, { ...connect, ...defined({ level, keepalive, clean }) });
  });

  it("J's first connect, with its variables swapped, is refused; after a restart the device works", async () => {
    const deviceName = deviceOf('regnwl');
    const { clientId = '', deviceToken = '' } = await register(deviceName, BY_HAND, 'regnwl');
    const broken = await dial('tcp');
    expect([2, 4]).toContain(await broken.connect({ clientId: deviceName, username: PK, password: deviceToken, keepalive: 300 }));
    expect(await broken.next()).toBe('closed');
    const connect = { clientId: `${clientId}|securemode=-2,authType=connwl|`, username: `${deviceName}&${PK}`, password: deviceToken };
    await works(deviceName, 'tcp', { ...connect, keepalive: 300 });
  });
});
