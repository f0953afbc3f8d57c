// Whose doing it was that a connection ended: the platform's, a limit that the fleet itself exceeded, or the bad network of the plan.
import { time } from '../virtual.testkit.ts';
import { describe, expect, it } from 'vitest';
import { overridden } from '../../kernel/bytes/overridden.ts';
import { RELAY_GONE, type StreamHandlers } from '../../kernel/bytes/stream.ts';
import { ambientClock } from '../../kernel/clock.ts';
import { openReferenceSession } from '../session/reference.ts';
import { DEFAULT_TIMEOUTS } from '../session/session.ts';
import { ACCEPT, PK, PS, scripted } from '../stub.testkit.ts';
import type { Transport } from '../transport/transport.ts';
import { Fleet, type FleetSnapshot } from './fleet.ts';
import { runHonestly } from './honesty.testkit.ts';
import type { FleetPlan } from './plan.ts';
import type { Cohort } from './plan-cohort.ts';

const clock = ambientClock();

function planOf(cohort: Partial<Cohort>, rest: Partial<FleetPlan> = {}): FleetPlan {
  const whole: Cohort = { name: 'units', mode: 'connect', devices: 40, start: 'provisioned', ...cohort };
  return {
    ...{ devices: whole.devices, mode: whole.mode, rate: 1000, seed: 's', namespace: '0', productKey: PK, productSecret: PS },
    cohorts: [whole],
    ...rest,
  };
}

/** Runs a plan, waits on, and says what is known before the run is stopped. */
async function run(transport: Transport, plan: FleetPlan, waitMs = 0): Promise<FleetSnapshot> {
  const env = { clock, transport, openSession: openReferenceSession, timeouts: DEFAULT_TIMEOUTS, edition: 'doc2020' } as const;
  const fleet = new Fleet(plan, { worker: 0, workers: 1 }, env);
  await time.run(fleet.run(clock.now()));
  if (waitMs > 0) await time.run(new Promise<void>((resolve) => clock.after(waitMs, resolve)));
  const snapshot = fleet.snapshot();
  await time.run(fleet.stop());
  return snapshot;
}

const rows = ({ errors }: FleetSnapshot): unknown[] => errors.map(({ family, kind, count, throttled }) => [family, kind, count, throttled]);

/** Takes so many connections in any second of its own, and closes the rest without an answer. */
function taking(perSecond: number): Transport {
  const taken: number[] = [];
  return scripted(clock, (packet, line) => {
    if (packet.cmd !== 'connect') return;
    const now = clock.now();
    if (taken.filter((at) => now - at < 1_000).length >= perSecond) return line.end();
    taken.push(now);
    line.send(ACCEPT);
  });
}

const LIMITS = { connectsPerSecond: 10, connectsPerDevicePerMinute: 5, publishesPerDevicePerSecond: { qos0: 30, qos1: 10 } };
const STORM = { shape: 'storm', withinMs: 0 } as const;

describe('a connection that is closed without a reason', () => {
  it('while the fleet opens more than the target takes is probably throttled; the account stays as it is', async () => {
    const seen = await run(taking(10), planOf({}, { arrival: STORM, limits: LIMITS }));
    expect(rows(seen)).toEqual([['connack', 'closed (over limit: new-connections)', 30, 'probable']]);
    expect(seen).toMatchObject({ throttled: 0, throttledProbable: 30, ownFaults: 0 });
    expect(seen.counts.endings).toEqual({ activated: 10, refused: 0, failed: 30, local: 0, aborted: 0 });
    expect(seen.counts.outcomes).toEqual({ accepted: 10, 'closed connack': 30 });
  });

  it.each<[string, Partial<FleetPlan>]>([
    ['within the limit', { rate: 9, arrival: { shape: 'constant', rate: 9 }, limits: LIMITS }],
    ['exactly at the limit', { rate: 10, arrival: { shape: 'constant', rate: 10 }, limits: LIMITS }],
    ['at a target of which no limit is known', { arrival: STORM }],
  ])('%s is a plain failure', async (_what, rest) => {
    const seen = await run(taking(0), planOf({}, rest));
    expect(rows(seen)).toEqual([['connack', 'closed', 40, undefined]]);
    expect(seen).toMatchObject({ throttledProbable: 0, counts: { endings: { failed: 40 } } });
  });

  it('by a target that says "not now" is throttled proper, also over a limit', async () => {
    const busy = scripted(clock, (packet, line) => {
      if (packet.cmd === 'connect') line.send({ cmd: 'connack', returnCode: 3, sessionPresent: false });
    });
    const seen = await run(busy, planOf({}, { arrival: STORM, limits: LIMITS }));
    expect(rows(seen)).toEqual([['throttled', 'connack 3', 40, undefined]]);
    expect(seen).toMatchObject({ throttled: 40, throttledProbable: 0, counts: { endings: { refused: 40 } } });
  });

  it.each([
    [30_000, 'closed', undefined],
    [200, 'closed (over limit: new-connections)', 'probable'],
  ])('%i ms after it was accepted in a crowd: %s', async (afterMs, kind, throttled) => {
    const dropping = scripted(clock, (packet, line) => {
      if (packet.cmd !== 'connect') return;
      line.send(ACCEPT);
      clock.after(afterMs, () => line.end());
    });
    const seen = await run(dropping, planOf({}, { arrival: STORM, limits: LIMITS }), 60_000);
    expect(rows(seen)).toEqual([['session', kind, 40, throttled]]);
    expect(seen.traffic.lost).toBe(40);
  });

  it.each([
    [20, 'closed (over limit: device-publishes)', 'probable'],
    [34, 'closed', undefined],
  ])('of a device that publishes every %i ms at QoS 0: %s', async (everyMs, kind, throttled) => {
    const flooded = scripted(clock, (packet, line) => {
      if (packet.cmd === 'connect') line.send(ACCEPT);
      else if (line.heard.filter(({ cmd }) => cmd === 'publish').length === 50) line.end();
    });
    const publish = { everyMs, qos: 0, reply: false, topic: '/a/b', payload: 'x' } as const;
    const seen = await run(flooded, planOf({ devices: 1, publish }, { limits: LIMITS }), 5_000);
    expect(rows(seen)).toEqual([['session', kind, 1, throttled]]);
  });

  it('of a device that connects too often in a minute', async () => {
    let connects = 0;
    const weary = scripted(clock, (packet, line) => {
      if (packet.cmd === 'connect') connects += 1;
      line.end();
    });
    const reconnect = { policy: 'fixed', delayMs: 2_000, attempts: 9 } as const;
    const seen = await run(weary, planOf({ devices: 1, reconnect }, { limits: LIMITS }));
    expect(connects).toBe(10);
    expect(rows(seen)).toEqual([
      ['connack', 'closed', 5, undefined],
      ['connack', 'closed (over limit: device-connects)', 5, 'probable'],
    ]);
  });
});

it('a relay that goes away under devices that are online is ours, and no connection that the platform lost', async () => {
  const heard: StreamHandlers[] = [];
  const accepting = scripted(clock, (packet, line) => {
    if (packet.cmd === 'connect') line.send(ACCEPT);
  });
  const relayed: Transport = {
    ...accepting,
    async dial(...how) {
      const dialled = await accepting.dial(...how);
      if (!dialled.ok) return dialled;
      const { stream } = dialled;
      const attach = (handlers: StreamHandlers): void => {
        heard.push(handlers);
        stream.attach(handlers);
      };
      return { ok: true, stream: overridden(stream, { attach }) };
    },
  };
  clock.after(20_000, () => {
    for (const handlers of heard) handlers.close({ by: 'fault', code: RELAY_GONE });
  });
  const seen = await run(relayed, planOf({}, { arrival: STORM, limits: LIMITS }), 30_000);
  expect(rows(seen)).toEqual([['local', 'relay', 40, undefined]]);
  expect(seen).toMatchObject({ traffic: { lost: 0 }, counts: { online: 0, outcomes: { accepted: 40, 'local relay': 40 } } });
  expect(seen.counts.endings).toMatchObject({ activated: 40, local: 0 });
});

describe('what the bad network of a plan does', () => {
  const accepting = scripted(clock, (packet, line) => {
    if (packet.cmd === 'connect') line.send(ACCEPT);
  });
  const all = (faults: object): Partial<Cohort> => ({ faults: { share: 1, ...faults } });

  it.each([
    ['resets before CONNACK', { resetAfter: { min: 20, max: 40 } }, 'reset'],
    ['half-opens before CONNACK', { halfOpenAfter: { min: 20, max: 40 } }, 'half-open'],
  ])('%s is its own, never the platform’s, and leaves the figures valid', async (_what, faults, kind) => {
    const plan = planOf(all(faults));
    const report = await runHonestly(clock, plan, accepting, 2, (work) => time.run(work));
    expect(report.errors.map(({ family, kind: of, count }) => [family, of, count])).toEqual([['own fault', kind, 40]]);
    expect(report.errors[0]?.en).toMatch(/plan asks for/);
    expect(report).toMatchObject({ ownFaults: 40, failed: 40, local: 0, outcomes: { [`own fault ${kind}`]: 40 } });
    expect(report.validity).toEqual({ ok: true, reasons: [] });
  });

  it('in a session is its own too, and so is the post that waited', async () => {
    const publish = { everyMs: 500, qos: 0, reply: false, topic: '/a/b', payload: 'x'.repeat(100) } as const;
    const seen = await run(accepting, planOf({ ...all({ resetAfter: { min: 800, max: 900 } }), publish }), 20_000);
    expect(rows(seen)).toEqual([['own fault', 'reset', 40, undefined]]);
    expect(seen.traffic.lost).toBe(40);
    expect(seen.counts.endings.activated).toBe(40);
  });

  it('not yet, while the platform closes: that is the platform’s', async () => {
    const closing = scripted(clock, (_packet, line) => line.end());
    const seen = await run(closing, planOf(all({ resetAfter: { min: 100_000, max: 100_000 } })));
    expect(rows(seen)).toEqual([['connack', 'closed', 40, undefined]]);
    expect(seen.ownFaults).toBe(0);
  });

  it('to one connection says nothing of the next', async () => {
    let connects = 0;
    const thenClosing = scripted(clock, (packet, line) => {
      if (packet.cmd !== 'connect') return;
      connects += 1;
      line.end();
    });
    // Some connections break within their CONNECT, the others are closed by the platform.
    const faults = { share: 1, resetAfter: { min: 0, max: 600 } };
    const reconnect = { policy: 'fixed', delayMs: 1_000, attempts: 9 } as const;
    const seen = await run(thenClosing, planOf({ devices: 20, faults, reconnect }));
    const own = seen.errors.find(({ family }) => family === 'own fault')?.count ?? 0;
    expect([own + connects, own > 40, connects > 40]).toEqual([200, true, true]);
  });
});

it('a device that the relay did not serve does not dial again, whatever its policy', async () => {
  let dials = 0;
  const gone: Transport = {
    offersPlain: true,
    dial() {
      dials += 1;
      return Promise.resolve({ ok: false, outcome: { kind: 'local', reason: 'relay' } });
    },
  };
  const reconnect = { policy: 'fixed', delayMs: 2_000, attempts: 9 } as const;
  const seen = await run(gone, planOf({ devices: 1, reconnect }), 60_000);
  expect(dials).toBe(1);
  expect(seen.counts.endings).toMatchObject({ activated: 0, local: 1 });
});
