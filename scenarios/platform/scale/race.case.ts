import { member } from '../../judge/oracles/crowd.ts';
import { definePlatformCase, type CaseUnit } from '../../engine/case.ts';

const RACERS = { name: 'racer', count: 500 } as const;
const RETRIES = { name: 'retry', count: RACERS.count } as const;
const PLACES = [1, 2, 3, 4, 5] as const;

// Nobody waits for anybody: a cap that is looked up before the winner before has been written down lets a sixth through here and nowhere
// else. Clear is the control that nothing but the cap refused.
export default definePlatformCase({
  id: 'platform/scale/race',
  title: {
    en: '500 units race for one DeviceName: five get online, whatever the order',
    'zh-CN': '500 台设备争用同一 DeviceName：无论先后，只有五台上线',
  },
  profiles: ['nwl', 'operator'],
  needs: 'cell',
  limits: 'off',
  async drive(t) {
    const deviceName = t.name('shared');
    const bystander = t.unit('bystander', { mode: 'regnwl', deviceName: t.name('bystander') });
    await bystander.boot('bystander');
    const racers = Array.from({ length: RACERS.count }, (_, i) => t.unit(member(RACERS, i + 1), { mode: 'regnwl', deviceName }));
    await Promise.all(racers.map((racer, i) => racer.boot(member(RACERS, i + 1))));
    await bystander.post('alive');
    // Where a newer connection of the name ends the older one, even winners of the race may have missed their CONNACK.
    await t.pace();
    const out: CaseUnit[] = [];
    let place = 0;
    for (const [i, racer] of racers.entries()) {
      if (!racer.credentials()) {
        out.push(racer);
        continue;
      }
      const outcome = await racer.connect(member(RETRIES, i + 1));
      if (outcome.kind !== 'accepted') out.push(racer);
      else if (++place <= PLACES.length) await racer.post(`winner-${place}-posts`);
      await racer.disconnect(`leaves-${i + 1}`);
    }
    await t.operator.clearClientIds('clear', deviceName);
    await t.pace();
    const [loser] = out;
    loser?.factoryReset();
    await loser?.boot('loser-after-clear');
  },
  checks: [
    {
      id: 'five-online',
      rule: 'RULE-39',
      oracle: 'exactlyOnline',
      on: { crowd: RACERS, retries: RETRIES, online: PLACES.length, control: 'loser-after-clear', alive: 'alive' },
    },
    ...PLACES.map((n) => ({ id: `winner-${n}`, rule: 'RULE-40', oracle: 'accepted', on: { attempt: `winner-${n}-posts` } }) as const),
    { id: 'other-name', rule: 'RULE-39', oracle: 'accepted', on: { attempt: 'alive' } },
  ],
});
