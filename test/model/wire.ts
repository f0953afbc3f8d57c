// CONNECTs by hand, from sections 2.1, 4a and 4b: identifier, user name and password without a function of protocol/, so that a mistake
// there cannot hide one of the platform.
import { createHmac } from 'node:crypto';
import type { Platform } from '../../platform-stub/platform.ts';
import type { Name } from './model.ts';

/** A CONNECT without its connection. */
export type Connect = Omit<Parameters<Platform['connect']>[0], 'session'>;

export interface Habits {
  readonly encrypted: boolean;
  /** Seconds. */
  readonly keepAlive: number;
  /** Hex in upper case (RULE-04). */
  readonly upperCase: boolean;
}

const hmac = (secret: string, content: string, upperCase: boolean): string => {
  const hex = createHmac('sha256', secret).update(content).digest('hex');
  return upperCase ? hex.toUpperCase() : hex;
};

/** Over TLS or over plain TCP. */
export function factsOf(encrypted: boolean): Connect['facts'] {
  return encrypted ? { kind: 'tls', encrypted, peer: 'model', port: 8883 } : { kind: 'tcp', encrypted, peer: 'model', port: 1883 };
}

export function registrationSignature({ productKey, deviceName }: Name, secret: string, random: string, upperCase: boolean): string {
  return hmac(secret, `deviceName${deviceName}productKey${productKey}random${random}`, upperCase);
}

const RANDOM = '8Ygb7ULYh53B6OA';

/** A registration, always with the same `random` (RULE-08). `spoil` changes its identifier. */
export function registrationConnect(
  mode: 'register' | 'regnwl',
  name: Name,
  secret: string,
  { encrypted, keepAlive, upperCase }: Habits,
  spoil: (identifier: string) => string = (identifier) => identifier,
): Connect {
  const { productKey, deviceName } = name;
  return {
    facts: factsOf(encrypted),
    identifier: spoil(`${deviceName}.${productKey}|random=${RANDOM},authType=${mode},securemode=2,signmethod=hmacsha256|`),
    username: `${deviceName}&${productKey}`,
    password: registrationSignature(name, secret, RANDOM, upperCase),
    keepAlive,
  };
}

/** Signs in with a DeviceSecret; `all` signs the optional keys as well. */
export function secretConnect(
  { productKey, deviceName }: Name,
  secret: string,
  { encrypted, keepAlive, upperCase }: Habits,
  all: boolean,
): Connect {
  const clientPart = `${productKey}.${deviceName}`;
  const core = `deviceName${deviceName}productKey${productKey}`;
  const timestamp = '2524608000000';
  return {
    facts: factsOf(encrypted),
    identifier: `${clientPart}|timestamp=${timestamp},_ss=1,_v=sdk-c-4.2.0,securemode=2,signmethod=hmacsha256,ext=3,|`,
    username: `${deviceName}&${productKey}`,
    password: hmac(secret, all ? `clientId${clientPart}${core}timestamp${timestamp}` : core, upperCase),
    keepAlive,
  };
}

/** Signs in with a ClientID and its token. */
export function tokenConnect(
  { productKey, deviceName }: Name,
  clientId: string,
  token: string,
  { encrypted, keepAlive }: Omit<Habits, 'upperCase'>,
): Connect {
  return {
    facts: factsOf(encrypted),
    identifier: `${clientId}|authType=connwl,securemode=-2,_ss=1,ext=3,|`,
    username: `${deviceName}&${productKey}`,
    password: token,
    keepAlive,
  };
}
