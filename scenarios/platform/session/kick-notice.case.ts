import { NOTIFY_TOPIC } from '../../../protocol/topics.ts';
import type { Bend } from '../../../worker/unit/unit.ts';
import { definePlatformCase } from '../../engine/case.ts';
import { whileReplaced } from './kicked.ts';

/** Bit 1 of `ext` asks to be told before a kick (section 4f). */
const NOTIFIED: Bend = { fields: (fields) => ({ ...fields, clientId: fields.clientId.replace(/\|$/, ',ext=2|') }) };

export default definePlatformCase({
  id: 'platform/session/kick-notice',
  title: {
    en: 'What a device that asked for it is told before it is pushed out',
    'zh-CN': '请求通知的设备在被挤下线前收到什么',
  },
  profiles: ['nwl'],
  needs: 'cell',
  async drive(t) {
    const deviceName = t.name('unit');
    const unit = t.unit('unit', { mode: 'regnwl', deviceName });
    const twin = t.unit('twin', { mode: 'regnwl', deviceName });
    await unit.register('registers');
    await unit.connect('connects', NOTIFIED);
    const credentials = unit.credentials();
    if (!credentials) return;
    await t.pace();
    await whileReplaced(t, unit, 'pushed-out', () => twin.connect('newer', { credentials }));
  },
  checks: [
    { id: 'older-ended', rule: 'RULE-57', oracle: 'endedByPlatform', on: { span: 'pushed-out' } },
    { id: 'notice', rule: 'RULE-57', oracle: 'messageOn', on: { span: 'pushed-out', topicEnds: NOTIFY_TOPIC }, reading: true },
  ],
});
