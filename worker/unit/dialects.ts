// How the firmware of each SDK family in the field writes its CONNECT, as templates: the order of the parameters, what stands before the
// first bar, the case of the hex digits. A case, or a fleet, may speak like any of them.
import { ALPHANUMERIC, DIGITS, type Random } from '../../kernel/random.ts';
import { connectContent, registrationContent } from '../../protocol/content.ts';
import { sign, type SignMethod } from '../../protocol/sign.ts';
import { formatUsername } from '../../protocol/username.ts';
import type { ConnectFields } from '../session/session.ts';

interface Dialect {
  /** Before the first bar; `{dn}` and `{pk}` are the names. */
  readonly clientPart: string;
  /** Between the bars, with the names of what is filled in, in braces. */
  readonly list: string;
  readonly signMethod: SignMethod;
  readonly hex: 'lower' | 'upper';
  /** Seconds. */
  readonly keepAlive: number;
}

/** How a family registers. `{mode}`, `{random}`, `{securemode}` and `{signmethod}` are filled in. */
export interface RegistrationDialect extends Dialect {
  readonly modes: readonly ('register' | 'regnwl')[];
  readonly random: (draw: Random, now: number) => string;
}

/** How a family signs in with its DeviceSecret. `{securemode}`, `{signmethod}`, `{s}` and `{ms}` (now) are filled in. */
export interface ConnectDialect extends Dialect {
  /** The timestamp that is signed: the one in the list. */
  readonly timestamp: string;
  readonly clean: boolean;
}

const BOTH = ['register', 'regnwl'] as const;
const RANDOM_FIRST = 'random={random},authType={mode},securemode={securemode},signmethod={signmethod}';
const SECUREMODE_FIRST = 'securemode={securemode},authType={mode},random={random},signmethod={signmethod}';
const seconds = (now: number): string => String(Math.floor(now / 1000));

/** Registrations over MQTT, by family. */
export const REGISTRATION_DIALECTS = {
  'c-4.2': {
    modes: BOTH,
    clientPart: '{dn}.{pk}',
    list: RANDOM_FIRST,
    random: (draw) => draw.text(10, DIGITS),
    signMethod: 'hmacsha256',
    hex: 'upper',
    keepAlive: 1200,
  },
  'c-3.2': {
    modes: ['register'],
    clientPart: '{pk}.{dn}',
    list: 'authType={mode},random={random},signmethod={signmethod},securemode={securemode}',
    random: (draw) => draw.text(8, `${DIGITS}ABCDEF`),
    signMethod: 'hmacsha256',
    hex: 'upper',
    keepAlive: 120,
  },
  python: {
    modes: BOTH,
    clientPart: '{dn}.{pk}',
    list: RANDOM_FIRST,
    random: (draw) => draw.text(15, ALPHANUMERIC),
    signMethod: 'hmacsha256',
    hex: 'lower',
    keepAlive: 60,
  },
  'luatos-aliyun': {
    modes: BOTH,
    clientPart: '{dn}',
    list: SECUREMODE_FIRST,
    random: () => '123',
    signMethod: 'hmacmd5',
    hex: 'upper',
    keepAlive: 240,
  },
  'luatos-aliyun2': {
    modes: BOTH,
    clientPart: '{dn}',
    list: SECUREMODE_FIRST,
    random: (_draw, now) => seconds(now),
    signMethod: 'hmacsha1',
    hex: 'upper',
    keepAlive: 240,
  },
  'luatos-iotcloud': {
    modes: BOTH,
    clientPart: '{dn}',
    list: SECUREMODE_FIRST,
    random: (draw) => String(1 + draw.below(999)),
    signMethod: 'hmacsha1',
    hex: 'lower',
    keepAlive: 300,
  },
  'java-sample': {
    modes: ['register'],
    clientPart: '{pk}.{dn}',
    list: SECUREMODE_FIRST,
    random: (draw) => draw.text(13, DIGITS),
    signMethod: 'hmacsha256',
    hex: 'upper',
    keepAlive: 60,
  },
  rust: {
    modes: BOTH,
    clientPart: '{dn}.{pk}',
    list: RANDOM_FIRST,
    random: (draw) => draw.text(4, ALPHANUMERIC),
    signMethod: 'hmacsha256',
    hex: 'lower',
    keepAlive: 30,
  },
} as const satisfies Readonly<Record<string, RegistrationDialect>>;

/** Sign-ins with a DeviceSecret, by family. */
export const CONNECT_DIALECTS = {
  'c-4.2': {
    clientPart: '{pk}.{dn}',
    list: 'timestamp=2524608000000,_ss=1,_v=sdk-c-4.2.0,securemode={securemode},signmethod={signmethod},ext=3,_conn=tls_2e',
    timestamp: '2524608000000',
    signMethod: 'hmacsha256',
    hex: 'upper',
    keepAlive: 1200,
    clean: true,
  },
  'c-3.2': {
    clientPart: '{pk}.{dn}',
    list: 'timestamp=2524608000000,_v=sdk-c-3.2.0,securemode={securemode},signmethod={signmethod},lan=C,_ss=1,gw=0,ext=0',
    timestamp: '2524608000000',
    signMethod: 'hmacsha256',
    hex: 'upper',
    keepAlive: 120,
    clean: false,
  },
  python: {
    clientPart: '{pk}&{dn}',
    list: 'securemode={securemode},signmethod={signmethod},ext=1,_ss=1,lan=Python,_v=1.2.13,timestamp={s}',
    timestamp: '{s}',
    signMethod: 'hmacsha1',
    hex: 'lower',
    keepAlive: 60,
    clean: true,
  },
  node: {
    clientPart: '{pk}&{dn}',
    list: 'securemode={securemode},signmethod={signmethod},timestamp={ms},lan=NodeJS,_v=1.2.8',
    timestamp: '{ms}',
    signMethod: 'hmacsha1',
    hex: 'lower',
    keepAlive: 60,
    clean: false,
  },
  // A bar and a blank inside the list, as its source has it.
  'node-in-a-browser': {
    clientPart: '{pk}&{dn}',
    list: 'securemode={securemode},signmethod={signmethod},timestamp={ms},lan=JS|Broswer ,_v=1.2.8',
    timestamp: '{ms}',
    signMethod: 'hmacsha1',
    hex: 'lower',
    keepAlive: 60,
    clean: false,
  },
  // Its template literal breaks the lines.
  'node-1.0': {
    clientPart: '{pk}&{dn}_aliyun-iot-device-sdk-js',
    list: 'securemode={securemode},\n        signmethod={signmethod},\n        timestamp={ms}',
    timestamp: '{ms}',
    signMethod: 'hmacsha1',
    hex: 'lower',
    keepAlive: 60,
    clean: false,
  },
  go: {
    clientPart: '{pk}.{dn}',
    list: '_v=sdk-golang-0.0.1 Beta,ext=0,gw=0,lan=Golang,securemode={securemode},signmethod={signmethod},timestamp={ms}',
    timestamp: '{ms}',
    signMethod: 'hmacsha256',
    hex: 'lower',
    keepAlive: 30,
    clean: true,
  },
  // Says 3 whatever the transport is.
  luatos: {
    clientPart: '{pk}.{dn}',
    list: 'securemode=3,signmethod={signmethod},timestamp=32472115200',
    timestamp: '32472115200',
    signMethod: 'hmacmd5',
    hex: 'upper',
    keepAlive: 240,
    clean: true,
  },
} as const satisfies Readonly<Record<string, ConnectDialect>>;

/** What stands between the bars of a sign-in with ClientID and DeviceToken, by family. The last is that of a 2020 document. */
export const TOKEN_DIALECTS = {
  'c-4.2': 'authType=connwl,securemode=-2,_ss=1,ext=3,_v=sdk-c-4.2.0',
  python: 'authType=connwl,securemode=-2,_ss=1,ext=3,lan=Python,_v=1.2.13',
  luatos: 'securemode=-2,authType=connwl',
  'without-auth-type': 'securemode=-2,signmethod=hmacsha1,timestamp=132323232',
} as const;

/** What a dialect needs to know of the unit that speaks it. */
export interface Speaker {
  readonly productKey: string;
  readonly deviceName: string;
  /** ProductSecret or DeviceSecret. */
  readonly secret: string;
  readonly secureMode: string;
  readonly draw: Random;
  readonly now: number;
}

/** The CONNECT of a registration in a dialect. */
export function registrationIn(
  dialect: RegistrationDialect,
  { productKey, deviceName, secret, secureMode, draw, now }: Speaker,
  { mode, random = dialect.random(draw, now), instanceId }: { mode: 'register' | 'regnwl'; random?: string; instanceId?: string },
): ConnectFields {
  const { signMethod, keepAlive } = dialect;
  const names = { pk: productKey, dn: deviceName };
  const list = filled(dialect.list, { mode, random, securemode: secureMode, signmethod: signMethod });
  const password = sign(signMethod, secret, registrationContent({ deviceName, productKey, random }));
  return {
    clientId: `${filled(dialect.clientPart, names)}|${list}${instanceId === undefined ? '' : `,instanceId=${instanceId}`}|`,
    username: formatUsername(deviceName, productKey),
    password: dialect.hex === 'upper' ? password.toUpperCase() : password,
    keepAlive,
    clean: true,
  };
}

/** The CONNECT of a sign-in with a DeviceSecret in a dialect; all four keys are signed. */
export function connectIn(dialect: ConnectDialect, { productKey, deviceName, secret, secureMode, now }: Speaker): ConnectFields {
  const { signMethod, keepAlive, clean } = dialect;
  const times = { s: seconds(now), ms: String(now) };
  const clientPart = filled(dialect.clientPart, { pk: productKey, dn: deviceName });
  const timestamp = filled(dialect.timestamp, times);
  const list = filled(dialect.list, { securemode: secureMode, signmethod: signMethod, ...times });
  const password = sign(signMethod, secret, connectContent({ clientId: clientPart, deviceName, productKey, timestamp }));
  return {
    clientId: `${clientPart}|${list}|`,
    username: formatUsername(deviceName, productKey),
    password: dialect.hex === 'upper' ? password.toUpperCase() : password,
    keepAlive,
    clean,
  };
}

function filled(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}
