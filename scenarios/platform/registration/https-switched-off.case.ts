import { HTTP_CODE } from '../../../protocol/codes.ts';
import { definePlatformCase } from '../../engine/case.ts';

// What an operator does, as HTTPS registration shows it: the switch has a documented code, a disabled device has none.
export default definePlatformCase({
  id: 'platform/registration/https-switched-off',
  title: {
    en: 'With dynamic registration off HTTPS registration is refused with 6288',
    'zh-CN': '动态注册关闭时 HTTPS 注册以 6288 拒绝',
  },
  profiles: ['prereg', 'operator', 'https'],
  needs: 'sockets',
  async drive(t) {
    const guard = await t.guard('register');
    const deviceName = await t.added('unit');
    const unit = t.unit('unit', { mode: 'register', deviceName });
    await t.operator.setDynamicRegistration('off', false);
    await unit.registerOverHttps('while-off');
    await guard.post('alive');
    await t.operator.setDynamicRegistration('on', true);
    await t.pace();
    await unit.registerOverHttps('while-on');
    await t.operator.readDevice('status', deviceName);
    await t.operator.disable('disable', deviceName);
    await t.pace();
    await unit.registerOverHttps('while-disabled');
    await t.operator.enable('enable', deviceName);
    await t.pace();
    await unit.registerOverHttps('when-enabled');
    await unit.connect('connects');
    await t.operator.readDevice('status-online', deviceName);
  },
  checks: [
    {
      id: 'refused-while-off',
      rule: 'RULE-11',
      oracle: 'httpRefused',
      on: { attempt: 'while-off', control: 'while-on', alive: 'alive', code: HTTP_CODE.registrationOff },
    },
    { id: 'on-again', rule: 'RULE-11', oracle: 'httpIssued', on: { attempt: 'while-on' } },
    { id: 'still-inactive', rule: 'RULE-20', oracle: 'factIs', on: { span: 'status', fact: 'activated', is: false } },
    { id: 'while-disabled', rule: 'RULE-24', oracle: 'answers', on: { attempts: ['while-disabled'] }, reading: true },
    { id: 'secret-works', rule: 'RULE-18', oracle: 'accepted', on: { attempt: 'connects' } },
    { id: 'active-after-connect', rule: 'RULE-20', oracle: 'factIs', on: { span: 'status-online', fact: 'activated', is: true } },
  ],
});
