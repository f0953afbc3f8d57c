import { formatPropertyPost } from '../../../protocol/payload.ts';
import { propertyPost, propertyPostReply, propertySet, userGet } from '../../../protocol/topics.ts';
import { definePlatformCase } from '../../engine/case.ts';

const LISTEN_MS = 1_000;

// A platform may refuse a filter, grant it and deliver nothing, or hang up: what counts is that no message crosses. The property set that
// the rightful device receives in the same span shows that there was something to hear.
export default definePlatformCase({
  id: 'platform/session/own-topics',
  title: {
    en: 'A device hears nothing that another one is sent, and reaches nobody under its names',
    'zh-CN': '设备收不到发给其他设备的消息，也不能以他人名义发送',
  },
  profiles: ['nwl', 'operator'],
  needs: 'cell',
  async drive(t) {
    const { productKey } = t.product;
    const victim = t.unit('victim', { mode: 'regnwl', deviceName: t.name('victim') });
    const intruder = t.unit('intruder', { mode: 'regnwl', deviceName: t.name('intruder') });
    const name = victim.deviceName;
    await victim.boot('victim-boots');
    await intruder.boot('intruder-boots');
    await victim.subscribe('victim-subscribes', [propertySet(productKey, name), userGet(productKey, name)]);
    await victim.post('victim-posts');
    await intruder.post('intruder-posts');

    await intruder.subscribe('reaches-out', [
      propertySet(productKey, name),
      propertyPostReply(productKey, name),
      userGet(productKey, name),
      `/sys/${productKey}/${name}/#`,
      `/sys/${productKey}/+/thing/service/property/set`,
      '#',
    ]);
    const both = Promise.all([intruder.watch('intruder-listens', LISTEN_MS), victim.watch('victim-is-set', LISTEN_MS)]);
    await t.operator.setProperty('set', name, { led: 1 });
    await both;

    await intruder.disconnect('intruder-leaves');
    await t.pace();
    await intruder.connect('intruder-returns');
    const hearing = victim.watch('victim-listens', LISTEN_MS);
    await intruder.publish('publishes', [
      { topic: propertyPost(productKey, name), payload: formatPropertyPost({ id: '7', params: { temperature: 99 } }) },
      { topic: propertySet(productKey, name), payload: '{"id":"8","version":"1.0","params":{"led":0}}' },
      { topic: userGet(productKey, name), payload: 'from somebody else' },
    ]);
    await intruder.watch('intruder-waits', LISTEN_MS);
    await hearing;
    await victim.post('alive');
  },
  checks: [
    {
      id: 'hears-nothing',
      rule: 'RULE-59',
      oracle: 'nothingReceived',
      on: { span: 'intruder-listens', heard: 'intruder-posts', meanwhile: 'victim-is-set', mayBeClosed: true },
    },
    { id: 'nobody-hears', rule: 'RULE-59', oracle: 'nothingReceived', on: { span: 'victim-listens', heard: 'victim-posts' } },
    {
      id: 'not-answered-in-that-name',
      rule: 'RULE-59',
      oracle: 'nothingReceived',
      on: { span: 'intruder-waits', heard: 'intruder-posts', mayBeClosed: true },
    },
    { id: 'victim-unaffected', rule: 'RULE-59', oracle: 'accepted', on: { attempt: 'alive' } },
    { id: 'granted', rule: 'RULE-59', oracle: 'reading', on: { span: 'reaches-out', fact: 'granted' }, reading: true },
  ],
});
