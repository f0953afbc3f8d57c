import { definePlatformCase } from '../../engine/case.ts';
import { namesInEachState, STATES } from './each-state.ts';

const BADLY = { productSecret: 'not-the-secret-of-it' };
const TWO_FAULTS = ['badly-signed-and-incomplete', 'badly-signed-for-no-product', 'badly-signed-while-off'] as const;

// As auth/order-of-checks, over HTTPS, where a code could tell more than a CONNACK does. Which of two faults is told is a reading.
export default definePlatformCase({
  id: 'platform/auth/order-of-checks-https',
  title: {
    en: 'Over HTTPS too a wrongly signed request gets one answer, whatever its DeviceName is',
    'zh-CN': '通过 HTTPS 时，签名错误的请求同样得到同一种回答，与 DeviceName 无关',
  },
  profiles: ['prereg', 'nwl', 'operator', 'https'],
  needs: 'sockets',
  async drive(t) {
    const guard = await t.guard('register');
    await namesInEachState(t);
    const forger = (label: string, name: string) => t.unit(label, { mode: 'register', deviceName: t.name(name) });
    for (const state of STATES) {
      await forger(`forger-${state}`, state).registerOverHttps(`badly-signed-${state}`, BADLY);
      await t.pace();
    }
    const added = forger('forger', 'added');
    await added.registerOverHttps('badly-signed-and-incomplete', { ...BADLY, form: (form) => form.replace(/&?random=[^&]*/, '') });
    await t.pace();
    const { productKey } = t.product;
    const nowhere = `${productKey.slice(0, -1)}${productKey.endsWith('x') ? 'y' : 'x'}`;
    await added.registerOverHttps('badly-signed-for-no-product', { ...BADLY, form: (form) => form.replace(productKey, nowhere) });
    await t.operator.setDynamicRegistration('off', false);
    await t.pace();
    await added.registerOverHttps('badly-signed-while-off', BADLY);
    await t.operator.setDynamicRegistration('on', true);
    await t.pace();
    await added.registerOverHttps('control');
    await guard.post('alive');
  },
  checks: [
    {
      id: 'refused',
      rule: 'RULE-01',
      oracle: 'httpRefused',
      on: { attempt: 'badly-signed-added', control: 'control', alive: 'alive' },
    },
    {
      id: 'tells-nothing',
      rule: 'RULE-01',
      oracle: 'sameAnswer',
      on: { attempts: STATES.map((state) => `badly-signed-${state}`), alive: 'alive' },
    },
    { id: 'which-fault-is-told', rule: 'RULE-01', oracle: 'answers', on: { attempts: TWO_FAULTS }, reading: true },
  ],
});
