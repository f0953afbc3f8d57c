import { CONNACK } from '../../../protocol/codes.ts';
import { definePlatformCase } from '../../engine/case.ts';

// Each attempt differs from its control in one thing only.
export default definePlatformCase({
  id: 'platform/registration/bad-credentials',
  title: {
    en: 'A wrong ProductSecret, an altered random and a malformed identifier are refused',
    'zh-CN': '错误的 ProductSecret、被改动的 random 和格式错误的标识均被拒绝',
  },
  profiles: ['nwl'],
  needs: 'cell',
  async drive(t) {
    const guard = await t.guard('regnwl');
    const unit = t.unit('unit', { mode: 'regnwl', deviceName: t.name('unit') });
    await unit.register('wrong-secret', { productSecret: 'not-the-secret-of-it' });
    await t.pace();
    await unit.register('altered-random', {
      fields: (fields) => ({
        ...fields,
        clientId: fields.clientId.replace(/random=./, (start) => `${start.slice(0, -1)}${start.endsWith('x') ? 'y' : 'x'}`),
      }),
    });
    await t.pace();
    await unit.register('without-random', { fields: (fields) => ({ ...fields, clientId: fields.clientId.replace(/random=[^,]*,/, '') }) });
    await t.pace();
    await unit.register('without-sign-method', {
      fields: (fields) => ({ ...fields, clientId: fields.clientId.replace(/,signmethod=[^,|]*/, '') }),
    });
    await guard.post('alive');
    await t.pace();
    await unit.register('control');
  },
  checks: [
    {
      id: 'wrong-secret',
      rule: 'RULE-01',
      oracle: 'refused',
      on: { attempt: 'wrong-secret', control: 'control', alive: 'alive', code: CONNACK.credentials },
    },
    {
      id: 'altered-random',
      rule: 'RULE-01',
      oracle: 'refused',
      on: { attempt: 'altered-random', control: 'control', alive: 'alive', code: CONNACK.credentials },
    },
    {
      id: 'without-random',
      rule: 'RULE-09',
      oracle: 'refused',
      on: { attempt: 'without-random', control: 'control', alive: 'alive', code: CONNACK.identifier },
    },
    {
      id: 'without-sign-method',
      rule: 'RULE-09',
      oracle: 'refused',
      on: { attempt: 'without-sign-method', control: 'control', alive: 'alive', code: CONNACK.identifier },
    },
    { id: 'accepted-when-right', rule: 'RULE-01', oracle: 'issued', on: { attempt: 'control' } },
  ],
});
