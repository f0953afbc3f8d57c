import { definePlatformCase } from '../../engine/case.ts';

// ResetThing is also the control: the same unit with the same credentials registers once the status was reset.
export default definePlatformCase({
  id: 'platform/registration/after-activation',
  title: {
    en: 'An activated device is refused registration until ResetThing; then the secret delivered last works',
    'zh-CN': '已激活设备在 ResetThing 之前不能注册；之后以最后下发的密钥为准',
  },
  profiles: ['prereg', 'operator'],
  needs: 'cell',
  async drive(t) {
    const guard = await t.guard('register');
    const deviceName = t.name('unit');
    await t.operator.addDevice('added', deviceName);
    const unit = t.unit('unit', { mode: 'register', deviceName });
    await unit.register('register');
    const first = unit.credentials();
    await unit.connect('connect');
    await unit.disconnect('leave');
    await t.pace();
    const second = t.unit('second', { mode: 'register', deviceName });
    await second.register('attempt');
    await guard.post('alive');
    await t.pace();
    await unit.connect('first-unit-again');
    await t.operator.resetThing('reset', deviceName);
    await t.operator.readDevice('status-reset', deviceName);
    await unit.disconnect('leave-again');
    await t.pace();
    await unit.register('register-after-reset');
    const last = unit.credentials();
    t.note('secret', { changed: first?.kind === 'secret' && last?.kind === 'secret' ? first.deviceSecret !== last.deviceSecret : null });
    await unit.connect('connect-after-reset');
  },
  checks: [
    { id: 'refused', rule: 'RULE-21', oracle: 'refused', on: { attempt: 'attempt', control: 'register-after-reset', alive: 'alive' } },
    {
      id: 'one-unit-a-certificate',
      rule: 'RULE-22',
      oracle: 'refused',
      on: { attempt: 'attempt', control: 'register-after-reset', alive: 'alive' },
    },
    { id: 'first-unit-unaffected', rule: 'RULE-21', oracle: 'accepted', on: { attempt: 'first-unit-again' } },
    { id: 'reset-permits', rule: 'RULE-25', oracle: 'issued', on: { attempt: 'register-after-reset' } },
    { id: 'reset-keeps-activation', rule: 'RULE-26', oracle: 'factIs', on: { span: 'status-reset', fact: 'activated', is: true } },
    { id: 'last-secret-works', rule: 'RULE-18', oracle: 'accepted', on: { attempt: 'connect-after-reset' } },
    { id: 'secret-changed', rule: 'RULE-27', oracle: 'reading', on: { span: 'secret', fact: 'changed' }, reading: true },
  ],
});
