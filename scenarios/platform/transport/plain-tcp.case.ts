import { CONNACK } from '../../../protocol/codes.ts';
import { definePlatformCase } from '../../engine/case.ts';

export default definePlatformCase({
  id: 'platform/transport/plain-tcp',
  title: {
    en: 'Registration over plain TCP is refused with CONNACK 2',
    'zh-CN': '通过明文 TCP 的注册以 CONNACK 2 拒绝',
  },
  profiles: ['nwl'],
  needs: 'sockets',
  byRelay: true,
  async drive(t) {
    const guard = await t.guard('regnwl');
    const unit = t.unit('unit', { mode: 'regnwl', deviceName: t.name('unit') });
    await unit.register('over-tcp', { security: 'plain' });
    await guard.post('alive');
    await t.pace();
    await unit.register('over-tls');
  },
  checks: [
    {
      id: 'refused',
      rule: 'RULE-02',
      oracle: 'refused',
      on: { attempt: 'over-tcp', control: 'over-tls', alive: 'alive', code: CONNACK.identifier },
    },
    { id: 'accepted-over-tls', rule: 'RULE-02', oracle: 'issued', on: { attempt: 'over-tls' } },
  ],
});
