import { definePlatformCase } from '../../engine/case.ts';

const WATCH_MS = 15_000;

export default definePlatformCase({
  id: 'platform/operator/disable-token-device',
  title: {
    en: 'Disabling reaches every ClientID of the name, and no other name',
    'zh-CN': '禁用对该名称的所有 ClientID 生效，不影响其他名称',
  },
  profiles: ['nwl', 'operator'],
  needs: 'cell',
  async drive(t) {
    const guard = await t.guard('regnwl');
    const deviceName = t.name('shared');
    const online = t.unit('online', { mode: 'regnwl', deviceName });
    const away = t.unit('away', { mode: 'regnwl', deviceName });
    await away.boot('away-boots');
    await away.disconnect('away-leaves');
    await t.pace();
    await online.boot('online-boots');
    const watched = Promise.all([online.watch('session-at-disable', WATCH_MS), guard.watch('neighbour-at-disable', WATCH_MS)]);
    await t.operator.disable('disable', deviceName);
    await watched;
    await t.pace();
    await online.connect('online-while-disabled');
    await away.connect('away-while-disabled');
    await guard.post('alive');
    await t.operator.enable('enable', deviceName);
    await t.pace();
    await online.connect('online-after-enable');
    await online.disconnect('online-leaves');
    await t.pace();
    await away.connect('away-after-enable');
  },
  checks: [
    { id: 'session-ended', rule: 'RULE-36', oracle: 'endedByPlatform', on: { span: 'session-at-disable' } },
    { id: 'neighbour-stays', rule: 'RULE-36', oracle: 'livedThrough', on: { span: 'neighbour-at-disable' } },
    ...(['online', 'away'] as const).flatMap((who) => [
      {
        id: `${who}-refused`,
        rule: 'RULE-36',
        oracle: 'refused',
        on: { attempt: `${who}-while-disabled`, control: `${who}-after-enable`, alive: 'alive' },
      } as const,
      { id: `${who}-enabled`, rule: 'RULE-36', oracle: 'accepted', on: { attempt: `${who}-after-enable` } } as const,
    ]),
  ],
});
