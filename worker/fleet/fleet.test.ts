import { time, turns } from '../virtual.testkit.ts';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { ambientClock } from '../../kernel/clock.ts';
import type { Outcome } from '../../kernel/trace/outcome.ts';
import { isDeviceName } from '../../protocol/names.ts';
import { propertyPostReply } from '../../protocol/topics.ts';
import { openReferenceSession } from '../session/reference.ts';
import { DEFAULT_TIMEOUTS } from '../session/session.ts';
import { ACCEPT, isRegistration, PK, PS, published, scripted, Stub } from '../stub.testkit.ts';
import type { Transport } from '../transport/transport.ts';
import { Fleet, UNIT_STATES, type FleetCounts } from './fleet.ts';
import { merge, newHistograms, percentiles, record } from './measure.ts';
import { DEVICES_MAX, indicesOf, namesToAdd, NAMESPACE_MAX, planDigest, plannedUnit, type FleetPlan } from './plan.ts';
import { validity } from './validity.ts';

const clock = ambientClock();
const PLAN: FleetPlan = { devices: 100, mode: 'mixed', rate: 500, seed: 'fleet', namespace: '0', productKey: PK, productSecret: PS };

const stubs: Stub[] = [];
afterEach(async () => {
  for (const stub of stubs.splice(0)) await time.run(stub.close());
});
async function stub(): Promise<Stub> {
  const one = await Stub.open();
  stubs.push(one);
  return one;
}

const fleetOn = (transport: Transport, plan: FleetPlan, share = { worker: 0, workers: 1 }): Fleet =>
  new Fleet(plan, share, { clock, transport, openSession: openReferenceSession, timeouts: DEFAULT_TIMEOUTS, edition: 'doc2020' });

const sum = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((total, one) => total + one, 0);

/** The account of the design: every device ended in exactly one way. */
function expectBalanced(counts: FleetCounts, devices: number): void {
  expect(sum(counts.endings)).toBe(devices);
  expect(counts.finished).toBe(devices);
}

const inState = (fleet: Fleet, state: (typeof UNIT_STATES)[number]): number =>
  [...fleet.snapshot().states].filter((one) => UNIT_STATES[one] === state).length;

describe('a fleet on the real stub', () => {
  it('brings 100 mixed devices online; both sides count the same', async () => {
    const platform = (await stub()).add(...namesToAdd(PLAN));
    const fleet = fleetOn(platform.transport, PLAN);
    await time.run(fleet.run(clock.now()));
    const { counts, firstStart, lastStart } = fleet.snapshot();
    expectBalanced(counts, 100);
    expect(counts).toEqual({
      started: 100,
      finished: 100,
      online: 100,
      endings: { activated: 100, refused: 0, failed: 0, local: 0, aborted: 0 },
      outcomes: { 'issued register mqtt': 50, 'issued regnwl mqtt': 50, accepted: 100, replied: 100 },
    });
    expect(platform.statistics()).toMatchObject({ activeCount: 100, onlineCount: 100 });
    expect(inState(fleet, 'online')).toBe(100);
    // 100 devices at 500 a second: the last is due after 198 ms, and virtual time is never late.
    expect(Math.round((lastStart ?? 0) - (firstStart ?? 0))).toBe(198);
    await time.run(fleet.stop());
    await turns(40);
    expect([fleet.snapshot().counts.online, inState(fleet, 'offline'), platform.platform.openSessions]).toEqual([0, 100, 0]);
    expect(fleet.snapshot().counts.endings.activated).toBe(100);
  });

  it('counts what is refused apart, and keeps the evidence', async () => {
    // Every fourth name was not added.
    const names = namesToAdd(PLAN);
    const platform = (await stub()).add(...names.filter((_, i) => i % 2 === 0));
    const fleet = fleetOn(platform.transport, PLAN);
    await time.run(fleet.run(clock.now()));
    const { counts } = fleet.snapshot();
    expectBalanced(counts, 100);
    expect(counts.endings).toEqual({ activated: 75, refused: 25, failed: 0, local: 0, aborted: 0 });
    expect(counts.outcomes['refused connack 4']).toBe(25);
    const refused = fleet.detail(2, true);
    expect(refused).toMatchObject({
      index: 2,
      deviceName: names[1],
      mode: 'register',
      state: 'refused',
      clientId: null,
      dueAt: 4,
      fault: null,
    });
    expect(refused?.events.map((event) => event.kind)).toEqual(['opened', 'packet', 'packet', 'closed', 'outcome']);
    expect(fleet.detail(1, true)?.clientId).toMatch(/^\w{26}$/);
    expect(fleet.detail(100, true)).toBeUndefined();
    await time.run(fleet.stop());
  });

  it('gives away no secret unless asked for the raw bytes', async () => {
    const platform = (await stub()).add(...namesToAdd({ ...PLAN, devices: 2 }));
    const fleet = fleetOn(platform.transport, { ...PLAN, devices: 2 });
    await time.run(fleet.run(clock.now()));
    for (const index of [0, 1]) {
      const text = (raw: boolean): string =>
        (fleet.detail(index, raw)?.events ?? [])
          .map((event) => ('bytes' in event ? Buffer.from(event.bytes).toString('latin1') : ''))
          .join('');
      const secret = /"device(?:Secret|Token)":"(\w+)"/.exec(text(true))?.[1] ?? '';
      expect(secret).toMatch(/^\w{32}$/);
      const stored = text(false);
      expect(stored.includes(secret)).toBe(false);
      expect(stored).toHaveLength(text(true).length);
    }
    await time.run(fleet.stop());
  });

  it('two shares are the same fleet: same identities, same credentials, same schedule', async () => {
    const run = async (workers: number): Promise<unknown[]> => {
      const platform = (await stub()).add(...namesToAdd(PLAN));
      const fleets = Array.from({ length: workers }, (_, worker) => fleetOn(platform.transport, PLAN, { worker, workers }));
      const startAt = clock.now();
      await time.run(Promise.all(fleets.map((fleet) => fleet.run(startAt))));
      const details = fleets.flatMap((fleet) =>
        Array.from({ length: PLAN.devices }, (_, index) => fleet.detail(index, true)).filter((one) => one !== undefined),
      );
      await time.run(Promise.all(fleets.map((fleet) => fleet.stop())));
      return details
        .sort((a, b) => a.index - b.index)
        .map(({ events, ...rest }) => ({
          ...rest,
          bytes: events.flatMap((event) => ('bytes' in event ? [Buffer.from(event.bytes).toString('hex')] : [])),
        }));
    };
    const one = await run(1);
    const two = await run(2);
    expect(one).toHaveLength(100);
    // MQTT.js draws its first message id, no unit of a fleet uses one: the bytes are equal too.
    expect(two).toEqual(one);
  });
});

describe('stop', () => {
  it('in mid-run: starts no more, leaves nobody online, and every device is accounted for', async () => {
    for (let wait = 0; wait < 40; wait += 1) {
      const plan = { ...PLAN, devices: 20, rate: 1000 };
      const platform = (await stub()).add(...namesToAdd(plan));
      const fleet = fleetOn(platform.transport, plan);
      // Ten are due at once, ten later; then a number of turns into their boots.
      const running = fleet.run(clock.now() - 9.5);
      await turns(wait);
      await time.run(fleet.stop());
      await time.run(running);
      const atStop = fleet.snapshot();
      expectBalanced(atStop.counts, 20);
      expect([wait, atStop.counts.started]).toEqual([wait, 10]);
      await time.run(new Promise<void>((resolve) => clock.after(30_000, resolve)));
      await turns(40);
      expect([wait, platform.platform.openSessions, platform.statistics().onlineCount, fleet.snapshot().counts.online]).toEqual([
        wait,
        0,
        0,
        0,
      ]);
      expect(fleet.snapshot().counts).toEqual(atStop.counts);
    }
  });

  it('twice is once, before the run is nobody, and leaves no timer', async () => {
    const plan = { ...PLAN, devices: 10, rate: 0.01 };
    const platform = (await stub()).add(...namesToAdd(plan));
    const fleet = fleetOn(platform.transport, plan);
    const running = fleet.run(clock.now());
    await turns(60);
    await time.run(fleet.stop());
    await time.run(fleet.stop());
    await time.run(running);
    expect(fleet.snapshot().counts.endings).toEqual({ activated: 1, refused: 0, failed: 0, local: 0, aborted: 9 });
    expect(fleet.snapshot().counts.outcomes['aborted operator']).toBe(9);

    const never = fleetOn(platform.transport, plan);
    await time.run(never.stop());
    expectBalanced(never.snapshot().counts, 10);
    expect(never.snapshot().counts.endings.aborted).toBe(10);
    // Not the seconds since the clock's own zero: a row for each would be more than there is memory.
    expect(never.series().seconds.map(({ second, counters }) => [second, counters])).toEqual([[0, { aborted: 10 }]]);
    expect(fleetOn(platform.transport, plan).series()).toEqual({ seconds: [], through: 0 });
  });

  it('an empty share ends at once', async () => {
    const fleet = fleetOn((await stub()).transport, { ...PLAN, devices: 1 }, { worker: 1, workers: 2 });
    await time.run(fleet.run(clock.now()));
    expectBalanced(fleet.snapshot().counts, 0);
  });
});

describe('the account', () => {
  it('balances whatever becomes of each device, stopped or not', async () => {
    const FATES = ['online', 'refused', 'unreachable', 'local', 'silent', 'closed', 'throws'] as const;
    const ENDING = {
      online: 'activated',
      refused: 'refused',
      unreachable: 'failed',
      local: 'local',
      silent: 'failed',
      closed: 'failed',
      throws: 'failed',
    } as const;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...FATES), { minLength: 1, maxLength: 20 }),
        fc.option(fc.nat(30)),
        async (fates, stopAfter) => {
          const platform = await Stub.open();
          const plan = { ...PLAN, mode: 'regnwl' as const, devices: fates.length, rate: 100_000 };
          const silent = scripted(clock, () => undefined);
          const refused = scripted(
            clock,
            (packet, line) => packet.cmd === 'connect' && line.send({ cmd: 'connack', returnCode: 4, sessionPresent: false }),
          );
          const closed = scripted(clock, (_packet, line) => line.abort());
          let dials = 0;
          const outcomes: Record<string, Outcome> = {
            unreachable: { kind: 'unreachable', stage: 'tcp', code: 'ECONNREFUSED' },
            local: { kind: 'local', reason: 'ports' },
          };
          const transport: Transport = {
            offersPlain: true,
            dial(security) {
              // First dials come in the order of the devices; only those of fate `online` dial again.
              const fate = fates[dials++] ?? 'online';
              const outcome = outcomes[fate];
              if (outcome) return Promise.resolve({ ok: false, outcome });
              if (fate === 'throws') return Promise.reject(new Error('our own fault'));
              return { online: platform.transport, silent, refused, closed, unreachable: silent, local: silent }[fate].dial(security);
            },
          };
          const fleet = fleetOn(transport, plan);
          const running = fleet.run(clock.now() - 1);
          if (stopAfter === null) await time.run(running);
          else {
            await turns(stopAfter);
            await time.run(fleet.stop());
            await time.run(running);
          }
          const { counts } = fleet.snapshot();
          expectBalanced(counts, fates.length);
          if (stopAfter === null) {
            const expected = { activated: 0, refused: 0, failed: 0, local: 0, aborted: 0 };
            for (const fate of fates) expected[ENDING[fate]] += 1;
            expect(counts.endings).toEqual(expected);
            fates.forEach((fate, index) => expect(fleet.detail(index, true)?.fault).toBe(fate === 'throws' ? 'our own fault' : null));
          }
          await time.run(fleet.stop());
          await time.run(platform.close());
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('a plan', () => {
  it('has the same digest for the same fleet, and another for any other', () => {
    const digest = planDigest(PLAN);
    expect(planDigest({ ...PLAN })).toBe(digest);
    // Pinned: a stored digest must mean the same fleet in every version.
    expect(digest).toBe('91c0dea505a70f0a223e7ab02e4b438f807678d8a578ebd0ff4e36068b9a288f');
    expect(planDigest({ ...PLAN, productSecret: 'another' })).toBe(digest);
    const others: Partial<FleetPlan>[] = [
      { seed: 'x' },
      { namespace: '1' },
      { devices: 99 },
      { mode: 'register' },
      { mode: 'regnwl' },
      { rate: 499 },
      { productKey: 'x' },
    ];
    expect(new Set([digest, ...others.map((one) => planDigest({ ...PLAN, ...one }))]).size).toBe(others.length + 1);
  });

  it('is shared out without rest or overlap, each share with the same mix of modes', () => {
    fc.assert(
      fc.property(fc.nat(500), fc.integer({ min: 1, max: 9 }), (devices, workers) => {
        const shares = Array.from({ length: workers }, (_, worker) => [...indicesOf(devices, worker, workers)]);
        expect(shares.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: devices }, (_, i) => i));
        const sizes = shares.map((share) => share.length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('names devices legally and uniquely, for every namespace and index', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.stringMatching(new RegExp(`^[a-z0-9]{1,${NAMESPACE_MAX}}$`)),
        fc.integer({ min: 0, max: DEVICES_MAX - 1 }),
        (seed, namespace, index) => {
          const plan = { ...PLAN, seed, namespace };
          const { identity, offsetMs } = plannedUnit(plan, index);
          expect(isDeviceName(identity.deviceName), identity.deviceName).toBe(true);
          expect(identity.deviceName).not.toBe(plannedUnit(plan, index + 1).identity.deviceName);
          expect(offsetMs).toBe((index * 1000) / plan.rate);
        },
      ),
    );
    expect(namesToAdd({ ...PLAN, mode: 'regnwl' })).toEqual([]);
    expect(namesToAdd({ ...PLAN, mode: 'register' })).toHaveLength(100);
    expect(namesToAdd(PLAN)).toHaveLength(50);
  });
});

describe('measuring', () => {
  /** A platform that takes its time: milliseconds until CONNACK, credentials and post reply, the same for every device. */
  const slow = (connackMs: number, replyMs: number, connectMs: number, postMs: number): Transport =>
    scripted(clock, (packet, line) => {
      const connect = line.heard[0];
      if (connect?.cmd !== 'connect') return;
      const deviceName = connect.username?.split('&')[0] ?? '';
      if (packet.cmd === 'connect' && !isRegistration(packet)) clock.after(connectMs, () => line.send(ACCEPT));
      else if (packet.cmd === 'connect') {
        clock.after(connackMs, () => line.send(ACCEPT));
        clock.after(connackMs + replyMs, () =>
          line.send(published('/ext/register', JSON.stringify({ deviceSecret: 'secret-of-the-script', productKey: PK, deviceName }))),
        );
      } else if (packet.cmd === 'publish') {
        const { id } = JSON.parse(packet.payload.toString()) as { id: string };
        clock.after(postMs, () =>
          line.send(
            published(
              propertyPostReply(PK, deviceName),
              JSON.stringify({ code: 200, data: {}, id, message: 'success', method: 'x', version: '1.0' }),
            ),
          ),
        );
      }
    });

  const measured = async (lateMs: number, shares = 1): Promise<Record<string, unknown>> => {
    const plan: FleetPlan = { ...PLAN, mode: 'register', devices: 20, rate: 100 };
    const transport = slow(100, 20, 50, 7);
    const fleets = Array.from({ length: shares }, (_, worker) => fleetOn(transport, plan, { worker, workers: shares }));
    const startAt = clock.now() - lateMs;
    await time.run(Promise.all(fleets.map((fleet) => fleet.run(startAt))));
    const all = newHistograms();
    for (const fleet of fleets) merge(all, fleet.histograms());
    for (const fleet of fleets) await time.run(fleet.stop());
    return Object.fromEntries(
      Object.entries(all).map(([key, histogram]) => [key, [histogram.totalCount, rounded(percentiles(histogram))]]),
    );
  };
  /** To the three digits that a histogram keeps. */
  const rounded = (p: ReturnType<typeof percentiles>): unknown => p && [p.p50, p.p90, p.p99, p.max].map((ms) => Number(ms.toPrecision(3)));
  const flat = (ms: number): unknown => [20, [ms, ms, ms, ms]];

  it.each([1, 2])('is exact on a virtual clock, in %i share(s)', async (shares) => {
    expect(await measured(0, shares)).toEqual({
      'latency.register': flat(120),
      'service.register': flat(120),
      'latency.connect': flat(50),
      'service.connect': flat(50),
      'latency.post': flat(7),
      'service.post': flat(7),
      'lag.arrivals': flat(0),
      'lag.steps': [0, null],
      lag: flat(0),
    });
  });

  it('hides no late start: latency counts from when a device was due, service time does not', async () => {
    // 20 devices were due over 190 ms, and all start 1,000 ms after the first was due.
    const late = await measured(1_000);
    expect(late['service.register']).toEqual(flat(120));
    expect(late['latency.register']).toEqual([20, [1020, 1100, 1120, 1120]]);
    expect(late.lag).toEqual([20, [900, 980, 1000, 1000]]);
    expect(late['latency.connect']).toEqual(flat(50));
  });

  it('counts what is longer than the histogram holds as its longest', () => {
    const { lag } = newHistograms();
    record(lag, 10_000_000);
    record(lag, -1);
    expect(rounded(percentiles(lag))).toEqual([0, 120_000, 120_000, 120_000]);
    expect(percentiles(newHistograms().lag)).toBeNull();
  });
});

describe('validity', () => {
  const withLag = (...lags: number[]): ReturnType<typeof newHistograms> => {
    const histograms = newHistograms();
    for (const lag of lags) record(histograms['lag.arrivals'], lag);
    return histograms;
  };
  const rate = { offered: 500, achieved: 500 };

  it('holds for a generator in time, and for one without a start', () => {
    expect(validity(withLag(0, 10, 50), rate, 0)).toEqual({ ok: true, reasons: [] });
    expect(validity(newHistograms(), rate, 0)).toEqual({ ok: true, reasons: [] });
    expect(validity(withLag(...Array<number>(200).fill(1), 900), { offered: 500, achieved: 475 }, 0).ok).toBe(true);
  });

  it.each([
    ['lag', withLag(51), rate, 0, /lag p99 was 51 ms, more than 50 ms/],
    ['rate', withLag(0), { offered: 500, achieved: 474 }, 0, /474 of 500 arrivals a second were achieved, less than 95 %/],
    ['local', withLag(0), rate, 3, /3 attempts failed on this machine/],
  ] as const)('fails for %s, with its reason', (_what, histograms, achieved, local, reason) => {
    const result = validity(histograms, achieved, local);
    expect([result.ok, result.reasons.length]).toEqual([false, 1]);
    expect(result.reasons[0]).toMatch(reason);
  });

  it.each([
    ['late', withLag(100), 7, 7],
    ['in time', withLag(10), 7, undefined],
    ['late without a silence', withLag(100), 0, undefined],
  ])('doubts silences of a generator that is %s', (_what, histograms, silent, doubtful) => {
    const result = validity(histograms, rate, 0, 0, silent);
    expect(result.doubtfulSilences).toBe(doubtful);
    expect(result.reasons.some((reason) => /^7 attempts that nobody answered may be/.test(reason))).toBe(doubtful !== undefined);
  });

  it('fails for arrivals that were late among many posts in time, and for late posts', () => {
    const histograms = newHistograms();
    for (let i = 0; i < 1_000; i++) record(histograms['lag.arrivals'], 600);
    for (let i = 0; i < 110_000; i++) record(histograms['lag.steps'], 1);
    expect(validity(histograms, rate, 0).reasons).toEqual(['scheduler lag p99 was 600 ms, more than 50 ms']);
    for (let i = 0; i < 2_000; i++) record(histograms['lag.steps'], 90);
    expect(validity(histograms, rate, 0).reasons).toEqual([
      'scheduler lag p99 was 600 ms, more than 50 ms',
      'scheduler lag p99 of posts, reconnects and pauses was 90 ms, more than 50 ms',
    ]);
  });

  it('gives every reason there is', () => {
    expect(validity(withLag(100), { offered: 100, achieved: 1 }, 1).reasons).toHaveLength(3);
  });
});
