import { definePlatformCase } from '../../engine/case.ts';

const FIVE = [1, 2, 3, 4, 5] as const;

// Attempts that were refused and reconnects must spend nothing, so both come in between. Attempts are paced so that no declared limit can
// explain the refusal, and it is tried again after a pause; Clear is the control that the cap, and nothing else, refused the sixth.
export default definePlatformCase({
  id: 'platform/nwl/sixth-unit',
  title: {
    en: 'A sixth unit of one DeviceName stays out, and nothing but the cap keeps it out',
    'zh-CN': '同一 DeviceName 的第六台设备不能上线，且原因只能是名额上限',
  },
  profiles: ['nwl', 'operator'],
  needs: 'cell',
  async drive(t) {
    const deviceName = t.name('shared');
    const first = t.unit('unit-1', { mode: 'regnwl', deviceName });
    const thief = t.unit('thief', { mode: 'regnwl', deviceName });
    const other = t.unit('other', { mode: 'regnwl', deviceName: t.name('other') });
    await other.boot('other-name');
    for (const n of FIVE) {
      const unit = n === 1 ? first : t.unit(`unit-${n}`, { mode: 'regnwl', deviceName });
      await unit.register(`register-${n}`);
      await unit.connect(`connect-${n}`);
      await unit.post(`online-${n}`);
      await unit.disconnect(`leave-${n}`);
      await t.pace();
      await thief.register(`badly-signed-${n}`, { productSecret: 'not-the-secret-of-it' });
      await t.pace();
      await first.connect(`first-again-${n}`);
      await first.disconnect(`first-leaves-${n}`);
      await t.pace();
    }
    await t.operator.clientIds('listed-before', deviceName);
    const another = t.unit('another', { mode: 'regnwl', deviceName: t.name('another') });
    await another.boot('another-name');
    const sixth = t.unit('unit-6', { mode: 'regnwl', deviceName });
    await sixth.boot('sixth');
    await t.operator.clientIds('listed-after', deviceName);
    await t.pace();
    sixth.factoryReset();
    await sixth.boot('sixth-again');
    await t.pace();
    // A cap of six and none at all are two mistakes.
    await t.unit('unit-7', { mode: 'regnwl', deviceName }).boot('seventh');
    await t.pace();
    await first.connect('first-unaffected');
    await first.disconnect('first-leaves');
    await other.post('alive');
    await t.operator.clearClientIds('clear', deviceName);
    sixth.factoryReset();
    await sixth.boot('sixth-after-clear');
  },
  checks: [
    ...FIVE.map((n) => ({ id: `issued-${n}`, rule: 'RULE-39', oracle: 'issued', on: { attempt: `register-${n}` } }) as const),
    ...FIVE.map((n) => ({ id: `connects-${n}`, rule: 'RULE-39', oracle: 'accepted', on: { attempt: `connect-${n}` } }) as const),
    ...FIVE.map((n) => ({ id: `online-${n}`, rule: 'RULE-39', oracle: 'accepted', on: { attempt: `online-${n}` } }) as const),
    {
      id: 'sixth-stays-out',
      rule: 'RULE-39',
      oracle: 'sixthStaysOut',
      on: { sixth: ['sixth', 'sixth-again'], control: 'sixth-after-clear', alive: 'alive' },
    },
    {
      id: 'seventh-stays-out',
      rule: 'RULE-39',
      oracle: 'sixthStaysOut',
      on: { sixth: ['seventh'], control: 'sixth-after-clear', alive: 'alive' },
    },
    { id: 'other-name-has-room', rule: 'RULE-39', oracle: 'accepted', on: { attempt: 'another-name' } },
    { id: 'room-after-clear', rule: 'RULE-39', oracle: 'accepted', on: { attempt: 'sixth-after-clear' } },
    { id: 'first-unaffected', rule: 'RULE-40', oracle: 'accepted', on: { attempt: 'first-unaffected' } },
    {
      id: 'list-unchanged',
      rule: 'RULE-40',
      oracle: 'factUnchanged',
      on: { fact: 'clientIds', before: 'listed-before', after: 'listed-after' },
    },
  ],
});
