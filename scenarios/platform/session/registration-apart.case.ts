import { definePlatformCase } from '../../engine/case.ts';
import { whileReplaced } from './kicked.ts';

// Another unit of the name registers while the first is connected: what that does to the first is open, that its credentials stay good is not.
export default definePlatformCase({
  id: 'platform/session/registration-apart',
  title: {
    en: 'A registration and the live session of the same DeviceName',
    'zh-CN': '同名设备的注册与在线会话',
  },
  profiles: ['nwl', 'operator'],
  needs: 'cell',
  async drive(t) {
    const deviceName = t.name('shared');
    const first = t.unit('first', { mode: 'regnwl', deviceName });
    await first.register('registers', { linger: true });
    await t.operator.readDevice('status-while-registering', deviceName);
    await first.connect('connects');
    await t.operator.readDevice('status-connected', deviceName);
    const second = t.unit('second', { mode: 'regnwl', deviceName });
    await whileReplaced(t, first, 'while-another-registers', () => second.register('another-registers'));
    await t.pace();
    await first.connect('connects-again');
  },
  checks: [
    { id: 'online', rule: 'RULE-56', oracle: 'factIs', on: { span: 'status-connected', fact: 'status', is: 'ONLINE' } },
    { id: 'still-good', rule: 'RULE-55', oracle: 'accepted', on: { attempt: 'connects-again' } },
    { id: 'session', rule: 'RULE-07', oracle: 'sessionFate', on: { span: 'while-another-registers' } },
    { id: 'status', rule: 'RULE-52', oracle: 'reading', on: { span: 'status-while-registering', fact: 'status' } },
    { id: 'active', rule: 'RULE-52', oracle: 'reading', on: { span: 'status-while-registering', fact: 'activated' } },
  ],
});
