// What a fleet will take and leave behind, worked out before it starts.
import { credentialsAtStart, units, type FleetPlan, type PlannedUnit } from './plan.ts';
import { publishingOf } from './plan-cohort.ts';

export interface FleetForecast {
  readonly devices: number;
  /**
   * Until the last unit has arrived and those have left whose sessions have a length, then the hold, then the end of all connections where
   * that has a pace, milliseconds; no longer than the plan lets the run go on. Answers are taken to come at once, and of a pause or a session
   * that is drawn the longest counts. Undefined of a closed model, which takes what the platform takes.
   */
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

/** When a unit connects, when it has arrived, and when it leaves by itself, milliseconds after the start. */
interface Life {
  readonly onlineAt: number;
  readonly arrivedAt: number;
  readonly leavesAt: number;
}

function lifeOf({ offsetMs, cohort }: PlannedUnit, registers: boolean): Life {
  const think = cohort.think?.max ?? 0;
  const onlineAt = offsetMs + (registers ? think : 0);
  const arrivedAt = onlineAt + (publishingOf(cohort) ? think : 0);
  return { onlineAt, arrivedAt, leavesAt: cohort.sessionMs ? Math.max(arrivedAt, onlineAt + cohort.sessionMs.max) : Infinity };
}

/**
 * @param holdMs how long the fleet stays after the last has arrived
 * @param stop   the conditions of the plan that end it early
 */
export function forecastFleet(plan: FleetPlan, holdMs: number, stop: { readonly afterMs?: number } = {}): FleetForecast {
  const lives: Life[] = [];
  let registrations = 0;
  let clientIds = 0;
  let publishesPerSecond = 0;
  for (const unit of units(plan)) {
    const registers = !credentialsAtStart(plan, unit);
    lives.push(lifeOf(unit, registers));
    const { everyMs } = unit.cohort.publish ?? {};
    if (everyMs !== undefined) publishesPerSecond += 1000 / everyMs;
    if (!registers) continue;
    registrations += 1;
    if (unit.identity.mode === 'regnwl') clientIds += 1;
  }
  return {
    devices: plan.devices,
    ms: plan.closed === undefined ? lengthOf(lives, plan, holdMs, stop.afterMs ?? Infinity) : undefined,
    names: plan.devices,
    registrations,
    clientIds,
    connects: plan.devices + registrations,
    publishesPerSecond,
  };
}

function lengthOf(lives: readonly Life[], { teardownRate }: FleetPlan, holdMs: number, afterMs: number): number {
  const quiet = lives.reduce((last, { arrivedAt, leavesAt }) => Math.max(last, leavesAt === Infinity ? arrivedAt : leavesAt), 0);
  const endsAt = Math.min(quiet + holdMs, afterMs);
  if (teardownRate === undefined) return endsAt;
  const left = lives.filter(({ onlineAt, leavesAt }) => onlineAt <= endsAt && leavesAt > endsAt).length;
  return endsAt + (1000 * Math.max(0, left - 1)) / teardownRate;
}
