/**
 * The MQTT client identifier: free text, a bar, parameters, a bar (S1, S4).
 * parseIdentifier reads the syntax as liberally as the clients in the field need; readLogin says what the CONNECT asks for.
 * Not here: the user name and the password, see username.ts and sign.ts.
 */
import { ProtocolError } from './errors.ts';
import { isClientPart } from './names.ts';
import { DEFAULT_SIGN_METHOD, parseSignMethod, type SignMethod } from './sign.ts';

/** A client identifier taken apart. */
export interface ParsedIdentifier {
  /** Everything before the first bar; the whole identifier if there is none. */
  readonly clientPart: string;
  readonly params: ReadonlyMap<string, string>;
  /** False when there is no bar at all. */
  readonly hasParams: boolean;
}

/** What a CONNECT asks for, as its identifier tells. */
export type Login =
  | {
      readonly kind: 'register' | 'regnwl';
      readonly clientPart: string;
      readonly random: string;
      readonly signMethod: SignMethod;
      readonly secureMode: string | undefined;
      readonly instanceId: string | undefined;
    }
  | {
      readonly kind: 'secret';
      readonly clientPart: string;
      readonly signMethod: SignMethod;
      readonly timestamp: string | undefined;
      readonly secureMode: string | undefined;
      readonly ext: number;
      readonly autoSubscribe: boolean;
    }
  | {
      readonly kind: 'token';
      readonly clientId: string;
      readonly secureMode: string | undefined;
      readonly ext: number;
      readonly autoSubscribe: boolean;
    };

/** Longest identifier, in characters: an MQTT string has at most that many bytes (MQTT 3.1.1, 1.5.3). */
export const IDENTIFIER_MAX = 65535;

/** Bit of `ext` that asks for RRPC (K1 `core_auth.c`). */
export const EXT_RRPC = 1;
/** Bit of `ext` that asks for messages on `/ext/notify` (K1 `core_auth.c`). */
export const EXT_NOTIFY = 2;

/**
 * Splits an identifier. The client part ends at the first bar; the rest is split at commas and bars, because K3 in a browser has a bar
 * inside its list. Pieces without an equals sign or without a name are skipped; a value may hold equals signs. Names and values lose
 * the blanks and newlines around them (`aliyun-iot-device-sdk` breaks its lines), the client part keeps them. Of a repeated name the
 * first counts: what comes later cannot override what a reader has already seen.
 * Throws ProtocolError `identifier` only for what is not text or is longer than MQTT can carry (S4).
 */
export function parseIdentifier(raw: string): ParsedIdentifier {
  if (typeof raw !== 'string') throw new ProtocolError('identifier', 'the client identifier is not text');
  if (raw.length > IDENTIFIER_MAX) throw new ProtocolError('identifier', `the client identifier is longer than ${IDENTIFIER_MAX}`);
  const params = new Map<string, string>();
  const bar = raw.indexOf('|');
  if (bar < 0) return { clientPart: raw, params, hasParams: false };
  for (const piece of raw.slice(bar + 1).split(/[,|]/)) {
    const equals = piece.indexOf('=');
    const name = piece.slice(0, Math.max(equals, 0)).trim();
    if (name !== '' && !params.has(name)) params.set(name, piece.slice(equals + 1).trim());
  }
  return { clientPart: raw.slice(0, bar), params, hasParams: true };
}

/**
 * `clientPart|name=value,name=value|` (S1, S4), so that parseIdentifier gives back exactly what went in. Throws ProtocolError
 * `identifier` for what would not come back: a bar in the client part; a bar or comma in a name or value; an equals sign in a name;
 * outer white space; an empty or repeated name; too much altogether.
 */
export function formatIdentifier(clientPart: string, params: Iterable<readonly [string, string]>): string {
  if (clientPart.includes('|')) throw new ProtocolError('identifier', 'a client part cannot hold a bar');
  const names: string[] = [];
  let list = '';
  for (const [name, value] of params) {
    if (name === '' || names.includes(name)) throw new ProtocolError('identifier', `the parameter name "${name}" is empty or repeated`);
    if (!NAME.test(name)) throw new ProtocolError('identifier', `the parameter name "${name}" cannot be written`);
    if (!VALUE.test(value)) throw new ProtocolError('identifier', `the value of ${name} cannot be written`);
    list += names.length === 0 ? `${name}=${value}` : `,${name}=${value}`;
    names.push(name);
  }
  const identifier = `${clientPart}|${list}|`;
  if (identifier.length > IDENTIFIER_MAX) throw new ProtocolError('identifier', `the client identifier is longer than ${IDENTIFIER_MAX}`);
  return identifier;
}

/** What comes back as it was written: no outer white space, none of the characters that divide. */
const NAME = /^[^\s=,|](?:[^=,|]*[^\s=,|])?$/;
const VALUE = /^(?:[^\s,|](?:[^,|]*[^\s,|])?)?$/;

/**
 * Reads what a CONNECT asks for. A registration is one by its `authType` only (S1); `authType=connwl`, or `securemode=-2` with neither
 * `authType` nor `random`, is a connection with a DeviceToken (S1; the second form is that of a 2020 revision); anything else is a
 * connection with a DeviceSecret, HMAC-MD5 unless it says otherwise (S4). The value of securemode is handed on and never judged.
 * Unknown parameters are ignored (S4).
 *
 * Throws ProtocolError `identifier` for what deserves CONNACK 2: no bar, a client part that is empty or over 64 characters (S1, S4), a
 * `random` without `authType`, a registration without `random`, `signmethod` or its closing bar (RULE-09); ProtocolError `auth-type` for
 * an unknown `authType` (RULE-10), `sign-method` for a method that is not supported.
 * @param reading `strict` also refuses what only leniency explains: see requireStrict
 */
export function readLogin(raw: string, reading: 'lenient' | 'strict' = 'lenient'): Login {
  if (reading === 'strict') requireStrict(raw);
  const { clientPart, params, hasParams } = parseIdentifier(raw);
  if (!hasParams) throw new ProtocolError('identifier', 'the client identifier has no bar');
  if (!isClientPart(clientPart)) throw new ProtocolError('identifier', 'the client part is empty or longer than 64 characters');

  const authType = params.get('authType');
  const secureMode = params.get('securemode');
  const random = params.get('random');
  const signMethod = params.get('signmethod');

  if (authType === 'register' || authType === 'regnwl') {
    if (!random) throw new ProtocolError('identifier', 'a registration needs random (RULE-09)');
    if (!signMethod) throw new ProtocolError('identifier', 'a registration needs signmethod (RULE-09)');
    // A missing last bar is how a truncated identifier looks; every client in the field writes it.
    if (!raw.trimEnd().endsWith('|')) throw new ProtocolError('identifier', 'a registration needs its closing bar (RULE-09)');
    const instanceId = params.get('instanceId');
    return { kind: authType, clientPart, random, signMethod: parseSignMethod(signMethod), secureMode, instanceId };
  }

  const ext = readBits(params.get('ext'));
  const autoSubscribe = params.get('_ss') === '1';
  if (authType === 'connwl') return { kind: 'token', clientId: clientPart, secureMode, ext, autoSubscribe };
  if (authType !== undefined) throw new ProtocolError('auth-type', 'the authType is unknown (RULE-10)');
  if (random !== undefined) throw new ProtocolError('identifier', 'random without authType (RULE-09)');
  if (secureMode === '-2') return { kind: 'token', clientId: clientPart, secureMode, ext, autoSubscribe };

  return {
    kind: 'secret',
    clientPart,
    signMethod: signMethod === undefined ? DEFAULT_SIGN_METHOD : parseSignMethod(signMethod),
    timestamp: params.get('timestamp'),
    secureMode,
    ext,
    autoSubscribe,
  };
}

/** `clientPart|name=value,name=value|` and nothing else; blanks may stand inside a value only. */
const STRICT = /^[^|]*\|[^\s=,|]+=[^,|]*(?:,[^\s=,|]+=[^,|]*)*,?\|$/;

/**
 * The grammar of the documents to the letter (S1, S4): one list between two bars, `name=value` pieces without outer blanks, no name
 * twice, `authType` present where `securemode` is -2. Some SDKs in the field fail it. Throws ProtocolError `identifier`.
 */
function requireStrict(raw: string): void {
  if (typeof raw !== 'string' || raw.length > IDENTIFIER_MAX || !STRICT.test(raw)) {
    throw new ProtocolError('identifier', 'the client identifier is not clientPart|name=value,…|');
  }
  const list = raw.slice(raw.indexOf('|') + 1, -1).split(',');
  const names = list.filter((piece) => piece !== '').map((piece) => piece.slice(0, piece.indexOf('=')));
  if (new Set(names).size !== names.length) throw new ProtocolError('identifier', 'a parameter is repeated');
  if (list.includes('securemode=-2') && !names.includes('authType')) {
    throw new ProtocolError('identifier', 'securemode=-2 needs an authType');
  }
}

/** What a registration identifier is made of (S1). */
export interface RegistrationIdentifier {
  readonly clientPart: string;
  readonly authType: 'register' | 'regnwl';
  readonly random: string;
  readonly signMethod: SignMethod;
  readonly secureMode: '2' | '-2';
  readonly instanceId?: string | undefined;
}

/**
 * The identifier of a registration, parameters in the order of K1 (S1; vector V9): random, authType, securemode, signmethod and, if
 * given, instanceId. Throws ProtocolError `identifier` for what readLogin would refuse or what cannot be written.
 */
export function registrationIdentifier(o: RegistrationIdentifier): string {
  if (o.random === '') throw new ProtocolError('identifier', 'a registration needs random (RULE-09)');
  const params: [string, string][] = [
    ['random', o.random],
    ['authType', o.authType],
    ['securemode', o.secureMode],
    ['signmethod', o.signMethod],
  ];
  if (o.instanceId !== undefined) params.push(['instanceId', o.instanceId]);
  return formatIdentifier(requireClientPart(o.clientPart), params);
}

/** What the identifier of a connection with a DeviceSecret is made of (S4). `extra` is appended, e.g. `['_ss', '1']`, `['ext', '3']`. */
export interface SecretIdentifier {
  readonly clientPart: string;
  readonly signMethod: SignMethod;
  /** 2 over TLS and wss, 3 over TCP and ws (S4, S5). */
  readonly secureMode: '2' | '3';
  readonly timestamp?: string | undefined;
  readonly extra?: Iterable<readonly [string, string]> | undefined;
}

/** The identifier of a connection with a DeviceSecret, in the order of S4. Throws ProtocolError `identifier` as formatIdentifier does. */
export function secretIdentifier(o: SecretIdentifier): string {
  const params: (readonly [string, string])[] = [
    ['securemode', o.secureMode],
    ['signmethod', o.signMethod],
  ];
  if (o.timestamp !== undefined) params.push(['timestamp', o.timestamp]);
  return formatIdentifier(requireClientPart(o.clientPart), [...params, ...(o.extra ?? [])]);
}

/** The identifier of a connection with ClientID and DeviceToken (S1). Throws ProtocolError `identifier` as formatIdentifier does. */
export function tokenIdentifier(clientId: string, extra: Iterable<readonly [string, string]> = []): string {
  return formatIdentifier(requireClientPart(clientId), [['securemode', '-2'], ['authType', 'connwl'], ...extra]);
}

function requireClientPart(clientPart: string): string {
  if (!isClientPart(clientPart)) throw new ProtocolError('identifier', 'a client part is 1 to 64 characters without a bar');
  return clientPart;
}

/** A small decimal bitmap; nonsense asks for nothing. */
function readBits(raw: string | undefined): number {
  return raw !== undefined && /^\d{1,9}$/.test(raw) ? Number(raw) : 0;
}
