// What the platform answers to a device that is online (section 11): a property post gets its reply.
import type { Client } from 'aedes';
import { ProtocolError } from '../../protocol/errors.ts';
import { filterMatches } from '../../protocol/filter.ts';
import { formatPostReply, parsePropertyPost, PROPERTY_POST_METHOD } from '../../protocol/payload.ts';
import { propertyPost, propertyPostReply } from '../../protocol/topics.ts';
import type { ConnectDecision } from '../core/core.ts';

/** Codes of section 7.2. */
const OK = 200;
const NOT_JSON = 6207;

/**
 * Answers an uplink. The reply is sent to a client that has a matching subscription or asked for the standard ones (`_ss=1`), once.
 */
export function answer(
  client: Client,
  who: Extract<ConnectDecision, { kind: 'online' }>,
  topic: string,
  payload: Uint8Array,
  permitted: boolean,
): void {
  if (!permitted || topic !== propertyPost(who.productKey, who.deviceName)) return;
  const replyTopic = propertyPostReply(who.productKey, who.deviceName);
  const filters = Object.keys((client as unknown as { subscriptions: Record<string, unknown> }).subscriptions);
  if (!who.autoSubscribe && !filters.some((filter) => filterMatches(filter, replyTopic))) return;
  const reply = replyTo(payload);
  if (reply !== undefined)
    client.publish({ cmd: 'publish', topic: replyTopic, payload: Buffer.from(reply), qos: 0, retain: false, dup: false }, () => undefined);
}

function replyTo(payload: Uint8Array): string | undefined {
  try {
    const post = parsePropertyPost(payload);
    // `"sys":{"ack":0}` asks for no reply.
    return post.ack ? formatPostReply({ id: post.id, code: OK, method: PROPERTY_POST_METHOD }) : undefined;
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return formatPostReply({ id: '', code: NOT_JSON, message: 'request is not JSON', method: PROPERTY_POST_METHOD });
  }
}
