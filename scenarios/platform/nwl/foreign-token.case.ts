import { definePlatformCase } from '../../engine/case.ts';

export default definePlatformCase({
  id: 'platform/nwl/foreign-token',
  title: {
    en: 'A DeviceToken opens no ClientID but its own',
    'zh-CN': 'DeviceToken 只能用于与其对应的 ClientID',
  },
  profiles: ['nwl'],
  needs: 'cell',
  async drive(t) {
    const guard = await t.guard('regnwl');
    const deviceName = t.name('shared');
    const a = t.unit('unit-a', { mode: 'regnwl', deviceName });
    const b = t.unit('unit-b', { mode: 'regnwl', deviceName });
    await a.register('a-registers');
    await b.register('b-registers');
    const [own, foreign] = [a.credentials(), b.credentials()];
    if (own?.kind !== 'token' || foreign?.kind !== 'token') return;
    await a.connect('a-with-token-of-b', { credentials: { kind: 'token', clientId: own.clientId, deviceToken: foreign.deviceToken } });
    await t.pace();
    await a.connect('a-with-own-token');
    await a.disconnect('a-leaves');
    await t.pace();
    await b.connect('b-with-own-token');
    await guard.post('alive');
  },
  checks: [
    {
      id: 'refused',
      rule: 'RULE-55',
      oracle: 'refused',
      on: { attempt: 'a-with-token-of-b', control: 'a-with-own-token', alive: 'alive' },
    },
    { id: 'own-token-works', rule: 'RULE-55', oracle: 'accepted', on: { attempt: 'b-with-own-token' } },
  ],
});
