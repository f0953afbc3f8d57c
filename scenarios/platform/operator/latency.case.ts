import { definePlatformCase } from '../../engine/case.ts';
import { triesOf, untilRefused } from '../../engine/poll.ts';

const WATCH_MS = 15_000;

// `operatorLatencyMs`: a platform may take its time, and no document says how long. What it must do in the end is judged elsewhere, but for
// the session of a disabled device.
export default definePlatformCase({
  id: 'platform/operator/latency',
  title: {
    en: 'How long an operator’s action takes to bite',
    'zh-CN': '管理操作多久生效',
  },
  profiles: ['prereg', 'nwl', 'operator'],
  needs: 'cell',
  async drive(t) {
    const { operator } = t;
    const secret = t.unit('secret', { mode: 'register', deviceName: await t.added('secret') });
    await secret.boot('secret-boots');
    const session = secret.watch('session-at-disable', WATCH_MS);
    await operator.disable('disable', secret.deviceName);
    await session;
    await operator.enable('enable', secret.deviceName);
    await t.pace();
    await secret.connect('after-enable');
    await secret.disconnect('secret-leaves');
    await t.pace();
    await operator.deleteDevice('delete', secret.deviceName);
    await untilRefused(t, 'after-delete', (span) => secret.connect(span));

    const [a, b] = (['a', 'b'] as const).map((label) => t.unit(label, { mode: 'regnwl', deviceName: t.name('shared') }));
    if (!a || !b) return;
    await a.boot('a-boots');
    await a.disconnect('a-leaves');
    await t.pace();
    await b.boot('b-boots');
    await b.disconnect('b-leaves');
    const kept = b.credentials();
    if (kept?.kind !== 'token') return;
    await t.pace();
    await operator.switchClientId('switch', b.deviceName, kept.clientId);
    await untilRefused(t, 'after-switch', (span) => a.connect(span));
    await t.pace();
    await operator.clearClientIds('clear', b.deviceName);
    await untilRefused(t, 'after-clear', (span) => b.connect(span));

    const late = t.unit('late', { mode: 'regnwl', deviceName: t.name('late') });
    await t.pace();
    await operator.setDynamicRegistration('off', false);
    await untilRefused(t, 'after-off', (span) => late.register(span));
    await operator.setDynamicRegistration('on', true);
  },
  checks: [
    { id: 'session-ended', rule: 'RULE-36', oracle: 'endedByPlatform', on: { span: 'session-at-disable' } },
    { id: 'enabled', rule: 'RULE-36', oracle: 'accepted', on: { attempt: 'after-enable' } },
    { id: 'disable', rule: 'RULE-36', oracle: 'operatorLatency', on: { action: 'disable', ended: 'session-at-disable' }, reading: true },
    ...(
      [
        ['delete', 'RULE-32'],
        ['switch', 'RULE-45'],
        ['clear', 'RULE-46'],
        ['off', 'RULE-11'],
      ] as const
    ).map(
      ([action, rule]) =>
        ({ id: action, rule, oracle: 'operatorLatency', on: { action, attempts: triesOf(`after-${action}`) }, reading: true }) as const,
    ),
  ],
});
