import { formatPropertyPost } from '../../../protocol/payload.ts';
import { propertyPost, propertyPostReply, propertySet, userUpdate } from '../../../protocol/topics.ts';
import { definePlatformCase } from '../../engine/case.ts';

const LISTEN_MS = 1_000;

// What an activated device is for. No rule speaks of it, so what is seen of the messages are readings; that the device is served is not.
export default definePlatformCase({
  id: 'platform/data/posts-and-sets',
  title: {
    en: 'An activated device posts, is answered and is set',
    'zh-CN': '已激活设备上报属性、收到应答并接受属性设置',
  },
  profiles: ['prereg', 'operator'],
  needs: 'cell',
  async drive(t) {
    const { productKey } = t.product;
    const deviceName = await t.added('unit');
    const unit = t.unit('unit', { mode: 'register', deviceName });
    await unit.register('registers');
    await unit.connect('connects');
    await unit.subscribe('subscribes', [propertySet(productKey, deviceName), propertyPostReply(productKey, deviceName)]);
    await unit.post('posts');
    await unit.publish('publishes', [
      { topic: userUpdate(productKey, deviceName), payload: 'at QoS 1', qos: 1 },
      {
        topic: propertyPost(productKey, deviceName),
        payload: formatPropertyPost({ id: '4294967295', params: { temperature: 21.5 } }),
        qos: 1,
      },
    ]);
    await unit.watch('hears-the-answer', LISTEN_MS);
    const listening = unit.watch('is-set', LISTEN_MS);
    await t.operator.setProperty('set', deviceName, { led: 1 });
    await listening;
    await unit.post('posts-again');
  },
  checks: [
    { id: 'connects', rule: 'RULE-18', oracle: 'accepted', on: { attempt: 'connects' } },
    { id: 'posts', rule: 'RULE-56', oracle: 'accepted', on: { attempt: 'posts' }, reading: true },
    {
      id: 'answer',
      rule: 'RULE-59',
      oracle: 'postAnswer',
      on: { span: 'posts', topicEnds: '/thing/event/property/post_reply' },
      reading: true,
    },
    { id: 'puback', rule: 'RULE-59', oracle: 'acknowledged', on: { span: 'publishes' }, reading: true },
    { id: 'set', rule: 'RULE-59', oracle: 'messageOn', on: { span: 'is-set', topicEnds: '/thing/service/property/set' }, reading: true },
    { id: 'still-served', rule: 'RULE-18', oracle: 'accepted', on: { attempt: 'posts-again' } },
  ],
});
