import { CONNACK } from '../../../protocol/codes.ts';
import { definePlatformCase } from '../../engine/case.ts';

export default definePlatformCase({
  id: 'platform/transport/plain-tcp-register',
  title: {
    en: 'Registration of a device that was added is refused over plain TCP with CONNACK 2',
    'zh-CN': '已添加的设备通过明文 TCP 注册时以 CONNACK 2 拒绝',
  },
  profiles: ['prereg'],
  needs: 'sockets',
  byRelay: true,
  async drive(t) {
    const guard = await t.guard('register');
    const unit = t.unit('unit', { mode: 'register', deviceName: await t.added('unit') });
    await unit.register('over-tcp', { security: 'plain' });
    await guard.post('alive');
    await t.pace();
    await unit.register('over-tls');
    await unit.connect('connects');
  },
  checks: [
    {
      id: 'refused',
      rule: 'RULE-02',
      oracle: 'refused',
      on: { attempt: 'over-tcp', control: 'over-tls', alive: 'alive', code: CONNACK.identifier },
    },
    { id: 'accepted-over-tls', rule: 'RULE-02', oracle: 'issued', on: { attempt: 'over-tls' } },
    { id: 'connects', rule: 'RULE-18', oracle: 'accepted', on: { attempt: 'connects' } },
  ],
});
