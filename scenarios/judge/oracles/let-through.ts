// Was an attempt let through, as it must be? Evidence are the packets, not the device's word alone.
import { outcomeKey } from '../../../kernel/trace/outcome.ts';
import { REPLY_TOPIC } from '../../../protocol/topics.ts';
import { isCompact, type RegistrationReply } from '../../../protocol/payload.ts';
import type { SpanRecord } from '../record.ts';
import { connackOf, packetsOf, repliesOf, type Spans } from '../spans.ts';
import { fail, inconclusive, pass, type Finding } from '../verdict.ts';

export interface AttemptArgs {
  readonly attempt: string;
}

function notDone(span: SpanRecord | undefined, name: string): Finding | undefined {
  if (!span) return inconclusive(`the case ended before ${name}`);
  const { outcome } = span;
  if (!outcome) return inconclusive(`${name} has no outcome`);
  if (outcome.kind === 'unreachable' || outcome.kind === 'local' || outcome.kind === 'aborted')
    return inconclusive(`${name}: ${outcomeKey(outcome)}`);
  return undefined;
}

/** The device was let in: CONNACK 0 on the wire (or a post that was answered). */
export function accepted(spans: Spans, { attempt }: AttemptArgs): Finding {
  const span = spans.get(attempt);
  const gap = notDone(span, attempt);
  if (gap || !span?.outcome) return gap ?? inconclusive(attempt);
  if (span.outcome.kind !== 'accepted') return fail(`${attempt} should have been accepted but was ${outcomeKey(span.outcome)}`);
  if (span.verb === 'post') return pass(`${attempt} was answered`);
  return connackOf(span) === 0 ? pass(`${attempt} got CONNACK 0`) : fail(`${attempt} claims acceptance without CONNACK 0 on the wire`);
}

/** Credentials came: CONNACK 0, then exactly one reply with them. */
export function issued(spans: Spans, { attempt }: AttemptArgs): Finding {
  const span = spans.get(attempt);
  const gap = notDone(span, attempt);
  if (gap || !span?.outcome) return gap ?? inconclusive(attempt);
  if (span.outcome.kind !== 'issued') return fail(`${attempt} should have got credentials but was ${outcomeKey(span.outcome)}`);
  const replies = repliesOf(span);
  if (connackOf(span) !== 0 || replies.length === 0) return fail(`${attempt} claims credentials that are not on the wire`);
  if (replies.length > 1) return fail(`${attempt} got ${replies.length} replies`);
  return pass(`${attempt} got its credentials on ${replies[0]?.topic ?? '?'}`, { reading: replies[0]?.topic ?? null });
}

/** Credentials came without any SUBSCRIBE of the device (RULE-05). */
export function unsolicited(spans: Spans, args: AttemptArgs): Finding {
  const finding = issued(spans, args);
  const span = spans.get(args.attempt);
  if (finding.verdict !== 'pass' || !span) return finding;
  if (packetsOf(span).some(({ dir, packet }) => dir === 'out' && packet.cmd === 'subscribe'))
    return inconclusive(`${args.attempt} subscribed`);
  return pass(`${args.attempt} got its credentials without a SUBSCRIBE`);
}

/** The reply can be read by the scanners in shipped firmware: compact JSON, QoS 0, not retained. */
export function compactReply(spans: Spans, args: AttemptArgs): Finding {
  const finding = issued(spans, args);
  const span = spans.get(args.attempt);
  if (finding.verdict !== 'pass' || !span) return finding;
  const reply = repliesOf(span)[0];
  if (!reply) return inconclusive(`${args.attempt} has no reply`);
  const faults: string[] = [];
  if (!isCompact(reply.text)) faults.push('is not compact JSON');
  if (reply.qos !== 0) faults.push(`came with QoS ${reply.qos}`);
  if (reply.retain) faults.push('is retained');
  return faults.length > 0 ? fail(`the reply ${faults.join(' and ')}`) : pass('the reply is compact JSON with QoS 0, not retained');
}

export interface DistinctArgs {
  readonly attempts: readonly string[];
}

/** Every unit got a ClientID and a token of its own (RULE-38). */
export function distinctClientIds(spans: Spans, { attempts }: DistinctArgs): Finding {
  const replies: RegistrationReply[] = [];
  for (const attempt of attempts) {
    const finding = issued(spans, { attempt });
    // Who got nothing says nothing about whether what is issued differs.
    if (finding.verdict !== 'pass') return { ...finding, verdict: 'inconclusive' };
    const reply = repliesOf(spans.get(attempt) as SpanRecord)[0]?.reply;
    if (reply) replies.push(reply);
  }
  const tokens = replies.filter((reply) => reply.kind === 'regnwl');
  if (tokens.length !== attempts.length) return fail(`${attempts.length - tokens.length} replies held no ClientID`);
  const clientIds = new Set(tokens.map((reply) => reply.clientId));
  const deviceTokens = new Set(tokens.map((reply) => reply.deviceToken));
  if (clientIds.size < attempts.length) return fail(`${attempts.length} units share ${clientIds.size} ClientIDs`);
  if (deviceTokens.size < attempts.length) return fail(`${attempts.length} units share ${deviceTokens.size} DeviceTokens`);
  return pass(`${attempts.length} units hold ${clientIds.size} ClientIDs and tokens`);
}

/** On which topic the reply of a mode came: a reading (C1). */
export function replyTopic(spans: Spans, args: AttemptArgs): Finding {
  const finding = issued(spans, args);
  const topic = spans.get(args.attempt)?.outcome;
  return finding.verdict === 'pass' && topic?.kind === 'issued'
    ? pass(`the reply came on ${topic.topic ?? '?'}`, { reading: topic.topic ?? REPLY_TOPIC.register })
    : finding;
}
