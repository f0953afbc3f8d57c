// What aedes 1.2 gets wrong and the front works round: each test fails without its work-around. (Refused filters that persist, and kicks
// in the tick of a CONNECT, are in mqtt.test.ts; the empty queue of clean sessions is in tools/vite.)
import { Aedes } from 'aedes';
import { afterEach, expect, it, vi } from 'vitest';
import { propertyPost, propertyPostReply, propertySet } from '../../protocol/topics.ts';
import { DN, PK } from '../bench.testkit.ts';
import { closeHouses, House, post, QUIET, turns } from './mqtt.testkit.ts';

afterEach(async () => {
  await closeHouses();
  vi.restoreAllMocks();
});

it('concurrency: a subscriber that does not read holds up nobody else', async () => {
  const house = await House.open();
  const frozen = await house.online(await house.issue());
  await frozen.subscribe(propertySet(PK, DN));
  const other = await house.online(await house.issue('register', 'meter-0002'), 'meter-0002');
  await other.subscribe(propertySet(PK, 'meter-0002'));
  frozen.pause();
  const items = { text: 'x'.repeat(4000) };
  for (let i = 0; i < 400; i++) house.platform.operate({ action: 'SetDeviceProperty', productKey: PK, deviceName: DN, items });
  await turns(QUIET);
  house.platform.operate({ action: 'SetDeviceProperty', productKey: PK, deviceName: 'meter-0002', items: { t: 1 } });
  other.publish(propertyPost(PK, 'meter-0002'), post('1'));
  expect((await other.next('publish')).topic).toBe(propertySet(PK, 'meter-0002'));
  // Everything that waits for the frozen one would otherwise keep the house open.
  frozen.abort();
});

it('kicks: an identity that the broker has lost, as it does when two connections meet in a tick, is kicked all the same', async () => {
  const create = vi.spyOn(Aedes, 'createBroker');
  const house = await House.open();
  const { clients } = (await create.mock.results[0]?.value) as unknown as { clients: Record<string, unknown> };
  const credentials = await house.issue();
  const older = await house.online(credentials);
  delete clients[house.brokerIds[0] as string];
  const newer = await house.online(credentials);
  expect(await older.closed()).toBe('remote');
  await newer.ping();
  expect([newer.isClosed, house.platform.openSessions]).toEqual([false, 1]);
});

it('keep-alive: timers that are numbers, as in a browser, break no packet after the CONNECT', async () => {
  const real = globalThis.setTimeout;
  const numbers = vi
    .spyOn(globalThis, 'setTimeout')
    .mockImplementation(((work: () => void, ms?: number) => Number(real(work, ms))) as unknown as typeof setTimeout);
  const house = await House.open();
  const device = await house.online(await house.issue(), DN, { keepalive: 60 });
  expect(await device.subscribe(propertyPostReply(PK, DN))).toEqual([1]);
  device.publish(propertyPost(PK, DN), post('1'), 1);
  await device.next('publish');
  await device.ping();
  expect([device.isClosed, numbers.mock.calls.length > 0]).toEqual([false, true]);
});

it('statistics: no subscription sees $SYS, and nothing is spent on it', async () => {
  const house = await House.open();
  const device = await house.online(await house.issue());
  expect(await device.subscribe('$SYS/#')).toEqual([128]);
  await device.ping();
  expect(device.published()).toEqual([]);
});
