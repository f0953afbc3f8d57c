import { definePlatformCase } from '../../engine/case.ts';
import { whileReplaced } from './kicked.ts';

/** How much longer the others are watched, milliseconds. */
const MORE_MS = 1_000;

// A name is a name within its product: the same DeviceName elsewhere is another device, and so is any other name here.
export default definePlatformCase({
  id: 'platform/session/kick-spares-others',
  title: {
    en: 'Who is pushed out is the same device of the same product, and nobody else',
    'zh-CN': '被挤下线的只是同一产品的同一设备，其他设备不受影响',
  },
  profiles: ['nwl', 'operator'],
  needs: 'cell',
  async drive(t) {
    const deviceName = t.name('unit');
    const product = await t.otherProduct();
    const unit = t.unit('unit', { mode: 'regnwl', deviceName });
    const twin = t.unit('twin', { mode: 'regnwl', deviceName });
    const neighbour = t.unit('neighbour', { mode: 'regnwl', deviceName: t.name('neighbour') });
    const namesake = t.unit('namesake', { mode: 'regnwl', deviceName, product });
    await neighbour.boot('neighbour-boots');
    await namesake.boot('namesake-boots');
    await unit.boot('boots');
    const credentials = unit.credentials();
    if (!credentials) return;
    await t.pace();
    let over = (): void => undefined;
    const whenOver = new Promise<void>((resolve) => (over = resolve));
    const others = Promise.all([neighbour.watchEnd('neighbour-stays', whenOver), namesake.watchEnd('namesake-stays', whenOver)]);
    await whileReplaced(t, unit, 'unit-pushed-out', () => twin.connect('twin-connects', { credentials }));
    await t.wait(MORE_MS);
    over();
    await others;
    await neighbour.post('neighbour-posts');
    await namesake.post('namesake-posts');
  },
  checks: [
    { id: 'pushed-out', rule: 'RULE-57', oracle: 'endedByPlatform', on: { span: 'unit-pushed-out' } },
    { id: 'neighbour-stays', rule: 'RULE-57', oracle: 'livedThrough', on: { span: 'neighbour-stays' } },
    { id: 'namesake-stays', rule: 'RULE-57', oracle: 'livedThrough', on: { span: 'namesake-stays' } },
    { id: 'neighbour-posts', rule: 'RULE-57', oracle: 'accepted', on: { attempt: 'neighbour-posts' } },
    { id: 'namesake-posts', rule: 'RULE-57', oracle: 'accepted', on: { attempt: 'namesake-posts' } },
  ],
});
