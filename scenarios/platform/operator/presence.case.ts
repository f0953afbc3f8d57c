import { definePlatformCase } from '../../engine/case.ts';

const LATER_MS = 5_000;

// The status as the operator reads it, through a device's first day; and which time a list gives its ClientID.
export default definePlatformCase({
  id: 'platform/operator/presence',
  title: {
    en: 'Status follows the connection, and the activation is stamped once',
    'zh-CN': '状态随连接变化，激活时间只记录一次',
  },
  profiles: ['prereg', 'nwl', 'operator'],
  needs: 'cell',
  async drive(t) {
    for (const mode of ['register', 'regnwl'] as const) {
      const unit = t.unit(mode, { mode, deviceName: mode === 'register' ? await t.added('unit') : t.name('unit-nwl') });
      const read = (when: string): Promise<void> => t.operator.readDevice(`${mode}-${when}`, unit.deviceName);
      await unit.register(`${mode}-registers`);
      await read('registered');
      await t.wait(LATER_MS);
      await unit.connect(`${mode}-connects`);
      await read('connected');
      if (mode === 'regnwl') {
        await t.operator.clientIdTimes('client-id-times', unit.deviceName);
        await t.operator.readDevice('activation', unit.deviceName);
      }
      await unit.disconnect(`${mode}-leaves`);
      await t.wait(LATER_MS);
      await read('left');
      await t.pace();
      await unit.connect(`${mode}-returns`);
      await read('returned');
    }
  },
  checks: [
    { id: 'register-inactive', rule: 'RULE-56', oracle: 'factIs', on: { span: 'register-registered', fact: 'status', is: 'UNACTIVE' } },
    ...(['register', 'regnwl'] as const).flatMap((mode) => [
      { id: `${mode}-online`, rule: 'RULE-56', oracle: 'factIs', on: { span: `${mode}-connected`, fact: 'status', is: 'ONLINE' } } as const,
      { id: `${mode}-offline`, rule: 'RULE-56', oracle: 'factIs', on: { span: `${mode}-left`, fact: 'status', is: 'OFFLINE' } } as const,
      {
        id: `${mode}-online-again`,
        rule: 'RULE-56',
        oracle: 'factIs',
        on: { span: `${mode}-returned`, fact: 'status', is: 'ONLINE' },
      } as const,
      {
        id: `${mode}-stamped-once`,
        rule: 'RULE-56',
        oracle: 'factUnchanged',
        on: { fact: 'activatedAt', before: `${mode}-connected`, after: `${mode}-returned` },
      } as const,
    ]),
    { id: 'token-status', rule: 'RULE-52', oracle: 'reading', on: { span: 'regnwl-registered', fact: 'status' } },
    {
      id: 'client-id-time',
      rule: 'RULE-44',
      oracle: 'clientIdTime',
      on: { list: 'client-id-times', issued: 'regnwl-registers', connected: 'regnwl-connects' },
    },
  ],
});
