import { definePlatformCase } from '../../engine/case.ts';

const TIMES = 10;

// Ten turns in a row, ending off; then ten more, ending on: the units are their own controls.
export default definePlatformCase({
  id: 'platform/switch/toggled',
  title: {
    en: 'A switch that is toggled ten times in a row ends in its last state',
    'zh-CN': '连续切换十次的动态注册开关以最后状态为准',
  },
  profiles: ['prereg', 'nwl', 'operator'],
  needs: 'cell',
  async drive(t) {
    const guard = await t.guard('register');
    const fresh = t.unit('new', { mode: 'register', deviceName: t.name('new') });
    const freshNwl = t.unit('new-nwl', { mode: 'regnwl', deviceName: t.name('new-nwl') });
    await t.operator.addDevice('added', fresh.deviceName);
    for (let i = 1; i <= TIMES; i++) await t.operator.setDynamicRegistration(`ends-off-${i}`, i % 2 === 1);
    await fresh.register('attempt-register');
    await freshNwl.register('attempt-regnwl');
    await guard.post('alive');
    for (let i = 1; i <= TIMES; i++) await t.operator.setDynamicRegistration(`ends-on-${i}`, i % 2 === 0);
    await t.pace();
    await fresh.register('control-register');
    await freshNwl.register('control-regnwl');
  },
  checks: (['register', 'regnwl'] as const).flatMap((mode) => [
    {
      id: `off-${mode}`,
      rule: 'RULE-11',
      oracle: 'refused',
      on: { attempt: `attempt-${mode}`, control: `control-${mode}`, alive: 'alive' },
    } as const,
    { id: `on-${mode}`, rule: 'RULE-11', oracle: 'issued', on: { attempt: `control-${mode}` } } as const,
  ]),
});
