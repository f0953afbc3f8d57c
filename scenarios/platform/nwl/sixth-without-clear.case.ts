import { definePlatformCase } from '../../engine/case.ts';

const FIVE = [1, 2, 3, 4, 5] as const;

// Nobody can make room here, so the control is the sixth unit under a name of its own: the attempt differs in the name alone. It is tried
// again after a pause that no declared limit outlasts.
export default definePlatformCase({
  id: 'platform/nwl/sixth-without-clear',
  title: {
    en: 'A sixth unit of one DeviceName stays out, while it is let in under another name',
    'zh-CN': '同一 DeviceName 的第六台设备不能上线，而换用其他名称即可',
  },
  profiles: ['nwl'],
  needs: 'cell',
  async drive(t) {
    const deviceName = t.name('shared');
    const units = FIVE.map((n) => t.unit(`unit-${n}`, { mode: 'regnwl', deviceName }));
    for (const [i, unit] of units.entries()) {
      await unit.register(`register-${i + 1}`);
      await unit.connect(`connect-${i + 1}`);
      await unit.disconnect(`leave-${i + 1}`);
      await t.pace();
    }
    const sixth = t.unit('unit-6', { mode: 'regnwl', deviceName });
    await sixth.boot('sixth');
    await t.pace();
    sixth.factoryReset();
    await sixth.boot('sixth-again');
    await t.pace();
    for (const [i, unit] of units.entries()) {
      await unit.connect(`returns-${i + 1}`);
      await unit.disconnect(`leaves-again-${i + 1}`);
      await t.pace();
    }
    const elsewhere = t.unit('unit-6-elsewhere', { mode: 'regnwl', deviceName: t.name('other') });
    await elsewhere.boot('under-another-name');
    await elsewhere.post('alive');
  },
  checks: [
    ...FIVE.map((n) => ({ id: `issued-${n}`, rule: 'RULE-39', oracle: 'issued', on: { attempt: `register-${n}` } }) as const),
    ...FIVE.map((n) => ({ id: `online-${n}`, rule: 'RULE-39', oracle: 'accepted', on: { attempt: `connect-${n}` } }) as const),
    { id: 'distinct', rule: 'RULE-38', oracle: 'distinctClientIds', on: { attempts: FIVE.map((n) => `register-${n}`) } },
    {
      id: 'sixth-stays-out',
      rule: 'RULE-39',
      oracle: 'sixthStaysOut',
      on: { sixth: ['sixth', 'sixth-again'], control: 'under-another-name', alive: 'alive' },
    },
    ...FIVE.map((n) => ({ id: `unaffected-${n}`, rule: 'RULE-40', oracle: 'accepted', on: { attempt: `returns-${n}` } }) as const),
    { id: 'how', rule: 'RULE-40', oracle: 'answers', on: { attempts: ['sixth', 'sixth-again'] }, reading: true },
  ],
});
