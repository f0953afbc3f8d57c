// What a device was sent: a message on a topic, the answer to a post, an acknowledgement.
import type { IPublishPacket } from 'mqtt-packet';
import { parsePostReply } from '../../../protocol/payload.ts';
import { ProtocolError } from '../../../protocol/errors.ts';
import { packetsOf, type Spans } from '../spans.ts';
import { fail, inconclusive, pass, type Finding } from '../verdict.ts';

export interface MessageArgs {
  readonly span: string;
  /** How the topic ends: names of a run differ. */
  readonly topicEnds: string;
}

function missingSpan(name: string): Finding {
  return inconclusive(`the case ended before ${name}`, `用例在 ${name} 之前已结束`);
}

function messages(spans: Spans, args: MessageArgs): IPublishPacket[] | undefined {
  const span = spans.get(args.span);
  return (
    span &&
    packetsOf(span).flatMap(({ dir, packet }) =>
      dir === 'in' && packet.cmd === 'publish' && packet.topic.endsWith(args.topicEnds) ? [packet] : [],
    )
  );
}

/** What came on a topic: a reading, the text or null. */
export function messageOn(spans: Spans, args: MessageArgs): Finding {
  const found = messages(spans, args);
  if (!found) return missingSpan(args.span);
  const text = found[0]?.payload.toString();
  return text === undefined
    ? pass(`nothing came on ${args.topicEnds} during ${args.span}`, `${args.span} 期间 ${args.topicEnds} 上没有消息`, { reading: null })
    : pass(`${text} came on ${args.topicEnds}`, `${args.topicEnds} 上收到 ${text}`, { reading: text });
}

/** The answer to a post is as the documents print it: code 200, the id that was sent, method and version, QoS 0, not retained. */
export function postAnswer(spans: Spans, args: MessageArgs): Finding {
  const found = messages(spans, args);
  if (!found) return missingSpan(args.span);
  const [first, ...more] = found;
  if (!first) return fail(`no answer came on ${args.topicEnds}`, `${args.topicEnds} 上没有应答`);
  const faults: string[] = [];
  if (more.length > 0) faults.push(`${found.length} answers`);
  if (first.qos !== 0) faults.push(`QoS ${first.qos}`);
  if (first.retain) faults.push('retain');
  try {
    const { code } = parsePostReply(first.payload.toString());
    if (code !== 200) faults.push(`code ${code}`);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    faults.push(error.message);
  }
  const text = first.payload.toString();
  return faults.length > 0
    ? fail(`the answer is not as documented (${faults.join(', ')}): ${text}`, `应答与文档不符（${faults.join('、')}）：${text}`)
    : pass(`the answer is ${text}`, `应答为 ${text}`, { reading: shapeOf(text) });
}

/** The keys of an object and nothing of its values, in their order. */
function shapeOf(text: string): string {
  return Object.keys(JSON.parse(text) as object).join(',');
}

export interface PubackArgs {
  readonly span: string;
}

/** Every QoS 1 PUBLISH that went out was acknowledged by its packet id. */
export function acknowledged(spans: Spans, args: PubackArgs): Finding {
  const span = spans.get(args.span);
  if (!span) return missingSpan(args.span);
  const open = new Set<number | undefined>();
  let sent = 0;
  for (const { dir, packet } of packetsOf(span)) {
    if (dir === 'out' && packet.cmd === 'publish' && packet.qos === 1) {
      sent += 1;
      open.add(packet.messageId);
    }
    if (dir === 'in' && packet.cmd === 'puback') open.delete(packet.messageId);
  }
  if (sent === 0) return inconclusive(`nothing was published at QoS 1 in ${args.span}`, `${args.span} 中没有发布 QoS 1 消息`);
  return open.size > 0
    ? fail(`${open.size} of ${sent} messages at QoS 1 got no PUBACK`, `${sent} 条 QoS 1 消息中有 ${open.size} 条没有 PUBACK`)
    : pass(`${sent} messages at QoS 1 were acknowledged`, `${sent} 条 QoS 1 消息均得到确认`, { reading: sent });
}
