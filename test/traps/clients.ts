// What the clients of clients.md, section 2, send to sign on: one row each, under the letter it has there. No test is in this file.
import { hmac, type Mode, type SignMethod } from '../interop/foreign.ts';
import { PRODUCT } from '../interop/stub.ts';
import type { Connect } from './raw.ts';

const { productKey, productSecret } = PRODUCT;
/** As A takes it from the first label of an instance's host name. */
const INSTANCE = 'iot-060a0abc';

/** How a client registers over MQTT. */
export interface RegistrationRow {
  readonly client: string;
  readonly mode: Mode;
  readonly identifier: (dn: string) => string;
  readonly random: string;
  readonly method: SignMethod;
  readonly hex: 'upper' | 'lower';
  readonly level: 3 | 4;
  readonly keepAlive: number;
  /** How it leaves when it has what it came for. */
  readonly leaves: 'fin' | 'disconnect';
}

const C4 = { method: 'hmacsha256', hex: 'upper', level: 4, keepAlive: 1200, leaves: 'fin' } as const;
const PYTHON = { random: 'x7Gk20aQz91LmPe', method: 'hmacsha256', hex: 'lower', keepAlive: 60, leaves: 'disconnect' } as const;
const LUATOS = { hex: 'upper', level: 4, keepAlive: 240, leaves: 'disconnect' } as const;
const BY_HAND = { random: '8c5a', hex: 'lower', keepAlive: 60, leaves: 'disconnect' } as const;

export const REGISTRATIONS = {
  A: {
    ...C4,
    client: 'C Link SDK 4.2.0',
    mode: 'register',
    random: '957785166',
    identifier: (dn) => `${dn}.${productKey}|random=957785166,authType=register,securemode=2,signmethod=hmacsha256|`,
  },
  'A regnwl': {
    ...C4,
    client: 'C Link SDK 4.2.0, regnwl on an instance',
    mode: 'regnwl',
    random: '2511861850',
    identifier: (dn) => `${dn}.${productKey}|random=2511861850,authType=regnwl,securemode=2,signmethod=hmacsha256,instanceId=${INSTANCE}|`,
  },
  B: {
    client: 'C SDK 3.2.0',
    mode: 'register',
    random: '68FB1A47',
    method: 'hmacsha256',
    hex: 'upper',
    level: 4,
    keepAlive: 120,
    leaves: 'disconnect',
    identifier: (dn) => `${productKey}.${dn}|authType=register,random=68FB1A47,signmethod=hmacsha256,securemode=2|`,
  },
  E: {
    ...PYTHON,
    client: 'Python linkkit 1.2.13',
    mode: 'register',
    level: 4,
    identifier: (dn) => `${dn}.${productKey}|random=${PYTHON.random},authType=register,securemode=2,signmethod=hmacsha256|`,
  },
  'E regnwl': {
    ...PYTHON,
    client: 'Python linkkit 1.2.13, regnwl over MQTT 3.1',
    mode: 'regnwl',
    level: 3,
    identifier: (dn) =>
      `${dn}.${productKey}|random=${PYTHON.random},authType=regnwl,securemode=2,signmethod=hmacsha256,instanceId=${INSTANCE}|`,
  },
  I: {
    ...LUATOS,
    client: 'LuatOS aliyun2.lua',
    mode: 'register',
    random: '1716537600',
    method: 'hmacsha1',
    identifier: (dn) => `${dn}|securemode=2,authType=register,random=1716537600,signmethod=hmacsha1|`,
  },
  'I regnwl': {
    ...LUATOS,
    client: 'LuatOS aliyun2.lua, regnwl',
    mode: 'regnwl',
    random: '1716537600',
    method: 'hmacsha1',
    identifier: (dn) => `${dn}|securemode=-2,authType=regnwl,random=1716537600,signmethod=hmacsha1,instanceId=${INSTANCE}|`,
  },
  J: {
    ...LUATOS,
    client: 'LuatOS aliyun.lua',
    mode: 'register',
    random: '123',
    method: 'hmacmd5',
    identifier: (dn) => `${dn}|securemode=2,authType=register,random=123,signmethod=hmacmd5|`,
  },
  'J regnwl': {
    ...LUATOS,
    client: 'LuatOS aliyun.lua, regnwl',
    mode: 'regnwl',
    random: '123',
    method: 'hmacmd5',
    identifier: (dn) => `${dn}|securemode=-2,authType=regnwl,random=123,signmethod=hmacmd5|`,
  },
  K: {
    ...BY_HAND,
    client: 'MQTT.js 5 by hand, the newest documents',
    mode: 'register',
    level: 4,
    method: 'hmacsha1',
    identifier: (dn) => `${dn}|securemode=-2,authType=register,random=8c5a,signmethod=hmacsha1,instanceId=${INSTANCE}|`,
  },
  L: {
    ...BY_HAND,
    client: 'mosquitto_sub by hand, MQTT 3.1',
    mode: 'register',
    level: 3,
    method: 'hmacmd5',
    identifier: (dn) => `${dn}|securemode=2,authType=register,random=8c5a,signmethod=hmacmd5|`,
  },
  'L regnwl': {
    ...BY_HAND,
    client: 'mosquitto_sub by hand, regnwl',
    mode: 'regnwl',
    level: 4,
    method: 'hmacsha256',
    identifier: (dn) => `${dn}|securemode=-2,authType=regnwl,random=8c5a,signmethod=hmacsha256|`,
  },
} satisfies Record<string, RegistrationRow>;

export type Registrant = keyof typeof REGISTRATIONS;
export const REGISTRANTS = Object.keys(REGISTRATIONS) as readonly Registrant[];

const cased = (text: string, hex: 'upper' | 'lower'): string => (hex === 'upper' ? text.toUpperCase() : text);

/** The registration CONNECT of a client; all of them ask for a clean session. */
export function registration(who: Registrant, dn: string, secret: string = productSecret): Connect {
  const { identifier, method, hex, random, level, keepAlive }: RegistrationRow = REGISTRATIONS[who];
  const password = cased(hmac(method, secret, `deviceName${dn}productKey${productKey}random${random}`), hex);
  return { clientId: identifier(dn), username: `${dn}&${productKey}`, password, level, keepAlive, clean: true };
}

/** How a client connects with a DeviceSecret. `now` stands where the client writes the time. */
interface SessionRow {
  /** What stands before the first bar. */
  readonly part: (dn: string) => string;
  readonly params: (now: number) => string;
  readonly timestamp: (now: number) => string;
  readonly method: SignMethod;
  readonly hex: 'upper' | 'lower';
  readonly keepAlive: number;
  readonly clean: boolean;
}

const dotted = (dn: string): string => `${productKey}.${dn}`;
const joined = (dn: string): string => `${productKey}&${dn}`;
/** The C SDKs have no clock: they write the first second of 2050. */
const C_TIME = '2524608000000';
const LUATOS_TIME = '32472115200';

export const SESSIONS = {
  A: {
    part: dotted,
    params: () => `timestamp=${C_TIME},_ss=1,_v=sdk-c-4.2.0,securemode=2,signmethod=hmacsha256,ext=3,_conn=tls_2e`,
    timestamp: () => C_TIME,
    ...{ method: 'hmacsha256', hex: 'upper', keepAlive: 1200, clean: true },
  },
  B: {
    part: dotted,
    params: () => `timestamp=${C_TIME},_v=sdk-c-3.2.0,securemode=2,signmethod=hmacsha256,lan=C,_ss=1,gw=0,ext=0`,
    timestamp: () => C_TIME,
    ...{ method: 'hmacsha256', hex: 'upper', keepAlive: 120, clean: false },
  },
  D: {
    part: dotted,
    params: () => `timestamp=${C_TIME},_v=sdk-c-3.0.1,securemode=2,signmethod=hmacsha256,lan=C,gw=0,ext=0`,
    timestamp: () => C_TIME,
    ...{ method: 'hmacsha256', hex: 'upper', keepAlive: 120, clean: false },
  },
  E: {
    part: joined,
    params: (now) => `securemode=2,signmethod=hmacsha1,ext=1,_ss=1,lan=Python,_v=1.2.13,timestamp=${Math.floor(now / 1000)}`,
    timestamp: (now) => String(Math.floor(now / 1000)),
    ...{ method: 'hmacsha1', hex: 'lower', keepAlive: 60, clean: true },
  },
  F: {
    part: joined,
    params: (now) => `securemode=2,signmethod=hmacsha1,timestamp=${now},lan=NodeJS,_v=1.2.8`,
    timestamp: String,
    ...{ method: 'hmacsha1', hex: 'lower', keepAlive: 60, clean: false },
  },
  G: {
    part: (dn) => `${joined(dn)}_aliyun-iot-device-sdk-js`,
    params: (now) => `securemode=2,\n        signmethod=hmacsha1,\n        timestamp=${now}`,
    timestamp: String,
    ...{ method: 'hmacsha1', hex: 'lower', keepAlive: 60, clean: false },
  },
  H: {
    part: dotted,
    params: (now) => `_v=sdk-golang-0.0.1 Beta,ext=0,gw=0,lan=Golang,securemode=2,signmethod=hmacsha256,timestamp=${now}`,
    timestamp: String,
    ...{ method: 'hmacsha256', hex: 'lower', keepAlive: 30, clean: true },
  },
  I: {
    part: dotted,
    params: () => `securemode=3,signmethod=hmacmd5,timestamp=${LUATOS_TIME}`,
    timestamp: () => LUATOS_TIME,
    ...{ method: 'hmacmd5', hex: 'upper', keepAlive: 240, clean: true },
  },
} satisfies Record<string, SessionRow>;

export type SecretClient = keyof typeof SESSIONS;
export const SECRET_CLIENTS = Object.keys(SESSIONS) as readonly SecretClient[];

/** The CONNECT of a client that holds a DeviceSecret. */
export function session(who: SecretClient, dn: string, deviceSecret: string, now = 1_716_537_600_000): Connect {
  const { part, params, timestamp, method, hex, keepAlive, clean }: SessionRow = SESSIONS[who];
  const content = `clientId${part(dn)}deviceName${dn}productKey${productKey}timestamp${timestamp(now)}`;
  const password = cased(hmac(method, deviceSecret, content), hex);
  return { clientId: `${part(dn)}|${params(now)}|`, username: `${dn}&${productKey}`, password, keepAlive, clean };
}

/** How clients connect with a ClientID and its token. */
const TOKEN_SESSIONS = {
  A: { params: 'authType=connwl,securemode=-2,_ss=1,ext=3,_v=sdk-c-4.2.0', keepAlive: 1200 },
  E: { params: 'authType=connwl,securemode=-2,_ss=1,ext=3,lan=Python,_v=1.2.13', keepAlive: 60 },
  I: { params: 'securemode=-2,authType=connwl', keepAlive: 240 },
} as const;

export type TokenClient = keyof typeof TOKEN_SESSIONS;

/** The CONNECT of a client that holds a ClientID: the token as it was issued, nothing signed. */
export function tokenSession(who: TokenClient, dn: string, clientId: string, deviceToken: string): Connect {
  const { params, keepAlive } = TOKEN_SESSIONS[who];
  return { clientId: `${clientId}|${params}|`, username: `${dn}&${productKey}`, password: deviceToken, keepAlive, clean: true };
}
