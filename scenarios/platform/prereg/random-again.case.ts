import { definePlatformCase } from '../../engine/case.ts';

export default definePlatformCase({
  id: 'platform/prereg/random-again',
  title: {
    en: 'A device that was added registers twice with one random value',
    'zh-CN': '已添加的设备用同一个 random 值注册两次',
  },
  profiles: ['prereg'],
  needs: 'cell',
  async drive(t) {
    const guard = await t.guard('register');
    const unit = t.unit('unit', { mode: 'register', deviceName: await t.added('unit') });
    await unit.register('first', { random: '123' });
    await t.pace();
    await unit.register('again', { random: '123' });
    await guard.post('alive');
    await t.pace();
    await unit.register('control');
  },
  checks: [{ id: 'again', rule: 'RULE-08', oracle: 'acceptedLikeControl', on: { attempt: 'again', control: 'control', alive: 'alive' } }],
});
