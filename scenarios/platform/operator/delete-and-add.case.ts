import { definePlatformCase } from '../../engine/case.ts';

export default definePlatformCase({
  id: 'platform/operator/delete-and-add',
  title: {
    en: 'After delete and re-add the old secret is dead and a new unit activates the name',
    'zh-CN': '删除并重新添加后旧密钥失效，新设备可以激活该名称',
  },
  profiles: ['prereg', 'operator'],
  needs: 'cell',
  async drive(t) {
    const guard = await t.guard('register');
    const deviceName = t.name('reused');
    await t.operator.addDevice('added', deviceName);
    const old = t.unit('unit-a', { mode: 'register', deviceName });
    await old.boot('a-activates');
    await old.disconnect('a-leaves');
    await t.pace();
    await old.connect('a-before-delete');
    await old.disconnect('a-leaves-again');
    await t.operator.deleteDevice('deleted', deviceName);
    await t.pace();
    await old.connect('a-while-deleted');
    await t.operator.addDevice('added-again', deviceName);
    await t.operator.readDevice('status-added-again', deviceName);
    await t.pace();
    await old.connect('a-after-re-add');
    const fresh = t.unit('unit-b', { mode: 'register', deviceName });
    await fresh.register('b-registers');
    await fresh.connect('b-connects');
    await t.operator.readDevice('status-b', deviceName);
    await guard.post('alive');
  },
  checks: [
    {
      id: 'dead-while-deleted',
      rule: 'RULE-32',
      oracle: 'refused',
      on: { attempt: 'a-while-deleted', control: 'a-before-delete', alive: 'alive' },
    },
    {
      id: 'old-secret-dead',
      rule: 'RULE-33',
      oracle: 'refused',
      on: { attempt: 'a-after-re-add', control: 'a-before-delete', alive: 'alive' },
    },
    { id: 'inactive-again', rule: 'RULE-33', oracle: 'factIs', on: { span: 'status-added-again', fact: 'status', is: 'UNACTIVE' } },
    { id: 'new-unit-registers', rule: 'RULE-33', oracle: 'issued', on: { attempt: 'b-registers' } },
    { id: 'new-unit-activates', rule: 'RULE-33', oracle: 'accepted', on: { attempt: 'b-connects' } },
    { id: 'active', rule: 'RULE-56', oracle: 'factIs', on: { span: 'status-b', fact: 'status', is: 'ONLINE' } },
  ],
});
