// The sixth physical unit of a DeviceName: it may be refused at registration, or issued credentials and refused at its first connect.
// Online it must never be, and nothing but the cap may be the reason.
import { proofsOf, unproven } from '../proofs.ts';
import type { Spans } from '../spans.ts';
import { fail, pass, type Finding, type Said } from '../verdict.ts';
import { endedBefore, outcomeSaid } from '../words.ts';

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
    if (!sixth?.outcome) return endedBefore(name);
    if (sixth.outcome.kind === 'accepted')
      return fail(`${name}: a sixth unit of one DeviceName is online`, `${name}：同一 DeviceName 的第六台设备已上线`);
  }
  const refusals: Said[] = [];
  for (const name of args.sixth) {
    const sixth = spans.get(name);
    if (!sixth?.outcome) return endedBefore(name);
    const proofs = proofsOf(sixth, spans.get(args.control), spans.get(args.alive));
    const ended = outcomeSaid(sixth.outcome);
    const gap = unproven({ en: `${name} was ${ended.en}`, 'zh-CN': `${name} ${ended['zh-CN']}` }, proofs);
    if (gap) return gap;
    refusals.push(ended);
  }
  return pass(
    `the sixth unit stayed out (${refusals.map((one) => one.en).join('; ')}) and was accepted after Clear`,
    `第六台设备始终未上线（${refusals.map((one) => one['zh-CN']).join('；')}），清空后被接受`,
    { proofs: { stimulus: true, control: true, alive: true }, reading: refusals[0]?.en ?? null },
  );
}
