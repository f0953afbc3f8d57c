import { definePlatformCase } from '../../engine/case.ts';

export default definePlatformCase({
  id: 'platform/registration/whole-credentials',
  title: {
    en: 'A registration without pre-registration brings a ClientID and its token, which open the device more than once',
    'zh-CN': '免预注册的注册同时下发 ClientID 与其 token，且可多次用于连接',
  },
  profiles: ['nwl'],
  needs: 'cell',
  async drive(t) {
    const unit = t.unit('unit', { mode: 'regnwl', deviceName: t.name('unit') });
    await unit.register('registers');
    await unit.connect('connects');
    await unit.disconnect('leaves');
    await t.pace();
    await unit.connect('returns');
    await unit.post('posts');
  },
  checks: [
    { id: 'both', rule: 'RULE-38', oracle: 'issued', on: { attempt: 'registers' } },
    { id: 'connects', rule: 'RULE-38', oracle: 'accepted', on: { attempt: 'connects' } },
    { id: 'returns', rule: 'RULE-38', oracle: 'accepted', on: { attempt: 'returns' } },
  ],
});
