import type { Bend } from '../../../worker/unit/unit.ts';
import { definePlatformCase } from '../../engine/case.ts';

const FILTERS = ['#', '/ext/#', '/ext/register', '/ext/regnwl'];
/** Of each mode. */
const OTHERS = 50;
const PERSISTENT: Bend = { fields: (fields) => ({ ...fields, clean: false }) };

// A leak here leaks every secret: devices listen wherever a reply could pass while others register in both modes, one of them in a session
// that outlives its connection and one that is away meanwhile and comes back for what was kept.
export default definePlatformCase({
  id: 'platform/nwl/reply-isolation',
  title: {
    en: 'No device sees the credentials that another one is sent',
    'zh-CN': '任何设备都看不到下发给其他设备的凭据',
  },
  profiles: ['prereg', 'nwl', 'operator'],
  needs: 'cell',
  async drive(t) {
    const watcher = t.unit('watcher', { mode: 'regnwl', deviceName: t.name('watcher') });
    await watcher.boot('watcher-boots');
    await watcher.subscribe('subscribes', FILTERS);
    await watcher.post('can-hear');
    const sleeper = t.unit('sleeper', { mode: 'regnwl', deviceName: t.name('sleeper') });
    await sleeper.register('sleeper-registers');
    await sleeper.connect('sleeper-connects', PERSISTENT);
    await sleeper.subscribe('sleeper-subscribes', FILTERS);
    await sleeper.post('sleeper-can-hear');
    await sleeper.disconnect('sleeper-leaves');
    const keeper = t.unit('keeper', { mode: 'regnwl', deviceName: t.name('keeper') });
    await keeper.register('keeper-registers');
    await keeper.connect('keeper-connects', PERSISTENT);
    await keeper.subscribe('keeper-subscribes', FILTERS);
    await keeper.post('keeper-can-hear');
    const others = Array.from({ length: 2 * OTHERS }, (_, i) => i);
    for (const i of others) if (i % 2 === 0) await t.operator.addDevice(`added-${i}`, t.name(`other-${i}`));
    const registering = Promise.all(
      others.map((i) =>
        t.unit(`other-${i}`, { mode: i % 2 === 0 ? 'register' : 'regnwl', deviceName: t.name(`other-${i}`) }).register(`other-${i}`),
      ),
    );
    await Promise.all([watcher.watch('while-others-register', 2_000), keeper.watch('kept-while-others-register', 2_000)]);
    await registering;
    await watcher.watch('afterwards', 1_000);
    await watcher.disconnect('leaves');
    await t.pace();
    await watcher.connect('returns', PERSISTENT);
    await watcher.subscribe('subscribes-again', FILTERS);
    await watcher.watch('nothing-retained', 1_000);
    await sleeper.connectAndListen('sleeper-returns', 1_000, PERSISTENT);
  },
  checks: [
    { id: 'others-registered', rule: 'RULE-05', oracle: 'issued', on: { attempt: 'other-0' } },
    { id: 'others-registered-nwl', rule: 'RULE-05', oracle: 'issued', on: { attempt: 'other-1' } },
    { id: 'nothing-leaks', rule: 'RULE-05', oracle: 'nothingReceived', on: { span: 'while-others-register', heard: 'can-hear' } },
    {
      id: 'nothing-leaks-persistent',
      rule: 'RULE-05',
      oracle: 'nothingReceived',
      on: { span: 'kept-while-others-register', heard: 'keeper-can-hear' },
    },
    { id: 'nothing-queued', rule: 'RULE-05', oracle: 'nothingReceived', on: { span: 'sleeper-returns', heard: 'sleeper-can-hear' } },
    { id: 'nothing-afterwards', rule: 'RULE-05', oracle: 'nothingReceived', on: { span: 'afterwards', heard: 'can-hear' } },
    { id: 'nothing-retained', rule: 'RULE-05', oracle: 'nothingReceived', on: { span: 'nothing-retained', heard: 'can-hear' } },
  ],
});
