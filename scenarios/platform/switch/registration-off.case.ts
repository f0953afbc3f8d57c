import { definePlatformCase } from '../../engine/case.ts';

// The same units are the controls: switched on again, they register.
export default definePlatformCase({
  id: 'platform/switch/registration-off',
  title: {
    en: 'With dynamic registration off new devices are refused in both modes and activated ones are not affected',
    'zh-CN': '动态注册关闭时两种方式的新设备都被拒绝，已激活设备不受影响',
  },
  profiles: ['prereg', 'nwl', 'operator'],
  needs: 'cell',
  async drive(t) {
    const active = await t.guard('register');
    const activeNwl = t.unit('active-nwl', { mode: 'regnwl', deviceName: t.name('active-nwl') });
    await activeNwl.boot('active-nwl');
    const name = t.name('new');
    await t.operator.addDevice('added', name);
    const fresh = t.unit('new', { mode: 'register', deviceName: name });
    const freshNwl = t.unit('new-nwl', { mode: 'regnwl', deviceName: t.name('new-nwl') });
    await t.operator.setDynamicRegistration('off', false);
    await active.watch('active-stays', 1_000);
    await activeNwl.post('active-nwl-posts');
    await fresh.register('attempt-register');
    await freshNwl.register('attempt-regnwl');
    await active.post('alive');
    await active.disconnect('active-leaves');
    await activeNwl.disconnect('active-nwl-leaves');
    await t.pace();
    await active.connect('active-reconnects');
    await activeNwl.connect('active-nwl-reconnects');
    await t.operator.setDynamicRegistration('on', true);
    await fresh.register('control-register');
    await freshNwl.register('control-regnwl');
  },
  checks: [
    {
      id: 'register-refused',
      rule: 'RULE-11',
      oracle: 'refused',
      on: { attempt: 'attempt-register', control: 'control-register', alive: 'alive' },
    },
    {
      id: 'regnwl-refused',
      rule: 'RULE-11',
      oracle: 'refused',
      on: { attempt: 'attempt-regnwl', control: 'control-regnwl', alive: 'alive' },
    },
    { id: 'session-stays', rule: 'RULE-12', oracle: 'livedThrough', on: { span: 'active-stays' } },
    { id: 'active-posts', rule: 'RULE-12', oracle: 'accepted', on: { attempt: 'alive' } },
    { id: 'active-nwl-posts', rule: 'RULE-12', oracle: 'accepted', on: { attempt: 'active-nwl-posts' } },
    { id: 'active-reconnects', rule: 'RULE-12', oracle: 'accepted', on: { attempt: 'active-reconnects' } },
    { id: 'active-nwl-reconnects', rule: 'RULE-12', oracle: 'accepted', on: { attempt: 'active-nwl-reconnects' } },
    { id: 'on-again', rule: 'RULE-11', oracle: 'issued', on: { attempt: 'control-register' } },
  ],
});
