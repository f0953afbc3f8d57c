import { definePlatformCase } from '../../engine/case.ts';
import { whileReplaced } from './kicked.ts';

export default definePlatformCase({
  id: 'platform/session/two-client-ids',
  title: {
    en: 'Two ClientIDs of one DeviceName: side by side, or one at a time',
    'zh-CN': '同一 DeviceName 的两个 ClientID：并存还是互斥',
  },
  profiles: ['nwl'],
  needs: 'cell',
  async drive(t) {
    const deviceName = t.name('shared');
    const one = t.unit('one', { mode: 'regnwl', deviceName });
    const other = t.unit('other', { mode: 'regnwl', deviceName });
    await one.register('one-registers');
    await one.connect('one-connects');
    await other.register('other-registers');
    await t.pace();
    await whileReplaced(t, one, 'one-while-other-connects', () => other.connect('other-connects'));
    await one.disconnect('one-leaves');
    await t.pace();
    await one.connect('one-returns');
  },
  checks: [
    { id: 'newer-accepted', rule: 'RULE-57', oracle: 'accepted', on: { attempt: 'other-connects' } },
    { id: 'returns', rule: 'RULE-38', oracle: 'accepted', on: { attempt: 'one-returns' } },
    { id: 'own-credentials', rule: 'RULE-38', oracle: 'distinctClientIds', on: { attempts: ['one-registers', 'other-registers'] } },
    { id: 'together', rule: 'RULE-51', oracle: 'sessionFate', on: { span: 'one-while-other-connects' } },
  ],
});
