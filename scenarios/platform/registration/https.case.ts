import { SIGN_METHODS } from '../../../protocol/sign.ts';
import { definePlatformCase } from '../../engine/case.ts';

/** What the C SDK 3.x puts into every form. */
const RANDOM = '8Ygb7ULYh53B6OA';

// The secret that HTTPS delivers opens the MQTT connection, whichever of the two ways was taken before.
export default definePlatformCase({
  id: 'platform/registration/https',
  title: {
    en: 'A device that was added registers over HTTPS and connects with what it got',
    'zh-CN': '已添加的设备通过 HTTPS 注册，并用所得密钥连接',
  },
  profiles: ['prereg', 'https'],
  needs: 'sockets',
  async drive(t) {
    const unit = t.unit('unit', { mode: 'register', deviceName: await t.added('unit') });
    await unit.registerOverHttps('registers');
    for (const signMethod of SIGN_METHODS) {
      await t.pace();
      await unit.registerOverHttps(signMethod, { signMethod });
    }
    await t.pace();
    await unit.registerOverHttps('same-random', { random: RANDOM });
    await t.pace();
    await unit.registerOverHttps('same-random-again', { random: RANDOM });
    await t.pace();
    await unit.registerOverHttps('mixed-case-method', { form: (form) => form.replace('hmacsha256', 'HmacSHA256') });
    await unit.registerOverHttps('fields-in-another-order', { form: (form) => form.split('&').reverse().join('&') });
    await t.pace();
    await unit.register('over-mqtt');
    await t.pace();
    await unit.registerOverHttps('registers-last');
    await unit.connect('connects');
    await unit.post('posts');
    await unit.disconnect('leaves');

    const other = t.unit('other', { mode: 'register', deviceName: await t.added('other') });
    await other.registerOverHttps('other-registers');
    await t.pace();
    await other.register('other-over-mqtt');
    await other.connect('other-connects');
    const clear = t.unit('clear', { mode: 'register', deviceName: await t.added('clear') });
    await clear.registerOverHttps('in-clear', { security: 'plain' });
  },
  checks: [
    { id: 'issued', rule: 'RULE-18', oracle: 'httpIssued', on: { attempt: 'registers' } },
    ...SIGN_METHODS.map((attempt) => ({ id: attempt, rule: 'RULE-01', oracle: 'httpIssued', on: { attempt } }) as const),
    { id: 'repeats', rule: 'RULE-19', oracle: 'httpIssued', on: { attempt: 'registers-last' } },
    { id: 'random-again', rule: 'RULE-08', oracle: 'httpIssued', on: { attempt: 'same-random-again' } },
    { id: 'secret-works', rule: 'RULE-18', oracle: 'accepted', on: { attempt: 'connects' } },
    { id: 'over-mqtt', rule: 'RULE-19', oracle: 'issued', on: { attempt: 'other-over-mqtt' } },
    { id: 'secret-of-mqtt-works', rule: 'RULE-18', oracle: 'accepted', on: { attempt: 'other-connects' } },
    // The secret would come in clear; whether such a host exists is not documented.
    { id: 'in-clear', rule: 'RULE-02', oracle: 'answers', on: { attempts: ['in-clear'] }, reading: true },
    { id: 'shape', rule: 'RULE-18', oracle: 'httpShape', on: { attempt: 'registers' }, reading: true },
    {
      id: 'liberties',
      rule: 'RULE-01',
      oracle: 'answers',
      on: { attempts: ['mixed-case-method', 'fields-in-another-order'] },
      reading: true,
    },
  ],
});
