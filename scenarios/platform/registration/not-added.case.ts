import { definePlatformCase } from '../../engine/case.ts';

// The control is the same unit after its name was added: the missing name, and nothing else, was the reason.
export default definePlatformCase({
  id: 'platform/registration/not-added',
  title: {
    en: 'A DeviceName that was not added is refused in pre-registration mode',
    'zh-CN': '预注册方式下，未添加的 DeviceName 被拒绝',
  },
  profiles: ['prereg', 'operator'],
  needs: 'cell',
  async drive(t) {
    const guard = await t.guard('register');
    const deviceName = t.name('stranger');
    const stranger = t.unit('stranger', { mode: 'register', deviceName });
    await stranger.register('attempt');
    await t.operator.readDevice('after-attempt', deviceName);
    await guard.post('alive');
    await t.operator.addDevice('added', deviceName);
    await t.pace();
    await stranger.register('control');
  },
  checks: [
    { id: 'refused', rule: 'RULE-16', oracle: 'refused', on: { attempt: 'attempt', control: 'control', alive: 'alive' } },
    { id: 'no-device-created', rule: 'RULE-16', oracle: 'factIs', on: { span: 'after-attempt', fact: 'exists', is: false } },
  ],
});
