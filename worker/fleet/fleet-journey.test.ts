// What units do beyond going online: publish on a schedule, lose their connection and come back, leave, keep a pace. On a virtual clock.
import { time, turns } from '../virtual.testkit.ts';
import { afterEach, describe, expect, it } from 'vitest';
import { ambientClock, pause } from '../../kernel/clock.ts';
import { openReferenceSession } from '../session/reference.ts';
import { DEFAULT_TIMEOUTS } from '../session/session.ts';
import { ACCEPT, PK, PS, scripted, Stub } from '../stub.testkit.ts';
import type { Transport } from '../transport/transport.ts';
import { Fleet } from './fleet.ts';
import { devicesToAdd, namesToAdd, plannedUnit, type FleetPlan } from './plan.ts';
import type { Cohort } from './plan-cohort.ts';

const clock = ambientClock();
const stubs: Stub[] = [];
afterEach(async () => {
  for (const stub of stubs.splice(0)) await time.run(stub.close());
});

function planOf(cohort: Partial<Cohort>, rest: Partial<FleetPlan> = {}): FleetPlan {
  const whole: Cohort = {
    name: 'units',
    mode: 'connect',
    devices: 4,
    start: cohort.mode === undefined ? 'provisioned' : 'blank',
    ...cohort,
  };
  return {
    devices: whole.devices,
    mode: whole.mode,
    rate: 1000,
    seed: 's',
    namespace: '0',
    productKey: PK,
    productSecret: PS,
    cohorts: [whole],
    ...rest,
  };
}

async function stubFor(plan: FleetPlan): Promise<Stub> {
  const stub = await Stub.open();
  stubs.push(stub);
  stub.add(...namesToAdd(plan));
  for (const device of devicesToAdd(plan)) stub.platform.operate({ action: 'AddDevice', productKey: PK, ...device });
  return stub;
}

const fleetOn = (transport: Transport, plan: FleetPlan): Fleet =>
  new Fleet(
    plan,
    { worker: 0, workers: 1 },
    { clock, transport, openSession: openReferenceSession, timeouts: DEFAULT_TIMEOUTS, edition: 'doc2020' },
  );

const PUBLISH = { everyMs: 1_000, qos: 1, reply: false, topic: '/{{productKey}}/{{deviceName}}/user/n', payload: '{{n}}' } as const;

/** A platform that accepts every CONNECT and does with a PUBLISH as the test says. */
function accepting(
  onPublish: (line: { send: (...packets: never[]) => void; abort: () => void }, messageId: number, payload: string) => void,
): Transport & { connects: number } {
  const transport = scripted(clock, (packet, line) => {
    if (packet.cmd === 'connect') {
      counted.connects += 1;
      line.send(ACCEPT);
    } else if (packet.cmd === 'publish') onPublish(line, packet.messageId ?? 0, packet.payload.toString());
  });
  const counted = { ...transport, connects: 0 };
  return counted;
}

describe('units that are provisioned', () => {
  it('connect with the secrets of the plan and register nothing', async () => {
    const plan = planOf({ devices: 20 });
    const stub = await stubFor(plan);
    const fleet = fleetOn(stub.transport, plan);
    await time.run(fleet.run(clock.now()));
    const { counts, traffic } = fleet.snapshot();
    expect(counts.outcomes).toEqual({ accepted: 20 });
    expect(counts.endings.activated).toBe(20);
    expect(traffic.published).toBe(0);
    expect(stub.statistics()).toMatchObject({ activeCount: 20, onlineCount: 20 });
    // A secret is a function of seed, namespace and index.
    expect(Object.values(fleet.credentials())).toEqual(devicesToAdd(plan).map(({ deviceSecret }) => ({ kind: 'secret', deviceSecret })));
    expect(devicesToAdd({ ...plan, seed: 't' })[0]).not.toEqual(devicesToAdd(plan)[0]);
    await time.run(fleet.stop());
  });

  it('of a flash connect, and the others register', async () => {
    const plan = planOf({ mode: 'mixed', devices: 6 });
    const stub = await stubFor(plan);
    const first = fleetOn(stub.transport, { ...plan, devices: 4, cohorts: [{ ...(plan.cohorts?.[0] as Cohort), devices: 4 }] });
    await time.run(first.run(clock.now()));
    const flash = first.credentials();
    await time.run(first.stop());
    expect(Object.keys(flash)).toHaveLength(4);
    const second = fleetOn(stub.transport, { ...plan, flash });
    await time.run(second.run(clock.now()));
    expect(second.snapshot().counts.outcomes).toEqual({ 'issued register mqtt': 1, 'issued regnwl mqtt': 1, accepted: 6, replied: 6 });
    await time.run(second.stop());
  });
});

describe('publishing', () => {
  it('keeps an absolute schedule, each text filled in for its unit', async () => {
    const heard: string[] = [];
    const transport = accepting((line, messageId, payload) => {
      heard.push(payload);
      line.send({ cmd: 'puback', messageId } as never);
    });
    const fleet = fleetOn(transport, planOf({ devices: 2, publish: PUBLISH }));
    await time.run(fleet.run(clock.now()));
    await time.run(pause(clock, 5_500));
    expect(heard.sort()).toEqual(['1', '1', '2', '2', '3', '3', '4', '4', '5', '5', '6', '6']);
    expect(fleet.snapshot().traffic).toMatchObject({ published: 12, answered: 12, overruns: 0, missed: 0 });
    expect(fleet.snapshot().counts.outcomes).toEqual({ accepted: 2, acknowledged: 12 });
    await time.run(fleet.stop());
    await time.run(pause(clock, 10_000));
    expect(heard).toHaveLength(12);
  });

  it('counts what is late behind an answer that took too long, and drops none', async () => {
    const transport = accepting((line, messageId) => void clock.after(2_500, () => line.send({ cmd: 'puback', messageId } as never)));
    const fleet = fleetOn(transport, planOf({ devices: 1, publish: PUBLISH }));
    await time.run(fleet.run(clock.now()));
    await time.run(pause(clock, 5_100));
    // Sent at 0, 2.5 (the run ends with the first answer), 5.0 and 7.5 s; the last is still waiting, and all but the first were due earlier.
    expect(fleet.snapshot().traffic).toMatchObject({ published: 4, answered: 3, overruns: 3, missed: 0 });
    await time.run(fleet.stop());
  });
});

describe('a connection that is lost', () => {
  it('comes back by the policy; what was due meanwhile is left out and counted', async () => {
    const transport = accepting((line, messageId, payload) =>
      payload === '2' ? line.abort() : line.send({ cmd: 'puback', messageId } as never),
    );
    const fleet = fleetOn(transport, planOf({ devices: 1, publish: PUBLISH, reconnect: { policy: 'fixed', delayMs: 2_500, attempts: 9 } }));
    await time.run(fleet.run(clock.now()));
    await time.run(pause(clock, 5_200));
    const { traffic, counts } = fleet.snapshot();
    expect(traffic).toMatchObject({ lost: 1, reconnected: 1, missed: 2, published: 4, answered: 3 });
    expect(counts.outcomes).toEqual({ accepted: 2, acknowledged: 3, 'post closed session': 1 });
    expect([counts.online, counts.endings.activated, transport.connects]).toEqual([1, 1, 2]);
    await time.run(fleet.stop());
  });

  it('stays away without a policy', async () => {
    const transport = accepting((line) => line.abort());
    const fleet = fleetOn(transport, planOf({ devices: 3, publish: PUBLISH }));
    await time.run(fleet.run(clock.now()));
    await time.run(pause(clock, 3_500));
    expect(fleet.snapshot().traffic).toMatchObject({ lost: 3, reconnected: 0, missed: 9, published: 3 });
    expect(transport.connects).toBe(3);
    await time.run(fleet.stop());
  });

  it('is tried again until the attempts are used up, and no registration is repeated that may have been answered', async () => {
    let connects = 0;
    const closing = scripted(clock, (packet, line) => {
      if (packet.cmd === 'connect') connects += 1;
      line.abort();
    });
    const reconnect = { policy: 'fixed', delayMs: 100, attempts: 4 } as const;
    const fleet = fleetOn(closing, planOf({ devices: 1, reconnect }));
    await time.run(fleet.run(clock.now()));
    expect([connects, fleet.snapshot().counts.outcomes['closed connack']]).toEqual([5, 5]);
    expect(fleet.snapshot().counts.endings.failed).toBe(1);
    connects = 0;
    const registering = fleetOn(closing, planOf({ mode: 'regnwl', devices: 1, reconnect }));
    await time.run(registering.run(clock.now()));
    expect([connects, registering.snapshot().counts.endings.failed]).toEqual([1, 1]);
  });

  it('of a platform at its limits is throttled, not failed, and the unit gets through', async () => {
    let nth = 0;
    const busy = scripted(clock, (packet, line) => {
      if (packet.cmd === 'connect') line.send(++nth <= 3 ? { cmd: 'connack', returnCode: 3, sessionPresent: false } : ACCEPT);
    });
    const fleet = fleetOn(busy, planOf({ devices: 1, reconnect: { policy: 'exponential', baseMs: 100, capMs: 1_000, attempts: 9 } }));
    await time.run(fleet.run(clock.now()));
    expect(fleet.snapshot()).toMatchObject({ throttled: 3, counts: { endings: { activated: 1, failed: 0, refused: 0 } } });
    await time.run(fleet.stop());
  });

  it('is not dialled faster than the target takes it from one device', async () => {
    const times: number[] = [];
    const startAt = clock.now();
    const closing = scripted(clock, (_packet, line) => {
      times.push(Math.round((clock.now() - startAt) / 1000));
      line.abort();
    });
    const plan = planOf({ devices: 1, reconnect: { policy: 'fixed', delayMs: 1_000, attempts: 6 } }, { pace: { perDevicePerMinute: 3 } });
    await time.run(fleetOn(closing, plan).run(startAt));
    expect(times).toEqual([0, 1, 2, 60, 61, 62, 120]);
  });
});

describe('a session with a length', () => {
  it('ends by itself, and the run with the last', async () => {
    const plan = planOf({ mode: 'regnwl', devices: 5, sessionMs: { min: 2_000, max: 4_000 } });
    const stub = await stubFor(plan);
    const startAt = clock.now();
    const fleet = fleetOn(stub.transport, plan);
    await time.run(fleet.run(startAt));
    const took = clock.now() - startAt;
    expect(took).toBeGreaterThan(2_000);
    expect(took).toBeLessThan(4_200);
    await turns(20);
    expect(fleet.snapshot()).toMatchObject({ traffic: { left: 5, lost: 0 }, counts: { online: 0, endings: { activated: 5 } } });
    expect(stub.statistics().onlineCount).toBe(0);
    await time.run(fleet.stop());
  });
});

describe('a closed model', () => {
  it('has so many on their way and no more; the next starts when one has arrived', async () => {
    let open = 0;
    let most = 0;
    const slow = scripted(clock, (packet, line) => {
      if (packet.cmd !== 'connect') return;
      most = Math.max(most, ++open);
      clock.after(100, () => {
        open -= 1;
        line.send(ACCEPT);
      });
    });
    const startAt = clock.now();
    const fleet = fleetOn(slow, planOf({ devices: 20 }, { closed: 5 }));
    await time.run(fleet.run(startAt));
    expect([most, fleet.snapshot().counts.endings.activated]).toEqual([5, 20]);
    expect(Math.round((clock.now() - startAt) / 100)).toBe(4);
    await time.run(fleet.stop());
  });
});

describe('the pace of a target', () => {
  const MODELS = { open: { arrival: { shape: 'storm', withinMs: 0 } }, closed: { closed: 8 } } as const;
  it.each(['open', 'closed'] as const)('holds arrivals and connects to it, whatever an %s plan asks for', async (model) => {
    const times: number[] = [];
    const startAt = clock.now();
    const plan = planOf({ mode: 'regnwl', devices: 20 }, { ...MODELS[model], pace: { perSecond: 10 } });
    const stub = await stubFor(plan);
    const watched: Transport = {
      offersPlain: true,
      dial(...how) {
        times.push(clock.now() - startAt);
        return stub.transport.dial(...how);
      },
    };
    const fleet = fleetOn(watched, plan);
    await time.run(fleet.run(startAt));
    expect(times).toHaveLength(40);
    // 40 connects at 10 a second: the last about 4 s after the first, and none within 100 ms of another.
    expect(Math.max(...times)).toBeGreaterThan(3_700);
    times.sort((a, b) => a - b).forEach((at, i) => i > 0 && expect(at - (times[i - 1] as number)).toBeGreaterThan(99));
    await time.run(fleet.stop());
  });
});

describe('the pace of units that hold credentials', () => {
  it('is that of one connection each', () => {
    const plan = planOf({ mode: 'regnwl', devices: 3 }, { arrival: { shape: 'storm', withinMs: 0 }, pace: { perSecond: 10 } });
    const dueIn = (one: FleetPlan): number[] => [0, 1, 2].map((index) => Math.round(plannedUnit(one, index).offsetMs));
    const flash = Object.fromEntries(
      [0, 1, 2].map((index) => [plannedUnit(plan, index).identity.deviceName, { kind: 'secret', deviceSecret: 'x' } as const]),
    );
    expect([dueIn(plan), dueIn({ ...plan, flash })]).toEqual([
      [0, 200, 400],
      [0, 100, 200],
    ]);
  });
});

describe('a bad network', () => {
  it('strikes its share of the units, the same ones for a seed, and never the account', async () => {
    const run = async (seed: string): Promise<number[]> => {
      const plan = planOf({ mode: 'regnwl', devices: 30, faults: { share: 0.5, resetAfter: { min: 10, max: 200 } } }, { seed });
      const stub = await stubFor(plan);
      const fleet = fleetOn(stub.transport, plan);
      await time.run(fleet.run(clock.now()));
      const { counts } = fleet.snapshot();
      expect(counts.endings.activated + counts.endings.failed).toBe(30);
      const failed = Array.from({ length: 30 }, (_, i) => i).filter((i) => fleet.detail(i, true)?.state === 'failed');
      await time.run(fleet.stop());
      return failed;
    };
    const struck = await run('a');
    expect(struck.length).toBeGreaterThan(7);
    expect(struck.length).toBeLessThan(23);
    expect(await run('a')).toEqual(struck);
    expect(await run('b')).not.toEqual(struck);
  });
});

describe('cohorts', () => {
  it('arrive together, mixed evenly, or each by its own schedule', () => {
    const base = { mode: 'regnwl', start: 'blank' } as const;
    const plan: FleetPlan = {
      ...planOf({}),
      devices: 9,
      rate: 10,
      arrival: { shape: 'constant', rate: 10 },
      cohorts: [
        { ...base, name: 'a', devices: 4 },
        { ...base, name: 'b', devices: 2 },
        { ...base, name: 'c', devices: 3, arrival: { shape: 'storm', withinMs: 0 } },
      ],
    };
    const due = Array.from({ length: 9 }, (_, i) => plannedUnit(plan, i)).map(({ cohort, offsetMs }) => `${cohort.name}${offsetMs}`);
    expect(due).toEqual(['a0', 'a200', 'a300', 'a500', 'b100', 'b400', 'c0', 'c0', 'c0']);
  });
});
