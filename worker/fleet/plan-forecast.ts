// What a fleet will take and leave behind, worked out before it starts.
import { credentialsAtStart, units, type FleetPlan } from './plan.ts';

export interface FleetForecast {
  readonly devices: number;
  /** Until the last unit is due, then the hold, then the end of all connections where that has a pace, milliseconds; undefined of a closed model, which takes what the platform takes. */
  readonly ms: number | undefined;
  /** DeviceNames that must exist, or will come to exist. */
  readonly names: number;
  readonly registrations: number;
  /** ClientIDs that the platform will issue: each stays, and a DeviceName has but a few. */
  readonly clientIds: number;
  /** Connections until all are online: registrations and sign-ins. */
  readonly connects: number;
  /** Publishes a second when all are online. */
  readonly publishesPerSecond: number;
}

/** @param holdMs how long the fleet stays after the last has arrived */
export function forecastFleet(plan: FleetPlan, holdMs: number): FleetForecast {
  const teardownMs = plan.teardownRate === undefined ? 0 : (1000 * (plan.devices - 1)) / plan.teardownRate;
  let last = 0;
  let registrations = 0;
  let clientIds = 0;
  let publishesPerSecond = 0;
  for (const unit of units(plan)) {
    last = Math.max(last, unit.offsetMs);
    const { everyMs } = unit.cohort.publish ?? {};
    if (everyMs !== undefined) publishesPerSecond += 1000 / everyMs;
    if (credentialsAtStart(plan, unit)) continue;
    registrations += 1;
    if (unit.identity.mode === 'regnwl') clientIds += 1;
  }
  return {
    devices: plan.devices,
    ms: plan.closed === undefined ? last + holdMs + teardownMs : undefined,
    names: plan.devices,
    registrations,
    clientIds,
    connects: plan.devices + registrations,
    publishesPerSecond,
  };
}
