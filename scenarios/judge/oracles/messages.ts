// What a device was sent: a message on a topic, the answer to a post, an acknowledgement.
import type { IPublishPacket } from 'mqtt-packet';
import { parsePostReply } from '../../../protocol/payload.ts';
import { ProtocolError } from '../../../protocol/errors.ts';
import { packetsOf, type Spans } from '../spans.ts';
import { fail, inconclusive, pass, type Finding, type Said } from '../verdict.ts';
import { endedBefore } from '../words.ts';

export interface MessageArgs {
  readonly span: string;
  /** How the topic ends: names of a run differ. */
  readonly topicEnds: string;
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
  if (!found) return endedBefore(args.span);
  const text = found[0]?.payload.toString();
  return text === undefined
    ? pass(`nothing came on ${args.topicEnds} during ${args.span}`, `${args.span} 期间 ${args.topicEnds} 上没有消息`, { reading: null })
    : pass(`${text} came on ${args.topicEnds}`, `${args.topicEnds} 上收到 ${text}`, { reading: text });
}

/** The answer to a post is as the documents print it: code 200, the id that was sent, method and version, QoS 0, not retained. */
export function postAnswer(spans: Spans, args: MessageArgs): Finding {
  const found = messages(spans, args);
  if (!found) return endedBefore(args.span);
  const [first, ...more] = found;
  if (!first) return fail(`no answer came on ${args.topicEnds}`, `${args.topicEnds} 上没有应答`);
  const text = first.payload.toString();
  const faults: Said[] = [];
  if (more.length > 0) faults.push({ en: `${found.length} answers`, 'zh-CN': `共 ${found.length} 条应答` });
  if (first.qos !== 0) faults.push({ en: `QoS ${first.qos}`, 'zh-CN': `QoS 为 ${first.qos}` });
  if (first.retain) faults.push({ en: 'retain', 'zh-CN': '是保留消息' });
  try {
    const { code } = parsePostReply(text);
    if (code !== 200) faults.push({ en: `code ${code}`, 'zh-CN': `返回码为 ${code}` });
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    faults.push({ en: error.message, 'zh-CN': '不是带 id 与 code 的 JSON 对象' });
  }
  return faults.length > 0
    ? fail(
        `the answer is not as documented (${faults.map((one) => one.en).join(', ')}): ${text}`,
        `应答与文档不符（${faults.map((one) => one['zh-CN']).join('、')}）：${text}`,
      )
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
  if (!span) return endedBefore(args.span);
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
