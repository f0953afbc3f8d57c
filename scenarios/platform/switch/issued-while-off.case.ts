import { definePlatformCase } from '../../engine/case.ts';

// Credentials in hand, never connected, and the switch goes off: neither new nor activated, so both ways of treating them are right.
export default definePlatformCase({
  id: 'platform/switch/issued-while-off',
  title: {
    en: 'Units that hold credentials but never connected when the switch goes off',
    'zh-CN': '开关关闭时已获凭据但从未连接的设备',
  },
  profiles: ['prereg', 'nwl', 'operator'],
  needs: 'cell',
  async drive(t) {
    const guard = await t.guard('regnwl');
    const secret = t.unit('secret', { mode: 'register', deviceName: await t.added('secret') });
    const token = t.unit('token', { mode: 'regnwl', deviceName: t.name('token') });
    const fresh = t.unit('fresh', { mode: 'regnwl', deviceName: t.name('fresh') });
    await secret.register('secret-registers');
    await token.register('token-registers');
    await t.operator.setDynamicRegistration('off', false);
    await secret.connect('secret-connects-while-off');
    await token.connect('token-connects-while-off');
    await fresh.register('fresh-while-off');
    await t.operator.readDevice('guard-status', guard.deviceName);
    await guard.post('alive');
    await t.operator.setDynamicRegistration('on', true);
    await t.pace();
    await fresh.register('fresh-registers');
    await secret.connect('secret-connects');
    await token.connect('token-connects');
  },
  checks: [
    {
      id: 'new-refused',
      rule: 'RULE-11',
      oracle: 'refused',
      on: { attempt: 'fresh-while-off', control: 'fresh-registers', alive: 'alive' },
    },
    { id: 'activated-online', rule: 'RULE-12', oracle: 'factIs', on: { span: 'guard-status', fact: 'status', is: 'ONLINE' } },
    { id: 'secret-connects', rule: 'RULE-18', oracle: 'accepted', on: { attempt: 'secret-connects' } },
    { id: 'token-connects', rule: 'RULE-37', oracle: 'accepted', on: { attempt: 'token-connects' } },
    { id: 'while-off', rule: 'RULE-13', oracle: 'answers', on: { attempts: ['secret-connects-while-off', 'token-connects-while-off'] } },
  ],
});
