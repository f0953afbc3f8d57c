import { definePlatformCase } from '../../engine/case.ts';
import { member } from '../../judge/oracles/crowd.ts';
import { whileReplaced } from '../session/kicked.ts';

const PINGS = { name: 'ping', count: 1_000 } as const;
const KICKS = { name: 'kick', count: 1_000 } as const;
const LEAVE_MS = 1_000;

// Two clones of one device, each back as soon as it was kicked: as in the field, where both reconnect for ever.
export default definePlatformCase({
  id: 'platform/scale/ping-pong',
  title: {
    en: 'Two holders of one certificate kick each other out 1,000 times: the newest wins every time',
    'zh-CN': '持有同一证书的两台设备互相踢下线 1000 次：每次均以最新连接为准',
  },
  profiles: ['prereg', 'operator'],
  needs: 'cell',
  limits: 'off',
  async drive(t) {
    const guard = await t.guard('register');
    const deviceName = await t.added('unit');
    const unit = t.unit('unit', { mode: 'register', deviceName });
    await unit.boot('boots');
    const credentials = unit.credentials();
    if (!credentials) return;
    const twin = t.unit('twin', { mode: 'register', deviceName });
    let [newest, other] = [unit, twin];
    for (let n = 1; n <= PINGS.count; n++) {
      const [older, newer] = [newest, other];
      await whileReplaced(t, older, member(KICKS, n), () => newer.connect(member(PINGS, n), { credentials }));
      [newest, other] = [newer, older];
    }
    await newest.post('newest-posts');
    await t.operator.readDevice('status-online', deviceName);
    await newest.disconnect('newest-leaves');
    // The device knows that it left before the platform does.
    await t.wait(LEAVE_MS);
    await t.operator.readDevice('status-offline', deviceName);
    await guard.post('alive');
  },
  checks: [
    { id: 'newest-wins', rule: 'RULE-57', oracle: 'newestWins', on: { connects: PINGS, kicks: KICKS } },
    { id: 'newest-lives', rule: 'RULE-57', oracle: 'accepted', on: { attempt: 'newest-posts' } },
    { id: 'online', rule: 'RULE-56', oracle: 'factIs', on: { span: 'status-online', fact: 'status', is: 'ONLINE' } },
    // A session that was never ended would still be counted.
    { id: 'offline', rule: 'RULE-56', oracle: 'factIs', on: { span: 'status-offline', fact: 'status', is: 'OFFLINE' } },
    { id: 'others-served', rule: 'RULE-57', oracle: 'accepted', on: { attempt: 'alive' } },
  ],
});
