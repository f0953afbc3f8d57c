import { propertySet } from '../../../protocol/topics.ts';
import { definePlatformCase } from '../../engine/case.ts';

const LISTEN_MS = 1_000;

/** One SUBSCRIBE each: a platform may hang up over one of them. */
const FILTERS: readonly (readonly [string, (pk: string, dn: string) => string])[] = [
  ['sys', () => '/sys/#'],
  ['plus', (pk) => `/sys/${pk}/+/#`],
  ['shared', (pk, dn) => `$share/group/${propertySet(pk, dn)}`],
  ['dollar', () => '$SYS/#'],
];

// A filter may be refused, or granted and match nothing: what counts is that no message of another device comes.
export default definePlatformCase({
  id: 'platform/data/wildcards',
  title: {
    en: 'No wildcard and no shared subscription reaches what another device receives',
    'zh-CN': '通配符与共享订阅都接收不到其他设备的消息',
  },
  profiles: ['nwl', 'operator'],
  needs: 'cell',
  async drive(t) {
    const { productKey } = t.product;
    const victim = t.unit('victim', { mode: 'regnwl', deviceName: t.name('victim') });
    const intruder = t.unit('intruder', { mode: 'regnwl', deviceName: t.name('intruder') });
    await victim.boot('victim-boots');
    await intruder.boot('intruder-boots');
    const set = propertySet(productKey, victim.deviceName);
    await victim.subscribe('victim-subscribes', [set]);
    await intruder.post('intruder-posts');
    for (const [label, filter] of FILTERS) await intruder.subscribe(`reaches-${label}`, [filter(productKey, victim.deviceName)]);
    const listening = Promise.all([intruder.watch('intruder-listens', LISTEN_MS), victim.watch('victim-is-set', LISTEN_MS)]);
    await t.operator.setProperty('set', victim.deviceName, { led: 1 });
    await listening;
    await victim.post('alive');
  },
  checks: [
    {
      id: 'hears-nothing',
      rule: 'RULE-59',
      oracle: 'nothingReceived',
      on: { span: 'intruder-listens', heard: 'intruder-posts', meanwhile: 'victim-is-set', mayBeClosed: true },
    },
    { id: 'victim-unaffected', rule: 'RULE-59', oracle: 'accepted', on: { attempt: 'alive' } },
    ...FILTERS.map(
      ([label]) =>
        ({
          id: `granted-${label}`,
          rule: 'RULE-59',
          oracle: 'reading',
          on: { span: `reaches-${label}`, fact: 'granted' },
          reading: true,
        }) as const,
    ),
  ],
});
