import { definePlatformCase } from '../../engine/case.ts';

// The switch forbids registrations; whether it also keeps out who registered and never connected is open. On again, both connect.
export default definePlatformCase({
  id: 'platform/registration/issued-then-off',
  title: {
    en: 'Credentials that were issued before the switch went off, and not used yet',
    'zh-CN': '开关关闭前已下发但尚未使用的凭据',
  },
  profiles: ['prereg', 'nwl', 'operator'],
  needs: 'cell',
  async drive(t) {
    const guard = await t.guard('register');
    const secret = t.unit('secret', { mode: 'register', deviceName: await t.added('secret') });
    const token = t.unit('token', { mode: 'regnwl', deviceName: t.name('token') });
    await secret.register('secret-registers');
    await token.register('token-registers');
    await t.operator.setDynamicRegistration('off', false);
    await t.pace();
    await secret.connect('secret-while-off');
    await token.connect('token-while-off');
    await secret.disconnect('secret-leaves');
    await token.disconnect('token-leaves');
    await guard.post('alive');
    await t.operator.setDynamicRegistration('on', true);
    await t.pace();
    await secret.connect('secret-connects');
    await token.connect('token-connects');
  },
  checks: [
    { id: 'while-off', rule: 'RULE-13', oracle: 'answers', on: { attempts: ['secret-while-off', 'token-while-off'] }, reading: true },
    { id: 'active-serves', rule: 'RULE-12', oracle: 'accepted', on: { attempt: 'alive' } },
    { id: 'secret-connects', rule: 'RULE-18', oracle: 'accepted', on: { attempt: 'secret-connects' } },
    { id: 'token-connects', rule: 'RULE-55', oracle: 'accepted', on: { attempt: 'token-connects' } },
  ],
});
