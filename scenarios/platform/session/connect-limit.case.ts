import { CONNECTS_PER_DEVICE } from '../../../protocol/limits.ts';
import { definePlatformCase } from '../../engine/case.ts';

/** One more than the published limit, and one to see that it stays so. */
const TRIES = Array.from({ length: CONNECTS_PER_DEVICE + 2 }, (_, i) => `connect-${i + 1}`);

// Whether the published limit of connects per device is enforced although the target declares none, and with which code, is a reading. Where
// limits are declared a run keeps to them, and this case does not apply.
export default definePlatformCase({
  id: 'platform/session/connect-limit',
  title: {
    en: 'What a device is answered that connects more often than the published limit permits',
    'zh-CN': '设备连接次数超出公布的限制时得到的回答',
  },
  profiles: ['nwl'],
  needs: 'cell',
  limits: 'off',
  async drive(t) {
    const unit = t.unit('unit', { mode: 'regnwl', deviceName: t.name('unit') });
    await unit.register('registers');
    for (const span of TRIES) {
      await unit.connect(span);
      await unit.disconnect(`${span}-leaves`);
    }
  },
  checks: [
    { id: 'registers', rule: 'RULE-37', oracle: 'issued', on: { attempt: 'registers' } },
    { id: 'limit', rule: 'RULE-38', oracle: 'firstAnswers', on: { attempts: TRIES }, reading: true },
  ],
});
