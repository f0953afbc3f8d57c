// The answer to a registration as bytes: what is documented of it is judged, what only shipped clients need is read.
import { toHex } from '../../../kernel/bytes/concat.ts';
import { isCompact } from '../../../protocol/payload.ts';
import { REGISTRATION_CLOSE_MS } from '../../../protocol/limits.ts';
import { letThrough, notDialled } from '../proofs.ts';
import { packetsOf, repliesOf, type Spans } from '../spans.ts';
import type { SpanRecord, StoredEvent } from '../record.ts';
import { fail, inconclusive, pass, warn, type Finding } from '../verdict.ts';
import { endedBefore } from '../words.ts';
import { issued, type AttemptArgs } from './let-through.ts';

/** CONNACK 0 of MQTT 3.1.1, all of it. */
const CONNACK_0 = toHex(Uint8Array.of(0x20, 2, 0, 0));

function incoming(span: SpanRecord): string[] {
  return span.events.flatMap((event: StoredEvent) => ('hex' in event && event.dir === 'in' ? [event.hex] : []));
}

/** The first packet is a CONNACK of four bytes, the second the reply, and its names are those of the request. */
export function replyInOrder(spans: Spans, args: AttemptArgs): Finding {
  const finding = issued(spans, args);
  const span = spans.get(args.attempt);
  if (finding.verdict !== 'pass' || !span) return finding;
  const [first = '', second = ''] = incoming(span);
  if (first !== CONNACK_0)
    return fail(`the first packet is ${first}, not the four bytes of CONNACK 0`, `首个报文为 ${first}，不是四字节的 CONNACK 0`);
  if (!second.startsWith('3'))
    return fail(`the packet after CONNACK is ${second}, no PUBLISH`, `CONNACK 之后的报文为 ${second}，不是 PUBLISH`);
  const asked = packetsOf(span).flatMap(({ dir, packet }) => (dir === 'out' && packet.cmd === 'connect' ? [packet.username] : []))[0];
  const reply = repliesOf(span)[0]?.reply;
  const names = reply && `${reply.deviceName}&${reply.productKey}`;
  if (!reply || names !== asked)
    return fail(
      `the reply is for ${names ?? 'nobody'}, the request was of ${asked ?? 'nobody'}`,
      `应答属于 ${names ?? '无人'}，而请求来自 ${asked ?? '无人'}`,
    );
  return pass(`CONNACK 0, then the reply for ${asked}`, `先是 CONNACK 0，随后是 ${asked} 的应答`);
}

/** Topic, flags, keys in their order and lengths of the reply: readings, each of which some shipped client depends on. */
export function replyShape(spans: Spans, args: AttemptArgs): Finding {
  const finding = issued(spans, args);
  const span = spans.get(args.attempt);
  const reply = span && repliesOf(span)[0];
  if (finding.verdict !== 'pass' || !reply) return finding;
  const fields = Object.entries(JSON.parse(reply.text) as Record<string, unknown>);
  const shape = {
    topic: reply.topic,
    qos: reply.qos,
    retain: reply.retain,
    compact: isCompact(reply.text),
    keys: fields.map(([key]) => key),
    lengths: fields.map(([, value]) => (typeof value === 'string' ? value.length : -1)),
  };
  return pass(`the reply is ${JSON.stringify(shape)}`, `应答为 ${JSON.stringify(shape)}`, { reading: shape });
}

export interface CloseStartArgs {
  /** The registration whose connection was left open. */
  readonly register: string;
  /** The span during which the platform ended it. */
  readonly linger: string;
}

/** From CONNACK, or from the reply: where the 15 s fit better. Where both came together nobody can tell. */
export function closeCountsFrom(spans: Spans, { register, linger }: CloseStartArgs): Finding {
  const [span, waiting] = [spans.get(register), spans.get(linger)];
  if (!span || !waiting) return endedBefore(span ? linger : register);
  const seen = packetsOf(span).filter(({ dir }) => dir === 'in');
  const connack = seen.find(({ packet }) => packet.cmd === 'connack')?.at;
  const reply = seen.find(({ packet }) => packet.cmd === 'publish')?.at;
  const closed = waiting.events.find((event) => event.kind === 'closed')?.at;
  if (connack === undefined || reply === undefined || closed === undefined)
    return inconclusive(
      `the connection of ${register} was not seen from CONNACK to its end`,
      `未能观察到 ${register} 的连接从 CONNACK 到结束的全过程`,
    );
  const off = (since: number): number => Math.abs(closed - since - REGISTRATION_CLOSE_MS);
  const from = reply - connack < 100 ? 'either' : off(reply) <= off(connack) ? 'reply' : 'connack';
  return pass(
    `closed ${Math.round(closed - connack)} ms after CONNACK, ${Math.round(closed - reply)} ms after the reply: counted from ${from}`,
    `在 CONNACK 后 ${Math.round(closed - connack)} 毫秒、应答后 ${Math.round(closed - reply)} 毫秒关闭：计时起点为 ${from}`,
    { reading: from },
  );
}

export interface BetterRefusedArgs extends AttemptArgs {
  /** The same without what had better be refused, where the documents say that this is served. */
  readonly control?: string;
}

/** The platform had better refuse this: a SHOULD, so what it lets through is a warning. */
export function betterRefused(spans: Spans, { attempt, control }: BetterRefusedArgs): Finding {
  const span = spans.get(attempt);
  const outcome = span?.outcome;
  if (!outcome) return endedBefore(attempt);
  if (control !== undefined && !letThrough(spans.get(control)))
    return inconclusive(`${attempt} says nothing without its control ${control}`, `对照 ${control} 未获准，${attempt} 不能说明问题`);
  if (notDialled(outcome))
    return pass(`${attempt} found no endpoint that takes it`, `${attempt} 没有可用的端点`, { reading: 'no endpoint' });
  if (outcome.kind === 'issued' || outcome.kind === 'accepted')
    return warn(`${attempt} was let through`, `${attempt} 获准通过`, { reading: 'let through' });
  if (outcome.kind === 'refused')
    return pass(`${attempt} was refused with ${outcome.code}`, `${attempt} 以 ${outcome.code} 被拒绝`, { reading: outcome.code });
  return outcome.kind === 'closed' && outcome.stage !== 'reply'
    ? pass(`${attempt} was closed`, `${attempt} 被关闭`, { reading: 'closed' })
    : inconclusive(`${attempt} was not answered as a registration is`, `${attempt} 未得到注册应有的回答`);
}
