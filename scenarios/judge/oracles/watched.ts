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
}

/** A watcher that could hear received no PUBLISH at all (reply isolation). */
export function nothingReceived(spans: Spans, args: SilenceArgs): Finding {
  const span = spans.get(args.span);
  const heard = spans.get(args.heard);
  if (!span) return inconclusive(`the case ended before ${args.span}`);
  const received = packetsOf(span).filter(({ dir, packet }) => dir === 'in' && packet.cmd === 'publish');
  const first = received[0]?.packet;
  if (first?.cmd === 'publish') return fail(`the watcher received ${received.length} messages, the first on ${first.topic}`);
  if (closingsOf(span).length > 0) return inconclusive('the watcher lost its connection');
  if (heard?.outcome?.kind !== 'accepted') return inconclusive('the watcher was not shown to hear anything');
  return pass('the watcher received nothing');
}

function ms(value: number): string {
  return `${Math.round(value)} ms`;
}
