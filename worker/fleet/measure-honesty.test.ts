// The proofs that figures can be trusted, exact because time is virtual: known delays come out as they went in, a frozen platform shows,
// and the load that was asked for is the load that was offered. On the wall clock: test/bench/honesty.bench.ts.
import { time } from '../virtual.testkit.ts';
import { describe, expect, it } from 'vitest';
import type { Packet } from 'mqtt-packet';
import { ambientClock } from '../../kernel/clock.ts';
import { seededRandom } from '../../kernel/random.ts';
import { propertyPostReply } from '../../protocol/topics.ts';
import { openReferenceSession } from '../session/reference.ts';
import { DEFAULT_TIMEOUTS } from '../session/session.ts';
import { ACCEPT, PK, PS, published, scripted } from '../stub.testkit.ts';
import type { Transport } from '../transport/transport.ts';
import { FleetController, type FleetReport, type FleetShare } from './controller.ts';
import { Fleet } from './fleet.ts';
import { newHistogram, percentiles, record, type Percentiles } from './measure.ts';
import type { FleetPlan } from './plan.ts';
import { FIRST_POST } from './plan-cohort.ts';

const clock = ambientClock();
const PLAN: FleetPlan = { devices: 1, mode: 'connect', rate: 100, seed: 'honesty', namespace: '0', productKey: PK, productSecret: PS };
/** Before every run: what a controller takes to arm its workers. */
const LEAD_MS = 100;

/** Runs a plan to its end, in so many shares of this thread. */
async function run(plan: FleetPlan, transport: Transport, workers = 1): Promise<FleetReport> {
  const fleets = Array.from(
    { length: workers },
    (_, worker) =>
      new Fleet(
        plan,
        { worker, workers },
        { clock, transport, openSession: openReferenceSession, timeouts: DEFAULT_TIMEOUTS, edition: 'doc2020' },
      ),
  );
  const shares = fleets.map((fleet) => {
    const { run, snapshot, histograms, series, detail, stop } = fleet;
    return {
      run: (startAt: number) => run.call(fleet, startAt),
      snapshot: () => Promise.resolve(snapshot.call(fleet)),
      histograms: () => Promise.resolve(histograms.call(fleet)),
      series: () => Promise.resolve(series.call(fleet)),
      detail: (index: number, withSecrets: boolean) => Promise.resolve(detail.call(fleet, index, withSecrets)),
      stop: () => stop.call(fleet),
    };
  }) as FleetShare[];
  const controller = new FleetController(plan, shares, clock);
  await time.run(controller.run());
  const report = await time.run(controller.report({ version: '0', measures: 'target', platform: null }));
  await time.run(controller.stop());
  return report;
}

/** A platform whose answers are ready when `readyAt` says, given the moment of the request and how many CONNECTs came before it. */
function answering(readyAt: (what: 'connack' | 'reply', now: number, nth: number) => number): Transport {
  let connects = 0;
  return scripted(clock, (packet, line) => {
    const answer = (what: 'connack' | 'reply', reply: Packet): void => {
      const now = clock.now();
      clock.after(readyAt(what, now, connects) - now, () => line.send(reply));
    };
    if (packet.cmd === 'connect') {
      answer('connack', ACCEPT);
      connects += 1;
    } else if (packet.cmd === 'publish') {
      const { id } = JSON.parse(packet.payload.toString()) as { id: string };
      const [deviceName = ''] = line.heard[0]?.cmd === 'connect' ? (line.heard[0].username ?? '').split('&') : [];
      answer(
        'reply',
        published(
          propertyPostReply(PK, deviceName),
          JSON.stringify({ code: 200, data: {}, id, message: 'success', method: 'thing.event.property.post', version: '1.0' }),
        ),
      );
    }
  });
}

/** What a histogram must say of values: each order statistic as the end of its bucket, no bucket further. */
function bucketsOf(values: readonly number[]): Percentiles | null {
  const sorted = [...values].sort((a, b) => a - b);
  const bucket = (p: number): number => {
    const one = newHistogram();
    record(one, sorted[Math.ceil((p / 100) * sorted.length) - 1] ?? NaN);
    return percentiles(one)?.p50 ?? NaN;
  };
  return { p50: bucket(50), p90: bucket(90), p99: bucket(99), max: bucket(100) };
}

describe('a CONNACK delayed by a known distribution', () => {
  const COUNT = 500;
  /** Log-normal, in whole milliseconds: what latencies look like. */
  const draw = seededRandom('delays');
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - draw.float())) * Math.cos(2 * Math.PI * draw.float());
  const delays = Array.from({ length: COUNT }, () => Math.min(9_000, Math.max(1, Math.round(Math.exp(4 + 1.2 * normal())))));

  it.each([1, 3])('is reported at p50, p90 and p99 within a bucket of the histogram, from %i worker(s)', async (workers) => {
    const platform = answering((what, now, nth) => now + (what === 'connack' ? (delays[nth] ?? 0) : 7));
    const cohorts = [{ name: 'posting', mode: 'connect', devices: COUNT, start: 'provisioned', publish: FIRST_POST }] as const;
    const report = await run({ ...PLAN, devices: COUNT, rate: 500, cohorts }, platform, workers);
    expect(report).toMatchObject({ activated: COUNT, validity: { ok: true } });
    const expected = bucketsOf(delays);
    expect(expected?.p99).toBeGreaterThan(5 * (expected?.p50 ?? Infinity));
    expect(report.latencyMs.connect).toEqual(expected);
    expect(report.serviceMs.connect).toEqual(expected);
    expect(report.latencyMs.post).toEqual(bucketsOf([7]));
    expect(report.latencyMs.register).toBeNull();
  });
});

describe('a platform that freezes for 2 of 10 seconds', () => {
  const PER_SECOND = 40;
  const ANSWER_MS = 50;
  const FREEZE = { from: 4_000, to: 6_000 };
  /** Answers after ANSWER_MS, except that what would be ready in the freeze is ready at its end. */
  const freezing = (): Transport => {
    const zero = clock.now() + LEAD_MS;
    const thawed = (at: number): number => (at >= zero + FREEZE.from && at < zero + FREEZE.to ? zero + FREEZE.to : at);
    return answering((what, now) => thawed(now + (what === 'connack' ? ANSWER_MS : 0)));
  };

  it('shows in the latencies of an open run', async () => {
    const devices = 10 * PER_SECOND;
    const report = await run({ ...PLAN, devices, rate: PER_SECOND }, freezing());
    expect(report).toMatchObject({ activated: devices, validity: { ok: true } });
    const due = Array.from({ length: devices }, (_, i) => (i * 1000) / PER_SECOND);
    const waits = due.map((at) => (at + ANSWER_MS >= FREEZE.from && at + ANSWER_MS < FREEZE.to ? FREEZE.to - at : ANSWER_MS));
    expect(report.latencyMs.connect).toEqual(bucketsOf(waits));
    expect(report.latencyMs.connect?.p99).toBeGreaterThan(1_900);
    // The series shows when it was.
    const worst = report.series.map(({ latencyMs }) => latencyMs.connect?.p99 ?? 0);
    expect(worst.indexOf(Math.max(...worst))).toBe(FREEZE.to / 1000);
    expect(report.series.slice(4, 6).map(({ activated }) => activated)).toEqual([0, 0]);
  });

  it('hides in those of a closed run: who waits for its answer asks nothing meanwhile', async () => {
    // Two places with an answer each 50 ms: as many a second as the open run, while the platform answers.
    const report = await run({ ...PLAN, devices: 8 * PER_SECOND, rate: PER_SECOND, closed: 2 }, freezing());
    expect(report).toMatchObject({ activated: 8 * PER_SECOND, validity: { ok: true } });
    expect(report.latencyMs.connect?.p99).toBe(bucketsOf([ANSWER_MS])?.p99);
    expect(report.latencyMs.connect?.max).toBeGreaterThan(1_900);
  });
});

describe('1,000 arrivals a second', () => {
  const nobody: Transport = {
    offersPlain: true,
    dial: () => Promise.resolve({ ok: false, outcome: { kind: 'unreachable', stage: 'tcp', code: 'ECONNREFUSED' } }),
  };

  it.each([1, 2])('are exactly 10,000 in 10 s, with %i worker(s)', async (workers) => {
    const report = await run({ ...PLAN, devices: 12_000, rate: 1_000 }, nobody, workers);
    const { series } = report;
    expect(series).toHaveLength(12);
    expect(series.map(({ offered, started, failed }) => [offered, started, failed])).toEqual(series.map(() => [1_000, 1_000, 1_000]));
    expect(series.slice(0, 10).reduce((sum, { started }) => sum + started, 0)).toBe(10_000);
    expect(report.rate.offered).toBe(1_000);
    expect(report.rate.achieved).toBeCloseTo(1_000, 6);
    expect(report.errors).toMatchObject([{ family: 'tcp', kind: 'ECONNREFUSED', count: 12_000 }]);
  });
});
