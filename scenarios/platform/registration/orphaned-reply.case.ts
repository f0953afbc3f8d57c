import { definePlatformCase } from '../../engine/case.ts';

/** A CONNACK has four bytes: the connection is reset after them, so the reply is lost. */
const CONNACK_BYTES = 4;

export default definePlatformCase({
  id: 'platform/registration/orphaned-reply',
  title: {
    en: 'A unit whose connection breaks between CONNACK and reply registers again',
    'zh-CN': '连接在 CONNACK 与应答之间中断的设备可以再次注册',
  },
  profiles: ['prereg', 'nwl', 'operator'],
  needs: 'cell',
  async drive(t) {
    const guard = await t.guard('regnwl');
    for (const mode of ['register', 'regnwl'] as const) {
      const other = t.unit(`other-${mode}`, { mode, deviceName: t.name(`other-${mode}`) });
      const unit = t.unit(mode, { mode, deviceName: t.name(mode) });
      for (const { deviceName } of mode === 'register' ? [unit, other] : []) await t.operator.addDevice(`added-${deviceName}`, deviceName);
      await unit.register(`${mode}-orphaned`, { cutAfter: CONNACK_BYTES });
      await t.pace();
      await unit.register(`${mode}-again`);
      await t.pace();
      await other.register(`${mode}-control`);
      if (mode === 'regnwl') await t.operator.clientIds('listed', unit.deviceName);
      await unit.connect(`${mode}-connects`);
    }
    await guard.post('alive');
  },
  checks: [
    {
      id: 'register-again',
      rule: 'RULE-19',
      oracle: 'acceptedLikeControl',
      on: { attempt: 'register-again', control: 'register-control', alive: 'alive', orphan: 'register-orphaned' },
    },
    { id: 'register-connects', rule: 'RULE-18', oracle: 'accepted', on: { attempt: 'register-connects' } },
    {
      id: 'regnwl-again',
      rule: 'RULE-39',
      oracle: 'acceptedLikeControl',
      on: { attempt: 'regnwl-again', control: 'regnwl-control', alive: 'alive', orphan: 'regnwl-orphaned' },
    },
    { id: 'regnwl-connects', rule: 'RULE-38', oracle: 'accepted', on: { attempt: 'regnwl-connects' } },
    { id: 'slots-spent', rule: 'RULE-38', oracle: 'reading', on: { span: 'listed', fact: 'count' }, reading: true },
  ],
});
