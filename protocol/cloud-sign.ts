/**
 * How calls of the cloud API are signed (section 6.1): RPC signs the parameters with HMAC-SHA1, ACS3 the request with HMAC-SHA256.
 * Texts and signatures only. Not here: which of them a call has to carry, how old it may be, who holds a key.
 */
import { hmac } from '@noble/hashes/hmac.js';
import { sha1 } from '@noble/hashes/legacy.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { ProtocolError } from './errors.ts';
import { sameSignature } from './sign.ts';

/** A parameter as it is meant: decoded. */
export type CloudParameter = readonly [name: string, value: string];

/** The scheme that an Authorization header names; the RPC scheme uses no such header (K8). */
export const ACS3 = 'ACS3-HMAC-SHA256';

/** RFC 3986: letters, digits and `-` `_` `.` `~` stay. Throws ProtocolError `http-form` for text that is not well-formed Unicode. */
export function percentEncode(text: string): string {
  try {
    return encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
  } catch {
    throw new ProtocolError('http-form', 'a parameter is not well-formed Unicode');
  }
}

/** The parameters of a query or of a form body, in their order. Throws ProtocolError `http-form` for what cannot be decoded. */
export function parseParameters(text: string): CloudParameter[] {
  return text
    .split('&')
    .filter((piece) => piece !== '')
    .map((piece) => {
      const equals = piece.indexOf('=');
      return equals < 0 ? [decode(piece), ''] : [decode(piece.slice(0, equals)), decode(piece.slice(equals + 1))];
    });
}

/** Sorted by name and encoded afresh: clients leave `*` bare in a URL and sign `%2A` (K8). */
function canonicalQuery(parameters: Iterable<CloudParameter>): string {
  return [...parameters]
    .sort(([a, x], [b, y]) => (a < b || (a === b && x < y) ? -1 : 1))
    .map(([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`)
    .join('&');
}

/** What RPC signs: every parameter of query and form but `Signature` itself. */
export function rpcStringToSign(method: string, parameters: Iterable<CloudParameter>): string {
  const signed = [...parameters].filter(([name]) => name !== 'Signature');
  return `${method}&%2F&${percentEncode(canonicalQuery(signed))}`;
}

/** The RPC signature in base64; the key is the secret and an ampersand (V10). */
export function rpcSignature(secret: string, method: string, parameters: Iterable<CloudParameter>): string {
  const digest = hmac(sha1, utf8ToBytes(`${secret}&`), utf8ToBytes(rpcStringToSign(method, parameters)));
  return btoa(String.fromCharCode(...digest));
}

/** Did the holder of the secret sign these parameters? */
export function verifyRpc(secret: string, method: string, parameters: Iterable<CloudParameter>, presented: string): boolean {
  return sameText(rpcSignature(secret, method, parameters), presented);
}

/** What ACS3 signs of a request. */
export interface Acs3Request {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** The parameters of the query; those of a form are signed as bytes. */
  readonly query: Iterable<CloudParameter>;
  /** By name in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** In the order of the Authorization header: clients sign more than is documented, so the list is theirs. */
  readonly signedHeaders: readonly string[];
  /** SHA-256 of the body in hex, as `x-acs-content-sha256` says it. */
  readonly payloadHash: string;
}

/** The text under the HMAC: the scheme, and the hash of the canonical request. */
export function acs3StringToSign(request: Acs3Request): string {
  const { method, path, query, headers, signedHeaders, payloadHash } = request;
  const lines = signedHeaders.map((name) => `${name}:${(headers.get(name) ?? '').trim()}\n`).join('');
  const canonical = [method, path, canonicalQuery(query), lines, signedHeaders.join(';'), payloadHash].join('\n');
  return `${ACS3}\n${bodyHash(canonical)}`;
}

/** The ACS3 signature in lower-case hex, under the bare secret (V11). */
export function acs3Signature(secret: string, request: Acs3Request): string {
  return bytesToHex(hmac(sha256, utf8ToBytes(secret), utf8ToBytes(acs3StringToSign(request))));
}

/** Did the holder of the secret sign this request? */
export function verifyAcs3(secret: string, request: Acs3Request, presented: string): boolean {
  return sameSignature(acs3Signature(secret, request), presented);
}

/** SHA-256 of a text in lower-case hex: what `x-acs-content-sha256` says of a body. */
export function bodyHash(body: string): string {
  return bytesToHex(sha256(utf8ToBytes(body)));
}

export interface Acs3Authorization {
  readonly accessKeyId: string;
  /** In lower case. */
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

/** Reads an Authorization header. Throws ProtocolError `http-form` for another scheme and for a part that is missing. */
export function parseAcs3Authorization(header: string): Acs3Authorization {
  const space = header.indexOf(' ');
  if (header.slice(0, Math.max(space, 0)) !== ACS3) throw new ProtocolError('http-form', `the Authorization header is not of ${ACS3}`);
  const parts = new Map(
    header
      .slice(space + 1)
      .split(',')
      .map((part) => {
        const equals = part.indexOf('=');
        return [part.slice(0, Math.max(equals, 0)).trim(), part.slice(equals + 1).trim()];
      }),
  );
  const part = (name: string): string => {
    const value = parts.get(name);
    if (!value) throw new ProtocolError('http-form', `the Authorization header has no ${name}`);
    return value;
  };
  return {
    accessKeyId: part('Credential'),
    signedHeaders: part('SignedHeaders').toLowerCase().split(';'),
    signature: part('Signature'),
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw new ProtocolError('http-form', 'a parameter is wrongly encoded');
  }
}

/** Compares in a time that depends on the lengths only. */
function sameText(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let wrong = 0;
  for (let i = 0; i < a.length; i++) wrong |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return wrong === 0;
}
