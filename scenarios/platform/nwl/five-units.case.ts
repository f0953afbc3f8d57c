import { definePlatformCase } from '../../engine/case.ts';

export default definePlatformCase({
  id: 'platform/nwl/five-units',
  title: {
    en: 'Five units of one DeviceName get ClientIDs and tokens of their own and connect in turn',
    'zh-CN': '同一 DeviceName 的五台设备各得自己的 ClientID 与令牌，并依次连接',
  },
  profiles: ['nwl'],
  needs: 'cell',
  async drive(t) {
    const deviceName = t.name('shared');
    for (const n of [1, 2, 3, 4, 5]) {
      const unit = t.unit(`unit-${n}`, { mode: 'regnwl', deviceName });
      await unit.register(`register-${n}`);
      await unit.connect(`connect-${n}`);
      await unit.post(`post-${n}`);
      await unit.disconnect(`leave-${n}`);
      await t.pace();
    }
  },
  checks: [
    { id: 'created-by-first', rule: 'RULE-37', oracle: 'issued', on: { attempt: 'register-1' } },
    { id: 'unsolicited', rule: 'RULE-05', oracle: 'unsolicited', on: { attempt: 'register-1' } },
    {
      id: 'distinct',
      rule: 'RULE-38',
      oracle: 'distinctClientIds',
      on: { attempts: ['register-1', 'register-2', 'register-3', 'register-4', 'register-5'] },
    },
    ...[1, 2, 3, 4, 5].map((n) => ({ id: `issued-${n}`, rule: 'RULE-39', oracle: 'issued', on: { attempt: `register-${n}` } }) as const),
    ...[1, 2, 3, 4, 5].map((n) => ({ id: `connects-${n}`, rule: 'RULE-39', oracle: 'accepted', on: { attempt: `connect-${n}` } }) as const),
    ...[1, 2, 3, 4, 5].map((n) => ({ id: `online-${n}`, rule: 'RULE-39', oracle: 'accepted', on: { attempt: `post-${n}` } }) as const),
    { id: 'reply-is-compact', rule: 'RULE-05', oracle: 'compactReply', on: { attempt: 'register-1' }, reading: true },
    { id: 'reply-topic', rule: 'RULE-05', oracle: 'replyTopic', on: { attempt: 'register-1' }, reading: true },
  ],
});
