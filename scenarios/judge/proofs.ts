// The three proofs that stand behind a negative verdict. Without all of them a refusal says nothing about the rule.
import type { Outcome } from '../../kernel/trace/outcome.ts';
import type { SpanRecord } from './record.ts';
import { connacksOf } from './spans.ts';
import { inconclusive, type Finding, type Proofs, type Said } from './verdict.ts';
import { allOf } from './words.ts';

/** The platform answered the stimulus, or closed by itself after our last byte and before our time-out. */
export function stimulusWitnessed(span: SpanRecord): boolean {
  const { outcome } = span;
  if (!outcome) return false;
  // A boot that registers and is then refused has two CONNACKs: the last one is the answer.
  if (outcome.kind === 'refused' && outcome.by === 'connack') return connacksOf(span).at(-1) === outcome.code;
  if (outcome.kind === 'closed') return span.events.some((event) => 'dir' in event && event.dir === 'out');
  return outcome.kind === 'refused' || outcome.kind === 'silent' || outcome.kind === 'malformed';
}

/**
 * The connection broke without a word of the platform: a reset, or nothing at all. A network does that to anybody, so it is no answer; what
 * ended in order (a FIN) is.
 */
export function torn(span: SpanRecord): boolean {
  const last = span.events.findLast((event) => event.kind === 'closed');
  return last?.kind === 'closed' && last.ending.by === 'fault';
}

/** OpenSSL's names for an alert of the peer, and Node's for a certificate that was shown and did not please: somebody answered. */
const HANDSHAKE_ANSWERED = /^(ERR_(SSL|TLS)_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/;

/** Did the dial end because the platform and the device found no TLS that both speak? */
export function refusedInHandshake(outcome: Outcome): boolean {
  return outcome.kind === 'unreachable' && outcome.stage === 'tls' && HANDSHAKE_ANSWERED.test(outcome.code);
}

/** Was nothing dialled, because the target has no such endpoint? */
export function notDialled(outcome: Outcome): boolean {
  return outcome.kind === 'unreachable' && outcome.code === 'NO_ENDPOINT';
}

/** An attempt that the platform let through, to its end. */
export function letThrough(span: SpanRecord | undefined): boolean {
  return span?.outcome?.kind === 'issued' || span?.outcome?.kind === 'accepted';
}

export function proofsOf(attempt: SpanRecord, control: SpanRecord | undefined, alive: SpanRecord | undefined): Proofs {
  return { stimulus: stimulusWitnessed(attempt), control: letThrough(control), alive: letThrough(alive) };
}

/** What is missing, for the sentence of an inconclusive verdict; empty where nothing is. */
function missing(proofs: Proofs): Said[] {
  const gaps: Said[] = [];
  if (!proofs.stimulus) gaps.push({ en: 'the stimulus was not witnessed', 'zh-CN': '没有证据表明激励已到达平台' });
  if (!proofs.control) gaps.push({ en: 'the control was not accepted', 'zh-CN': '对照未被接受' });
  if (!proofs.alive) gaps.push({ en: 'the known-good unit did not live on', 'zh-CN': '已知正常的单元未能保持存活' });
  return gaps;
}

/** The finding of what was seen without all of its proofs; undefined where it has them. */
export function unproven(seen: Said, proofs: Proofs): Finding | undefined {
  const gaps = missing(proofs);
  const lacks = allOf(gaps);
  return gaps.length > 0 ? inconclusive(`${seen.en}, but ${lacks.en}`, `${seen['zh-CN']}，但${lacks['zh-CN']}`, { proofs }) : undefined;
}
