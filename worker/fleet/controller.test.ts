import { time } from '../virtual.testkit.ts';
import { afterEach, describe, expect, it } from 'vitest';
import { ambientClock, pause, type Clock } from '../../kernel/clock.ts';
import { openReferenceSession } from '../session/reference.ts';
import { DEFAULT_TIMEOUTS } from '../session/session.ts';
import { ACCEPT, PK, PS, scripted, Stub } from '../stub.testkit.ts';
import type { Transport } from '../transport/transport.ts';
import { FleetController, type FleetReport, type FleetShare, type FleetView } from './controller.ts';
import { Fleet } from './fleet.ts';
import { NOBODY, runHonestly, standingStill } from './honesty.testkit.ts';
import { newHistograms } from './measure.ts';
import { namesToAdd, type FleetPlan } from './plan.ts';
import { judge, parseThreshold } from './thresholds.ts';
import { measuredOf } from './thresholds-run.ts';

const clock = ambientClock();
const PLAN: FleetPlan = { devices: 40, mode: 'mixed', rate: 100, seed: 'crew', namespace: '0', productKey: PK, productSecret: PS };
const ABOUT = { version: '0', measures: 'self' as const, platform: null };

const stubs: Stub[] = [];
afterEach(async () => {
  for (const stub of stubs.splice(0)) await time.run(stub.close());
});

/**
 * A share in this thread, as comlink shows one of another. After `kill` no call to it is ever answered.
 * @param wayMs how long an answer is under way, milliseconds
 */
function shareOf(fleet: Fleet, wayMs = 0): { share: FleetShare; kill: () => void } {
  let dead = false;
  const never = new Promise<never>(() => undefined);
  const alive = async <T>(answer: () => T | Promise<T>): Promise<T> => {
    if (dead) return never;
    const one = await answer();
    if (wayMs > 0) await pause(clock, wayMs);
    return dead ? never : one;
  };
  return {
    kill: () => (dead = true),
    share: {
      run: (startAt) => alive(() => fleet.run(startAt)),
      tell: (whole) => alive(() => fleet.tell(whole)),
      detail: (index, withSecrets) => alive(() => fleet.detail(index, withSecrets)),
      stop: () => alive(() => fleet.stop()),
    } as FleetShare,
  };
}

interface Crewed {
  readonly controller: FleetController;
  readonly fleets: readonly Fleet[];
  kill(worker: number, reason: string): void;
}

function crewOf(plan: FleetPlan, transport: Transport, workers: number, wayMs = 0): Crewed {
  const fleets = Array.from(
    { length: workers },
    (_, worker) =>
      new Fleet(
        plan,
        { worker, workers },
        { clock, transport, openSession: openReferenceSession, timeouts: DEFAULT_TIMEOUTS, edition: 'doc2020' },
      ),
  );
  const shares = fleets.map((fleet) => shareOf(fleet, wayMs));
  const tell: ((reason: string) => void)[] = [];
  const deaths = shares.map((_, worker) => new Promise<string>((resolve) => (tell[worker] = resolve)));
  const controller = new FleetController(
    plan,
    shares.map(({ share }) => share),
    clock,
    deaths,
  );
  return {
    controller,
    fleets,
    kill(worker, reason) {
      shares[worker]?.kill();
      tell[worker]?.(reason);
    },
  };
}

const balance = ({ activated, refused, failed, local, aborted }: FleetReport): number => activated + refused + failed + local + aborted;

describe('a fleet so small that its arrivals take less than a second', () => {
  const small: FleetPlan = { ...PLAN, mode: 'connect', devices: 3, rate: 500 };
  /** As if the last unit had started so much later than it was due. */
  const reportOf = async (lateMs: number): Promise<FleetReport> => {
    const env = { clock, transport: NOBODY, openSession: openReferenceSession, timeouts: DEFAULT_TIMEOUTS, edition: 'doc2020' } as const;
    const { share } = shareOf(new Fleet(small, { worker: 0, workers: 1 }, env));
    const late: FleetShare = {
      ...share,
      tell: async (whole) => {
        const told = await share.tell(whole);
        const { lastStart } = told.snapshot;
        return { ...told, snapshot: { ...told.snapshot, lastStart: lastStart === null ? null : lastStart + lateMs } };
      },
    };
    const controller = new FleetController(small, [late], clock);
    await time.run(controller.run());
    return time.run(controller.report(ABOUT));
  };

  it('is not called late for what is tolerated of each of them', async () => {
    const report = await reportOf(20);
    expect(report.rate).toMatchObject({ offered: 500, overrunMs: expect.closeTo(20, 6) as number });
    expect(report.rate.achieved).toBeLessThan(0.95 * 500);
    expect(report.validity).toEqual({ ok: true, reasons: [] });
  });

  it('is called late beyond that', async () => {
    const report = await reportOf(51);
    expect(report.validity.reasons).toEqual(['36 of 500 arrivals a second were achieved, less than 95 %']);
  });
});

describe('arrivals a second', () => {
  const connecting: FleetPlan = { ...PLAN, mode: 'connect', devices: 100 };
  const rateOf = async (plan: FleetPlan, own: Clock): Promise<FleetReport> => runHonestly(own, plan, NOBODY, 1, (work) => time.run(work));

  it('are achieved over the time from when the first was due: a burst at the end is not a higher rate', async () => {
    // Due over 990 ms, and all of the first 900 ms come at once.
    const burst = await rateOf(connecting, standingStill(clock, 0, 900));
    expect(burst.rate).toMatchObject({ offered: 100, overrunMs: 0, achieved: expect.closeTo(100, 6) as number });
    const late = await rateOf(connecting, standingStill(clock, 0, 1_980));
    expect(late.rate).toMatchObject({
      offered: 100,
      overrunMs: expect.closeTo(990, 6) as number,
      achieved: expect.closeTo(50, 6) as number,
    });
    expect(late.validity.reasons).toContain('50 of 100 arrivals a second were achieved, less than 95 %');
  });

  it('of a storm are no rate: what was started a second says how long it took, and decides no threshold', async () => {
    const storm: FleetPlan = { ...connecting, rate: 100, arrival: { shape: 'storm', withinMs: 0 } };
    const prompt = await rateOf(storm, clock);
    expect(prompt.rate).toEqual({ offered: 100, achieved: 100, atOnce: true });
    const late = await rateOf(storm, standingStill(clock, -100, 4_000));
    expect(late.rate).toEqual({ offered: 100, achieved: expect.closeTo(25, 6) as number, atOnce: true });
    expect(late.validity.reasons).toEqual(['scheduler lag p99 was 4002 ms, more than 50 ms']);
    const parsed = parseThreshold('achieved/offered > 0.99');
    if (!parsed.ok) throw new Error(parsed.why);
    expect(judge([parsed.threshold], measuredOf(prompt, newHistograms()))).toMatchObject([{ ok: null, actual: null }]);
  });
});

describe('what this machine had no room for', () => {
  it('forbids the percentiles also where it was a device that came back', async () => {
    const reconnect = { policy: 'fixed', delayMs: 1_000, attempts: 9 } as const;
    const sessionMs = { min: 5_000, max: 5_000 };
    const cohorts = [{ name: 'units', mode: 'connect', devices: 5, start: 'provisioned', reconnect, sessionMs }] as const;
    const losing = scripted(clock, (packet, line) => {
      if (packet.cmd !== 'connect') return;
      line.send(ACCEPT);
      clock.after(500, () => line.end());
    });
    let dials = 0;
    const full: Transport = {
      offersPlain: true,
      dial: (...how) => (++dials > 5 ? Promise.resolve({ ok: false, outcome: { kind: 'local', reason: 'ports' } }) : losing.dial(...how)),
    };
    const { controller } = crewOf({ ...PLAN, mode: 'connect', devices: 5, cohorts }, full, 1);
    await time.run(controller.run());
    const report = await time.run(controller.report(ABOUT));
    expect([report.activated, report.local, dials]).toEqual([5, 0, 10]);
    expect(report.validity).toEqual({ ok: false, reasons: ["5 attempts failed on this machine's own limits"] });
    expect(report.latencyMs.connect).toBeNull();
    await time.run(controller.stop());
  });
});

describe('a report', () => {
  it('is of one moment for each worker, whatever goes on meanwhile, and so are the histograms that thresholds are judged by', async () => {
    const publish = { everyMs: 20, qos: 0, reply: true } as const;
    const plan: FleetPlan = { ...PLAN, cohorts: [{ name: 'posting', mode: 'regnwl', devices: 40, start: 'blank', publish }] };
    const stub = await Stub.open();
    stubs.push(stub);
    const { controller, fleets } = crewOf(plan, stub.transport, 2, 130);
    await time.run(controller.run());
    // Somebody looks meanwhile, as the progress bar does.
    const looking = controller.view();
    const { report, histograms } = await time.run(controller.final(ABOUT));
    await time.run(looking);
    const { published, answered } = report.traffic;
    expect(answered).toBeGreaterThan(300);
    const sum = (key: 'posts' | 'replies'): number => report.series.reduce((all, point) => all + point[key], 0);
    expect([sum('posts'), sum('replies')]).toEqual([published, answered]);
    expect([report.latencyMs.post?.count, histograms['latency.post'].totalCount]).toEqual([answered, answered]);
    expect(fleets.reduce((all, fleet) => all + fleet.snapshot().traffic.published, 0)).toBeGreaterThan(published);
    for (const fleet of fleets) await time.run(fleet.stop());
  });
});

describe('several workers as one', () => {
  it.each([1, 3])('%i give the same account, series and percentiles', async (workers) => {
    const stub = await Stub.open();
    stubs.push(stub.add(...namesToAdd(PLAN)));
    const { controller, fleets } = crewOf(PLAN, stub.transport, workers);
    await time.run(controller.run());
    const report = await time.run(controller.report(ABOUT));
    expect(balance(report)).toBe(40);
    expect(report).toMatchObject({
      activated: 40,
      workersLost: [],
      errors: [],
      throttled: 0,
      validity: { ok: true },
      rate: { offered: 100 },
    });
    expect(report.rate.achieved).toBeCloseTo(100, 6);
    expect(
      report.series.map(({ offered, started, online, activated, posts, replies }) => [offered, started, online, activated, posts, replies]),
    ).toEqual([[40, 40, 40, 40, 40, 40]]);
    for (const phase of ['register', 'connect', 'post'] as const) expect(report.series[0]?.latencyMs[phase]).not.toBeNull();
    for (const fleet of fleets) await time.run(fleet.stop());
  });

  /** A run of two workers, the second of which dies in the middle: what was known just before, and what is reported. */
  async function oneDies(plan: FleetPlan): Promise<Crewed & { before: FleetView; report: FleetReport }> {
    const stub = await Stub.open();
    stubs.push(stub.add(...namesToAdd(plan)));
    const crew = crewOf(plan, stub.transport, 2);
    const running = crew.controller.run();
    // 40 are due over 390 ms; the second worker dies after some of its 20.
    await time.run(pause(clock, 150));
    await time.run(crew.controller.view());
    await time.run(pause(clock, 100));
    const before = await time.run(crew.controller.view());
    crew.kill(1, 'out of memory');
    await time.run(running);
    return { ...crew, before, report: await time.run(crew.controller.report(ABOUT)) };
  }

  it('one of which dies: its units are accounted for, and the run says so', async () => {
    const { controller, fleets, before, report } = await oneDies(PLAN);
    const known = before.endings.activated - Math.ceil(before.endings.activated / 2);
    expect(balance(report)).toBe(40);
    expect(report.workersLost).toEqual([{ worker: 1, reason: 'out of memory', units: 20 - known }]);
    expect(report.local).toBe(20 - known);
    expect(report.activated).toBe(20 + known);
    expect(report.outcomes['local worker-died']).toBe(20 - known);
    expect(known).toBeGreaterThan(2);
    // The plan wanted no fewer of it: who was due is offered, started or not.
    expect(report.rate).toMatchObject({ offered: 100, achieved: expect.closeTo(((20 + known - 1) * 1000) / 380, 6) as number });
    expect(report.validity.reasons).toContain('a worker died in mid-run');
    expect(report.validity.reasons.some((reason) => /this machine's own limits/.test(reason))).toBe(false);
    expect(report.latencyMs).toEqual({ register: null, connect: null, post: null });
    const inSeries = (key: 'activated' | 'local'): number => report.series.reduce((sum, point) => sum + point[key], 0);
    expect([inSeries('activated'), inSeries('local')]).toEqual([report.activated, report.local]);
    // The dead one's connections are no longer counted as online.
    expect(report.series.at(-1)?.online).toBe(20);
    expect((await time.run(controller.view())).online).toBe(20);
    await time.run(controller.stop());
    expect(await controller.detail(1, false)).toBeUndefined();
    for (const fleet of fleets) await time.run(fleet.stop());
  });

  it('one of which dies: its units are in the accounts of their cohorts', async () => {
    const cohorts = [
      { name: 'meters', mode: 'mixed', devices: 25, start: 'blank' },
      { name: 'pumps', mode: 'regnwl', devices: 15, start: 'blank' },
    ] as const;
    const { fleets, before, report } = await oneDies({ ...PLAN, cohorts });
    expect(before.endings.activated).toBeGreaterThan(10);
    const sums = report.cohorts.map(({ activated, refused, failed, local, aborted }) => activated + refused + failed + local + aborted);
    expect(sums).toEqual([25, 15]);
    for (const key of ['activated', 'local'] as const) {
      const [meters = 0, pumps = 0] = report.cohorts.map((one) => one[key]);
      expect([key, meters > 0, pumps > 0, meters + pumps]).toEqual([key, true, true, report[key]]);
    }
    for (const fleet of fleets) await time.run(fleet.stop());
  });

  it('all of which die: the report still comes', async () => {
    const stub = await Stub.open();
    stubs.push(stub);
    const { controller, fleets, kill } = crewOf(PLAN, stub.transport, 2);
    const running = controller.run();
    kill(0, 'a');
    kill(1, 'b');
    await time.run(running);
    const report = await time.run(controller.report(ABOUT));
    expect([balance(report), report.local, report.workersLost.length]).toEqual([40, 40, 2]);
    expect(report.cohorts).toMatchObject([{ devices: 40, local: 40 }]);
    expect(report.validity.reasons).toContain('2 workers died in mid-run');
    for (const fleet of fleets) await time.run(fleet.stop());
  });
});
