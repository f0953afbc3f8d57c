// Registration over HTTPS (section 3) as a function from a request to an answer. Whoever owns the socket reads and writes the bytes;
// who may register is the platform's business.
import { utf8ToBytes } from '@noble/hashes/utils.js';
import type { StreamFacts } from '../../kernel/bytes/stream.ts';
import { codeMeaning, HTTP_CODE } from '../../protocol/codes.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import { formatHttpFailure, formatHttpSuccess, parseRegisterForm, REGISTER_PATH, type RegisterForm } from '../../protocol/http-register.ts';
import { httpCodeOf } from '../core/register.ts';
import type { Platform } from '../platform.ts';

/** An answer as it goes on the wire: header names in this spelling, and the length stated, never chunked (the C SDK 4.x insists). */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface HttpRegisterRequest {
  readonly method: string;
  /** With or without a query, which is ignored. */
  readonly path: string;
  readonly contentType: string | undefined;
  readonly body: string;
  readonly facts: StreamFacts;
}

/** Longest form that is read, in bytes; a real one has about 200. */
export const REGISTER_BODY_MAX = 8 * 1024;

const FORM_TYPE = 'application/x-www-form-urlencoded';

/** No CORS headers are documented; without them a browser could not register at all (section 3). */
const CORS = { 'Access-Control-Allow-Origin': '*' } as const;
const PREFLIGHT = {
  ...CORS,
  'Access-Control-Allow-Methods': 'POST, OPTIONS',
  'Access-Control-Allow-Headers': 'Content-Type',
  'Access-Control-Max-Age': '600',
} as const;

/** A body with its type and its length in bytes. */
export function answerWith(status: number, contentType: string, body: string, headers: Readonly<Record<string, string>> = {}): HttpAnswer {
  return { status, headers: { 'Content-Type': contentType, 'Content-Length': String(utf8ToBytes(body).length), ...headers }, body };
}

/** Answers a request to the registration host. Never throws for anything that a client can send. */
export function answerRegistration(request: HttpRegisterRequest, platform: Platform): HttpAnswer {
  if (request.path.split('?', 1)[0] !== REGISTER_PATH)
    return answerWith(404, 'text/plain; charset=utf-8', `Nothing here; devices POST to ${REGISTER_PATH}.\n`, CORS);
  if (request.method === 'OPTIONS') return { status: 204, headers: PREFLIGHT, body: '' };
  if (request.method !== 'POST') return answerWith(405, 'text/plain; charset=utf-8', 'POST a form.\n', { ...CORS, Allow: 'POST, OPTIONS' });
  // Refusals too have status 200: SDKs read `code` and `message` from the body, and stumble over any other status.
  return answerWith(200, 'application/json', registrationBody(request, platform), CORS);
}

function registrationBody(request: HttpRegisterRequest, platform: Platform): string {
  const form = readForm(request);
  if (typeof form === 'number') {
    const reason = codeMeaning(form);
    const of = { productKey: '', deviceName: '', operation: 'register', content: `https over ${request.facts.kind}` };
    platform.note({ type: 'registration', ...of, code: form, reason });
    return failure(form);
  }
  const { sign: signature, ...fields } = form;
  const outcome = platform.register({ ...fields, mode: 'register', facts: request.facts, signature, keepAlive: 0, via: 'https' });
  if (outcome.kind === 'refused') {
    const code = httpCodeOf(outcome.why);
    return outcome.why === 'transport' ? formatHttpFailure(code, 'registration needs HTTPS') : failure(code);
  }
  // Over HTTPS there is no other mode, and so no other reply (section 1.4).
  if (outcome.reply.kind !== 'register') return failure(HTTP_CODE.fault);
  try {
    return formatHttpSuccess(outcome.reply);
  } catch (error) {
    // A secret that an operator chose and no SDK could store.
    if (!(error instanceof ProtocolError)) throw error;
    return failure(HTTP_CODE.fault);
  }
}

function failure(code: number): string {
  return formatHttpFailure(code, codeMeaning(code));
}

/** The form, or the code that refuses it. */
function readForm({ contentType, body }: HttpRegisterRequest): RegisterForm | number {
  const type = contentType?.split(';', 1)[0]?.trim().toLowerCase();
  if (type !== undefined && type !== FORM_TYPE) return HTTP_CODE.parameter;
  if (utf8ToBytes(body).length > REGISTER_BODY_MAX) return HTTP_CODE.parameter;
  try {
    return parseRegisterForm(body);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return error.kind === 'sign-method' ? HTTP_CODE.signMethod : HTTP_CODE.parameter;
  }
}
