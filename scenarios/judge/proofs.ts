// The three proofs that stand behind a negative verdict. Without all of them a refusal says nothing about the rule.
import type { SpanRecord } from './record.ts';
import { connackOf } from './spans.ts';
import type { Proofs } from './verdict.ts';

/** The platform answered the stimulus, or closed by itself after our last byte and before our time-out. */
export function stimulusWitnessed(span: SpanRecord): boolean {
  const { outcome } = span;
  if (!outcome) return false;
  if (outcome.kind === 'refused' && outcome.by === 'connack') return connackOf(span) === outcome.code;
  if (outcome.kind === 'closed') return span.events.some((event) => 'dir' in event && event.dir === 'out');
  return outcome.kind === 'refused' || outcome.kind === 'silent' || outcome.kind === 'malformed';
}

/** An attempt that the platform let through, to its end. */
export function letThrough(span: SpanRecord | undefined): boolean {
  return span?.outcome?.kind === 'issued' || span?.outcome?.kind === 'accepted';
}

export function proofsOf(attempt: SpanRecord, control: SpanRecord | undefined, alive: SpanRecord | undefined): Proofs {
  return { stimulus: stimulusWitnessed(attempt), control: letThrough(control), alive: letThrough(alive) };
}

/** What is missing, for the sentence of an inconclusive verdict; empty where nothing is. */
export function missing(proofs: Proofs): string[] {
  const gaps: string[] = [];
  if (!proofs.stimulus) gaps.push('the stimulus was not witnessed');
  if (!proofs.control) gaps.push('the control was not accepted');
  if (!proofs.alive) gaps.push('the known-good unit did not live on');
  return gaps;
}
