/**
 * Message bodies: the reply to a registration (section 2.3) and the property post with its reply (section 11).
 * What is written is compact, for scanners that know no JSON; what is read may be any JSON.
 */
import { codeMeaning } from './codes.ts';
import { ProtocolError } from './errors.ts';
import { CLIENT_ID_MAX, DEVICE_NAME_MAX, DEVICE_SECRET_MAX, DEVICE_TOKEN_MAX, PRODUCT_KEY_MAX } from './names.ts';

// Every runtime has it, `lib: es2023` alone does not say so.
declare const TextDecoder: new (label: string, options: { fatal: boolean }) => { decode(bytes: Uint8Array): string };

/** Credentials of a pre-registered device: the DeviceSecret is an HMAC key from now on (S1). */
export interface SecretReply {
  readonly kind: 'register';
  readonly productKey: string;
  readonly deviceName: string;
  readonly deviceSecret: string;
}

/** Credentials of a device that was not pre-registered: ClientID and DeviceToken are shown as they are (S1). */
export interface TokenReply {
  readonly kind: 'regnwl';
  readonly productKey: string;
  readonly deviceName: string;
  readonly clientId: string;
  readonly deviceToken: string;
}

/** Either answer to a registration over MQTT. */
export type RegistrationReply = SecretReply | TokenReply;

/**
 * A reply as the platform writes it: no blanks, all fields, keys in the order seen on the wire (S14). Throws ProtocolError `payload` for
 * a value that is empty or that JSON would escape (K1 does not unescape), `limits` for one that the buffers of K1 cannot hold.
 */
export function formatReply(reply: RegistrationReply): string {
  const productKey = plainField('productKey', reply.productKey, PRODUCT_KEY_MAX);
  const deviceName = plainField('deviceName', reply.deviceName, DEVICE_NAME_MAX);
  if (reply.kind === 'register') {
    const deviceSecret = plainField('deviceSecret', reply.deviceSecret, DEVICE_SECRET_MAX);
    return JSON.stringify({ deviceSecret, productKey, deviceName });
  }
  const clientId = plainField('clientId', reply.clientId, CLIENT_ID_MAX);
  const deviceToken = plainField('deviceToken', reply.deviceToken, DEVICE_TOKEN_MAX);
  return JSON.stringify({ clientId, productKey, deviceName, deviceToken });
}

/**
 * Reads a reply, told apart by its credentials and not by its topic (section 2.3, C1). Spaces, order, escapes and further fields do not
 * matter; of a repeated key the last counts. Throws ProtocolError `payload` for what is not UTF-8 or not a JSON object, lacks a field,
 * has an empty or non-text one, or carries both kinds of credentials.
 */
export function parseReply(bytes: Uint8Array | string): RegistrationReply {
  const json = parseObject(bytes);
  const isSecret = 'deviceSecret' in json;
  const isToken = 'deviceToken' in json || 'clientId' in json;
  if (isSecret && isToken) throw new ProtocolError('payload', 'the reply carries two kinds of credentials');
  if (isSecret) return { kind: 'register', ...namesOf(json), deviceSecret: textField(json, 'deviceSecret') };
  if (isToken) {
    return { kind: 'regnwl', ...namesOf(json), clientId: textField(json, 'clientId'), deviceToken: textField(json, 'deviceToken') };
  }
  throw new ProtocolError('payload', 'the reply carries no credentials');
}

/**
 * Can a scanner read this that only looks for `"key":"value"` (C13): no white space outside strings, no backslash, every string closed?
 * It does not ask whether the text is JSON. Never throws.
 */
export function isCompact(text: string): boolean {
  let inString = false;
  for (const char of text) {
    if (char === '\\') return false;
    if (char === '"') inString = !inString;
    else if (!inString && /\s/.test(char)) return false;
  }
  return !inString;
}

/** Method of a property post (section 11). */
export const PROPERTY_POST_METHOD = 'thing.event.property.post';
/** Method of a property set (section 11). */
export const PROPERTY_SET_METHOD = 'thing.service.property.set';
/** Largest message id: ids are decimal, 32 bits, and travel as text (section 11). */
export const MESSAGE_ID_MAX = 4294967295;

/** A property post. `params` maps a property to its value or to `{value, time}`, time in ms. `ack: false` asks for no reply. */
export interface PropertyPost {
  readonly id: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly ack?: boolean | undefined;
}

/** The envelope of a property post, compact (section 11). Throws ProtocolError `payload` if `id` is not a decimal 0 to 4294967295. */
export function formatPropertyPost(post: PropertyPost): string {
  if (!/^\d{1,10}$/.test(post.id) || Number(post.id) > MESSAGE_ID_MAX) {
    throw new ProtocolError('payload', `a message id is a decimal from 0 to ${MESSAGE_ID_MAX}`);
  }
  const sys = post.ack === false ? { sys: { ack: 0 } } : {};
  return JSON.stringify({ id: post.id, version: '1.0', ...sys, params: post.params, method: PROPERTY_POST_METHOD });
}

/**
 * Reads a property post (section 11). The id is kept as it is, since K3 sends far more than digits and wants it echoed; a number
 * becomes text. A missing method is let pass, another method is not. Throws ProtocolError `payload`.
 */
export function parsePropertyPost(bytes: Uint8Array | string): { id: string; params: Record<string, unknown>; ack: boolean } {
  const json = parseObject(bytes);
  const params = json.params;
  if (!isObject(params)) throw new ProtocolError('payload', 'params is not an object');
  const method = json.method ?? PROPERTY_POST_METHOD;
  if (method !== PROPERTY_POST_METHOD) throw new ProtocolError('payload', `the method is not ${PROPERTY_POST_METHOD}`);
  const sys = json.sys;
  return { id: messageId(json), params, ack: !(isObject(sys) && sys.ack === 0) };
}

/** The answer to a property post. `code` is 200 or one of codes.ts; message and method have the usual defaults (section 11). */
export interface PostReply {
  readonly id: string;
  readonly code: number;
  readonly message?: string | undefined;
  readonly method?: string | undefined;
  readonly data?: Readonly<Record<string, unknown>> | undefined;
}

/** The answer to a post, compact, keys in the order of the documents (section 11). */
export function formatPostReply(reply: PostReply): string {
  return JSON.stringify({
    code: reply.code,
    data: reply.data ?? {},
    id: reply.id,
    message: reply.message ?? (reply.code === 200 ? 'success' : codeMeaning(reply.code)),
    method: reply.method ?? PROPERTY_POST_METHOD,
    version: '1.0',
  });
}

/** Reads the answer to a post (section 11). Throws ProtocolError `payload` if the id is missing or the code is not an integer. */
export function parsePostReply(bytes: Uint8Array | string): { id: string; code: number; message?: string } {
  const json = parseObject(bytes);
  const id = messageId(json);
  const code = integerField(json, 'code');
  const message = json.message;
  return typeof message === 'string' ? { id, code, message } : { id, code };
}

/** Decodes UTF-8 and JSON and insists on an object. Throws ProtocolError `payload`. Shared with http-register.ts. */
export function parseObject(bytes: Uint8Array | string): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(typeof bytes === 'string' ? bytes : new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new ProtocolError('payload', 'the body is not JSON in UTF-8');
  }
  if (!isObject(json)) throw new ProtocolError('payload', 'the body is not a JSON object');
  return json;
}

/** A value fit for a reply: not empty, at most `max` characters, nothing JSON would escape. Throws ProtocolError `payload` or `limits`. */
export function plainField(name: string, value: string, max: number): string {
  if (typeof value !== 'string' || value === '') throw new ProtocolError('payload', `${name} is empty`);
  if (value.length > max) throw new ProtocolError('limits', `${name} is longer than ${max} characters`);
  if (JSON.stringify(value) !== `"${value}"`) throw new ProtocolError('payload', `${name} would need escapes`);
  return value;
}

/** A field that must be text and not empty. Throws ProtocolError `payload`. */
export function textField(json: Record<string, unknown>, name: string): string {
  const value = json[name];
  if (typeof value !== 'string' || value === '') throw new ProtocolError('payload', `${name} is missing, empty or not text`);
  return value;
}

/** A field that must be an integer. Throws ProtocolError `payload`. */
export function integerField(json: Record<string, unknown>, name: string): number {
  const value = json[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw new ProtocolError('payload', `${name} is not an integer`);
  return value;
}

/** Is it a JSON object, neither null nor an array? */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function namesOf(json: Record<string, unknown>): { productKey: string; deviceName: string } {
  return { productKey: textField(json, 'productKey'), deviceName: textField(json, 'deviceName') };
}

function messageId(json: Record<string, unknown>): string {
  const id = json.id;
  if (typeof id === 'number') return String(id);
  return textField(json, 'id');
}
