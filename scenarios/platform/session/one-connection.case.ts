import { definePlatformCase } from '../../engine/case.ts';

const TOO_SHORT = 20;
const SHORTEST = 30;
const LONGEST = 1200;

export default definePlatformCase({
  id: 'platform/session/one-connection',
  title: {
    en: 'The newest connection of a certificate wins, and keep-alive is 30 to 1200 s',
    'zh-CN': '同一证书以最新连接为准，保活时间为 30～1200 秒',
  },
  profiles: ['prereg', 'operator'],
  needs: 'cell',
  async drive(t) {
    const guard = await t.guard('register');
    const deviceName = t.name('unit');
    await t.operator.addDevice('added', deviceName);
    const unit = t.unit('unit', { mode: 'register', deviceName });
    await unit.boot('boots');
    const credentials = unit.credentials();
    if (!credentials) return;
    const twin = t.unit('twin', { mode: 'register', deviceName });
    await t.pace();
    const older = unit.watch('older-session', 1_000);
    await twin.connect('newer', { credentials });
    await older;
    await twin.post('newer-posts');
    for (const [span, keepAlive] of [
      ['keep-alive-20', TOO_SHORT],
      ['keep-alive-30', SHORTEST],
      ['keep-alive-1200', LONGEST],
    ] as const) {
      await t.pace();
      await unit.connect(span, { fields: (fields) => ({ ...fields, keepAlive }) });
    }
    await guard.post('alive');
  },
  checks: [
    { id: 'newer-accepted', rule: 'RULE-57', oracle: 'accepted', on: { attempt: 'newer' } },
    { id: 'older-ended', rule: 'RULE-57', oracle: 'endedByPlatform', on: { span: 'older-session' } },
    { id: 'newer-lives', rule: 'RULE-57', oracle: 'accepted', on: { attempt: 'newer-posts' } },
    { id: 'keep-alive-20', rule: 'RULE-58', oracle: 'refused', on: { attempt: 'keep-alive-20', control: 'keep-alive-30', alive: 'alive' } },
    { id: 'keep-alive-30', rule: 'RULE-58', oracle: 'accepted', on: { attempt: 'keep-alive-30' } },
    { id: 'keep-alive-1200', rule: 'RULE-58', oracle: 'accepted', on: { attempt: 'keep-alive-1200' } },
  ],
});
