import { definePlatformCase } from '../../engine/case.ts';

// The control is a device that was added in the same way and differs in one thing: it registers before it connects.
export default definePlatformCase({
  id: 'platform/prereg/console-secret',
  title: {
    en: 'A device that was added connects with the secret shown in the console, without ever registering',
    'zh-CN': '已添加的设备不注册，直接用控制台显示的密钥连接',
  },
  profiles: ['prereg', 'operator'],
  needs: 'cell',
  async drive(t) {
    const guard = await t.guard('register');
    const deviceSecret = t.secret('unit');
    const deviceName = t.name('unit');
    await t.operator.addDevice('added', deviceName, deviceSecret);
    const unit = t.unit('unit', { mode: 'register', deviceName });
    await unit.connect('connects', { credentials: { kind: 'secret', deviceSecret } });
    await t.operator.readDevice('status', deviceName);
    const registers = t.unit('registers', { mode: 'register', deviceName: t.name('other') });
    await t.operator.addDevice('added-other', registers.deviceName, t.secret('other'));
    await registers.register('other-registers');
    await registers.connect('control');
    await guard.post('alive');
  },
  checks: [
    { id: 'connects', rule: 'RULE-23', oracle: 'acceptedLikeControl', on: { attempt: 'connects', control: 'control', alive: 'alive' } },
    { id: 'activated', rule: 'RULE-23', oracle: 'factIs', on: { span: 'status', fact: 'activated', is: true } },
    { id: 'delivered-secret-works', rule: 'RULE-18', oracle: 'accepted', on: { attempt: 'control' } },
  ],
});
