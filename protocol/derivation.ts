/**
 * A signature made step by step, and what a wrong one was probably made with: the commonest mistakes of device firmware are few, so each is
 * tried, alone and in pairs, until one gives what was observed. Nothing is kept and no secret is in what is returned.
 */
import { hmac } from '@noble/hashes/hmac.js';
import { md5, sha1 } from '@noble/hashes/legacy.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { CONTENT_VARIANTS, connectContent, registrationContent } from './content.ts';
import { sameSignature, sign, SIGN_METHODS, type SignMethod } from './sign.ts';

/** What is signed: a registration with the ProductSecret (S1, S3), or a connection with the DeviceSecret (S4). */
export type SignedRequest =
  | { readonly kind: 'registration'; readonly deviceName: string; readonly productKey: string; readonly random: string }
  | {
      readonly kind: 'connect';
      readonly clientId: string;
      readonly deviceName: string;
      readonly productKey: string;
      readonly timestamp?: string;
    };

export interface DerivationInput {
  readonly request: SignedRequest;
  readonly method: SignMethod;
  readonly secret: string;
  /** The password that a device sent, if one is to be explained. */
  readonly observed?: string;
  /** Other secrets that it may have signed with by mistake, by what they are called: `DeviceSecret`, `ProductSecret of a1b2`. */
  readonly otherSecrets?: Readonly<Record<string, string>>;
  /** Values of `random` or `timestamp` from earlier attempts. */
  readonly earlier?: readonly string[];
}

export interface DerivationStep {
  readonly what: string;
  readonly value: string;
}

export type Explanation =
  | { readonly kind: 'right'; readonly note?: string }
  /** Likely mistakes that together give what was observed. */
  | { readonly kind: 'mistaken'; readonly mistakes: readonly string[] }
  | { readonly kind: 'unexplained'; readonly why: string };

export interface Derivation {
  readonly steps: readonly DerivationStep[];
  /** Lower-case hex. */
  readonly password: string;
  /** Of `observed`, where it was given. */
  readonly explanation?: Explanation;
}

/** One thing that a firmware may have done instead: null where it did what is right. */
interface Variant<T> {
  readonly mistake: string | null;
  readonly value: T;
}

const HASHES = { hmacmd5: md5, hmacsha1: sha1, hmacsha256: sha256 } as const;
const DIGITS: Readonly<Record<SignMethod, number>> = { hmacmd5: 32, hmacsha1: 40, hmacsha256: 64 };

/** Derives a signature and, where one was observed that differs, says what it was probably made with. */
export function derive(input: DerivationInput): Derivation {
  const { request, method, secret, observed } = input;
  const content = contentOf(request);
  const password = sign(method, secret, content);
  const parts = partsOf(request);
  const steps: DerivationStep[] = [
    { what: 'values that are signed', value: parts.map(([key, value]) => `${key}=${value}`).join(', ') },
    { what: 'in alphabetical order, each name followed by its value, nothing between', value: content },
    { what: `key: the ${keyName(request)}`, value: masked(secret) },
    { what: `HMAC (${method}) of the text under the key, as hex`, value: password },
  ];
  return observed === undefined ? { steps, password } : { steps, password, explanation: explain(input, password) };
}

function explain({ request, method, secret, observed = '', otherSecrets = {}, earlier = [] }: DerivationInput, right: string): Explanation {
  if (sameSignature(observed, right))
    return observed === right ? { kind: 'right' } : { kind: 'right', note: 'upper-case hex digits are accepted' };
  if (request.kind === 'connect') {
    for (const variant of CONTENT_VARIANTS)
      if (sameSignature(observed, sign(method, secret, connectContent(request, variant))))
        return { kind: 'right', note: `clientId and timestamp may be left out: this signs ${variant}` };
  }
  const candidates = product(contents(request, earlier), keys(secret, keyName(request), otherSecrets), methods(method)).sort(
    (a, b) => a.mistakes.length - b.mistakes.length,
  );
  for (const { mistakes, content, key, method: used } of candidates) {
    if (mistakes.length > MOST_MISTAKES) break;
    for (const made of constructions(content, key, used))
      if (made.value === observed || sameSignature(made.value, observed))
        return { kind: 'mistaken', mistakes: made.mistake === null ? mistakes : [...mistakes, made.mistake] };
  }
  return { kind: 'unexplained', why: whyUnexplained(observed, method) };
}

/** More mistakes at once explain anything. */
const MOST_MISTAKES = 2;

function whyUnexplained(observed: string, method: SignMethod): string {
  if (observed === '') return 'the password is empty';
  if (!/^[0-9a-f]+$/i.test(observed)) return 'the password is not hex';
  const named = SIGN_METHODS.find((one) => DIGITS[one] === observed.length);
  if (named === undefined) return `${observed.length} hex digits are the length of no method: 32, 40 or 64`;
  if (named !== method) return `${observed.length} hex digits are of ${named}, but the request names ${method}`;
  return 'none of the common mistakes gives this: check the secret itself, character by character';
}

function partsOf(request: SignedRequest): [string, string][] {
  const { deviceName, productKey } = request;
  if (request.kind === 'registration')
    return [
      ['deviceName', deviceName],
      ['productKey', productKey],
      ['random', request.random],
    ];
  const timestamp: [string, string][] = request.timestamp === undefined ? [] : [['timestamp', request.timestamp]];
  return [['clientId', request.clientId], ['deviceName', deviceName], ['productKey', productKey], ...timestamp];
}

function contentOf(request: SignedRequest): string {
  return request.kind === 'registration' ? registrationContent(request) : connectContent(request);
}

function keyName({ kind }: SignedRequest): string {
  return kind === 'registration' ? 'ProductSecret' : 'DeviceSecret';
}

/** Texts that a firmware may have signed. The right one comes first: of two that are equal the smaller mistake is named. */
function contents(request: SignedRequest, earlier: readonly string[]): Variant<string>[] {
  const parts = partsOf(request);
  const join = (some: readonly (readonly [string, string])[], equals = '', between = ''): string =>
    some.map(([key, value]) => `${key}${equals}${value}`).join(between);
  const found: Variant<string>[] = [{ mistake: null, value: join(parts) }];
  const say = (mistake: string, value: string): void => void found.push({ mistake, value });
  const changing = request.kind === 'registration' ? 'random' : 'timestamp';
  for (const old of earlier)
    say(`stale ${changing}: it signed an earlier value`, join(parts.map(([k, v]) => (k === changing ? [k, old] : [k, v]))));
  for (const order of permutations(parts)) say('the values are in the wrong order', join(order));
  for (const [equals, between] of SEPARATORS)
    say(`there is "${equals}${between}" in the signed text, nothing belongs between`, join(parts, equals, between));
  for (const [equals, between] of SEPARATORS)
    for (const order of permutations(parts)) say('the values are in the wrong order, and separated', join(order, equals, between));
  say('only the values are signed, without their names', parts.map(([, value]) => value).join(''));
  for (const [key] of parts) say(`${key} is missing from the signed text`, join(parts.filter(([other]) => other !== key)));
  for (const [i, [key, value]] of parts.entries()) {
    for (const cased of [value.toUpperCase(), value.toLowerCase()])
      if (cased !== value) say(`the value of ${key} is in another case than it was sent in`, join(parts.with(i, [key, cased])));
    const capital = `${key.charAt(0).toUpperCase()}${key.slice(1)}`;
    say(`the name ${key} is written ${capital}`, join(parts.with(i, [capital, value])));
    say(`the name ${key} is written in lower case`, join(parts.with(i, [key.toLowerCase(), value])));
  }
  if (request.kind === 'registration') {
    for (const client of [request.deviceName, `${request.deviceName}.${request.productKey}`, `${request.productKey}.${request.deviceName}`])
      say('clientId is signed too: a registration never signs it', join([['clientId', client], ...parts]));
    for (const old of earlier) say('timestamp is signed too: a registration has none', join([...parts, ['timestamp', old]]));
  } else {
    say(
      'random is signed: only a registration has one',
      join([...parts.filter(([key]) => key !== 'timestamp'), ['random', request.timestamp ?? '']]),
    );
  }
  say('the signed text ends with a line break', `${join(parts)}\n`);
  return found;
}

const SEPARATORS: readonly (readonly [string, string])[] = [
  ['=', '&'],
  ['=', ','],
  ['', '&'],
  ['', ','],
  ['=', ''],
  ['', '\n'],
  ['', ' '],
];

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, i) => permutations(items.toSpliced(i, 1)).map((rest) => [item, ...rest]));
}

function keys(secret: string, name: string, others: Readonly<Record<string, string>>): Variant<string>[] {
  const found: Variant<string>[] = [{ mistake: null, value: secret }];
  for (const [called, value] of Object.entries(others)) found.push({ mistake: `signed with the ${called}, not the ${name}`, value });
  for (const [mistake, value] of [
    ['the key was changed to upper case', secret.toUpperCase()],
    ['the key was changed to lower case', secret.toLowerCase()],
    ['the key has a line break at its end', `${secret}\n`],
    ['the key has a blank at its end', `${secret} `],
    ['the key has a zero byte at its end', `${secret}\0`],
    ['the key has "&" at its end, as the cloud API has it', `${secret}&`],
    ['the key is empty', ''],
  ] as const)
    if (value !== secret) found.push({ mistake, value });
  return found;
}

function methods(named: SignMethod): Variant<SignMethod>[] {
  return [
    { mistake: null, value: named },
    ...SIGN_METHODS.filter((one) => one !== named).map((one) => ({
      mistake: `made with ${one}, but the request names ${named}`,
      value: one,
    })),
  ];
}

interface Candidate {
  readonly mistakes: readonly string[];
  readonly content: string;
  readonly key: string;
  readonly method: SignMethod;
}

function product(
  texts: readonly Variant<string>[],
  secrets: readonly Variant<string>[],
  hashes: readonly Variant<SignMethod>[],
): Candidate[] {
  return texts.flatMap((text) =>
    secrets.flatMap((key) =>
      hashes.map((hash) => ({
        mistakes: [text.mistake, key.mistake, hash.mistake].filter((one) => one !== null),
        content: text.value,
        key: key.value,
        method: hash.value,
      })),
    ),
  );
}

/** How the bytes may have been made and written. */
function constructions(content: string, key: string, method: SignMethod): Variant<string>[] {
  const hash = HASHES[method];
  const [text, secret] = [utf8ToBytes(content), utf8ToBytes(key)];
  const mac = hmac(hash, secret, text);
  return [
    { mistake: null, value: bytesToHex(mac) },
    { mistake: 'written as base64, not as hex', value: base64(mac) },
    { mistake: 'key and text are swapped', value: bytesToHex(hmac(hash, text, secret)) },
    { mistake: 'a plain hash of text and key, not an HMAC', value: bytesToHex(hash(concatBytes(text, secret))) },
    { mistake: 'a plain hash of key and text, not an HMAC', value: bytesToHex(hash(concatBytes(secret, text))) },
    { mistake: 'a plain hash of the text, without the key', value: bytesToHex(hash(text)) },
  ];
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

/** Its length and its ends, so that its owner can tell which one was used. */
function masked(secret: string): string {
  return secret.length < 12 ? `${secret.length} characters` : `${secret.slice(0, 2)}…${secret.slice(-2)} (${secret.length} characters)`;
}
