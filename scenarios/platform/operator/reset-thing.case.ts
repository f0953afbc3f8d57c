import { definePlatformCase } from '../../engine/case.ts';

const WATCH_MS = 2_000;

// ResetThing opens the registration of one device once more. What it does to the secret, to the live session and when the door shuts again
// are readings (RULE-27 to RULE-29); a neighbour that was activated alike shows that nobody else is touched.
export default definePlatformCase({
  id: 'platform/operator/reset-thing',
  title: {
    en: 'ResetThing lets one device register again, keeps its activation and touches no neighbour',
    'zh-CN': '重置后设备可再次注册并保持激活状态，不影响其他设备',
  },
  profiles: ['prereg', 'operator'],
  needs: 'cell',
  async drive(t) {
    const { operator } = t;
    const unit = t.unit('unit', { mode: 'register', deviceName: await t.added('unit') });
    const neighbour = t.unit('neighbour', { mode: 'register', deviceName: await t.added('neighbour') });
    await unit.boot('boots');
    await neighbour.boot('neighbour-boots');
    const before = unit.credentials();
    if (before?.kind !== 'secret') return;
    await operator.readDevice('status-before', unit.deviceName);
    const watched = Promise.all([unit.watch('session-at-reset', WATCH_MS), neighbour.watch('neighbour-at-reset', WATCH_MS)]);
    await operator.resetThing('reset', unit.deviceName);
    await watched;
    await operator.readDevice('status-reset', unit.deviceName);
    await t.pace();
    await unit.connect('old-secret-after-reset');
    await unit.disconnect('leaves');

    const successor = t.unit('successor', { mode: 'register', deviceName: unit.deviceName });
    await t.unit('rival', { mode: 'register', deviceName: neighbour.deviceName }).register('neighbour-name-registers');
    await successor.register('registers-after-reset');
    const after = successor.credentials();
    if (after?.kind !== 'secret') return;
    t.note('secrets', { changed: after.deviceSecret !== before.deviceSecret });
    await t.pace();
    await successor.register('registers-once-more');
    await t.pace();
    await successor.connect('connects-after-reset');
    await successor.disconnect('successor-leaves');
    await t.pace();
    await successor.register('registers-after-connecting');
    await operator.readDevice('status-after', unit.deviceName);
    await neighbour.post('alive');
  },
  checks: [
    { id: 'registers-again', rule: 'RULE-25', oracle: 'issued', on: { attempt: 'registers-after-reset' } },
    { id: 'stays-active', rule: 'RULE-26', oracle: 'factIs', on: { span: 'status-reset', fact: 'activated', is: true } },
    {
      id: 'activation-time',
      rule: 'RULE-26',
      oracle: 'factUnchanged',
      on: { fact: 'activatedAt', before: 'status-before', after: 'status-after' },
      reading: true,
    },
    { id: 'connects', rule: 'RULE-18', oracle: 'accepted', on: { attempt: 'connects-after-reset' } },
    { id: 'neighbour-session', rule: 'RULE-25', oracle: 'livedThrough', on: { span: 'neighbour-at-reset' } },
    {
      id: 'neighbour-closed',
      rule: 'RULE-25',
      oracle: 'refused',
      on: { attempt: 'neighbour-name-registers', control: 'neighbour-boots', alive: 'alive' },
    },
    {
      id: 'closed-again',
      rule: 'RULE-21',
      oracle: 'refused',
      on: { attempt: 'registers-after-connecting', control: 'registers-after-reset', alive: 'alive' },
    },
    { id: 'secret-changed', rule: 'RULE-27', oracle: 'reading', on: { span: 'secrets', fact: 'changed' } },
    { id: 'session', rule: 'RULE-28', oracle: 'sessionFate', on: { span: 'session-at-reset' } },
    { id: 'old-secret', rule: 'RULE-28', oracle: 'answers', on: { attempts: ['old-secret-after-reset'] } },
    { id: 'once-more', rule: 'RULE-29', oracle: 'answers', on: { attempts: ['registers-once-more'] } },
  ],
});
