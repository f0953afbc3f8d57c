// Many filters and clients that do not read, as bytes on real sockets: found by fuzzing and kept.
import { generate } from 'mqtt-packet';
import { expect, it } from 'vitest';
import { packetsIn, postPacket, PRODUCT, signInPacket, subscribePacket } from './packets.ts';
import { openRig, type Rig, type RigOptions, type Wire } from './rig.ts';

const DEVICE = 'greedy-0001';
const PROPERTY_SET = `/sys/${PRODUCT.productKey}/${DEVICE}/thing/service/property/set`;
const topics = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, i) => `/${PRODUCT.productKey}/${DEVICE}/user/t${from + i}`);
const packetsOf = (wire: Wire, cmd: string): unknown[] => packetsIn(wire.received()).filter((packet) => packet.cmd === cmd);
const arrived = (wire: Wire, cmd: string, count = 1): Promise<void> =>
  expect.poll(() => packetsOf(wire, cmd).length, { interval: 2, timeout: 15_000 }).toBe(count);
const grants = (wire: Wire): number[][] => (packetsOf(wire, 'suback') as { granted: number[] }[]).map(({ granted }) => granted);
const granted = (wire: Wire): number[] => grants(wire).map((one) => one.filter((qos) => qos !== 128).length);

async function withRig(more: RigOptions, use: (rig: Rig) => Promise<void>): Promise<void> {
  const rig = await openRig({ devices: [DEVICE], ...more });
  try {
    await use(rig);
  } finally {
    await rig.close();
  }
}

async function signedIn(rig: Rig, wishes: Parameters<typeof signInPacket>[1] = {}): Promise<Wire> {
  const wire = await rig.dial('tcp');
  wire.send(signInPacket(DEVICE, wishes));
  await arrived(wire, 'connack');
  return wire;
}

async function subscribed(wire: Wire, filters: readonly string[], nth = 1): Promise<void> {
  wire.send(subscribePacket([...filters], nth));
  await arrived(wire, 'suback', nth);
}

it(
  'a thousand filters in one SUBSCRIBE are all granted, ten thousand are bounded, and stop nobody',
  () =>
    withRig({}, async (rig) => {
      for (const clean of [true, false]) {
        const wire = await signedIn(rig, { clean });
        await subscribed(wire, topics(1000));
        await subscribed(wire, topics(10_000), 2);
        expect(granted(wire)).toEqual([1000, 1000]);
        wire.end();
        await wire.closed;
      }
    }),
  10_000,
);

it('vendor limits count each filter once, and those of a resumed session too', () =>
  withRig({ options: { limits: 'vendor' } }, async (rig) => {
    const first = await signedIn(rig, { clean: false });
    for (let i = 0; i < 12; i++) await subscribed(first, topics(8, i * 8), i + 1);
    await subscribed(first, topics(4, 96), 13);
    expect(granted(first)).toEqual([...Array.from({ length: 12 }, () => 8), 4]);
    first.end();
    await first.closed;
    const second = await signedIn(rig, { clean: false });
    await subscribed(second, [topics(1)[0] ?? '', ...topics(1, 200)]);
    expect(grants(second)).toEqual([[0, 128]]);
  }));

it('a filter that was refused for want of room does not come with the resumed session', () =>
  withRig({}, async (rig) => {
    const first = await signedIn(rig, { clean: false });
    await subscribed(first, topics(1000));
    await subscribed(first, [PROPERTY_SET], 2);
    expect(grants(first)[1]).toEqual([128]);
    first.send(generate({ cmd: 'unsubscribe', messageId: 3, unsubscriptions: topics(1000) }));
    await arrived(first, 'unsuback');
    first.end();
    await first.closed;
    const second = await signedIn(rig, { clean: false });
    rig.platform.operate({ action: 'SetDeviceProperty', productKey: PRODUCT.productKey, deviceName: DEVICE, items: { A: 1 } });
    second.send(postPacket(DEVICE, '1', 1));
    await arrived(second, 'puback');
    expect(packetsOf(second, 'publish')).toEqual([]);
  }));

it.each([false, true])('a persistent session that subscribed at QoS 0 gets a property set and lives (resumed: %s)', (resumed) =>
  withRig({}, async (rig) => {
    let wire = await signedIn(rig, { clean: false });
    await subscribed(wire, [PROPERTY_SET]);
    if (resumed) {
      wire.end();
      await wire.closed;
      wire = await signedIn(rig, { clean: false });
    }
    rig.platform.operate({ action: 'SetDeviceProperty', productKey: PRODUCT.productKey, deviceName: DEVICE, items: { A: 1 } });
    await arrived(wire, 'publish');
    wire.send(postPacket(DEVICE, '1', 1));
    await arrived(wire, 'puback');
  }),
);

it(
  'a client that asks for replies and never reads them is ended',
  () =>
    withRig({}, async (rig) => {
      const wire = await signedIn(rig, { autoSubscribe: true });
      wire.stopReading();
      const volley = Buffer.concat(Array.from({ length: 1000 }, () => postPacket(DEVICE)));
      let seen = 0;
      rig.platform.log.listen(({ type }) => (seen += type === 'uplink' ? 1 : 0));
      for (let volleys = 1; volleys <= 200 && rig.platform.openSessions > 0; volleys++) {
        wire.send(volley);
        await expect.poll(() => seen >= volleys * 1000 || rig.platform.openSessions === 0, { interval: 2, timeout: 10_000 }).toBe(true);
      }
      expect([rig.platform.openSessions, seen < 200_000]).toEqual([0, true]);
    }),
  60_000,
);

it(
  'a client that does not read is gone soon after the platform ended it',
  () =>
    withRig({}, async (rig) => {
      const wire = await signedIn(rig, { autoSubscribe: true });
      wire.stopReading();
      const device = { productKey: PRODUCT.productKey, deviceName: DEVICE };
      for (let i = 0; i < 20; i++) rig.platform.operate({ action: 'SetDeviceProperty', ...device, items: { text: 'x'.repeat(900_000) } });
      // What was sent has been handed to the socket when a later message of the device has gone through.
      for (let id = 1; id <= 3; id++) {
        wire.send(postPacket(DEVICE, String(id), 1));
        await expect.poll(() => rig.platform.log.query({ type: 'uplink' }).length).toBe(id);
      }
      rig.platform.operate({ action: 'DisableThing', ...device });
      await expect.poll(() => rig.platform.openSessions, { timeout: 15_000 }).toBe(0);
    }),
  20_000,
);
