// Was an attempt let through, as it must be? Evidence are the packets, not the device's word alone.
import { REPLY_TOPIC } from '../../../protocol/topics.ts';
import { isCompact, type RegistrationReply } from '../../../protocol/payload.ts';
import type { SpanRecord } from '../record.ts';
import { connackOf, packetsOf, repliesOf, type Spans } from '../spans.ts';
import { fail, inconclusive, pass, type Finding, type Said } from '../verdict.ts';
import { allOf, endedBefore, outcomeSaid, undecidedBy } from '../words.ts';

export interface AttemptArgs {
  readonly attempt: string;
}

function notDone(span: SpanRecord | undefined, name: string): Finding | undefined {
  if (!span) return endedBefore(name);
  const { outcome } = span;
  if (!outcome) return inconclusive(`${name} has no outcome`, `${name} 没有结果`);
  if (outcome.kind === 'unreachable' || outcome.kind === 'local' || outcome.kind === 'aborted') return undecidedBy(name, outcome);
  return undefined;
}

/** The device was let in: CONNACK 0 on the wire (or a post that was answered). */
export function accepted(spans: Spans, { attempt }: AttemptArgs): Finding {
  const span = spans.get(attempt);
  const gap = notDone(span, attempt);
  if (gap || !span?.outcome) return gap ?? endedBefore(attempt);
  const ended = outcomeSaid(span.outcome);
  if (span.outcome.kind !== 'accepted')
    return fail(`${attempt} should have been accepted but was ${ended.en}`, `${attempt} 应被接受，实际${ended['zh-CN']}`);
  if (span.verb === 'post') return pass(`${attempt} was answered`, `${attempt} 得到了回应`);
  return connackOf(span) === 0
    ? pass(`${attempt} got CONNACK 0`, `${attempt} 得到 CONNACK 0`)
    : fail(`${attempt} claims acceptance without CONNACK 0 on the wire`, `${attempt} 声称被接受，但线路上没有 CONNACK 0`);
}

/** Credentials came: CONNACK 0, then exactly one reply with them. */
export function issued(spans: Spans, { attempt }: AttemptArgs): Finding {
  const span = spans.get(attempt);
  const gap = notDone(span, attempt);
  if (gap || !span?.outcome) return gap ?? endedBefore(attempt);
  const ended = outcomeSaid(span.outcome);
  if (span.outcome.kind !== 'issued')
    return fail(`${attempt} should have got credentials but was ${ended.en}`, `${attempt} 应获发凭据，实际${ended['zh-CN']}`);
  const replies = repliesOf(span);
  const [first] = replies;
  if (connackOf(span) !== 0 || !first)
    return fail(`${attempt} claims credentials that are not on the wire`, `${attempt} 声称获发凭据，但线路上没有`);
  if (replies.length > 1) return fail(`${attempt} got ${replies.length} replies`, `${attempt} 收到 ${replies.length} 条应答`);
  return pass(`${attempt} got its credentials on ${first.topic}`, `${attempt} 在 ${first.topic} 获发凭据`, { reading: first.topic });
}

/** Credentials came without any SUBSCRIBE of the device (RULE-05). */
export function unsolicited(spans: Spans, args: AttemptArgs): Finding {
  const finding = issued(spans, args);
  const span = spans.get(args.attempt);
  if (finding.verdict !== 'pass' || !span) return finding;
  if (packetsOf(span).some(({ dir, packet }) => dir === 'out' && packet.cmd === 'subscribe'))
    return inconclusive(`${args.attempt} subscribed`, `${args.attempt} 发送了 SUBSCRIBE`);
  return pass(`${args.attempt} got its credentials without a SUBSCRIBE`, `${args.attempt} 无需 SUBSCRIBE 即获发凭据`);
}

/** The reply can be read by the scanners in shipped firmware: compact JSON, QoS 0, not retained. */
export function compactReply(spans: Spans, args: AttemptArgs): Finding {
  const finding = issued(spans, args);
  const span = spans.get(args.attempt);
  if (finding.verdict !== 'pass' || !span) return finding;
  const reply = repliesOf(span)[0];
  if (!reply) return inconclusive(`${args.attempt} has no reply`, `${args.attempt} 没有应答`);
  const faults: Said[] = [];
  if (!isCompact(reply.text)) faults.push({ en: 'is not compact JSON', 'zh-CN': '不是紧凑 JSON' });
  if (reply.qos !== 0) faults.push({ en: `came with QoS ${reply.qos}`, 'zh-CN': `以 QoS ${reply.qos} 到达` });
  if (reply.retain) faults.push({ en: 'is retained', 'zh-CN': '是保留消息' });
  return faults.length > 0
    ? fail(`the reply ${allOf(faults).en}`, `应答${allOf(faults)['zh-CN']}`)
    : pass('the reply is compact JSON with QoS 0, not retained', '应答是紧凑 JSON，QoS 为 0，且不是保留消息');
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
  const units = attempts.length;
  const without = units - tokens.length;
  if (without > 0) return fail(`${without} replies held no ClientID`, `${without} 条应答不含 ClientID`);
  const clientIds = new Set(tokens.map((reply) => reply.clientId));
  const deviceTokens = new Set(tokens.map((reply) => reply.deviceToken));
  if (clientIds.size < units)
    return fail(`${units} units share ${clientIds.size} ClientIDs`, `${units} 台设备共用 ${clientIds.size} 个 ClientID`);
  if (deviceTokens.size < units)
    return fail(`${units} units share ${deviceTokens.size} DeviceTokens`, `${units} 台设备共用 ${deviceTokens.size} 个 DeviceToken`);
  return pass(`${units} units hold ${clientIds.size} ClientIDs and tokens`, `${units} 台设备持有 ${clientIds.size} 对 ClientID 与令牌`);
}

/** On which topic the reply of a mode came: a reading (C1). */
export function replyTopic(spans: Spans, args: AttemptArgs): Finding {
  const finding = issued(spans, args);
  const outcome = spans.get(args.attempt)?.outcome;
  return finding.verdict === 'pass' && outcome?.kind === 'issued'
    ? pass(`the reply came on ${outcome.topic ?? '?'}`, `应答来自 ${outcome.topic ?? '?'}`, {
        reading: outcome.topic ?? REPLY_TOPIC.register,
      })
    : finding;
}
