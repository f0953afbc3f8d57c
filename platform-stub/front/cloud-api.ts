// The vendor's cloud API as a function from a request to an answer: who signed it, which operation it names, and the envelope of the answer.
// What an operation does is in cloud-products.ts, cloud-operations.ts (devices) and cloud-batches.ts. Signature schemes: section 6.1; envelope: 6.2; codes: 6.4.
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { seededRandom } from '../../kernel/random.ts';
import {
  bodyHash,
  parseAcs3Authorization,
  parseParameters,
  verifyAcs3,
  verifyRpc,
  type CloudParameter,
} from '../../protocol/cloud-sign.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import { CLOUD_CALLS_PER_SECOND, CLOUD_CALLS_PER_SECOND_DEFAULT } from '../../protocol/limits.ts';
import { sameSignature } from '../../protocol/sign.ts';
import type { Platform } from '../platform.ts';
import { BATCH_OPERATIONS } from './cloud-batches.ts';
import { CloudMemory } from './cloud-memory.ts';
import { DEVICE_OPERATIONS, type Operation } from './cloud-operations.ts';
import { PRODUCT_OPERATIONS } from './cloud-products.ts';
import { CloudParameters, CloudRefusal, missing, refusal } from './cloud-request.ts';
import { answerWith, type HttpAnswer } from './http-register.ts';
import { OPERATOR_BODY_MAX } from './operator.ts';

export interface CloudRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** Names in lower case, as Node has them. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

/** Whom the API answers. */
export interface CloudAccess {
  readonly accessKeys: readonly { readonly id: string; readonly secret: string }[];
  /** What a call's IotInstanceId has to be where it has one; undefined for a stub without an id, which takes any. */
  readonly instanceId?: string | undefined;
}

export interface CloudApi {
  /** Never throws for anything that a client can send. */
  readonly answer: (request: CloudRequest) => HttpAnswer;
}

/** Who called, and what for. */
interface Signed {
  readonly accessKeyId: string;
  readonly action: string;
  readonly version: string;
  /** When it was signed, as the caller wrote it. */
  readonly date: string;
  readonly nonce: string;
  readonly parameters: readonly CloudParameter[];
  isSignedWith(secret: string): boolean;
}

const OPERATIONS: ReadonlyMap<string, Operation> = new Map([...PRODUCT_OPERATIONS, ...DEVICE_OPERATIONS, ...BATCH_OPERATIONS]);
const VERSION = '2018-01-20';
const FORM_TYPE = 'application/x-www-form-urlencoded';
const JSON_TYPE = 'application/json;charset=utf-8';
/** A call this far from the platform's time has expired, in ms. */
const CLOCK_SKEW_MS = 15 * 60_000;
/** A nonce is remembered for as long as a call with it could come again: from the earliest signing time to the latest. */
const NONCE_MS = 2 * CLOCK_SKEW_MS;
const DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
/** Headers that ACS3 has to sign, or a call could be bent after it was signed. */
const SIGNED_HEADERS = ['host', 'x-acs-action', 'x-acs-content-sha256', 'x-acs-date', 'x-acs-signature-nonce', 'x-acs-version'] as const;

/** The API of one platform; it remembers nonces, batches and the current second's calls. */
export function createCloudApi(platform: Platform, access: CloudAccess): CloudApi {
  const secrets = new Map(access.accessKeys.map(({ id, secret }) => [id, secret]));
  const memory = new CloudMemory();
  const nonces = new Map<string, number>();
  const seconds = new Map<string, { second: number; calls: number }>();
  let requests = 0;

  function authenticate(signed: Signed): void {
    const secret = secrets.get(signed.accessKeyId);
    if (secret === undefined) throw new CloudRefusal(404, 'InvalidAccessKeyId.NotFound', 'The AccessKeyId is none of this stub.');
    if (!signed.isSignedWith(secret)) throw new CloudRefusal(400, 'SignatureDoesNotMatch', 'The signature is not that of this request.');
    const now = platform.clock.now();
    const at = DATE.test(signed.date) ? Date.parse(signed.date) : Number.NaN;
    if (Number.isNaN(at)) throw new CloudRefusal(400, 'InvalidTimeStamp.Format', 'The time of signing is not YYYY-MM-DDThh:mm:ssZ.');
    if (Math.abs(now - at) > CLOCK_SKEW_MS)
      throw new CloudRefusal(400, 'InvalidTimeStamp.Expired', 'The time of signing is more than 15 minutes from now.');
    // Only what was rightly signed is remembered: a stranger can neither spend nonces nor fill the memory.
    for (const [nonce, seenAt] of nonces) {
      if (seenAt > now - NONCE_MS) break;
      nonces.delete(nonce);
    }
    const key = `${signed.accessKeyId} ${signed.nonce}`;
    if (nonces.has(key)) throw new CloudRefusal(400, 'SignatureNonceUsed', 'The nonce was used before.');
    nonces.set(key, now);
  }

  /** Published calls a second of each operation (section 8). */
  function throttle(action: string): void {
    if (platform.options.limits === 'off') return;
    const second = Math.floor(platform.clock.now() / 1000);
    const counted = seconds.get(action);
    const calls = counted?.second === second ? counted.calls + 1 : 1;
    seconds.set(action, { second, calls });
    if (calls > (CLOUD_CALLS_PER_SECOND[action] ?? CLOUD_CALLS_PER_SECOND_DEFAULT))
      throw new CloudRefusal(400, 'Throttling.User', 'This operation was called too often in this second.');
  }

  function carryOut(request: CloudRequest): Readonly<Record<string, unknown>> {
    const signed = readSigned(request);
    authenticate(signed);
    if (signed.version !== VERSION) throw new CloudRefusal(400, 'InvalidVersion', `The version is ${VERSION}.`);
    const operation = OPERATIONS.get(signed.action);
    if (!operation) throw new CloudRefusal(404, 'InvalidAction.NotFound', 'The operation is none of this stub.');
    throttle(signed.action);
    const parameters = new CloudParameters(signed.parameters);
    const instanceId = parameters.text('IotInstanceId');
    if (instanceId !== undefined && access.instanceId !== undefined && instanceId !== access.instanceId)
      throw refusal('iot.Sre.IotInstanceNotFound', 'The IotInstanceId is not that of this stub.');
    return operation({ platform, parameters, memory });
  }

  return {
    answer(request) {
      const RequestId = requestId(requests++);
      try {
        return answerWith(200, JSON_TYPE, JSON.stringify({ RequestId, Success: true, Code: 'Success', ...carryOut(request) }));
      } catch (error) {
        const refused = error instanceof ProtocolError ? new CloudRefusal(400, 'InvalidParameter', `${error.message}.`) : error;
        if (!(refused instanceof CloudRefusal)) throw refused;
        const { status, code, message } = refused;
        // Message besides ErrorMessage: without it pop-core throws an error that says "undefined".
        const said = { RequestId, Success: false, Code: code, Message: message, ErrorMessage: message };
        return answerWith(status, JSON_TYPE, JSON.stringify(said), status === 405 ? { Allow: 'GET, POST' } : {});
      }
    },
  };
}

/** Looks like the vendor's, and is the same in every run. */
function requestId(serial: number): string {
  return seededRandom('cloud-request', serial)
    .text(32, '0123456789ABCDEF')
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** Reads who signed a request and how; the schemes are told apart by the Authorization header. Throws CloudRefusal and ProtocolError. */
function readSigned(request: CloudRequest): Signed {
  const { method, path: target, body } = request;
  const headers = new Map(
    Object.entries(request.headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, [value].flat().join(',')] as const])),
  );
  const [path = '', search = ''] = split(target, '?');
  if (path !== '/' && path !== '') throw new CloudRefusal(404, 'InvalidAction.NotFound', 'Nothing here; calls go to "/".');
  if (method !== 'GET' && method !== 'POST') throw new CloudRefusal(405, 'UnsupportedHTTPMethod', 'Calls are GET or POST.');
  if (utf8ToBytes(body).length > OPERATOR_BODY_MAX)
    throw new CloudRefusal(413, 'RequestTooLarge', `A body has at most ${OPERATOR_BODY_MAX} bytes.`);
  const query = parseParameters(search);
  const parameters = [...query, ...readForm(headers.get('content-type'), body)];
  // Of two values one would be signed by name and the other used.
  if (new Set(parameters.map(([name]) => name)).size < parameters.length)
    throw new CloudRefusal(400, 'InvalidParameter', 'A parameter comes twice.');
  const authorization = headers.get('authorization');
  return authorization === undefined ? readRpc(method, parameters) : readAcs3(request, headers, authorization, query, parameters);
}

function readRpc(method: string, parameters: readonly CloudParameter[]): Signed {
  const given = new CloudParameters(parameters);
  const [accessKeyId, signature] = [given.required('AccessKeyId'), given.required('Signature')];
  const expected = { SignatureMethod: 'HMAC-SHA1', SignatureVersion: '1.0' };
  for (const [name, value] of Object.entries(expected)) {
    if (given.required(name) !== value) throw new CloudRefusal(400, 'InvalidParameter', `${name} is ${value}.`);
  }
  if ((given.text('Format') ?? 'JSON').toUpperCase() !== 'JSON')
    throw new CloudRefusal(400, 'InvalidParameter', 'Format is JSON: this stub writes nothing else.');
  return {
    ...{ accessKeyId, action: given.required('Action'), version: given.required('Version') },
    ...{ date: given.required('Timestamp'), nonce: given.required('SignatureNonce'), parameters },
    isSignedWith: (secret) => verifyRpc(secret, method, parameters, signature),
  };
}

function readAcs3(
  { method, body }: CloudRequest,
  headers: ReadonlyMap<string, string>,
  authorization: string,
  query: readonly CloudParameter[],
  parameters: readonly CloudParameter[],
): Signed {
  const { accessKeyId, signedHeaders, signature } = readAuthorization(authorization);
  const header = (name: (typeof SIGNED_HEADERS)[number]): string => {
    const value = headers.get(name)?.trim();
    if (!value) throw missing(name);
    if (!signedHeaders.includes(name)) throw incomplete(`The header ${name} is not signed.`);
    return value;
  };
  for (const name of SIGNED_HEADERS) header(name);
  if (signedHeaders.some((name) => !headers.has(name))) throw incomplete('A signed header is not there.');
  const payloadHash = header('x-acs-content-sha256');
  return {
    ...{ accessKeyId, action: header('x-acs-action'), version: header('x-acs-version') },
    ...{ date: header('x-acs-date'), nonce: header('x-acs-signature-nonce'), parameters },
    isSignedWith: (secret) =>
      verifyAcs3(secret, { method, path: '/', query, headers, signedHeaders, payloadHash }, signature) &&
      sameSignature(bodyHash(body), payloadHash),
  };
}

function readAuthorization(header: string): ReturnType<typeof parseAcs3Authorization> {
  try {
    return parseAcs3Authorization(header);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw incomplete(`The signature cannot be read: ${error.message}.`);
  }
}

function incomplete(message: string): CloudRefusal {
  return new CloudRefusal(400, 'IncompleteSignature', message);
}

function readForm(contentType: string | undefined, body: string): CloudParameter[] {
  if (body === '') return [];
  if (contentType?.split(';', 1)[0]?.trim().toLowerCase() !== FORM_TYPE)
    throw new CloudRefusal(400, 'InvalidParameter', `A body is a form: ${FORM_TYPE}.`);
  return parseParameters(body);
}

/** The text before the first `mark` and the text behind it. */
function split(text: string, mark: string): string[] {
  const at = text.indexOf(mark);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
