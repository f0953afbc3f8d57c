import { definePlatformCase, type CaseUnit } from '../../engine/case.ts';
import { member } from '../../judge/oracles/crowd.ts';
import { inLanes } from './lanes.ts';

const COUNT = 500;
const NEIGHBOURS = { name: 'neighbour', count: COUNT } as const;
const POSTS = { name: 'posts', count: COUNT } as const;
const VICTIMS = { name: 'victim', count: 20 } as const;
const AGAIN = { name: 'registers-again', count: VICTIMS.count } as const;
/** The name of each fifth neighbour is asked for by another unit afterwards. */
const EACH = 5;
const TAKEN = { name: 'taken', count: COUNT / EACH } as const;
const LANES = 50;

export default definePlatformCase({
  id: 'platform/scale/reset-in-a-storm',
  title: {
    en: 'ResetThing of some while 500 others register, connect and post: no neighbour notices',
    'zh-CN': '500 台设备注册、连接、上报期间对另一些设备执行 ResetThing：相邻设备不受影响',
  },
  profiles: ['prereg', 'operator'],
  needs: 'cell',
  limits: 'off',
  async drive(t) {
    const guard = await t.guard('register');
    const victims: CaseUnit[] = [];
    for (let n = 1; n <= VICTIMS.count; n++) {
      const label = member(VICTIMS, n);
      victims.push(t.unit(label, { mode: 'register', deviceName: await t.added(label) }));
    }
    await inLanes(VICTIMS.count, VICTIMS.count, async (n) => {
      await victims[n - 1]?.boot(member(VICTIMS, n));
    });
    const neighbours: CaseUnit[] = [];
    for (let n = 1; n <= COUNT; n++) {
      const label = member(NEIGHBOURS, n);
      neighbours.push(t.unit(label, { mode: 'register', deviceName: await t.added(label) }));
    }
    let resets: Promise<void> = Promise.resolve();
    await inLanes(COUNT, LANES, async (n) => {
      await neighbours[n - 1]?.boot(member(NEIGHBOURS, n));
      // One reset for every 25 neighbours, one after the other as an operator does.
      if (n % (COUNT / VICTIMS.count) === 0) {
        const victim = n / (COUNT / VICTIMS.count);
        const { deviceName } = victims[victim - 1] as CaseUnit;
        resets = resets.then(() => t.operator.resetThing(`reset-${victim}`, deviceName));
      }
      await neighbours[n - 1]?.post(member(POSTS, n));
    });
    await resets;
    await t.pace();
    await inLanes(VICTIMS.count, VICTIMS.count, async (n) => {
      await victims[n - 1]?.register(member(AGAIN, n));
    });
    await inLanes(TAKEN.count, LANES, async (n) => {
      const { deviceName } = neighbours[n * EACH - 1] as CaseUnit;
      await t.unit(`other-${n}`, { mode: 'register', deviceName }).register(member(TAKEN, n));
    });
    await guard.post('alive');
  },
  checks: [
    { id: 'neighbours-connect', rule: 'RULE-18', oracle: 'everyoneAccepted', on: { crowd: NEIGHBOURS } },
    { id: 'neighbours-post', rule: 'RULE-18', oracle: 'everyoneAccepted', on: { crowd: POSTS } },
    { id: 'reset-opens', rule: 'RULE-25', oracle: 'everyoneIssued', on: { crowd: AGAIN } },
    {
      id: 'neighbours-stay-closed',
      rule: 'RULE-21',
      oracle: 'everyoneRefused',
      on: { crowd: TAKEN, control: member(AGAIN, 1), alive: 'alive' },
    },
  ],
});
