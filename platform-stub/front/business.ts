// What the platform makes of a message from a device that is online (section 11): what it answers, and what the log says of it. Pure.
import { codeMeaning } from '../../protocol/codes.ts';
import { PROPERTIES_PER_POST } from '../../protocol/limits.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import { formatPostReply, isObject, parseObject } from '../../protocol/payload.ts';

/** Codes of section 7.2. */
const CODE = { ok: 200, parameter: 460, tooMany: 6106, notJson: 6207, noMethod: 6300 } as const;

export interface Uplink {
  /** Of section 7.2, for the log. */
  readonly code: number;
  readonly reason: string;
  /** `id` of the message, where it has one. */
  readonly messageId?: string;
  /** What goes back, if anything. */
  readonly reply?: { readonly topic: string; readonly payload: string };
}

const THING = /^\/sys\/[^/]+\/[^/]+\/thing\/(event\/[^/]+\/post|deviceinfo\/(?:update|delete))$/;
const NTP = /^\/ext\/ntp\/[^/]+\/[^/]+\/request$/;

const ACCEPTED: Uplink = { code: CODE.ok, reason: 'success' };

/** Reads a message on one of the device's own topics. */
export function uplink(topic: string, payload: Uint8Array, now: number): Uplink {
  const [, request] = THING.exec(topic) ?? [];
  if (request !== undefined) return thing(topic, `thing.${request.replaceAll('/', '.')}`, payload);
  return NTP.test(topic) ? ntp(topic, payload, now) : ACCEPTED;
}

/** A request of the thing model: it gets `…_reply`, unless `"sys":{"ack":0}` asks for none. */
function thing(topic: string, method: string, payload: Uint8Array): Uplink {
  const answer = (code: number, id: string, message = codeMeaning(code)): Uplink => ({
    code,
    reason: message,
    ...(id === '' ? {} : { messageId: id }),
    reply: { topic: `${topic}_reply`, payload: formatPostReply({ id, code, message, method }) },
  });
  const json = objectIn(payload);
  if (!json) return answer(CODE.notJson, '');
  // K3 sends far more than digits, and wants it back as it is.
  const id = typeof json['id'] === 'string' || typeof json['id'] === 'number' ? String(json['id']) : '';
  if (id === '') return answer(CODE.parameter, '', 'id is missing');
  if (json['method'] !== undefined && json['method'] !== method) return answer(CODE.noMethod, id, 'method does not belong to this topic');
  const { params, sys } = json;
  const isList = method.startsWith('thing.deviceinfo.');
  if (isList ? !Array.isArray(params) && !isObject(params) : !isObject(params)) return answer(CODE.parameter, id, 'params is missing');
  if (isObject(params) && Object.keys(params).length > PROPERTIES_PER_POST) return answer(CODE.tooMany, id);
  if (isObject(sys) && sys['ack'] === 0) return { ...ACCEPTED, messageId: id };
  return answer(CODE.ok, id, 'success');
}

function ntp(topic: string, payload: Uint8Array, now: number): Uplink {
  const sent = objectIn(payload)?.['deviceSendTime'];
  if (typeof sent !== 'string' && typeof sent !== 'number') return { code: CODE.parameter, reason: 'deviceSendTime is missing' };
  const time = String(Math.round(now));
  return {
    ...ACCEPTED,
    reply: {
      topic: topic.replace(/request$/, 'response'),
      payload: JSON.stringify({ deviceSendTime: String(sent), serverRecvTime: time, serverSendTime: time }),
    },
  };
}

function objectIn(payload: Uint8Array): Record<string, unknown> | undefined {
  try {
    return parseObject(payload);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return undefined;
  }
}
