// A bad network for those units of a cohort that have one: every connection of such a unit goes through it.
import { faulty, type BreaksAs } from '../../kernel/bytes/faults.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { Random } from '../../kernel/random.ts';
import type { Transport } from '../transport/transport.ts';
import type { FaultPlan, Range } from './plan-cohort.ts';

/** Draws from a range of whole numbers, both ends included. */
function within({ min, max }: Range, random: Random): number {
  return min + random.below(max - min + 1);
}

/** Whether the bad network itself has broken the connection that a unit opened last, and how. */
export interface OwnFault {
  brokeAs: BreaksAs | undefined;
}

/**
 * The transport as this unit has it.
 * @param random the unit's draws for its network; which units are struck follows from the first of them
 * @param own    is told what the network does, so that nobody takes it for the platform's doing
 */
export function networkOf(transport: Transport, plan: FaultPlan, clock: Clock, random: () => Random, own: OwnFault): Transport {
  const draw = random();
  if (draw.float() >= plan.share) return transport;
  return {
    offersPlain: transport.offersPlain,
    async dial(...how) {
      const { resetAfter, halfOpenAfter } = plan;
      own.brokeAs = undefined;
      const faults = {
        ...(plan.in && { in: plan.in }),
        ...(plan.out && { out: plan.out }),
        ...(resetAfter && { resetAfter: within(resetAfter, draw) }),
        ...(halfOpenAfter && { halfOpenAfter: within(halfOpenAfter, draw) }),
      };
      const dialled = await transport.dial(...how);
      if (!dialled.ok) return dialled;
      return { ok: true, stream: faulty(dialled.stream, faults, clock, draw, (as) => (own.brokeAs = as)) };
    },
  };
}
