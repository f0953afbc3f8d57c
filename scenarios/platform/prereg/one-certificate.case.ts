import { definePlatformCase } from '../../engine/case.ts';

// What a platform can be asked without an administrator: the DeviceName was added by somebody, once. Two physical devices claim it. The
// control of the refusal is the same device before its rival activated the name.
export default definePlatformCase({
  id: 'platform/prereg/one-certificate',
  title: {
    en: 'A DeviceName that was added registers until one device activates it, and no other device afterwards',
    'zh-CN': '已添加的 DeviceName 可以注册，直至某台设备将其激活；此后其他设备不能再注册',
  },
  profiles: ['prereg'],
  needs: 'cell',
  async drive(t) {
    const guard = await t.guard('register');
    const deviceName = await t.added('unit');
    const unit = t.unit('unit', { mode: 'register', deviceName });
    const rival = t.unit('rival', { mode: 'register', deviceName });
    await rival.register('rival-registers');
    const before = rival.credentials();
    await t.pace();
    await unit.register('registers');
    await t.pace();
    await unit.register('registers-in-upper-case', {
      fields: (fields) => ({ ...fields, password: fields.password.toUpperCase(), keepAlive: 0 }),
    });
    await t.pace();
    await unit.register('registers-with-long-keep-alive', { fields: (fields) => ({ ...fields, keepAlive: 5000 }) });
    const last = unit.credentials();
    t.note('secrets', { same: before?.kind === 'secret' && last?.kind === 'secret' ? before.deviceSecret === last.deviceSecret : null });
    await unit.connect('connects');
    await unit.post('posts');
    const session = unit.watch('session', 1_000);
    await rival.register('rival-is-late');
    await session;
    await unit.post('posts-again');
    await unit.disconnect('leaves');
    await t.pace();
    await rival.register('rival-while-away');
    await t.pace();
    await unit.connect('returns');
    await guard.post('alive');
  },
  checks: [
    { id: 'issued', rule: 'RULE-05', oracle: 'unsolicited', on: { attempt: 'registers' } },
    { id: 'repeats', rule: 'RULE-19', oracle: 'issued', on: { attempt: 'registers' } },
    { id: 'upper-case-hex', rule: 'RULE-04', oracle: 'issued', on: { attempt: 'registers-in-upper-case' } },
    { id: 'keep-alive-0', rule: 'RULE-03', oracle: 'issued', on: { attempt: 'registers-in-upper-case' } },
    { id: 'keep-alive-5000', rule: 'RULE-03', oracle: 'issued', on: { attempt: 'registers-with-long-keep-alive' } },
    { id: 'last-secret-works', rule: 'RULE-18', oracle: 'accepted', on: { attempt: 'connects' } },
    { id: 'secret-is-the-same', rule: 'RULE-18', oracle: 'reading', on: { span: 'secrets', fact: 'same' }, reading: true },
    {
      id: 'refused-once-active',
      rule: 'RULE-21',
      oracle: 'refused',
      on: { attempt: 'rival-is-late', control: 'rival-registers', alive: 'alive' },
    },
    {
      id: 'refused-while-away',
      rule: 'RULE-22',
      oracle: 'refused',
      on: { attempt: 'rival-while-away', control: 'rival-registers', alive: 'alive' },
    },
    { id: 'session-not-disturbed', rule: 'RULE-22', oracle: 'livedThrough', on: { span: 'session' } },
    { id: 'serves-on', rule: 'RULE-22', oracle: 'accepted', on: { attempt: 'posts-again' } },
    { id: 'secret-not-replaced', rule: 'RULE-21', oracle: 'accepted', on: { attempt: 'returns' } },
    { id: 'code', rule: 'RULE-21', oracle: 'answers', on: { attempts: ['rival-is-late', 'rival-while-away'] }, reading: true },
  ],
});
