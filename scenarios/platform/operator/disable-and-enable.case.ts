import { definePlatformCase } from '../../engine/case.ts';

const WATCH_MS = 15_000;

export default definePlatformCase({
  id: 'platform/operator/disable-and-enable',
  title: {
    en: 'A disabled device loses its session and cannot connect until it is enabled',
    'zh-CN': '被禁用的设备失去会话，启用之前不能连接',
  },
  profiles: ['prereg', 'operator'],
  needs: 'cell',
  async drive(t) {
    const guard = await t.guard('register');
    const deviceName = await t.added('unit');
    const fresh = t.unit('fresh', { mode: 'register', deviceName: await t.added('fresh') });
    const unit = t.unit('unit', { mode: 'register', deviceName });
    await unit.boot('boots');
    const session = unit.watch('session-at-disable', WATCH_MS);
    const neighbour = guard.watch('neighbour-at-disable', WATCH_MS);
    await t.operator.disable('disable', deviceName);
    await session;
    await neighbour;
    await t.operator.readDevice('status-disabled', deviceName);
    await t.pace();
    await unit.connect('while-disabled');
    await guard.post('alive');
    await t.operator.enable('enable', deviceName);
    await t.pace();
    await unit.connect('after-enable');

    await t.operator.disable('disable-fresh', fresh.deviceName);
    await fresh.register('registers-while-disabled');
    await t.operator.enable('enable-fresh', fresh.deviceName);
    await t.operator.readDevice('status-enabled-fresh', fresh.deviceName);
  },
  checks: [
    { id: 'session-ended', rule: 'RULE-36', oracle: 'endedByPlatform', on: { span: 'session-at-disable' } },
    {
      id: 'refused-while-disabled',
      rule: 'RULE-36',
      oracle: 'refused',
      on: { attempt: 'while-disabled', control: 'after-enable', alive: 'alive' },
    },
    { id: 'enabled-again', rule: 'RULE-36', oracle: 'accepted', on: { attempt: 'after-enable' } },
    { id: 'neighbour-stays', rule: 'RULE-36', oracle: 'livedThrough', on: { span: 'neighbour-at-disable' } },
    { id: 'status', rule: 'RULE-36', oracle: 'reading', on: { span: 'status-disabled', fact: 'status' }, reading: true },
    { id: 'status-after', rule: 'RULE-36', oracle: 'reading', on: { span: 'status-enabled-fresh', fact: 'status' }, reading: true },
    { id: 'registration', rule: 'RULE-24', oracle: 'answers', on: { attempts: ['registers-while-disabled'] } },
  ],
});
