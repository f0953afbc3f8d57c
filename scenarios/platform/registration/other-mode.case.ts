import { definePlatformCase } from '../../engine/case.ts';

// One DeviceName, both modes: no document speaks of it. The three states a name can be in are tried; what was issued before must go on
// working wherever the platform refused.
export default definePlatformCase({
  id: 'platform/registration/other-mode',
  title: {
    en: 'A DeviceName of one mode asks for credentials of the other',
    'zh-CN': '以一种方式注册的 DeviceName 请求另一种方式的凭据',
  },
  profiles: ['prereg', 'nwl'],
  needs: 'cell',
  async drive(t) {
    const waiting = await t.added('waiting');
    const active = await t.added('active');
    const secret = t.unit('secret', { mode: 'register', deviceName: active });
    await secret.boot('secret-boots');
    const token = t.unit('token', { mode: 'regnwl', deviceName: t.name('token') });
    await token.register('token-registers');
    await t.unit('secret-of-token-name', { mode: 'register', deviceName: token.deviceName }).register('register-of-a-token-device');
    await t.pace();
    await token.connect('token-connects');
    await t.unit('token-of-waiting', { mode: 'regnwl', deviceName: waiting }).register('regnwl-of-an-added-device');
    await t.unit('token-of-active', { mode: 'regnwl', deviceName: active }).register('regnwl-of-an-active-device');
    await token.post('alive');
  },
  checks: [
    { id: 'secret-boots', rule: 'RULE-18', oracle: 'accepted', on: { attempt: 'secret-boots' } },
    { id: 'token-registers', rule: 'RULE-37', oracle: 'issued', on: { attempt: 'token-registers' } },
    {
      id: 'answers',
      rule: 'RULE-53',
      oracle: 'answers',
      on: { attempts: ['register-of-a-token-device', 'regnwl-of-an-added-device', 'regnwl-of-an-active-device'] },
      reading: true,
    },
    { id: 'token-afterwards', rule: 'RULE-53', oracle: 'answers', on: { attempts: ['token-connects'] }, reading: true },
  ],
});
