import { defineFirmwareCase } from '../../engine/case.ts';

export default defineFirmwareCase({
  id: 'firmware/lifecycle/keeps-credentials',
  title: {
    en: 'Keeps its credentials over a power cycle and does not register again',
    'zh-CN': '断电重启后保留凭据，不再次注册',
  },
  profiles: ['prereg'],
  async drive(t) {
    await t.observe('first-boot', () => t.device.powerOn());
    await t.observe('after-power-cycle', () => t.device.powerCycle());
    await t.readOnline('online');
  },
  checks: [
    { id: 'registers-once', rule: 'DEV-09', oracle: 'registersOnce', on: { first: 'first-boot', later: 'after-power-cycle' } },
    {
      id: 'keeps-credentials',
      rule: 'DEV-04',
      oracle: 'keepsCredentials',
      on: { first: 'first-boot', later: 'after-power-cycle', online: 'online' },
    },
  ],
});
