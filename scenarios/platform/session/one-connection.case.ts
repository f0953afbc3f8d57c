import { definePlatformCase } from '../../engine/case.ts';
import { whileReplaced } from './kicked.ts';

export default definePlatformCase({
  id: 'platform/session/one-connection',
  title: {
    en: 'The newest connection of a certificate wins, and the older one ends',
    'zh-CN': '同一证书以最新连接为准，旧连接被断开',
  },
  profiles: ['prereg'],
  needs: 'cell',
  async drive(t) {
    const deviceName = await t.added('unit');
    const unit = t.unit('unit', { mode: 'register', deviceName });
    await unit.boot('boots');
    const credentials = unit.credentials();
    if (!credentials) return;
    const twin = t.unit('twin', { mode: 'register', deviceName });
    await t.pace();
    await whileReplaced(t, unit, 'older-session', () => twin.connect('newer', { credentials }));
    await twin.post('newer-posts');
  },
  checks: [
    { id: 'newer-accepted', rule: 'RULE-57', oracle: 'accepted', on: { attempt: 'newer' } },
    { id: 'older-ended', rule: 'RULE-57', oracle: 'endedByPlatform', on: { span: 'older-session' } },
    { id: 'newer-lives', rule: 'RULE-57', oracle: 'accepted', on: { attempt: 'newer-posts' } },
  ],
});
