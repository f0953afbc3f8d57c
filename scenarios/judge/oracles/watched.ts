// What a connection went through while time passed: it lived on, or the platform ended it, or nothing came.
import type { SpanRecord, StoredEvent } from '../record.ts';
import { packetsOf, type Spans } from '../spans.ts';
import { fail, inconclusive, pass, type Finding } from '../verdict.ts';

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
  if (!span) return inconclusive(`the case ended before ${args.span}`);
  const closed = closingsOf(span).find((event) => event.ending.by !== 'local');
  return closed
    ? fail(`the session ended during ${args.span}, ${ms(closed.at - span.startedAt)} after its start`)
    : pass(`the session lived through ${args.span}`);
}

export interface EndedArgs extends WatchArgs {
  /** Bounds of the time from the start of the span to the end of the session, milliseconds. */
  readonly notBefore?: number;
  readonly notAfter?: number;
}

/** The platform ended the session, within the bounds where there are some. */
export function endedByPlatform(spans: Spans, args: EndedArgs): Finding {
  const span = spans.get(args.span);
  if (!span) return inconclusive(`the case ended before ${args.span}`);
  const closed = closingsOf(span).find((event) => event.ending.by !== 'local');
  if (!closed) return fail(`the session was not ended during ${args.span} (${ms(span.endedAt - span.startedAt)})`);
  const after = closed.at - span.startedAt;
  if (after < (args.notBefore ?? 0)) return fail(`the session was ended after ${ms(after)}, too early`);
  if (after > (args.notAfter ?? Infinity)) return fail(`the session was ended after ${ms(after)}, too late`);
  return pass(`the platform ended the session after ${ms(after)}`, { reading: Math.round(after) });
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
  if (!span) return inconclusive(`the case ended before ${args.span}`);
  const received = messagesOf(span);
  const [first] = received;
  if (first) return fail(`the watcher received ${received.length} messages, the first on ${first.topic}`);
  if (closingsOf(span).length > 0 && !args.mayBeClosed) return inconclusive('the watcher lost its connection');
  if (heard?.outcome?.kind !== 'accepted') return inconclusive('the watcher was not shown to hear anything');
  const rightful = args.meanwhile === undefined ? undefined : spans.get(args.meanwhile);
  if (args.meanwhile !== undefined && (!rightful || messagesOf(rightful).length === 0))
    return inconclusive(`nothing was sent to the rightful receiver during ${args.meanwhile}`);
  return pass('the watcher received nothing');
}

/** How many messages came: a reading. */
export function deliveries(spans: Spans, args: WatchArgs): Finding {
  const span = spans.get(args.span);
  if (!span) return inconclusive(`the case ended before ${args.span}`);
  const count = messagesOf(span).length;
  return pass(`${count} messages came during ${args.span}`, { reading: count });
}

function messagesOf(span: SpanRecord): { topic: string }[] {
  return packetsOf(span).flatMap(({ dir, packet }) => (dir === 'in' && packet.cmd === 'publish' ? [{ topic: packet.topic }] : []));
}

function ms(value: number): string {
  return `${Math.round(value)} ms`;
}
