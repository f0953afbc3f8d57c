import { definePlatformCase } from '../../engine/case.ts';

const FILTERS = ['#', '/ext/#', '/ext/register', '/ext/regnwl'];
const OTHERS = 25;

// A leak here leaks every secret: a connected device listens wherever a reply could pass while others register in both modes.
export default definePlatformCase({
  id: 'platform/nwl/reply-isolation',
  title: 'No device sees the credentials that another one is sent',
  profiles: ['prereg', 'nwl', 'operator'],
  needs: 'cell',
  async drive(t) {
    const watcher = t.unit('watcher', { mode: 'regnwl', deviceName: t.name('watcher') });
    await watcher.boot('watcher-boots');
    await watcher.subscribe('subscribes', FILTERS);
    await watcher.post('can-hear');
    const others = Array.from({ length: 2 * OTHERS }, (_, i) => i);
    for (const i of others) if (i % 2 === 0) await t.operator.addDevice(`added-${i}`, t.name(`other-${i}`));
    const registering = Promise.all(
      others.map((i) =>
        t.unit(`other-${i}`, { mode: i % 2 === 0 ? 'register' : 'regnwl', deviceName: t.name(`other-${i}`) }).register(`other-${i}`),
      ),
    );
    await watcher.watch('while-others-register', 2_000);
    await registering;
    await watcher.watch('afterwards', 1_000);
    await watcher.disconnect('leaves');
    await t.pace();
    await watcher.connect('returns', { fields: (fields) => ({ ...fields, clean: false }) });
    await watcher.subscribe('subscribes-again', FILTERS);
    await watcher.watch('nothing-retained', 1_000);
  },
  checks: [
    { id: 'others-registered', rule: 'RULE-05', oracle: 'issued', on: { attempt: 'other-0' } },
    { id: 'others-registered-nwl', rule: 'RULE-05', oracle: 'issued', on: { attempt: 'other-1' } },
    { id: 'nothing-leaks', rule: 'RULE-05', oracle: 'nothingReceived', on: { span: 'while-others-register', heard: 'can-hear' } },
    { id: 'nothing-afterwards', rule: 'RULE-05', oracle: 'nothingReceived', on: { span: 'afterwards', heard: 'can-hear' } },
    { id: 'nothing-retained', rule: 'RULE-05', oracle: 'nothingReceived', on: { span: 'nothing-retained', heard: 'can-hear' } },
  ],
});
