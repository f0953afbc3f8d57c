import { definePlatformCase } from '../../engine/case.ts';

// The documents speak of devices that were activated with a DeviceSecret. What the call answers for others is open; that they can still
// come online afterwards is not.
export default definePlatformCase({
  id: 'platform/operator/reset-without-effect',
  title: {
    en: 'ResetThing on a device that never activated, and on one without a DeviceSecret',
    'zh-CN': '对从未激活的设备和没有 DeviceSecret 的设备执行重置',
  },
  profiles: ['prereg', 'nwl', 'operator'],
  needs: 'cell',
  async drive(t) {
    const { operator } = t;
    const inactive = t.unit('inactive', { mode: 'register', deviceName: await t.added('inactive') });
    await inactive.register('inactive-registers');
    await operator.attempt('reset-inactive', 'resetThing', inactive.deviceName);
    await operator.readDevice('status-inactive', inactive.deviceName);
    await inactive.register('inactive-registers-again');
    await inactive.connect('inactive-connects');

    const token = t.unit('token', { mode: 'regnwl', deviceName: t.name('token') });
    await token.boot('token-boots');
    await operator.attempt('reset-token', 'resetThing', token.deviceName);
    await operator.clientIds('listed', token.deviceName);
    await token.disconnect('token-leaves');
    await t.pace();
    await token.connect('token-returns');
  },
  checks: [
    { id: 'still-inactive', rule: 'RULE-20', oracle: 'factIs', on: { span: 'status-inactive', fact: 'activated', is: false } },
    { id: 'registers', rule: 'RULE-19', oracle: 'issued', on: { attempt: 'inactive-registers-again' } },
    { id: 'connects', rule: 'RULE-18', oracle: 'accepted', on: { attempt: 'inactive-connects' } },
    { id: 'inactive', rule: 'RULE-30', oracle: 'reading', on: { span: 'reset-inactive', fact: 'done' } },
    { id: 'token', rule: 'RULE-31', oracle: 'reading', on: { span: 'reset-token', fact: 'done' } },
    { id: 'client-ids', rule: 'RULE-31', oracle: 'reading', on: { span: 'listed', fact: 'count' } },
    { id: 'token-returns', rule: 'RULE-31', oracle: 'answers', on: { attempts: ['token-returns'] } },
  ],
});
