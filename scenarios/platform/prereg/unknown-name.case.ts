import { definePlatformCase } from '../../engine/case.ts';

// Without an administrator the control cannot be the same name: it is the same device under a name that was added.
export default definePlatformCase({
  id: 'platform/prereg/unknown-name',
  title: {
    en: 'A DeviceName that nobody added is refused, one that was added is not',
    'zh-CN': '无人添加的 DeviceName 被拒绝，已添加的则不然',
  },
  profiles: ['prereg'],
  needs: 'cell',
  async drive(t) {
    const guard = await t.guard('register');
    await t.unit('stranger', { mode: 'register', deviceName: t.name('stranger') }).register('attempt');
    const known = await t.added('known');
    await t.unit('known', { mode: 'register', deviceName: known }).register('control');
    // Differs in case only from the name that was added.
    const swapped = [...known].map((char) => (char === char.toUpperCase() ? char.toLowerCase() : char.toUpperCase())).join('');
    await t.unit('other-case', { mode: 'register', deviceName: swapped }).register('other-case');
    await guard.post('alive');
  },
  checks: [
    { id: 'refused', rule: 'RULE-16', oracle: 'refused', on: { attempt: 'attempt', control: 'control', alive: 'alive' } },
    { id: 'code', rule: 'RULE-16', oracle: 'answers', on: { attempts: ['attempt'] }, reading: true },
    { id: 'other-case', rule: 'RULE-16', oracle: 'answers', on: { attempts: ['other-case'] }, reading: true },
  ],
});
