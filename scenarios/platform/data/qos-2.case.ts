import mqttPacket from 'mqtt-packet';
import { userUpdate } from '../../../protocol/topics.ts';
import { definePlatformCase } from '../../engine/case.ts';

const WAIT_MS = 1_000;

// The platform does not offer QoS 2 (section 4g); what it does with it is open. That the device can come back is not.
export default definePlatformCase({
  id: 'platform/data/qos-2',
  title: { en: 'What becomes of a message at QoS 2', 'zh-CN': 'QoS 2 消息的处理结果' },
  profiles: ['nwl'],
  needs: 'cell',
  async drive(t) {
    const unit = t.unit('unit', { mode: 'regnwl', deviceName: t.name('unit') });
    await unit.register('registers');
    await unit.connect('connects');
    const topic = userUpdate(t.product.productKey, unit.deviceName);
    const message = { cmd: 'publish', topic, payload: 'twice', qos: 2, messageId: 1, retain: false, dup: false } as const;
    await unit.inject('publishes-at-qos-2', mqttPacket.generate(message), WAIT_MS);
    await unit.disconnect('leaves');
    await t.pace();
    await unit.connect('returns');
    await unit.post('posts');
  },
  checks: [
    { id: 'registers', rule: 'RULE-37', oracle: 'issued', on: { attempt: 'registers' } },
    { id: 'returns', rule: 'RULE-37', oracle: 'accepted', on: { attempt: 'returns' } },
    { id: 'served', rule: 'RULE-37', oracle: 'accepted', on: { attempt: 'posts' } },
    { id: 'session', rule: 'RULE-59', oracle: 'sessionFate', on: { span: 'publishes-at-qos-2' }, reading: true },
  ],
});
