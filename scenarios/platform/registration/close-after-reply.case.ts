import { REGISTRATION_CLOSE_MS } from '../../../protocol/limits.ts';
import { definePlatformCase } from '../../engine/case.ts';

/** The documents leave open whether the time counts from CONNACK or from the reply, and clocks are not equal. */
const TOLERANCE_MS = 2_000;

export default definePlatformCase({
  id: 'platform/registration/close-after-reply',
  title: {
    en: 'A registration connection that the device leaves open is ended by the platform after 15 s',
    'zh-CN': '设备不关闭的注册连接由平台在 15 秒后断开',
  },
  profiles: ['nwl'],
  needs: 'cell',
  async drive(t) {
    const unit = t.unit('unit', { mode: 'regnwl', deviceName: t.name('unit') });
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
    { id: 'usable-afterwards', rule: 'RULE-05', oracle: 'accepted', on: { attempt: 'connect' } },
  ],
});
