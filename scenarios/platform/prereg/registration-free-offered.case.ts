import { definePlatformCase } from '../../engine/case.ts';

// Preregistration-free registration exists in some regions and on some kinds of instance (section 1.4). A target that does not claim it is
// asked once, so that the report can say what it answers.
export default definePlatformCase({
  id: 'platform/prereg/registration-free-offered',
  title: {
    en: 'Whether registration without pre-registration is offered as well',
    'zh-CN': '平台是否同时提供免预注册方式',
  },
  profiles: ['prereg'],
  needs: 'cell',
  async drive(t) {
    const unit = t.unit('unit', { mode: 'register', deviceName: await t.added('unit') });
    await unit.register('registers');
    await t.unit('free', { mode: 'regnwl', deviceName: t.name('free') }).register('registers-without-being-added');
    await unit.connect('connects');
  },
  checks: [
    { id: 'registers', rule: 'RULE-18', oracle: 'issued', on: { attempt: 'registers' } },
    { id: 'connects', rule: 'RULE-18', oracle: 'accepted', on: { attempt: 'connects' } },
    { id: 'offered', rule: 'RULE-37', oracle: 'answers', on: { attempts: ['registers-without-being-added'] }, reading: true },
  ],
});
