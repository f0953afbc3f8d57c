// How a run ends its connections: all at once, or at a pace that a person need not wait for.
import { time } from '../virtual.testkit.ts';
import { describe, expect, it } from 'vitest';
import { ambientClock, pause } from '../../kernel/clock.ts';
import { openReferenceSession } from '../session/reference.ts';
import { DEFAULT_TIMEOUTS } from '../session/session.ts';
import { ACCEPT, PK, PS, scripted } from '../stub.testkit.ts';
import { Fleet } from './fleet.ts';
import type { FleetPlan } from './plan.ts';

const clock = ambientClock();
const PLAN: FleetPlan = {
  ...{ devices: 20, mode: 'connect', rate: 1_000, seed: 's', namespace: '0', productKey: PK, productSecret: PS },
};

/** A fleet that is online in so many shares, and when each DISCONNECT came, milliseconds from now. */
async function online(plan: Partial<FleetPlan>, workers = 1): Promise<{ fleets: Fleet[]; ended: number[] }> {
  const ended: number[] = [];
  let since = 0;
  const transport = scripted(clock, (packet, line) => {
    if (packet.cmd === 'connect') line.send(ACCEPT);
    else if (packet.cmd === 'disconnect') ended.push(Math.round(clock.now() - since));
  });
  const env = { clock, transport, openSession: openReferenceSession, timeouts: DEFAULT_TIMEOUTS, edition: 'doc2020' } as const;
  const fleets = Array.from({ length: workers }, (_, worker) => new Fleet({ ...PLAN, ...plan }, { worker, workers }, env));
  const startAt = clock.now();
  await time.run(Promise.all(fleets.map((fleet) => fleet.run(startAt))));
  await time.run(pause(clock, 1_000));
  since = clock.now();
  return { fleets, ended };
}

const stop = (fleets: readonly Fleet[], by: 'end' | 'operator' | 'stop-condition'): Promise<unknown> =>
  Promise.all(fleets.map((fleet) => fleet.stop(by)));

describe('the end of a run', () => {
  it('ends all connections at once unless told', async () => {
    const { fleets, ended } = await online({});
    await time.run(stop(fleets, 'end'));
    expect(ended).toEqual(Array<number>(20).fill(0));
  });

  it.each(['end', 'stop-condition'] as const)('keeps the pace of the plan: %s', async (by) => {
    const { fleets, ended } = await online({ teardownRate: 10 });
    await time.run(stop(fleets, by));
    expect(ended).toEqual(Array.from({ length: 20 }, (_, i) => i * 100));
    expect(fleets[0]?.snapshot().counts).toMatchObject({ online: 0, endings: { activated: 20 } });
  });

  it('keeps it for all workers together', async () => {
    const { fleets, ended } = await online({ teardownRate: 10 }, 2);
    await time.run(stop(fleets, 'end'));
    expect(ended.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => Math.floor(i / 2) * 200));
  });

  it('is at once for a person, also one who comes later', async () => {
    const first = await online({ teardownRate: 10 });
    await time.run(stop(first.fleets, 'operator'));
    expect(first.ended).toEqual(Array<number>(20).fill(0));

    const second = await online({ teardownRate: 10 });
    const ending = stop(second.fleets, 'end');
    await time.run(pause(clock, 450));
    expect(second.ended).toEqual([0, 100, 200, 300, 400]);
    await time.run(Promise.all([ending, stop(second.fleets, 'operator')]));
    expect(second.ended).toEqual([0, 100, 200, 300, 400, ...Array<number>(15).fill(450)]);
  });

  it('drops at the same pace, without a word', async () => {
    const { fleets, ended } = await online({ teardown: 'drop', teardownRate: 10 });
    const ending = stop(fleets, 'end');
    await time.run(pause(clock, 450));
    expect(fleets[0]?.snapshot().counts.online).toBe(15);
    await time.run(ending);
    expect([fleets[0]?.snapshot().counts.online, ended]).toEqual([0, []]);
  });
});
