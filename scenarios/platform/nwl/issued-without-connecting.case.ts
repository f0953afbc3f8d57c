import { definePlatformCase } from '../../engine/case.ts';

const UNITS = [1, 2, 3, 4, 5, 6, 7] as const;

// Seven units register before any connects. Whether a ClientID counts when it is issued or when it is first used is open; the answers tell.
export default definePlatformCase({
  id: 'platform/nwl/issued-without-connecting',
  title: {
    en: 'What counts towards the five: ClientIDs that were issued, or those that connected',
    'zh-CN': '计入五台上限的是已下发的 ClientID，还是已连接过的 ClientID',
  },
  profiles: ['nwl', 'operator'],
  needs: 'cell',
  async drive(t) {
    const guard = await t.guard('regnwl');
    const deviceName = t.name('shared');
    const units = UNITS.map((n) => t.unit(`unit-${n}`, { mode: 'regnwl', deviceName }));
    for (const [i, unit] of units.entries()) {
      await unit.register(`register-${i + 1}`);
      await t.pace();
    }
    await t.operator.clientIds('listed', deviceName);
    for (const [i, unit] of units.entries()) {
      await unit.connect(`connect-${i + 1}`);
      await unit.disconnect(`leave-${i + 1}`);
      await t.pace();
    }
    await t.operator.clearClientIds('clear', deviceName);
    await units[0]?.register('after-clear');
    await guard.post('alive');
  },
  checks: [
    ...[1, 2, 3, 4, 5].map((n) => ({ id: `issued-${n}`, rule: 'RULE-39', oracle: 'issued', on: { attempt: `register-${n}` } }) as const),
    // After two more had asked: whatever they were answered, the first five are as good as before.
    ...[1, 2, 3, 4, 5].map((n) => ({ id: `online-${n}`, rule: 'RULE-40', oracle: 'accepted', on: { attempt: `connect-${n}` } }) as const),
    { id: 'room-after-clear', rule: 'RULE-46', oracle: 'issued', on: { attempt: 'after-clear' } },
    {
      id: 'what-counts',
      rule: 'RULE-39',
      oracle: 'answers',
      on: { attempts: ['register-6', 'register-7', 'connect-6', 'connect-7'] },
      reading: true,
    },
    { id: 'listed', rule: 'RULE-41', oracle: 'reading', on: { span: 'listed', fact: 'count' }, reading: true },
  ],
});
