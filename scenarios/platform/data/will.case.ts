import { propertySet, userGet } from '../../../protocol/topics.ts';
import { definePlatformCase } from '../../engine/case.ts';
import { withWill } from '../../engine/wire.ts';

const LISTEN_MS = 2_000;

// The platform offers no will (section 4g). If it took one, it must not carry a message to another device's topics.
export default definePlatformCase({
  id: 'platform/data/will',
  title: {
    en: 'A will with a topic of another device reaches nobody',
    'zh-CN': '以其他设备的 Topic 为遗嘱的消息不会送达任何人',
  },
  profiles: ['nwl'],
  needs: 'cell',
  async drive(t) {
    const { productKey } = t.product;
    const victim = t.unit('victim', { mode: 'regnwl', deviceName: t.name('victim') });
    const intruder = t.unit('intruder', { mode: 'regnwl', deviceName: t.name('intruder') });
    const name = victim.deviceName;
    await victim.boot('victim-boots');
    await victim.subscribe('victim-subscribes', [propertySet(productKey, name), userGet(productKey, name)]);
    await victim.post('victim-posts');
    await intruder.register('intruder-registers');
    for (const [label, topic] of [
      ['set', propertySet(productKey, name)],
      ['custom', userGet(productKey, name)],
    ] as const) {
      const credentials = intruder.credentials();
      if (!credentials) return;
      await t.pace();
      await intruder.connect(`connects-with-will-${label}`, { credentials, wire: withWill(topic, 'from beyond') });
      const listening = victim.watch(`victim-listens-${label}`, LISTEN_MS);
      await intruder.loseConnection(`lost-${label}`);
      await listening;
    }
    await victim.post('alive');
  },
  checks: [
    { id: 'registers', rule: 'RULE-37', oracle: 'issued', on: { attempt: 'intruder-registers' } },
    { id: 'set-unheard', rule: 'RULE-59', oracle: 'nothingReceived', on: { span: 'victim-listens-set', heard: 'victim-posts' } },
    { id: 'custom-unheard', rule: 'RULE-59', oracle: 'nothingReceived', on: { span: 'victim-listens-custom', heard: 'victim-posts' } },
    {
      id: 'answers',
      rule: 'RULE-59',
      oracle: 'answers',
      on: { attempts: ['connects-with-will-set', 'connects-with-will-custom'] },
      reading: true,
    },
    { id: 'victim-unaffected', rule: 'RULE-59', oracle: 'accepted', on: { attempt: 'alive' } },
  ],
});
