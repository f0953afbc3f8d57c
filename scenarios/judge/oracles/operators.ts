// How long an operator's action takes to bite, and what it did to a session: measured, never judged.
import { letThrough } from '../proofs.ts';
import type { SpanRecord, StoredEvent } from '../record.ts';
import type { Spans } from '../spans.ts';
import { inconclusive, pass, type Finding } from '../verdict.ts';
import { endedBefore } from '../words.ts';

export interface LatencyArgs {
  /** The operator's action; its answer is where the time starts. */
  readonly action: string;
  /** A span that began before the action, in which a session ended because of it. */
  readonly ended?: string;
  /** Attempts in their order: the first that was not let through shows that it has taken effect. The last may be missing. */
  readonly attempts?: readonly string[];
}

/** `operatorLatencyMs`: from the answer to the action until the first sign of its effect. */
export function operatorLatency(spans: Spans, { action, ended, attempts = [] }: LatencyArgs): Finding {
  const acted = spans.get(action);
  if (!acted) return endedBefore(action);
  const at = ended === undefined ? firstRefusal(spans, attempts) : closedAt(spans.get(ended));
  if (at === undefined) return pass(`${action} had no effect while it was watched`, `观察期间 ${action} 未生效`, { reading: null });
  const after = Math.max(0, Math.round(at - acted.endedAt));
  return pass(`${action} took effect within ${after} ms of its answer`, `${action} 在应答后 ${after} 毫秒内生效`, { reading: after });
}

/** How a connection ended, where the device did not end it itself. */
function endingOf(span: SpanRecord): StoredEvent | undefined {
  return span.events.find((event) => event.kind === 'closed' && event.ending.by !== 'local');
}

function closedAt(span: SpanRecord | undefined): number | undefined {
  return span && endingOf(span)?.at;
}

function firstRefusal(spans: Spans, attempts: readonly string[]): number | undefined {
  const found = attempts.map((name) => spans.get(name)).find((span) => span?.outcome && !letThrough(span));
  return found?.startedAt;
}

export interface FateArgs {
  readonly span: string;
}

/** Whether a session outlived what was done meanwhile: a reading, `kept` or `ended`. */
export function sessionFate(spans: Spans, args: FateArgs): Finding {
  const span = spans.get(args.span);
  if (!span) return endedBefore(args.span);
  return endingOf(span)
    ? pass(`the session was ended during ${args.span}`, `会话在 ${args.span} 期间被断开`, { reading: 'ended' })
    : pass(`the session was kept during ${args.span}`, `会话在 ${args.span} 期间保持不变`, { reading: 'kept' });
}

export interface ClientIdTimeArgs {
  readonly list: string;
  readonly issued: string;
  readonly connected: string;
}

/** Which time the list gives a ClientID: a reading, `registered`, `first-connected` or `another` (RULE-44). */
export function clientIdTime(spans: Spans, { list, issued, connected }: ClientIdTimeArgs): Finding {
  const times = spans.get(list)?.facts['times'] as readonly number[] | undefined;
  const [from, to] = [spans.get(issued), spans.get(connected)];
  if (!times || !from || !to) return inconclusive(`${list} has no times`, `${list} 中没有时间`);
  const [time = NaN] = times;
  // Clocks are not equal; the case lets more than this pass between the two.
  const within = (span: SpanRecord): boolean => time >= span.startedAt - SKEW_MS && time <= span.endedAt + SKEW_MS;
  const said = within(from) ? 'registered' : within(to) ? 'first-connected' : 'another';
  const zh = { registered: '注册时间', 'first-connected': '首次连接时间', another: '其他时间' }[said];
  return pass(`the time of a ClientID is: ${said}`, `ClientID 的时间为：${zh}`, { reading: said });
}

const SKEW_MS = 2_000;
