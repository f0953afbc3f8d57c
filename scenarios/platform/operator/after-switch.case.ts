import { definePlatformCase } from '../../engine/case.ts';

const WATCH_MS = 2_000;
const UNKNOWN = 'notAnIssuedClientId0000000';

// What a Switch leaves open: sessions, the list, the way back, further registrations, an unknown choice. The chosen one works throughout.
export default definePlatformCase({
  id: 'platform/operator/after-switch',
  title: {
    en: 'After a Switch: the chosen ClientID works, another name is untouched, the rest is measured',
    'zh-CN': '切换之后：选中的 ClientID 可用，其他名称不受影响，其余为读数',
  },
  profiles: ['nwl', 'operator'],
  needs: 'cell',
  async drive(t) {
    const { operator } = t;
    const guard = await t.guard('regnwl');
    const deviceName = t.name('shared');
    const [chosen, barred, late, latest] = ['chosen', 'barred', 'late', 'latest'].map((label) =>
      t.unit(label, { mode: 'regnwl', deviceName }),
    );
    if (!chosen || !barred || !late || !latest) return;
    await chosen.register('chosen-registers');
    await chosen.connect('chosen-connects');
    await chosen.disconnect('chosen-leaves');
    await t.pace();
    await barred.register('barred-registers');
    await barred.connect('barred-connects');
    const [kept, other] = [chosen.credentials(), barred.credentials()];
    if (kept?.kind !== 'token' || other?.kind !== 'token') return;
    await operator.attempt('switch-to-unknown', 'switchClientId', deviceName, UNKNOWN);
    await operator.clientIds('listed-after-unknown', deviceName);
    const watched = Promise.all([barred.watch('barred-at-switch', WATCH_MS), guard.watch('neighbour-at-switch', WATCH_MS)]);
    await operator.switchClientId('switch', deviceName, kept.clientId);
    await watched;
    await operator.clientIds('listed-after-switch', deviceName);
    await t.pace();
    await chosen.connect('chosen-after-switch');
    await late.register('registers-after-switch');
    await chosen.post('chosen-posts');
    await guard.disconnect('neighbour-leaves');
    await t.pace();
    await guard.connect('neighbour-after-switch');
    await operator.attempt('switch-back', 'switchClientId', deviceName, other.clientId);
    await chosen.disconnect('chosen-leaves-again');
    await t.pace();
    await barred.connect('barred-after-switch-back');
    await barred.disconnect('barred-leaves');
    const again = await operator.clientIds('listed-at-last', deviceName);
    const live = again.includes(other.clientId) ? barred : chosen;
    await t.pace();
    await live.connect('one-before-clear');
    const session = live.watch('session-at-clear', WATCH_MS);
    await operator.clearClientIds('clear', deviceName);
    await session;
    await latest.register('registers-after-clear');
    await t.pace();
    await latest.connect('connects-after-clear');
    await guard.disconnect('neighbour-leaves-again');
    await t.pace();
    await guard.connect('neighbour-after-clear');
    await guard.post('alive');
  },
  checks: [
    { id: 'chosen-works', rule: 'RULE-45', oracle: 'accepted', on: { attempt: 'chosen-after-switch' } },
    { id: 'neighbour-stays', rule: 'RULE-45', oracle: 'livedThrough', on: { span: 'neighbour-at-switch' } },
    { id: 'neighbour-returns', rule: 'RULE-45', oracle: 'accepted', on: { attempt: 'neighbour-after-switch' } },
    { id: 'neighbour-cleared', rule: 'RULE-46', oracle: 'accepted', on: { attempt: 'neighbour-after-clear' } },
    { id: 'neighbour-lives', rule: 'RULE-46', oracle: 'accepted', on: { attempt: 'alive' } },
    { id: 'registers-after-clear', rule: 'RULE-46', oracle: 'issued', on: { attempt: 'registers-after-clear' } },
    { id: 'connects-after-clear', rule: 'RULE-46', oracle: 'accepted', on: { attempt: 'connects-after-clear' } },
    { id: 'barred-session', rule: 'RULE-47', oracle: 'sessionFate', on: { span: 'barred-at-switch' } },
    { id: 'cleared-session', rule: 'RULE-47', oracle: 'sessionFate', on: { span: 'session-at-clear' } },
    { id: 'listed', rule: 'RULE-48', oracle: 'reading', on: { span: 'listed-after-switch', fact: 'count' } },
    { id: 'way-back', rule: 'RULE-48', oracle: 'reading', on: { span: 'switch-back', fact: 'done' } },
    { id: 'back-again', rule: 'RULE-48', oracle: 'answers', on: { attempts: ['barred-after-switch-back'] } },
    { id: 'further', rule: 'RULE-49', oracle: 'answers', on: { attempts: ['registers-after-switch'] } },
    { id: 'unknown', rule: 'RULE-50', oracle: 'reading', on: { span: 'switch-to-unknown', fact: 'done' } },
    { id: 'unknown-list', rule: 'RULE-50', oracle: 'reading', on: { span: 'listed-after-unknown', fact: 'count' } },
  ],
});
