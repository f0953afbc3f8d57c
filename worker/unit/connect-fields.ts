// What a unit writes in its CONNECT: how it registers (S1), and how it signs in with what it was issued (S4).
import { ALPHANUMERIC } from '../../kernel/random.ts';
import { connectContent, registrationContent } from '../../protocol/content.ts';
import { registrationModeParams } from '../../protocol/editions.ts';
import { registrationIdentifier, secretIdentifier, tokenIdentifier } from '../../protocol/identifier.ts';
import { sign, type SignMethod } from '../../protocol/sign.ts';
import { formatUsername } from '../../protocol/username.ts';
import type { ConnectFields } from '../session/session.ts';
import type { Bend } from './bend.ts';
import { connectIn, registrationIn, type Speaker } from './dialects.ts';
import type { UnitEnv, UnitIdentity } from './env.ts';
import type { Credentials } from './flash.ts';

/** A registration takes any keep-alive (RULE-03); the documents' example uses 60 s. */
const REGISTRATION_KEEP_ALIVE = 60;
const KEEP_ALIVE = 120;
/** What the C SDKs always send (K1, K2); no platform compares it with its clock. It keeps the bytes of two runs equal. */
const TIMESTAMP = '2524608000000';
const RANDOM_LENGTH = 15;
/** Asks the platform to set up the standard subscriptions (section 11). */
const AUTO_SUBSCRIBE: readonly (readonly [string, string])[] = [['_ss', '1']];

/** The `random` of a registration: as the attempt is bent, else a fresh draw. */
export function randomOf(env: UnitEnv, bend: { readonly random?: string }): string {
  return bend.random ?? env.random.text(RANDOM_LENGTH, ALPHANUMERIC);
}

/** The CONNECT of a registration (S1), signed with the ProductSecret (RULE-01). */
export function registrationFields(identity: UnitIdentity, env: UnitEnv, bend: Bend): ConnectFields {
  const { productKey, deviceName, mode, productSecret } = identity;
  const secret = bend.productSecret ?? productSecret;
  const signMethod = bend.signMethod ?? env.signMethod;
  const { secureMode, ...instance } = registrationModeParams(env.edition, mode, env.instanceId);
  env.secret?.(secret);
  if (bend.dialect) {
    const given = bend.random === undefined ? {} : { random: bend.random };
    return registrationIn(bend.dialect, speaker(identity, env, secret, secureMode), { mode, ...given, ...instance });
  }
  const random = randomOf(env, bend);
  return {
    clientId: registrationIdentifier({
      clientPart: `${deviceName}.${productKey}`,
      authType: mode,
      random,
      signMethod,
      secureMode,
      ...instance,
    }),
    username: formatUsername(deviceName, productKey),
    password: sign(signMethod, secret, registrationContent({ deviceName, productKey, random })),
    keepAlive: REGISTRATION_KEEP_ALIVE,
    clean: true,
  };
}

/** The CONNECT of an activated device: signed with its DeviceSecret (S4), or with ClientID and DeviceToken (S1). */
export function signInFields(identity: UnitIdentity, env: UnitEnv, credentials: Credentials, bend: Bend): ConnectFields {
  const { productKey, deviceName } = identity;
  const username = formatUsername(deviceName, productKey);
  if (credentials.kind === 'token') {
    const clientId = tokenIdentifier(credentials.clientId, AUTO_SUBSCRIBE);
    return { clientId, username, password: credentials.deviceToken, keepAlive: KEEP_ALIVE, clean: true };
  }
  const secureMode = bend.security === 'plain' ? '3' : '2';
  if (bend.connectDialect) return connectIn(bend.connectDialect, speaker(identity, env, credentials.deviceSecret, secureMode));
  const signMethod = bend.signMethod ?? env.signMethod;
  // Two legal names: a legal client part.
  const clientPart = `${productKey}.${deviceName}`;
  const content = connectContent({ clientId: clientPart, deviceName, productKey, timestamp: TIMESTAMP });
  return {
    clientId: `${clientPart}${secretParams(secureMode, signMethod)}`,
    username,
    password: sign(signMethod, credentials.deviceSecret, content),
    keepAlive: KEEP_ALIVE,
    clean: true,
  };
}

/** Parameters of an identifier that are the same for thousands of devices, from bar to bar. */
const secretParamsMade = new Map<string, string>();

function secretParams(secureMode: '2' | '3', signMethod: SignMethod): string {
  const key = secureMode + signMethod;
  const made = secretParamsMade.get(key);
  if (made !== undefined) return made;
  const identifier = secretIdentifier({ clientPart: '-', signMethod, secureMode, timestamp: TIMESTAMP, extra: AUTO_SUBSCRIBE });
  const params = identifier.slice(1);
  secretParamsMade.set(key, params);
  return params;
}

function speaker(identity: UnitIdentity, env: UnitEnv, secret: string, secureMode: string): Speaker {
  const { productKey, deviceName } = identity;
  return { productKey, deviceName, secret, secureMode, draw: env.random, now: env.clock.now() };
}
