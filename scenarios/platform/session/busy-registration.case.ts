import { REPLY_TOPIC } from '../../../protocol/topics.ts';
import { definePlatformCase } from '../../engine/case.ts';

const PINGREQ = Uint8Array.of(0xc0, 0x00);
const STEP_MS = 5_000;
/** The documents leave open whether the 15 s count from CONNACK or from the reply, and clocks are not equal. */
const TOLERANCE_MS = 2_000;

// Whatever a device does on its registration connection, it does not keep it: 15 s are 15 s. What it may subscribe to meanwhile is open.
export default definePlatformCase({
  id: 'platform/session/busy-registration',
  title: {
    en: 'A device that keeps talking on its registration connection loses it after 15 s all the same',
    'zh-CN': '在注册连接上持续通信的设备同样在 15 秒后被断开',
  },
  profiles: ['nwl'],
  needs: 'cell',
  async drive(t) {
    const unit = t.unit('unit', { mode: 'regnwl', deviceName: t.name('unit') });
    await unit.register('registers', { linger: true });
    await unit.subscribe('subscribes', [REPLY_TOPIC.register, REPLY_TOPIC.regnwl, '#']);
    await unit.inject('pings', PINGREQ, STEP_MS);
    await unit.inject('pings-again', PINGREQ, STEP_MS);
    await unit.inject('pings-at-last', PINGREQ, STEP_MS + 2 * TOLERANCE_MS);
    await unit.connect('connects');
  },
  checks: [
    { id: 'lives-5-s', rule: 'RULE-06', oracle: 'livedThrough', on: { span: 'pings' } },
    { id: 'lives-10-s', rule: 'RULE-06', oracle: 'livedThrough', on: { span: 'pings-again' } },
    {
      id: 'ended-after-15-s',
      rule: 'RULE-06',
      oracle: 'endedByPlatform',
      on: { span: 'pings-at-last', since: 'registers', notBefore: 3 * STEP_MS - TOLERANCE_MS, notAfter: 3 * STEP_MS + TOLERANCE_MS },
    },
    { id: 'usable-afterwards', rule: 'RULE-05', oracle: 'accepted', on: { attempt: 'connects' } },
    { id: 'granted', rule: 'RULE-05', oracle: 'reading', on: { span: 'subscribes', fact: 'granted' }, reading: true },
  ],
});
