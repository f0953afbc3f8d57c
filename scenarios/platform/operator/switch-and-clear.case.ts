import { definePlatformCase } from '../../engine/case.ts';

export default definePlatformCase({
  id: 'platform/operator/switch-and-clear',
  title: {
    en: 'Switch leaves one ClientID usable; Clear leaves none and makes room for a new registration',
    'zh-CN': '切换后只有一个 ClientID 可用；清空后全部失效并腾出名额',
  },
  profiles: ['nwl', 'operator'],
  needs: 'cell',
  async drive(t) {
    const guard = await t.guard('regnwl');
    const deviceName = t.name('shared');
    const units = ['a', 'b', 'c'].map((label) => t.unit(`unit-${label}`, { mode: 'regnwl', deviceName }));
    const [a, b, c] = units as [(typeof units)[0], (typeof units)[0], (typeof units)[0]];
    for (const [label, unit] of [
      ['a', a],
      ['b', b],
      ['c', c],
    ] as const) {
      await unit.boot(`${label}-boots`);
      await unit.disconnect(`${label}-leaves`);
      await t.pace();
      await unit.connect(`${label}-before`);
      await unit.disconnect(`${label}-leaves-again`);
      await t.pace();
    }
    const kept = b.credentials();
    if (kept?.kind !== 'token') return;
    await t.operator.switchClientId('switch', deviceName, kept.clientId);
    await a.connect('a-after-switch');
    await t.pace();
    await c.connect('c-after-switch');
    await t.pace();
    await b.connect('b-after-switch');
    await guard.post('alive-after-switch');
    await b.disconnect('b-leaves-for-clear');
    await t.operator.clearClientIds('clear', deviceName);
    await t.operator.clientIds('listed-after-clear', deviceName);
    await t.pace();
    await a.connect('a-after-clear');
    await t.pace();
    await b.connect('b-after-clear');
    await guard.post('alive-after-clear');
    const fresh = t.unit('unit-d', { mode: 'regnwl', deviceName });
    await fresh.register('d-registers');
    await fresh.connect('d-connects');
  },
  checks: [
    {
      id: 'switch-forbids-a',
      rule: 'RULE-45',
      oracle: 'refused',
      on: { attempt: 'a-after-switch', control: 'a-before', alive: 'alive-after-switch' },
    },
    {
      id: 'switch-forbids-c',
      rule: 'RULE-45',
      oracle: 'refused',
      on: { attempt: 'c-after-switch', control: 'c-before', alive: 'alive-after-switch' },
    },
    { id: 'switch-keeps-b', rule: 'RULE-45', oracle: 'accepted', on: { attempt: 'b-after-switch' } },
    {
      id: 'clear-forbids-b',
      rule: 'RULE-46',
      oracle: 'refused',
      on: { attempt: 'b-after-clear', control: 'b-after-switch', alive: 'alive-after-clear' },
    },
    {
      id: 'clear-forbids-a',
      rule: 'RULE-46',
      oracle: 'refused',
      on: { attempt: 'a-after-clear', control: 'a-before', alive: 'alive-after-clear' },
    },
    { id: 'clear-empties-list', rule: 'RULE-46', oracle: 'factIs', on: { span: 'listed-after-clear', fact: 'count', is: 0 } },
    { id: 'registers-after-clear', rule: 'RULE-46', oracle: 'issued', on: { attempt: 'd-registers' } },
    { id: 'connects-after-clear', rule: 'RULE-46', oracle: 'accepted', on: { attempt: 'd-connects' } },
  ],
});
