// The sixth physical unit of a DeviceName: it may be refused at registration, or issued credentials and refused at its first connect.
// Online it must never be, and nothing but the cap may be the reason.
import { outcomeKey } from '../../../kernel/trace/outcome.ts';
import { missing, proofsOf } from '../proofs.ts';
import type { Spans } from '../spans.ts';
import { fail, inconclusive, pass, type Finding } from '../verdict.ts';

export interface CapArgs {
  /** Boots of the sixth unit: at once, and again after a pause that no throttle outlasts. */
  readonly sixth: readonly string[];
  /** The same unit boots after Clear: the control that the cap, and nothing else, refused it. */
  readonly control: string;
  /** One of the first five afterwards. */
  readonly alive: string;
}

/** RULE-39. */
export function sixthStaysOut(spans: Spans, args: CapArgs): Finding {
  for (const name of args.sixth) {
    const sixth = spans.get(name);
    if (!sixth?.outcome) return inconclusive(`the case ended before ${name}`);
    if (sixth.outcome.kind === 'accepted') return fail(`${name}: a sixth unit of one DeviceName is online`);
  }
  const refusals: string[] = [];
  for (const name of args.sixth) {
    const sixth = spans.get(name);
    if (!sixth?.outcome) return inconclusive(name);
    const proofs = proofsOf(sixth, spans.get(args.control), spans.get(args.alive));
    const gaps = missing(proofs);
    if (gaps.length > 0) return inconclusive(`${name} was ${outcomeKey(sixth.outcome)}, but ${gaps.join(' and ')}`, { proofs });
    refusals.push(outcomeKey(sixth.outcome));
  }
  return pass(`the sixth unit stayed out (${refusals.join('; ')}) and was accepted after Clear`, {
    proofs: { stimulus: true, control: true, alive: true },
    reading: refusals[0] ?? null,
  });
}
