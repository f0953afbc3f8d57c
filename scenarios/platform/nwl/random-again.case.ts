import { definePlatformCase } from '../../engine/case.ts';

/** What the C SDK 3.x puts into every registration. */
const RANDOM = '8Ygb7ULYh53B6OA';

// Shipped firmware signs a constant, so nothing may depend on the value being new.
export default definePlatformCase({
  id: 'platform/nwl/random-again',
  title: {
    en: 'A random value that was used before is accepted, of one unit and of another',
    'zh-CN': '用过的 random 值仍被接受，同一设备与不同设备皆然',
  },
  profiles: ['nwl'],
  needs: 'cell',
  async drive(t) {
    const guard = await t.guard('regnwl');
    const deviceName = t.name('unit');
    const unit = t.unit('unit', { mode: 'regnwl', deviceName });
    const twin = t.unit('twin', { mode: 'regnwl', deviceName });
    await unit.register('first', { random: RANDOM });
    await t.pace();
    await unit.register('again', { random: RANDOM });
    await t.pace();
    await twin.register('of-another-unit', { random: RANDOM });
    await guard.post('alive');
    await t.pace();
    await unit.register('control');
    await unit.connect('connect');
  },
  checks: [
    { id: 'again', rule: 'RULE-08', oracle: 'acceptedLikeControl', on: { attempt: 'again', control: 'control', alive: 'alive' } },
    {
      id: 'of-another-unit',
      rule: 'RULE-08',
      oracle: 'acceptedLikeControl',
      on: { attempt: 'of-another-unit', control: 'control', alive: 'alive' },
    },
  ],
});
