// Rules that hundreds of units ask at once. What counts are packets: who was online is who got CONNACK 0 to a sign-in, whatever it says.
import { outcomeKey, type Outcome } from '../../../kernel/trace/outcome.ts';
import { proofsOf, torn, unproven } from '../proofs.ts';
import type { SpanRecord } from '../record.ts';
import { connackOf, loginsOf, packetsOf, repliesOf, type Spans } from '../spans.ts';
import { fail, inconclusive, pass, warn, type Finding, type Said } from '../verdict.ts';
import { endedBefore, listed } from '../words.ts';
import { accepted, issued } from './let-through.ts';
import { judge } from './refused.ts';

/** Units whose spans are named alike: `racer-001` to `racer-500`. */
export interface Crowd {
  readonly name: string;
  readonly count: number;
}

/** The span of number `n` of a crowd, from 1. */
export function member({ name, count }: Crowd, n: number): string {
  return `${name}-${String(n).padStart(String(count).length, '0')}`;
}

/** Every span name of a crowd. */
export function members(crowd: Crowd): string[] {
  return Array.from({ length: crowd.count }, (_, i) => member(crowd, i + 1));
}

/** Did a sign-in (not a registration) of the span get CONNACK 0? */
export function cameOnline(span: SpanRecord): boolean {
  const signIns = new Set(
    loginsOf(span, 'out')
      .filter(({ login }) => login?.kind === 'secret' || login?.kind === 'token')
      .map(({ conn }) => conn),
  );
  return packetsOf(span).some(
    ({ dir, conn, packet }) => dir === 'in' && packet.cmd === 'connack' && packet.returnCode === 0 && signIns.has(conn),
  );
}

/** How the platform turned somebody away: with a CONNACK that is on the wire, by silence after CONNACK 0, or not so that one could say. */
export function turnedAway(span: SpanRecord): 'refused' | 'silently' | 'undecided' {
  const outcome: Outcome | null = span.outcome;
  if (outcome?.kind === 'refused' && outcome.by === 'connack')
    return packetsOf(span).some(({ packet }) => packet.cmd === 'connack' && packet.returnCode === outcome.code) ? 'refused' : 'undecided';
  if (outcome?.kind === 'closed' && !torn(span)) return outcome.stage === 'reply' ? 'silently' : 'refused';
  return outcome?.kind === 'silent' && outcome.stage === 'reply' && connackOf(span) === 0 ? 'silently' : 'undecided';
}

const SHOWN = 3;

/** The first few of many names. */
export function some(names: readonly string[]): Said {
  const few = listed(names.slice(0, SHOWN));
  const more = names.length - SHOWN;
  return more > 0 ? { en: `${few.en} and ${more} more`, 'zh-CN': `${few['zh-CN']} 等 ${names.length} 个` } : few;
}

/** What is not decided of some of a crowd. */
export function undecided(names: readonly string[]): Finding {
  const who = some(names);
  return inconclusive(
    `of ${names.length} units nothing can be said, since nothing the platform said ended their attempt: ${who.en}`,
    `有 ${names.length} 台设备无法判定，因其尝试并非因平台的回答而结束：${who['zh-CN']}`,
  );
}

export interface ExactlyOnlineArgs {
  readonly crowd: Crowd;
  /** The same units again, one by one: those that got credentials. */
  readonly retries: Crowd;
  /** How many of them, no more and no fewer. */
  readonly online: number;
  /** One of those that stayed out, once the reason is gone. */
  readonly control: string;
  readonly alive: string;
}

/** Of a crowd so many were ever online, and everybody else was refused (RULE-39). */
export function exactlyOnline(spans: Spans, { crowd, retries, online, control, alive }: ExactlyOnlineArgs): Finding {
  const found = members(crowd).map((name, i) => ({ name, first: spans.get(name), last: spans.get(member(retries, i + 1)) }));
  const inside = found.filter(({ first, last }) => [first, last].some((span) => span && cameOnline(span))).map(({ name }) => name);
  const who = some(inside);
  if (inside.length > online)
    return fail(
      `${inside.length} of ${crowd.count} units were online: ${who.en}`,
      `${crowd.count} 台中有 ${inside.length} 台上线：${who['zh-CN']}`,
    );
  // Whoever got credentials is judged by its retry, where nobody disturbed it.
  const outside = found
    .filter(({ name }) => !inside.includes(name))
    .map(({ name, first, last }) => ({ name, span: last ?? (first && repliesOf(first).length > 0 ? undefined : first) }));
  const missing = outside.find(({ span }) => !span);
  if (missing) return endedBefore(missing.name);
  const ends = outside.map(({ name, span }) => ({ name, span: span as SpanRecord, end: turnedAway(span as SpanRecord) }));
  const open = ends.filter(({ end }) => end === 'undecided').map(({ name }) => name);
  if (open.length > 0) return undecided(open);
  if (inside.length < online)
    return fail(
      `only ${inside.length} of ${crowd.count} units were online, and all others were refused`,
      `${crowd.count} 台中只有 ${inside.length} 台上线，其余均被拒绝`,
    );
  const said: Said = {
    en: `${inside.length} of ${crowd.count} units were online (${who.en}), ${ends.length} were refused`,
    'zh-CN': `${crowd.count} 台中有 ${inside.length} 台上线（${who['zh-CN']}），${ends.length} 台被拒绝`,
  };
  const first = ends[0]?.span;
  const proofs = first && proofsOf(first, spans.get(control), spans.get(alive));
  const gap = proofs && unproven(said, proofs);
  if (gap) return gap;
  const silent = ends.filter(({ end }) => end === 'silently').length;
  const answers: Record<string, number> = {};
  for (const { span } of ends) if (span.outcome) answers[outcomeKey(span.outcome)] = (answers[outcomeKey(span.outcome)] ?? 0) + 1;
  const more = { ...(proofs ? { proofs } : {}), reading: answers };
  return silent > 0
    ? warn(
        `${said.en}, ${silent} of them by silence (silent-refusal)`,
        `${said['zh-CN']}，其中 ${silent} 台以沉默方式（silent-refusal）`,
        more,
      )
    : pass(said.en, said['zh-CN'], more);
}

export interface EveryoneArgs {
  readonly crowd: Crowd;
}

/** The worst of what is said of each, in one sentence; what all share where nothing is wrong. */
function everyone(crowd: Crowd, findings: readonly { name: string; finding: Finding }[], good: Said): Finding {
  for (const verdict of ['fail', 'inconclusive', 'warn'] as const) {
    const bad = findings.filter(({ finding }) => finding.verdict === verdict);
    const [first] = bad;
    if (!first) continue;
    const say = { fail, inconclusive, warn }[verdict];
    return say(
      `${bad.length} of ${crowd.count}, the first: ${first.finding.because.en}`,
      `${crowd.count} 个中有 ${bad.length} 个，首个：${first.finding.because['zh-CN']}`,
    );
  }
  return pass(good.en, good['zh-CN']);
}

/** Every attempt of a crowd was accepted. */
export function everyoneAccepted(spans: Spans, { crowd }: EveryoneArgs): Finding {
  const findings = members(crowd).map((name) => ({ name, finding: accepted(spans, { attempt: name }) }));
  return everyone(crowd, findings, { en: `all ${crowd.count} were accepted`, 'zh-CN': `${crowd.count} 个全部被接受` });
}

/** Every registration of a crowd brought credentials. */
export function everyoneIssued(spans: Spans, { crowd }: EveryoneArgs): Finding {
  const findings = members(crowd).map((name) => ({ name, finding: issued(spans, { attempt: name }) }));
  return everyone(crowd, findings, { en: `all ${crowd.count} got credentials`, 'zh-CN': `${crowd.count} 个全部获发凭据` });
}

export interface EveryoneRefusedArgs extends EveryoneArgs {
  readonly control: string;
  readonly alive: string;
}

/** Every attempt of a crowd was refused, and for no other reason than the case is about. */
export function everyoneRefused(spans: Spans, { crowd, control, alive }: EveryoneRefusedArgs): Finding {
  const findings = members(crowd).map((name) => {
    const span = spans.get(name);
    return { name, finding: span ? judge(span) : endedBefore(name) };
  });
  const good: Said = { en: `all ${crowd.count} were refused`, 'zh-CN': `${crowd.count} 个全部被拒绝` };
  const finding = everyone(crowd, findings, good);
  const first = spans.get(member(crowd, 1));
  if (!first || (finding.verdict !== 'pass' && finding.verdict !== 'warn')) return finding;
  const proofs = proofsOf(first, spans.get(control), spans.get(alive));
  return unproven(finding.because, proofs) ?? { ...finding, proofs };
}

export interface NewestWinsArgs {
  /** Connects of one certificate in turn. */
  readonly connects: Crowd;
  /** The connection before each, while it was made. */
  readonly kicks: Crowd;
}

/** Each connect of a certificate is let in and ends the connection before it (RULE-57). */
export function newestWins(spans: Spans, { connects, kicks }: NewestWinsArgs): Finding {
  const findings = members(connects).map((name, i) => {
    const letIn = accepted(spans, { attempt: name });
    if (letIn.verdict !== 'pass') return { name, finding: letIn };
    const older = member(kicks, i + 1);
    const watched = spans.get(older);
    if (!watched) return { name, finding: endedBefore(older) };
    const closed = watched.events.some((event) => event.kind === 'closed' && event.ending.by !== 'local');
    const both = fail(
      `${older}: the older connection was still open ${Math.round(watched.endedAt - watched.startedAt)} ms after ${name} began`,
      `${older}：在 ${name} 开始 ${Math.round(watched.endedAt - watched.startedAt)} 毫秒后，较早的连接仍未关闭`,
    );
    return { name, finding: closed ? letIn : both };
  });
  return everyone(connects, findings, {
    en: `each of ${connects.count} connects was let in and ended the connection before it`,
    'zh-CN': `${connects.count} 次连接均被接受，且各自结束了前一连接`,
  });
}
