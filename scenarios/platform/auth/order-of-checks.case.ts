import { CONNACK } from '../../../protocol/codes.ts';
import { definePlatformCase } from '../../engine/case.ts';
import { namesInEachState, STATES } from './each-state.ts';

const BADLY = { productSecret: 'not-the-secret-of-it' };

// Whoever has no ProductSecret must not learn which names exist and in which state they are. No document says so: a warning at most.
export default definePlatformCase({
  id: 'platform/auth/order-of-checks',
  title: {
    en: 'A wrongly signed request gets one answer, whatever its DeviceName is',
    'zh-CN': '签名错误的请求得到同一种回答，与 DeviceName 无关',
  },
  profiles: ['prereg', 'nwl', 'operator'],
  needs: 'cell',
  async drive(t) {
    const guard = await t.guard('register');
    await namesInEachState(t);
    for (const mode of ['register', 'regnwl'] as const) {
      for (const state of STATES) {
        const forger = t.unit(`${mode}-${state}`, { mode, deviceName: t.name(state) });
        await forger.register(`${mode}-${state}`, BADLY);
        await t.pace();
      }
    }
    await guard.post('alive');
    await t.unit('control-register', { mode: 'register', deviceName: t.name('added') }).register('control-register');
    await t.unit('control-regnwl', { mode: 'regnwl', deviceName: t.name('unknown') }).register('control-regnwl');
  },
  checks: [
    {
      id: 'register-refused',
      rule: 'RULE-01',
      oracle: 'refused',
      on: { attempt: 'register-added', control: 'control-register', alive: 'alive', code: CONNACK.credentials },
    },
    {
      id: 'regnwl-refused',
      rule: 'RULE-01',
      oracle: 'refused',
      on: { attempt: 'regnwl-unknown', control: 'control-regnwl', alive: 'alive', code: CONNACK.credentials },
    },
    {
      id: 'register-tells-nothing',
      rule: 'RULE-01',
      oracle: 'sameAnswer',
      on: { attempts: STATES.map((state) => `register-${state}`), alive: 'alive' },
    },
    {
      id: 'regnwl-tells-nothing',
      rule: 'RULE-01',
      oracle: 'sameAnswer',
      on: { attempts: STATES.map((state) => `regnwl-${state}`), alive: 'alive' },
    },
  ],
});
