import { describe, expect, it } from 'vitest';
import { forecastFleet } from '../../worker/fleet/plan-forecast.ts';
import { knownPace } from '../../worker/fleet/pace.ts';
import { aheadOf, paceAt } from './ahead.ts';
import { planOf, type Values } from './fields.ts';

const OWN: Values = {
  target: 'wss',
  url: 'wss://host:443/mqtt',
  productKey: 'a1Own',
  productSecret: 'secret',
  devices: '1000',
  mode: 'mixed',
  session: 'lean',
  rate: '500',
  seed: 'muster',
  namespace: 'abc234',
};
const invented = () => ({ productKey: 'a1MusterPage', productSecret: 'invented' });
const LIMITS = {
  connectsPerSecond: 500,
  connectsPerDevicePerMinute: 5,
  publishesPerDevicePerSecond: { qos0: 30, qos1: 10 },
};

describe('the pace of a target', () => {
  it('is the vendor’s where nobody declares one: a URL, a relay that lists none', () => {
    const vendor = { perSecond: 500, perDevicePerMinute: 5 };
    expect(paceAt({ target: 'wss', url: OWN.url }, null, undefined)).toEqual(vendor);
    expect(paceAt({ target: 'relay', url: '' }, {}, undefined)).toEqual(vendor);
    expect(paceAt({ target: 'relay', url: '' }, { pace: { perDevicePerMinute: 2 } }, undefined)).toEqual({
      ...vendor,
      perDevicePerMinute: 2,
    });
  });

  it('is none of a stub: in the page, through the relay, and beside the app', () => {
    expect(paceAt({ target: 'stub', url: '' }, null, 8084)).toBeUndefined();
    expect(paceAt({ target: 'relay', url: '' }, { pace: { perDevicePerMinute: 'none' } }, undefined)).toEqual({});
    expect(paceAt({ target: 'wss', url: 'wss://127.0.0.1:8084/mqtt' }, null, 8084)).toEqual({});
    expect(paceAt({ target: 'wss', url: 'wss://localhost:8084/mqtt' }, null, 8084)).toEqual({});
    for (const url of ['wss://127.0.0.1:9/mqtt', 'wss://elsewhere:8084/mqtt', 'nonsense'])
      expect(paceAt({ target: 'wss', url }, null, 8084)).toMatchObject({ perSecond: 500 });
  });
});

describe('a plan of the form', () => {
  it('keeps the pace of its target, and knows its limits', () => {
    const plan = planOf(OWN, invented, knownPace({}));
    expect(plan).toMatchObject({ rate: expect.closeTo(250, 6) as number, pace: { perSecond: 500, perDevicePerMinute: 5 }, limits: LIMITS });
    expect(forecastFleet(plan, 0).ms).toBeCloseTo(999 * 4, 6);
    expect(planOf({ ...OWN, mode: 'connect', rate: '400' }, invented, knownPace({})).rate).toBeCloseTo(400, 6);
  });

  it('knows no limit of a stub', () => {
    expect(planOf(OWN, invented, {})).toMatchObject({ rate: 500, pace: {}, limits: {} });
    const inPage = planOf({ ...OWN, target: 'stub' }, invented);
    expect(inPage).not.toHaveProperty('pace');
    expect(inPage).not.toHaveProperty('limits');
  });
});

describe('what is ahead of a run', () => {
  const about = { target: 'relay', devices: 1000, rate: 500, mode: 'mixed' } as const;

  it('is as the command tells it, at the rate that the target takes', () => {
    const ahead = aheadOf({ ...about, pace: knownPace({ perSecond: 100 }) });
    expect(ahead).toMatchObject({ rate: expect.closeTo(50, 6) as number, held: true, perDevice: 2 });
    expect(ahead.ms).toBeCloseTo(999 * 20, 6);
    expect(ahead.forecast).toMatchObject({ names: 1000, registrations: 1000, clientIds: 500, connects: 2000 });
  });

  it('names no other rate where that one fits', () => {
    expect(aheadOf({ ...about, pace: {} })).toMatchObject({ rate: 500, held: false });
    expect(aheadOf({ ...about, target: 'stub', pace: undefined })).toMatchObject({ rate: 500, held: false });
    expect(aheadOf({ ...about, rate: 250, pace: knownPace({}) })).toMatchObject({ held: false });
    expect(aheadOf({ ...about, devices: 1, pace: knownPace({}) })).toMatchObject({ rate: 500, held: false });
  });

  it('takes as long over WebSockets as a browser needs to open them, of those that it can hold', () => {
    expect(aheadOf({ ...about, target: 'wss', devices: 100, pace: knownPace({}), cap: 255 }).ms).toBe(200 * 25);
    expect(aheadOf({ ...about, target: 'wss', devices: 100, rate: 10, pace: knownPace({}), cap: 255 }).ms).toBeCloseTo(9_900, 6);
    expect(aheadOf({ ...about, target: 'wss', devices: 1_000, pace: knownPace({}), cap: 100 }).ms).toBe(200 * 25);
  });
});
