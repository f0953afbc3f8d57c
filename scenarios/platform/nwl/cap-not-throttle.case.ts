import { definePlatformCase } from '../../engine/case.ts';
import { PACE_MS } from '../../engine/pace.ts';

const FIVE = [1, 2, 3, 4, 5] as const;

// Whoever counts registrations of the last minute refuses the sixth just as well, and forgets about it. So time passes here whatever the
// target declares, on sockets too: what is still refused then is refused for good.
export default definePlatformCase({
  id: 'platform/nwl/cap-not-throttle',
  title: {
    en: 'A sixth unit of one DeviceName is still refused once no limit of a minute can be the reason',
    'zh-CN': '一分钟限流窗口过去之后，同一 DeviceName 的第六台设备仍被拒绝',
  },
  profiles: ['nwl', 'operator'],
  needs: 'cell',
  async drive(t) {
    const guard = await t.guard('regnwl');
    const deviceName = t.name('shared');
    for (const n of FIVE) {
      const unit = t.unit(`unit-${n}`, { mode: 'regnwl', deviceName });
      await unit.register(`register-${n}`);
      await unit.connect(`connect-${n}`);
      await unit.disconnect(`leave-${n}`);
      await t.pace();
    }
    const sixth = t.unit('unit-6', { mode: 'regnwl', deviceName });
    await sixth.boot('sixth');
    await t.wait(PACE_MS);
    sixth.factoryReset();
    await sixth.boot('sixth-a-minute-later');
    await guard.post('alive');
    await t.operator.clearClientIds('clear', deviceName);
    await t.pace();
    sixth.factoryReset();
    await sixth.boot('sixth-after-clear');
  },
  checks: [
    ...FIVE.map((n) => ({ id: `online-${n}`, rule: 'RULE-39', oracle: 'accepted', on: { attempt: `connect-${n}` } }) as const),
    {
      id: 'still-refused',
      rule: 'RULE-39',
      oracle: 'sixthStaysOut',
      on: { sixth: ['sixth', 'sixth-a-minute-later'], control: 'sixth-after-clear', alive: 'alive' },
    },
  ],
});
