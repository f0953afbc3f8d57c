// A storm of first registrations during which the operator turns registration off. Everyone is judged by when its attempt was under way:
// over before the operator began, begun after the operator had its answer, or in between, where either answer is right.
import { proofsOf, torn, unproven } from '../proofs.ts';
import type { SpanRecord } from '../record.ts';
import { repliesOf, type Spans } from '../spans.ts';
import { fail, inconclusive, pass, warn, type Finding, type Said } from '../verdict.ts';
import { endedBefore } from '../words.ts';
import { cameOnline, member, members, some, turnedAway, undecided, type Crowd } from './crowd.ts';
import { accepted } from './let-through.ts';

export interface StormArgs {
  /** Boots of units that never registered before. */
  readonly crowd: Crowd;
  /** The operator's action. */
  readonly off: string;
}

function spansOf(spans: Spans, crowd: Crowd): SpanRecord[] | Finding {
  const found: SpanRecord[] = [];
  for (const name of members(crowd)) {
    const span = spans.get(name);
    if (!span) return endedBefore(name);
    found.push(span);
  }
  return found;
}

/** Everybody got credentials, once, or a refusal: nobody is left in between (RULE-11). */
export function credentialsOrRefusal(spans: Spans, { crowd, off }: StormArgs): Finding {
  const found = spansOf(spans, crowd);
  if (!Array.isArray(found)) return found;
  const switched = spans.get(off);
  if (!switched) return endedBefore(off);
  const issued = found.filter((span) => repliesOf(span).length > 0);
  const twice = found.filter((span) => repliesOf(span).length > 1).map((span) => span.name);
  if (twice.length > 0) return fail(`${some(twice).en} got more than one reply`, `${some(twice)['zh-CN']} 收到不止一条应答`);
  const others = found.filter((span) => repliesOf(span).length === 0);
  const early = others.filter((span) => span.endedAt < switched.startedAt && turnedAway(span) === 'refused').map((span) => span.name);
  if (early.length > 0)
    return fail(`${some(early).en} was refused while registration was still on`, `${some(early)['zh-CN']} 在动态注册仍开启时被拒绝`);
  const open = others.filter((span) => turnedAway(span) === 'undecided').map((span) => span.name);
  if (open.length > 0) return undecided(open);
  const silent = others.filter((span) => turnedAway(span) === 'silently').map((span) => span.name);
  const said: Said = {
    en: `${issued.length} of ${crowd.count} units got credentials and ${others.length} a refusal`,
    'zh-CN': `${crowd.count} 台中有 ${issued.length} 台获发凭据，${others.length} 台被拒绝`,
  };
  return silent.length > 0
    ? warn(
        `${some(silent).en} got CONNACK 0 and then nothing (silent-refusal)`,
        `${some(silent)['zh-CN']} 得到 CONNACK 0，此后再无消息（silent-refusal）`,
      )
    : pass(said.en, said['zh-CN'], { reading: { issued: issued.length, refused: others.length } });
}

export interface LateRefusedArgs extends StormArgs {
  /** One of those that were refused, once registration is on again. */
  readonly control: string;
  readonly alive: string;
}

/** Nobody who began after the operator had its answer was let through (RULE-11). */
export function lateRefused(spans: Spans, { crowd, off, control, alive }: LateRefusedArgs): Finding {
  const found = spansOf(spans, crowd);
  if (!Array.isArray(found)) return found;
  const switched = spans.get(off);
  if (!switched) return endedBefore(off);
  const late = found.filter((span) => span.startedAt > switched.endedAt);
  const through = late.filter((span) => repliesOf(span).length > 0 || cameOnline(span)).map((span) => span.name);
  if (through.length > 0)
    return fail(
      `${through.length} of ${late.length} units that began after ${off} was answered got credentials: ${some(through).en}`,
      `${off} 得到回答之后才开始的 ${late.length} 台设备中有 ${through.length} 台获发凭据：${some(through)['zh-CN']}`,
    );
  const [first] = late;
  if (!first) return inconclusive(`nobody began after ${off} was answered`, `${off} 得到回答之后没有设备开始注册`);
  const open = late.filter((span) => turnedAway(span) === 'undecided').map((span) => span.name);
  if (open.length > 0) return undecided(open);
  const said: Said = {
    en: `all ${late.length} units that began after ${off} was answered were refused`,
    'zh-CN': `${off} 得到回答之后才开始的 ${late.length} 台设备全部被拒绝`,
  };
  const proofs = proofsOf(first, spans.get(control), spans.get(alive));
  const gap = unproven(said, proofs);
  if (gap) return gap;
  return late.some((span) => turnedAway(span) === 'silently')
    ? warn(`${said.en}, some by silence (silent-refusal)`, `${said['zh-CN']}，其中有的以沉默方式（silent-refusal）`, { proofs })
    : pass(said.en, said['zh-CN'], { proofs });
}

export interface SparedArgs extends StormArgs {
  /** What each of the same number went through until the storm was over; its post afterwards; its next connect. */
  readonly stays: Crowd;
  readonly posts: Crowd;
  readonly reconnects: Crowd;
}

/** Whoever was online when the operator began is online ever after, is answered, and comes back (RULE-12). */
export function sparedBySwitch(spans: Spans, { crowd, off, stays, posts, reconnects }: SparedArgs): Finding {
  const switched = spans.get(off);
  if (!switched) return endedBefore(off);
  const disturbed: string[] = [];
  const open: string[] = [];
  let online = 0;
  for (let n = 1; n <= crowd.count; n++) {
    const span = spans.get(member(crowd, n));
    if (!span || span.endedAt >= switched.startedAt || !cameOnline(span)) continue;
    online += 1;
    const stayed = spans.get(member(stays, n));
    const ended = stayed?.events.some((event) => event.kind === 'closed') ?? true;
    const later = [posts, reconnects].map((one) => accepted(spans, { attempt: member(one, n) }).verdict);
    if (stayed && ended && !torn(stayed)) disturbed.push(stayed.name);
    else if (later.includes('fail') && !ended) disturbed.push(span.name);
    else if (ended || later.some((verdict) => verdict !== 'pass')) open.push(span.name);
  }
  if (disturbed.length > 0)
    return fail(
      `${disturbed.length} of ${online} activated units lost their session or were turned away after ${off}: ${some(disturbed).en}`,
      `${off} 之后，${online} 台已激活设备中有 ${disturbed.length} 台失去会话或被拒之门外：${some(disturbed)['zh-CN']}`,
    );
  if (online === 0) return inconclusive(`nobody was online before ${off}`, `${off} 之前没有设备在线`);
  return open.length > 0
    ? undecided(open)
    : pass(
        `all ${online} units that were online before ${off} stayed, posted and came back`,
        `${off} 之前在线的 ${online} 台设备全部保持在线、上报得到应答并能重新连接`,
      );
}
