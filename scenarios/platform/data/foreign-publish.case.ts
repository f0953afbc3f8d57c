import mqttPacket from 'mqtt-packet';
import { userGet } from '../../../protocol/topics.ts';
import { definePlatformCase } from '../../engine/case.ts';

const LISTEN_MS = 1_000;

// A retained message would wait for whoever subscribes later: the victim comes after it was sent.
export default definePlatformCase({
  id: 'platform/data/foreign-publish',
  title: {
    en: 'A message to a topic of another device is not kept for it, retained or not',
    'zh-CN': '发往其他设备 Topic 的消息无论是否保留都不会留给该设备',
  },
  profiles: ['nwl'],
  needs: 'cell',
  async drive(t) {
    const victim = t.unit('victim', { mode: 'regnwl', deviceName: t.name('victim') });
    const intruder = t.unit('intruder', { mode: 'regnwl', deviceName: t.name('intruder') });
    await victim.register('victim-registers');
    await intruder.boot('intruder-boots');
    const topic = userGet(t.product.productKey, victim.deviceName);
    const message = { cmd: 'publish', topic, payload: 'kept', qos: 0, retain: true, dup: false } as const;
    await intruder.inject('publishes', mqttPacket.generate(message), LISTEN_MS);
    await victim.connect('victim-connects');
    await victim.subscribe('victim-subscribes', [topic]);
    await victim.watch('victim-listens', LISTEN_MS);
    await victim.post('alive');
  },
  checks: [
    { id: 'registers', rule: 'RULE-37', oracle: 'issued', on: { attempt: 'victim-registers' } },
    { id: 'nothing-kept', rule: 'RULE-59', oracle: 'nothingReceived', on: { span: 'victim-listens', heard: 'alive' } },
    { id: 'victim-unaffected', rule: 'RULE-59', oracle: 'accepted', on: { attempt: 'alive' } },
    { id: 'session', rule: 'RULE-59', oracle: 'sessionFate', on: { span: 'publishes' }, reading: true },
  ],
});
