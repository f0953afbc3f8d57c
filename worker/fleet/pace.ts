// What a target takes in a while, and a fleet held to it. The limits of the vendor stand where a target declares none. Pure.
import {
  CONNECTS_PER_ACCOUNT_PER_SECOND,
  CONNECTS_PER_DEVICE,
  UPLINK_QOS0_PER_SECOND,
  UPLINK_QOS1_PER_SECOND,
} from '../../protocol/limits.ts';
import type { TargetLimits } from './limits.ts';
import { arrivalOf } from './plan-roster.ts';
import { units, type FleetPlan } from './plan.ts';

/** As a target file declares it; `none` where the platform limits nothing. */
export interface DeclaredPace {
  readonly perSecond?: number;
  readonly perDevicePerMinute?: number | 'none';
}

/** Connections that a target takes: of all units a second, and of each in a minute; absent where no limit is known. */
export type KnownPace = NonNullable<FleetPlan['pace']>;

/** A declared pace with the vendor's limits in the places that it leaves open. */
export function knownPace({ perSecond, perDevicePerMinute = CONNECTS_PER_DEVICE }: DeclaredPace): KnownPace {
  const unlimited = perDevicePerMinute === 'none';
  const ofAll = perSecond ?? (unlimited ? undefined : CONNECTS_PER_ACCOUNT_PER_SECOND);
  return { ...(ofAll === undefined ? {} : { perSecond: ofAll }), ...(unlimited ? {} : { perDevicePerMinute }) };
}

/** What a target of this pace is known to limit, whether a run keeps it or not; the vendor's figures beside those that it declares. */
export function limitsOf({ perSecond, perDevicePerMinute }: { readonly [key in keyof KnownPace]: number | undefined }): TargetLimits {
  return {
    ...(perSecond === undefined ? {} : { connectsPerSecond: perSecond }),
    ...(perDevicePerMinute === undefined
      ? {}
      : {
          connectsPerDevicePerMinute: perDevicePerMinute,
          publishesPerDevicePerSecond: { qos0: UPLINK_QOS0_PER_SECOND, qos1: UPLINK_QOS1_PER_SECOND },
        }),
  };
}

/** A plan that keeps a pace. `slower`: its arrivals come less often than they were planned. */
export function heldTo(plan: FleetPlan, pace: KnownPace): { readonly plan: FleetPlan; readonly slower: boolean } {
  const held: FleetPlan = { ...plan, pace };
  // Nobody waits behind a single unit.
  if (pace.perSecond === undefined || plan.devices < 2) return { plan: held, slower: false };
  const rate = offeredRate(held);
  return { plan: { ...held, rate }, slower: rate < offeredRate(plan) * 0.999 };
}

/** Arrivals a second on the average from the first to the last; all at once counts as one second. */
export function offeredRate(fleet: Pick<FleetPlan, 'devices' | 'cohorts' | 'arrival' | 'seed' | 'mode' | 'rate' | 'pace'>): number {
  const { cohorts = [], pace } = fleet;
  const arrival = arrivalOf(fleet);
  if (arrival.shape === 'constant' && pace?.perSecond === undefined && cohorts.every((cohort) => !cohort.arrival)) return arrival.rate;
  // A plan that is whole keeps what it says: its flash is of a namespace.
  const plan: FleetPlan = { namespace: '0', productKey: '', productSecret: '', ...fleet };
  let first = Infinity;
  let last = -Infinity;
  for (const { offsetMs } of units(plan)) {
    first = Math.min(first, offsetMs);
    last = Math.max(last, offsetMs);
  }
  return last > first ? ((fleet.devices - 1) * 1000) / (last - first) : fleet.devices;
}
