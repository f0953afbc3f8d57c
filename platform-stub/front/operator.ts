// The operator API of the page, of fleets and of scripts: one POST an OperatorCommand, as a function from a request to an answer.
// Not the vendor's cloud API, whose wire format and signatures are another front's.
import { utf8ToBytes } from '@noble/hashes/utils.js';
import * as v from 'valibot';
import { DEVICE_SECRET_MAX } from '../../protocol/names.ts';
import { LOG_CAPACITY, logLines } from '../core/log.ts';
import type { OperatorCommand } from '../core/operate.ts';
import type { Platform } from '../platform.ts';
import { answerWith, type HttpAnswer } from './http-register.ts';

export const OPERATOR_PATH = '/operator';
/** The log as JSON lines, newest first; a query filters it as QueryLog does. */
const LOG_PATH = '/operator/log.jsonl';
/** Live log entries, as an event stream. */
export const EVENTS_PATH = '/operator/events';

/** Longest command that is read, in bytes: room for a hundred thousand DeviceNames. */
export const OPERATOR_BODY_MAX = 4 * 1024 * 1024;

export interface OperatorRequest {
  readonly method: string;
  readonly path: string;
  /** The headers Host, Origin and Authorization as they came. */
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly authorization: string | undefined;
  readonly body: string;
}

/** Whom the API answers. */
export interface OperatorAccess {
  /** The run's token, which `Authorization: Bearer` has to carry. */
  readonly token: string;
  /** The port it listens on, which Host has to name. */
  readonly port: number;
  /** Names beside those of loopback that Host may have, IPv6 addresses in brackets. */
  readonly hosts?: readonly string[];
}

/** What an access is judged by. */
export type OperatorCredentials = Pick<OperatorRequest, 'host' | 'origin' | 'authorization'>;

const text = v.pipe(v.string(), v.nonEmpty());
const device = { productKey: text, deviceName: text };
/** A secret that a reply can carry unescaped (payload.ts) and that the C SDKs can store. */
export const DEVICE_SECRET = new RegExp(`^[A-Za-z0-9_.:+/=-]{1,${DEVICE_SECRET_MAX}}$`);

const flag = v.exactOptional(v.boolean());
const words = v.exactOptional(v.pipe(v.string(), v.maxLength(2048)));
const whole = v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(0)));

const COMMAND = v.variant('action', [
  v.strictObject({
    action: v.literal('CreateProduct'),
    productKey: v.exactOptional(text),
    productSecret: v.exactOptional(v.pipe(v.string(), v.regex(DEVICE_SECRET))),
    productName: words,
    description: words,
    attributes: v.exactOptional(v.record(v.string(), v.string())),
    dynamicRegistration: flag,
  }),
  v.strictObject({ action: v.literal('UpdateProduct'), productKey: text, productName: words, description: words }),
  v.strictObject({ action: v.picklist(['DeleteProduct', 'X-SendVerificationCode']), productKey: text }),
  v.strictObject({ action: v.literal('QueryDeviceStatistics'), productKey: text, prefix: words }),
  v.strictObject({ action: v.literal('X-SetDynamicRegistration'), productKey: text, on: v.boolean() }),
  v.strictObject({ action: v.literal('X-TurnDynamicRegistration'), productKey: text, on: v.boolean(), verificationCode: words }),
  v.strictObject({ action: v.literal('AddDevices'), productKey: text, deviceNames: v.array(v.string()) }),
  v.strictObject({
    action: v.literal('AddDevice'),
    ...device,
    deviceSecret: v.exactOptional(v.pipe(v.string(), v.regex(DEVICE_SECRET))),
    nickname: words,
  }),
  v.strictObject({ action: v.literal('TransformClientId'), ...device, clientId: text }),
  v.strictObject({ action: v.literal('SetDeviceProperty'), ...device, items: v.record(v.string(), v.unknown()) }),
  v.strictObject({ action: v.literal('QueryProducts') }),
  v.strictObject({
    action: v.literal('QueryDevices'),
    productKey: text,
    page: whole,
    pageSize: whole,
    search: words,
    status: v.exactOptional(v.picklist(['UNACTIVE', 'ONLINE', 'OFFLINE', 'DISABLE'])),
    multipleClientIds: flag,
  }),
  v.strictObject({
    action: v.literal('QueryLog'),
    book: v.exactOptional(v.picklist(['platform', 'audit'])),
    type: v.exactOptional(v.picklist(['device', 'uplink', 'downlink', 'registration', 'operator'])),
    productKey: words,
    deviceName: words,
    clientId: words,
    code: whole,
    search: words,
    from: v.exactOptional(v.number()),
    to: v.exactOptional(v.number()),
    before: whole,
    limit: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(LOG_CAPACITY))),
  }),
  v.strictObject({
    action: v.picklist([
      'DeleteDevice',
      'ResetThing',
      'DisableThing',
      'EnableThing',
      'QueryDeviceDetail',
      'QueryClientIds',
      'DeleteClientIds',
    ]),
    ...device,
  }),
]) satisfies v.GenericSchema<unknown, OperatorCommand>;

const HTTP_PORT = 80;
const LOOPBACK_NAMES = ['127.0.0.1', 'localhost', '[::1]'];

/**
 * Does the request come from a page of this very server, if from a page at all? A foreign Host is how DNS rebinding looks. The answer that
 * refuses it (403), else undefined.
 */
export function refuseForeign(
  { host: given, origin }: Pick<OperatorRequest, 'host' | 'origin'>,
  access: OperatorAccess,
): HttpAnswer | undefined {
  const host = given?.toLowerCase();
  const names = [...LOOPBACK_NAMES, ...(access.hosts ?? []).map((name) => name.toLowerCase())];
  // A browser leaves out the port that HTTP has anyhow.
  const ends = access.port === HTTP_PORT ? ['', `:${HTTP_PORT}`] : [`:${access.port}`];
  if (host === undefined || !names.some((name) => ends.some((end) => host === name + end))) {
    return refuse(403, `The Host header must name this machine and port ${access.port}.`);
  }
  if (origin !== undefined && origin.toLowerCase() !== `http://${host}`)
    return refuse(403, 'Pages of another origin may not operate this stub.');
  return undefined;
}

/** As refuseForeign, and 401 without the run's token. */
export function refuseOperator(request: OperatorCredentials, access: OperatorAccess): HttpAnswer | undefined {
  const foreign = refuseForeign(request, access);
  if (foreign) return foreign;
  const presented = /^Bearer +(\S+)$/i.exec(request.authorization ?? '')?.[1];
  if (presented !== undefined && sameText(presented, access.token)) return undefined;
  return refuse(401, 'The header "Authorization: Bearer TOKEN" must carry the token of this run.', { 'WWW-Authenticate': 'Bearer' });
}

/**
 * Answers a request to the operator API: 200 with an OperatorResult (a refused command too), else a status of its own with one sentence.
 * 403 and 401 as refuseOperator says; 404, 405, 413; 400 for a body that is no OperatorCommand.
 */
export function answerOperator(request: OperatorRequest, access: OperatorAccess, platform: Platform): HttpAnswer {
  const refused = refuseOperator(request, access);
  if (refused) return refused;
  const [path, search = ''] = request.path.split('?', 2);
  if (path === LOG_PATH && request.method === 'GET') return exportLog(search, platform);
  if (path !== OPERATOR_PATH) return refuse(404, `Nothing here; commands are POSTed to ${OPERATOR_PATH}.`);
  if (request.method !== 'POST') return refuse(405, 'POST a command.', { Allow: 'POST' });
  if (utf8ToBytes(request.body).length > OPERATOR_BODY_MAX) return refuse(413, `A command has at most ${OPERATOR_BODY_MAX} bytes.`);
  const command = readCommand(request.body);
  if (typeof command === 'string') return refuse(400, command);
  return answerWith(200, 'application/json', JSON.stringify(platform.operate(command)));
}

const NUMBERS = new Set(['code', 'from', 'to', 'before', 'limit']);

function exportLog(search: string, platform: Platform): HttpAnswer {
  const given = [...new URLSearchParams(search)].map(([name, value]) => [name, NUMBERS.has(name) ? Number(value) : value]);
  const filter = { limit: LOG_CAPACITY, ...Object.fromEntries(given) } as object;
  const parsed = v.safeParse(COMMAND, { ...filter, action: 'QueryLog' });
  if (!parsed.success || parsed.output.action !== 'QueryLog') return refuse(400, 'The query has a field that QueryLog does not take.');
  return answerWith(200, 'application/x-ndjson', logLines(platform.log.query(parsed.output)));
}

function refuse(status: number, sentence: string, headers: Readonly<Record<string, string>> = {}): HttpAnswer {
  return answerWith(status, 'application/json', JSON.stringify({ ok: false, code: String(status), message: sentence }), headers);
}

/** The command, or what is wrong with it. Values are not repeated: one of them may be a secret. */
function readCommand(body: string): OperatorCommand | string {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return 'The body is not JSON.';
  }
  const parsed = v.safeParse(COMMAND, json);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const place = v.getDotPath(issue) ?? '';
  if (place === '') return 'The body is not a JSON object with an "action".';
  if (issue.type === 'strict_object' && issue.expected === 'never') return `The command has an unknown field "${place}".`;
  if (place === 'action') return 'The command has no known "action".';
  return `The field "${place}" is missing or not what this action takes.`;
}

/** Compares in a time that depends on the lengths only. */
function sameText(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let wrong = 0;
  for (let i = 0; i < a.length; i++) wrong |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return wrong === 0;
}
