import { definePlatformCase } from '../../engine/case.ts';

export default definePlatformCase({
  id: 'platform/operator/disable-and-enable',
  title: {
    en: 'A disabled device loses its session and cannot connect until it is enabled',
    'zh-CN': '被禁用的设备失去会话，启用之前不能连接',
  },
  profiles: ['prereg', 'operator'],
  needs: 'cell',
  async drive(t) {
    const guard = await t.guard('register');
    const deviceName = t.name('unit');
    await t.operator.addDevice('added', deviceName);
    const unit = t.unit('unit', { mode: 'register', deviceName });
    await unit.boot('boots');
    await t.operator.disable('disable', deviceName);
    await unit.watch('session-at-disable', 1_000);
    await t.operator.readDevice('status-disabled', deviceName);
    await t.pace();
    await unit.connect('while-disabled');
    await guard.post('alive');
    await t.operator.enable('enable', deviceName);
    await t.pace();
    await unit.connect('after-enable');
  },
  checks: [
    {
      id: 'refused-while-disabled',
      rule: 'RULE-36',
      oracle: 'refused',
      on: { attempt: 'while-disabled', control: 'after-enable', alive: 'alive' },
    },
    { id: 'enabled-again', rule: 'RULE-36', oracle: 'accepted', on: { attempt: 'after-enable' } },
    { id: 'status', rule: 'RULE-36', oracle: 'reading', on: { span: 'status-disabled', fact: 'status' }, reading: true },
  ],
});
