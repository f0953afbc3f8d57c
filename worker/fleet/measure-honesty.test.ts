// The proofs that figures can be trusted, exact because time is virtual: known delays come out as they went in, a frozen platform shows,
// and the load that was asked for is the load that was offered. On the wall clock: test/bench/honesty.bench.ts.
import { time } from '../virtual.testkit.ts';
import { describe, expect, it } from 'vitest';
import { ambientClock, type Clock } from '../../kernel/clock.ts';
import { ACCEPT, scripted } from '../stub.testkit.ts';
import type { Transport } from '../transport/transport.ts';
import type { FleetReport } from './controller.ts';
import {
  answering,
  bucketsOf,
  FREEZE,
  freezing,
  HONEST_PLAN,
  knownDelays,
  lateFor,
  NOBODY,
  runHonestly,
  standingStill,
  waitsOfOpenRun,
} from './honesty.testkit.ts';
import type { FleetPlan } from './plan.ts';
import { FIRST_POST, type Cohort } from './plan-cohort.ts';

const clock = ambientClock();
const run = (plan: Partial<FleetPlan>, transport: Transport, workers = 1): Promise<FleetReport> =>
  runHonestly(clock, { ...HONEST_PLAN, ...plan }, transport, workers, (work) => time.run(work));

describe('a CONNACK delayed by a known distribution', () => {
  const COUNT = 500;
  const delays = knownDelays(COUNT);

  it.each([1, 3])('is reported at p50, p90 and p99 within a bucket of the histogram, from %i worker(s)', async (workers) => {
    const platform = answering(clock, (what, now, nth) => now + (what === 'connack' ? (delays[nth] ?? 0) : 7));
    const cohorts = [{ name: 'posting', mode: 'connect', devices: COUNT, start: 'provisioned', publish: FIRST_POST }] as const;
    const report = await run({ devices: COUNT, rate: 500, cohorts }, platform, workers);
    expect(report).toMatchObject({ activated: COUNT, validity: { ok: true } });
    const expected = bucketsOf(delays);
    expect(expected.p99).toBeGreaterThan(5 * expected.p50);
    expect(report.latencyMs.connect).toEqual(expected);
    expect(report.serviceMs.connect).toEqual(expected);
    expect(report.latencyMs.post).toEqual(bucketsOf(Array<number>(COUNT).fill(7)));
    expect(report.latencyMs.register).toBeNull();
  });
});

describe('a platform that freezes for 2 of 10 seconds', () => {
  const PER_SECOND = 40;

  it('shows in the latencies of an open run', async () => {
    const devices = 10 * PER_SECOND;
    const report = await run({ devices, rate: PER_SECOND }, freezing(clock));
    expect(report).toMatchObject({ activated: devices, validity: { ok: true } });
    expect(report.latencyMs.connect).toEqual(bucketsOf(waitsOfOpenRun(devices, PER_SECOND)));
    expect(report.latencyMs.connect?.p99).toBeGreaterThan(1_900);
    // The series shows when it was.
    const worst = report.series.map(({ latencyMs }) => latencyMs.connect?.p99 ?? 0);
    expect(worst.indexOf(Math.max(...worst))).toBe(FREEZE.to / 1000);
    expect(report.series.slice(3, 7).map(({ activated }) => activated > 0)).toEqual([true, false, false, true]);
  });

  it('hides in those of a closed run: who waits for its answer asks nothing meanwhile', async () => {
    // Two places with an answer each 50 ms: as many a second as the open run, while the platform answers.
    const devices = 8 * PER_SECOND;
    const report = await run({ devices, rate: PER_SECOND, closed: 2 }, freezing(clock));
    expect(report).toMatchObject({ activated: devices, validity: { ok: true } });
    expect(report.latencyMs.connect?.p99).toBe(bucketsOf([FREEZE.answerMs]).p99);
    expect(report.latencyMs.connect?.max).toBeGreaterThan(1_900);
  });
});

describe('1,000 arrivals a second', () => {
  it.each([1, 2])('are exactly 10,000 in 10 s, with %i worker(s)', async (workers) => {
    const report = await run({ devices: 12_000, rate: 1_000 }, NOBODY, workers);
    const { series } = report;
    expect(series).toHaveLength(12);
    expect(series.map(({ offered, started, failed }) => [offered, started, failed])).toEqual(series.map(() => [1_000, 1_000, 1_000]));
    expect(series.slice(0, 10).reduce((sum, { started }) => sum + started, 0)).toBe(10_000);
    expect(report.rate.offered).toBe(1_000);
    expect(report.rate.achieved).toBeCloseTo(1_000, 6);
    expect(report.errors).toMatchObject([{ family: 'tcp', kind: 'ECONNREFUSED', count: 12_000 }]);
  });
});

describe('a generator that is late itself', () => {
  const POSTING = { everyMs: 100, qos: 0, reply: true } as const;
  const ANSWER_MS = 5;
  const prompt = (): Transport => answering(clock, (_what, now) => now + ANSWER_MS);
  const living = (how: Partial<Cohort>): FleetPlan => {
    const whole: Cohort = {
      name: 'units',
      mode: 'connect',
      devices: 10,
      start: 'provisioned',
      sessionMs: { min: 20_000, max: 20_000 },
      ...how,
    };
    return { ...HONEST_PLAN, devices: whole.devices, cohorts: [whole] };
  };
  const runOn = (own: Clock, how: Partial<Cohort>, platform: Transport, rest: Partial<FleetPlan> = {}): Promise<FleetReport> =>
    runHonestly(own, { ...living(how), ...rest }, platform, 1, (work) => time.run(work));
  const LATE = [expect.stringMatching(/^scheduler lag p99 of posts, reconnects and pauses was \d+ ms, more than 50 ms$/)];

  it('with its posts is so by its own account: what piles up behind a late one is not an overrun of the platform', async () => {
    const report = await runOn(standingStill(clock, 10_000, 12_000), { publish: POSTING }, prompt());
    expect(report.traffic).toMatchObject({
      published: 2_000,
      answered: 2_000,
      overruns: 0,
    });
    expect(report.validity).toEqual({ ok: false, reasons: LATE });
    expect(report.latencyMs.post).toBeNull();
    // 2 s of 20: the posts of a tenth of the run, from 2 s late to hardly.
    expect(report.lagMs?.steps?.p90).toBeLessThan(200);
    expect(report.lagMs?.steps?.p99).toBeGreaterThan(1_700);
    expect(report.lagMs?.arrivals?.max).toBe(0);
  });

  it('is told from a platform that takes longer than the next post has time', async () => {
    const slow = answering(clock, (what, now) => now + (what === 'reply' ? 150 : ANSWER_MS));
    const report = await runOn(clock, { publish: POSTING, sessionMs: { min: 3_000, max: 3_000 } }, slow);
    expect(report.validity).toEqual({ ok: true, reasons: [] });
    expect(report.traffic.overruns).toBeGreaterThan(150);
    expect(report.latencyMs.post?.p99).toBeGreaterThan(900);
    expect(report.lagMs?.steps?.max).toBe(0);
  });

  it.each([undefined, 20])(
    'with a reconnect counts from when the device wanted to be back, at a pace of %s a second',
    async (perSecond) => {
      let connects = 0;
      const losing = scripted(clock, (packet, line) => {
        if (packet.cmd !== 'connect') return;
        line.send(ACCEPT);
        if (connects++ < 10) clock.after(1_000, () => line.end());
      });
      const pace = perSecond === undefined ? {} : { pace: { perSecond } };
      const report = await runOn(
        lateFor(clock, 1_234, 3_000),
        { reconnect: { policy: 'fixed', delayMs: 1_234, attempts: 9 } },
        losing,
        pace,
      );
      expect(report.traffic).toMatchObject({ lost: 10, reconnected: 10 });
      expect(report.validity).toEqual({ ok: false, reasons: LATE });
      expect(report.lagMs?.steps?.max).toBeCloseTo(3_000, -1);
      // A place among the others is waited for besides, and is nobody's lateness.
      const back = report.series.filter(({ second }) => second >= 5).flatMap(({ latencyMs }) => latencyMs.connect ?? []);
      expect(back.length).toBeGreaterThan(0);
      for (const { p50, p99 } of back) expect([Math.round(p50 / 50), Math.round(p99 / 50)]).toEqual([60, 60]);
    },
  );

  it('with a pause to think says so', async () => {
    const report = await runOn(
      lateFor(clock, 1_234, 3_000),
      { think: { min: 1_234, max: 1_234 }, publish: { qos: 0, reply: true } },
      prompt(),
    );
    expect(report.validity).toEqual({ ok: false, reasons: LATE });
    expect(report.lagMs?.steps?.count).toBe(20);
  });

  it('is never early: what is due within a millisecond waits for it', async () => {
    const half = { min: 1_234.5, max: 1_234.5 };
    const report = await runOn(clock, { think: half, publish: { everyMs: 100.25, qos: 0, reply: true } }, prompt());
    const [latency, service] = [report.latencyMs.post, report.serviceMs.post];
    expect(service).toMatchObject({ min: bucketsOf([ANSWER_MS]).p50 });
    expect(latency?.min).toBeGreaterThanOrEqual(service?.min ?? Infinity);
    expect(latency?.max).toBeLessThan(ANSWER_MS + 1.1);
  });
});
