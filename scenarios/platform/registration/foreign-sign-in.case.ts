import type { ConnectFields } from '../../../worker/session/session.ts';
import { definePlatformCase } from '../../engine/case.ts';

// Everything that one device signs in with, but for the name: a platform that takes the name from the client identifier in one place and from
// the user name in another lets it in as somebody else.
export default definePlatformCase({
  id: 'platform/registration/foreign-sign-in',
  title: {
    en: 'A sign-in of one device under the name of another is refused and activates nobody',
    'zh-CN': '以某设备的登录信息冒用另一设备的名称时被拒绝，且不激活任何设备',
  },
  profiles: ['prereg', 'operator'],
  needs: 'cell',
  async drive(t) {
    const guard = await t.guard('register');
    const a = t.unit('a', { mode: 'register', deviceName: t.name('a') });
    const b = t.unit('b', { mode: 'register', deviceName: t.name('b') });
    for (const { deviceName } of [a, b]) await t.operator.addDevice(`added-${deviceName}`, deviceName);
    let recorded: ConnectFields | undefined;
    await a.register('a-registers');
    await b.register('b-registers');
    await a.connect('a-connects', { fields: (fields) => (recorded = fields) });
    await a.disconnect('a-leaves');
    if (!recorded) return;
    const ofA = recorded;
    await t.pace();
    await b.connect('a-as-b', { fields: ({ username }) => ({ ...ofA, username }) });
    await t.operator.readDevice('status-b', b.deviceName);
    await guard.post('alive');
    await t.pace();
    await a.connect('a-again', { fields: () => ofA });
    await b.connect('b-connects');
  },
  checks: [
    { id: 'refused', rule: 'RULE-20', oracle: 'refused', on: { attempt: 'a-as-b', control: 'a-again', alive: 'alive' } },
    { id: 'b-not-activated', rule: 'RULE-20', oracle: 'factIs', on: { span: 'status-b', fact: 'activated', is: false } },
    { id: 'b-connects', rule: 'RULE-18', oracle: 'accepted', on: { attempt: 'b-connects' } },
  ],
});
