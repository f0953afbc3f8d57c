import { formatReply } from '../../../protocol/payload.ts';
import { REPLY_TOPIC } from '../../../protocol/topics.ts';
import { definePlatformCase } from '../../engine/case.ts';

const TOPICS = [REPLY_TOPIC.register, REPLY_TOPIC.regnwl];
const MESSAGES = 10;
const LISTEN_MS = 1_000;

// Online devices publish credentials to the reply topics before, while and after a victim registers. The victim subscribes as well, as
// generic clients do, and a neighbour registers meanwhile: neither a forged reply nor somebody else's may come.
export default definePlatformCase({
  id: 'platform/nwl/forged-reply',
  title: {
    en: 'A registering unit gets the reply of the platform, once, whatever others publish',
    'zh-CN': '无论他人发布什么，注册中的设备只收到平台的一次应答',
  },
  profiles: ['nwl'],
  needs: 'cell',
  async drive(t) {
    const victim = t.unit('victim', { mode: 'regnwl', deviceName: t.name('victim') });
    const names = { productKey: t.product.productKey, deviceName: victim.deviceName };
    const payload = formatReply({ kind: 'regnwl', ...names, clientId: t.secret('client-id'), deviceToken: t.secret('token') });
    const forgers = TOPICS.map((topic, i) => ({
      topic,
      unit: t.unit(`forger-${i}`, { mode: 'regnwl', deviceName: t.name(`forger-${i}`) }),
    }));
    for (const [i, { unit }] of forgers.entries()) {
      await unit.boot(`forger-${i}`);
      await unit.post(`forger-${i}-posts`);
    }
    const forge = (when: string): Promise<unknown> =>
      Promise.all(
        forgers.map(({ unit, topic }, i) =>
          unit.publish(
            `forges-${i}-${when}`,
            Array.from({ length: MESSAGES }, () => ({ topic, payload })),
          ),
        ),
      );
    await forge('before');
    const registering = victim.register('registers', { linger: true });
    await forge('meanwhile');
    await registering;
    await victim.subscribe('subscribes', TOPICS);
    const listening = victim.watch('listens', LISTEN_MS);
    await forge('afterwards');
    await t.unit('neighbour', { mode: 'regnwl', deviceName: t.name('neighbour') }).register('neighbour');
    await listening;
    await victim.connect('connects');
    await victim.post('alive');
  },
  checks: [
    { id: 'issued', rule: 'RULE-05', oracle: 'issued', on: { attempt: 'registers' } },
    { id: 'one-reply', rule: 'RULE-05', oracle: 'oneReply', on: { during: ['registers', 'subscribes', 'listens'] } },
    { id: 'credentials-work', rule: 'RULE-05', oracle: 'accepted', on: { attempt: 'connects' } },
    { id: 'neighbour-issued', rule: 'RULE-05', oracle: 'issued', on: { attempt: 'neighbour' } },
    { id: 'served', rule: 'RULE-05', oracle: 'accepted', on: { attempt: 'alive' } },
  ],
});
