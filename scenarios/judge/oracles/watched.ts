// What a connection went through while time passed: it lived on, or the platform ended it, or nothing came.
import type { SpanRecord, StoredEvent } from '../record.ts';
import { packetsOf, type Spans } from '../spans.ts';
import { fail, inconclusive, pass, type Finding } from '../verdict.ts';
import { endedBefore } from '../words.ts';

export interface WatchArgs {
  readonly span: string;
}

type Closed = Extract<StoredEvent, { kind: 'closed' }>;

function closingsOf(span: SpanRecord): Closed[] {
  return span.events.filter((event): event is Closed => event.kind === 'closed');
}

/** The session was not ended. */
export function livedThrough(spans: Spans, args: WatchArgs): Finding {
  const span = spans.get(args.span);
  if (!span) return endedBefore(args.span);
  const closed = closingsOf(span).find((event) => event.ending.by !== 'local');
  if (!closed) return pass(`the session lived through ${args.span}`, `会话在 ${args.span} 期间保持连接`);
  const after = Math.round(closed.at - span.startedAt);
  return fail(`the session ended during ${args.span}, ${after} ms after its start`, `会话在 ${args.span} 期间结束，距其开始 ${after} 毫秒`);
}

export interface EndedArgs extends WatchArgs {
  /** Bounds count from the end of this span; from the start of the other unless told. */
  readonly since?: string;
  /** Bounds of the time to the end of the session, milliseconds. */
  readonly notBefore?: number;
  readonly notAfter?: number;
}

/** The platform ended the session, within the bounds where there are some. */
export function endedByPlatform(spans: Spans, args: EndedArgs): Finding {
  const span = spans.get(args.span);
  if (!span) return endedBefore(args.span);
  const closed = closingsOf(span).find((event) => event.ending.by !== 'local');
  if (!closed) {
    const late = unanswered(spans, span);
    if (late)
      return inconclusive(
        `the session was not ended during ${args.span}, but ${late.name} was not answered before its end`,
        `会话在 ${args.span} 期间未被结束，但在其结束之前 ${late.name} 尚未得到回答`,
      );
    const lasted = Math.round(span.endedAt - span.startedAt);
    return fail(`the session was not ended during ${args.span} (${lasted} ms)`, `会话在 ${args.span} 期间（${lasted} 毫秒）未被结束`);
  }
  const after = closed.at - (spans.get(args.since ?? '')?.endedAt ?? span.startedAt);
  const ms = Math.round(after);
  if (after < (args.notBefore ?? 0)) return fail(`the session was ended after ${ms} ms, too early`, `会话在 ${ms} 毫秒后被结束，过早`);
  const { stalledMs } = spans;
  const notAfter = args.notAfter ?? Infinity;
  if (after > notAfter && after - stalledMs <= notAfter)
    return inconclusive(
      `the session was ended after ${ms} ms, too late, but this machine stood still for ${stalledMs} ms of the case`,
      `会话在 ${ms} 毫秒后被结束，过晚；但本机在此用例期间停滞了 ${stalledMs} 毫秒`,
      { reading: ms },
    );
  if (after > notAfter) return fail(`the session was ended after ${ms} ms, too late`, `会话在 ${ms} 毫秒后被结束，过晚`);
  return pass(`the platform ended the session after ${ms} ms`, `平台在 ${ms} 毫秒后结束会话`, { reading: ms });
}

/** An attempt of another unit that was still under way when the span ended: what should have ended the session had not happened. */
function unanswered(spans: Spans, span: SpanRecord): SpanRecord | undefined {
  for (const other of spans.all())
    if (other.outcome && other.unit !== span.unit && other.startedAt <= span.endedAt && other.endedAt > span.endedAt) return other;
  return undefined;
}

export interface SilenceArgs extends WatchArgs {
  /** A message that must have come in another span, to show that the watcher could hear. */
  readonly heard: string;
  /** A span of the rightful receiver in which something did come, where that must have been so. */
  readonly meanwhile?: string;
  /** The platform may end the watcher's connection for what it tried. */
  readonly mayBeClosed?: boolean;
}

/** A watcher that could hear received no PUBLISH at all (reply isolation). */
export function nothingReceived(spans: Spans, args: SilenceArgs): Finding {
  const span = spans.get(args.span);
  const heard = spans.get(args.heard);
  if (!span) return endedBefore(args.span);
  const received = messagesOf(span);
  const [first] = received;
  if (first)
    return fail(
      `the watcher received ${received.length} messages, the first on ${first.topic}`,
      `监听者收到 ${received.length} 条消息，第一条在 ${first.topic}`,
    );
  if (closingsOf(span).length > 0 && !args.mayBeClosed) return inconclusive('the watcher lost its connection', '监听者失去了连接');
  if (heard?.outcome?.kind !== 'accepted')
    return inconclusive('the watcher was not shown to hear anything', '没有证据表明监听者能收到消息');
  const rightful = args.meanwhile === undefined ? undefined : spans.get(args.meanwhile);
  if (args.meanwhile !== undefined && (!rightful || messagesOf(rightful).length === 0))
    return inconclusive(`nothing was sent to the rightful receiver during ${args.meanwhile}`, `${args.meanwhile} 期间没有消息发给应收者`);
  return pass('the watcher received nothing', '监听者没有收到任何消息');
}

/** How many messages came: a reading. */
export function deliveries(spans: Spans, args: WatchArgs): Finding {
  const span = spans.get(args.span);
  if (!span) return endedBefore(args.span);
  const count = messagesOf(span).length;
  return pass(`${count} messages came during ${args.span}`, `${args.span} 期间收到 ${count} 条消息`, { reading: count });
}

function messagesOf(span: SpanRecord): { topic: string }[] {
  return packetsOf(span).flatMap(({ dir, packet }) => (dir === 'in' && packet.cmd === 'publish' ? [{ topic: packet.topic }] : []));
}
