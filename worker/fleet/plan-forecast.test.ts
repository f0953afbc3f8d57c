import { describe, expect, it } from 'vitest';
import { PK, PS } from '../stub.testkit.ts';
import type { FleetPlan } from './plan.ts';
import type { Cohort } from './plan-cohort.ts';
import { forecastFleet } from './plan-forecast.ts';

/** 11 units that are due over one second. */
function planOf(how: Partial<Cohort>, rest: Partial<FleetPlan> = {}): FleetPlan {
  const cohort: Cohort = { name: 'units', mode: 'regnwl', devices: 11, start: 'blank', ...how };
  return {
    devices: 11,
    mode: 'regnwl',
    rate: 10,
    seed: 's',
    namespace: '0',
    productKey: PK,
    productSecret: PS,
    cohorts: [cohort],
    ...rest,
  };
}
const seconds = (from: number, to = from): { min: number; max: number } => ({ min: from * 1_000, max: to * 1_000 });

describe('how long a fleet takes', () => {
  it('is its arrivals and its hold, and the pauses between the steps of a device', () => {
    expect(forecastFleet(planOf({}), 5_000).ms).toBe(6_000);
    // One pause before it connects, one before it posts; the longest counts.
    expect(forecastFleet(planOf({ think: seconds(2, 5) }), 0).ms).toBe(11_000);
    expect(forecastFleet(planOf({ think: seconds(5), start: 'provisioned', mode: 'connect' }), 0).ms).toBe(1_000);
  });

  it('is the length of the sessions, from the moment of the connect', () => {
    expect(forecastFleet(planOf({ think: seconds(5), sessionMs: seconds(30, 60) }), 0).ms).toBe(66_000);
    expect(forecastFleet(planOf({ think: seconds(5), sessionMs: seconds(2) }), 1_000).ms).toBe(12_000);
  });

  it('is no longer than the plan lets it run', () => {
    expect(forecastFleet(planOf({}), 30_000, { afterMs: 3_000 }).ms).toBe(3_000);
    expect(forecastFleet(planOf({}), 1_000, { afterMs: 3_000 }).ms).toBe(2_000);
    expect(forecastFleet(planOf({}, { closed: 2 }), 1_000, { afterMs: 3_000 }).ms).toBeUndefined();
  });

  it('is the end of the connections that are left, at their pace', () => {
    expect(forecastFleet(planOf({}, { teardownRate: 5 }), 5_000).ms).toBe(6_000 + 2_000);
    // Due at 0, 100 … 500 ms.
    expect(forecastFleet(planOf({}, { teardownRate: 5 }), 5_000, { afterMs: 500 }).ms).toBe(500 + 1_000);
    expect(forecastFleet(planOf({ sessionMs: seconds(2) }, { teardownRate: 5 }), 5_000).ms).toBe(8_000);
  });
});
