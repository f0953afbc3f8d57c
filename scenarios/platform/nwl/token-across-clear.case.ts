import { definePlatformCase } from '../../engine/case.ts';

export default definePlatformCase({
  id: 'platform/nwl/token-across-clear',
  title: {
    en: 'A token from before a Clear does not open a ClientID from after it, nor the other way round',
    'zh-CN': '清空前的令牌不能用于清空后的 ClientID，反之亦然',
  },
  profiles: ['nwl', 'operator'],
  needs: 'cell',
  async drive(t) {
    const guard = await t.guard('regnwl');
    const deviceName = t.name('shared');
    const unit = t.unit('unit', { mode: 'regnwl', deviceName });
    await unit.boot('before');
    const before = unit.credentials();
    await unit.disconnect('leaves');
    await t.operator.clearClientIds('clear', deviceName);
    await t.pace();
    await unit.register('registers-again');
    const after = unit.credentials();
    if (before?.kind !== 'token' || after?.kind !== 'token') return;
    await t.pace();
    await unit.connect('old-token', { credentials: { ...after, deviceToken: before.deviceToken } });
    await t.pace();
    await unit.connect('old-client-id', { credentials: { ...after, clientId: before.clientId } });
    await guard.post('alive');
    await t.pace();
    await unit.connect('own-pair');
  },
  checks: [
    { id: 'before', rule: 'RULE-55', oracle: 'accepted', on: { attempt: 'before' } },
    { id: 'old-token', rule: 'RULE-55', oracle: 'refused', on: { attempt: 'old-token', control: 'own-pair', alive: 'alive' } },
    { id: 'old-client-id', rule: 'RULE-46', oracle: 'refused', on: { attempt: 'old-client-id', control: 'own-pair', alive: 'alive' } },
  ],
});
