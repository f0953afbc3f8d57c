// Was an attempt refused, for the reason the case is about and no other?
import { outcomeKey } from '../../../kernel/trace/outcome.ts';
import { missing, proofsOf } from '../proofs.ts';
import type { SpanRecord } from '../record.ts';
import { repliesOf, type Spans } from '../spans.ts';
import { fail, inconclusive, pass, warn, type Finding } from '../verdict.ts';

export interface RefusedArgs {
  readonly attempt: string;
  /** The same credentials with only the defect removed. */
  readonly control: string;
  /** A known-good unit afterwards. */
  readonly alive: string;
  /** CONNACK code, where the documents state it; elsewhere any but 0 suffices and the code is a reading. */
  readonly code?: number;
}

export function refused(spans: Spans, args: RefusedArgs): Finding {
  const attempt = spans.get(args.attempt);
  if (!attempt) return inconclusive(`the case ended before ${args.attempt}`);
  const proofs = proofsOf(attempt, spans.get(args.control), spans.get(args.alive));
  const finding = judge(attempt, args.code);
  if (finding.verdict !== 'pass' && finding.verdict !== 'warn') return { ...finding, proofs };
  const gaps = missing(proofs);
  return gaps.length > 0 ? inconclusive(`${finding.because.en}, but ${gaps.join(' and ')}`, { proofs }) : { ...finding, proofs };
}

/** The attempt alone, without its proofs. */
export function judge(attempt: SpanRecord, code?: number): Finding {
  const { outcome, name } = attempt;
  if (!outcome) return inconclusive(`${name} has no outcome`);
  if (repliesOf(attempt).length > 0) return fail(`${name} was answered with credentials`);
  switch (outcome.kind) {
    case 'issued':
    case 'accepted':
      return fail(`${name} was let through: ${outcomeKey(outcome)}`);
    case 'refused':
      if (outcome.by === 'connack' && code !== undefined && outcome.code !== code) {
        return fail(`${name} was refused with CONNACK ${outcome.code}, the documents state ${code}`);
      }
      return pass(`${name} was refused with ${outcome.by === 'connack' ? 'CONNACK' : 'code'} ${outcome.code}`, { reading: outcome.code });
    case 'closed':
      if (outcome.stage === 'reply') return warn(`${name} got CONNACK 0 and was then closed without a reply`);
      return code === undefined ? pass(`${name} was closed without CONNACK`) : fail(`${name} was closed without CONNACK ${code}`);
    case 'silent':
      if (outcome.stage === 'reply') return warn(`${name} got CONNACK 0 and then nothing (silent-refusal)`);
      return inconclusive(`${name} was not answered within ${outcome.waitedMs} ms`);
    case 'malformed':
      return fail(`${name} got a malformed ${outcome.what}: ${outcome.why}`);
    case 'unreachable':
    case 'aborted':
    case 'local':
      return inconclusive(`${name}: ${outcomeKey(outcome)}`);
  }
}
