import { expect, test } from 'vitest';
import { heldTo, knownPace, limitsOf } from './pace.ts';
import { planDigest, type FleetPlan } from './plan.ts';

const PLAN: FleetPlan = { devices: 100, mode: 'mixed', rate: 500, seed: '1', namespace: '0', productKey: 'a1', productSecret: 'ps' };

test('a target that declares nothing has the limits of the vendor, and one without limits has none', () => {
  expect(knownPace({})).toEqual({ perSecond: 500, perDevicePerMinute: 5 });
  expect(knownPace({ perDevicePerMinute: 2 })).toEqual({ perSecond: 500, perDevicePerMinute: 2 });
  expect(knownPace({ perSecond: 50 })).toEqual({ perSecond: 50, perDevicePerMinute: 5 });
  expect(knownPace({ perDevicePerMinute: 'none' })).toEqual({});
  expect(knownPace({ perDevicePerMinute: 'none', perSecond: 50 })).toEqual({ perSecond: 50 });
});

test('limits by which closes are judged: publishes where the platform counts by device', () => {
  expect(limitsOf(knownPace({}))).toEqual({
    connectsPerSecond: 500,
    connectsPerDevicePerMinute: 5,
    publishesPerDevicePerSecond: { qos0: 30, qos1: 10 },
  });
  expect(limitsOf({ perSecond: 50 })).toEqual({ connectsPerSecond: 50 });
  expect(limitsOf({})).toEqual({});
});

test('arrivals are held to what leaves each unit room for its connections', () => {
  const registering = heldTo(PLAN, { perSecond: 50 });
  expect([registering.plan.rate, registering.slower, registering.plan.pace]).toEqual([expect.closeTo(25, 6), true, { perSecond: 50 }]);
  expect(heldTo({ ...PLAN, mode: 'connect' }, { perSecond: 50 }).plan.rate).toBeCloseTo(50, 6);
});

test('arrivals that fit are as they were', () => {
  const fits = heldTo({ ...PLAN, rate: 20 }, { perSecond: 50, perDevicePerMinute: 5 });
  expect([fits.plan.rate, fits.slower]).toEqual([expect.closeTo(20, 6), false]);
  expect(planDigest(fits.plan)).toBe(planDigest({ ...PLAN, rate: 20 }));
  const unlimited = heldTo(PLAN, { perDevicePerMinute: 5 });
  expect([unlimited.plan, unlimited.slower]).toEqual([{ ...PLAN, pace: { perDevicePerMinute: 5 } }, false]);
});

test('a single unit is held up by nothing', () => {
  const single = heldTo({ ...PLAN, devices: 1 }, { perSecond: 50 });
  expect([single.plan.rate, single.slower]).toEqual([500, false]);
});
