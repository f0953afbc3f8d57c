/**
 * Registration over HTTPS, pre-registration only: the form that goes up and the JSON that comes down (S3).
 * The signed text is that of the MQTT form, see content.ts. Not here: HTTP itself.
 */
import { ProtocolError } from './errors.ts';
import { DEVICE_NAME_MAX, DEVICE_SECRET_MAX, PRODUCT_KEY_MAX } from './names.ts';
import { integerField, isObject, parseObject, plainField, textField, type SecretReply } from './payload.ts';
import { parseSignMethod, type SignMethod } from './sign.ts';

/** Where the form is POSTed (S3). */
export const REGISTER_PATH = '/auth/register/device';

/** The five parameters, all of them required (S3). `sign` is hex in either case. */
export interface RegisterForm {
  readonly productKey: string;
  readonly deviceName: string;
  readonly random: string;
  readonly sign: string;
  readonly signMethod: SignMethod;
}

const FIELDS = ['productKey', 'deviceName', 'random', 'sign', 'signMethod'] as const;

/** The form body in the order of S3. Throws ProtocolError `http-form` for an empty field or one that is not well-formed Unicode. */
export function formatRegisterForm(form: RegisterForm): string {
  return FIELDS.map((name) => {
    if (!form[name]) throw new ProtocolError('http-form', `${name} is missing`);
    return `${name}=${encode(name, form[name])}`;
  }).join('&');
}

/**
 * Reads a form body in any order; unknown fields are ignored, of a repeated one the first counts. Names are not judged: an unknown or
 * illegal one has its own answer (6100, 6250). Throws ProtocolError `http-form` naming a field that is missing, empty or wrongly encoded
 * (answer 460), `sign-method` for a method that is not supported (answer 6292) (S3, S9).
 */
export function parseRegisterForm(body: string): RegisterForm {
  if (typeof body !== 'string') throw new ProtocolError('http-form', 'the form is not text');
  const fields = new Map<string, string>();
  for (const piece of body.trim().split('&')) {
    const equals = piece.indexOf('=');
    const name = piece.slice(0, Math.max(equals, 0));
    if (FIELDS.some((f) => f === name) && !fields.has(name)) fields.set(name, decode(name, piece.slice(equals + 1)));
  }
  const field = (name: (typeof FIELDS)[number]): string => {
    const value = fields.get(name);
    if (!value) throw new ProtocolError('http-form', `${name} is missing`);
    return value;
  };
  return {
    productKey: field('productKey'),
    deviceName: field('deviceName'),
    random: field('random'),
    sign: field('sign'),
    signMethod: parseSignMethod(field('signMethod')),
  };
}

/**
 * The body of a success: `code` first, `data` second, compact, since K2 scans it with a 256-byte buffer (S3, S18).
 * Throws ProtocolError `payload` or `limits` as formatReply does.
 */
export function formatHttpSuccess(reply: SecretReply): string {
  const data = {
    deviceName: plainField('deviceName', reply.deviceName, DEVICE_NAME_MAX),
    deviceSecret: plainField('deviceSecret', reply.deviceSecret, DEVICE_SECRET_MAX),
    productKey: plainField('productKey', reply.productKey, PRODUCT_KEY_MAX),
  };
  return JSON.stringify({ code: 200, data, message: 'success' });
}

/** The body of a refusal, sent with HTTP status 200 all the same, without `data` (S9). Throws ProtocolError `payload` for code 200. */
export function formatHttpFailure(code: number, message: string): string {
  if (!Number.isSafeInteger(code) || code === 200) throw new ProtocolError('payload', 'a failure has an integer code other than 200');
  return JSON.stringify({ code, message });
}

/**
 * Reads either body. `reply` is there exactly when `code` is 200; a missing message reads as empty. Throws ProtocolError `payload` for
 * what is not JSON, has no integer code, or reports success without credentials (S3).
 */
export function parseHttpReply(text: Uint8Array | string): { code: number; message: string; reply?: SecretReply } {
  const json = parseObject(text);
  const code = integerField(json, 'code');
  const said = json.message;
  const message = typeof said === 'string' ? said : '';
  if (code !== 200) return { code, message };
  const data = json.data;
  if (!isObject(data)) throw new ProtocolError('payload', 'data is missing');
  const reply: SecretReply = {
    kind: 'register',
    productKey: textField(data, 'productKey'),
    deviceName: textField(data, 'deviceName'),
    deviceSecret: textField(data, 'deviceSecret'),
  };
  return { code, message, reply };
}

function encode(name: string, value: string): string {
  try {
    return encodeURIComponent(value);
  } catch {
    throw new ProtocolError('http-form', `${name} is not well-formed Unicode`);
  }
}

function decode(name: string, value: string): string {
  try {
    return decodeURIComponent(value.replaceAll('+', ' '));
  } catch {
    throw new ProtocolError('http-form', `${name} is wrongly encoded`);
  }
}
