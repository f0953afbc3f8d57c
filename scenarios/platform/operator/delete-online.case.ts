import { definePlatformCase } from '../../engine/case.ts';

const WATCH_MS = 5_000;

// A platform may refuse to delete a device that is connected; then it is deleted once it has left.
export default definePlatformCase({
  id: 'platform/operator/delete-online',
  title: {
    en: 'Deletion of a device that is online, and what its secret is worth afterwards',
    'zh-CN': '删除在线设备及其密钥此后的效力',
  },
  profiles: ['prereg', 'operator'],
  needs: 'cell',
  async drive(t) {
    const guard = await t.guard('register');
    const unit = t.unit('unit', { mode: 'register', deviceName: await t.added('unit') });
    await unit.register('registers');
    await unit.connect('connects');
    const watched = Promise.all([unit.watch('session-at-delete', WATCH_MS), guard.watch('neighbour-at-delete', WATCH_MS)]);
    await t.operator.attempt('deleted-online', 'deleteDevice', unit.deviceName);
    await watched;
    await unit.disconnect('leaves');
    await t.operator.attempt('deleted-offline', 'deleteDevice', unit.deviceName);
    await t.operator.readDevice('gone', unit.deviceName);
    await t.pace();
    await unit.connect('connects-after-delete');
    await guard.post('alive');
  },
  checks: [
    {
      id: 'secret-dead',
      rule: 'RULE-32',
      oracle: 'refused',
      on: { attempt: 'connects-after-delete', control: 'connects', alive: 'alive' },
    },
    { id: 'gone', rule: 'RULE-32', oracle: 'factIs', on: { span: 'gone', fact: 'exists', is: false } },
    { id: 'neighbour-stays', rule: 'RULE-32', oracle: 'livedThrough', on: { span: 'neighbour-at-delete' } },
    { id: 'permitted', rule: 'RULE-34', oracle: 'reading', on: { span: 'deleted-online', fact: 'done' } },
    { id: 'session', rule: 'RULE-34', oracle: 'sessionFate', on: { span: 'session-at-delete' } },
  ],
});
