import { REGISTRATION_CLOSE_MS } from '../../../protocol/limits.ts';
import { definePlatformCase } from '../../engine/case.ts';

/** The documents leave open whether the time counts from CONNACK or from the reply, and clocks are not equal. */
const TOLERANCE_MS = 2_000;

export default definePlatformCase({
  id: 'platform/prereg/close-after-reply',
  title: {
    en: 'A device that was added and leaves its registration connection open is cut off after 15 s',
    'zh-CN': '已添加的设备若不关闭注册连接，平台在 15 秒后断开',
  },
  profiles: ['prereg'],
  needs: 'cell',
  async drive(t) {
    const unit = t.unit('unit', { mode: 'register', deviceName: await t.added('unit') });
    await unit.register('register', { linger: true });
    await unit.watch('linger', REGISTRATION_CLOSE_MS + 2 * TOLERANCE_MS);
    await unit.connect('connect');
  },
  checks: [
    { id: 'credentials-issued', rule: 'RULE-05', oracle: 'issued', on: { attempt: 'register' } },
    {
      id: 'ended-after-15-s',
      rule: 'RULE-06',
      oracle: 'endedByPlatform',
      on: { span: 'linger', notBefore: REGISTRATION_CLOSE_MS - TOLERANCE_MS, notAfter: REGISTRATION_CLOSE_MS + TOLERANCE_MS },
    },
    { id: 'counts-from', rule: 'RULE-06', oracle: 'closeCountsFrom', on: { register: 'register', linger: 'linger' }, reading: true },
    { id: 'usable-afterwards', rule: 'RULE-18', oracle: 'accepted', on: { attempt: 'connect' } },
  ],
});
