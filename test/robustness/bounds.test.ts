// Clients that ask for too much, or take nothing: each is bounded, and the others are served meanwhile.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { MESSAGE_BYTES_MAX, TOPIC_BYTES_MAX } from '../../protocol/limits.ts';
import { makeCertificates } from '../../platform-stub/node/tls.node.ts';
import { header, packetsIn, postPacket, postTopic, PRODUCT, publishPacket, signInPacket, subscribePacket } from './packets.ts';
import { CrashWatch, FRONTS, MQTT_FRONTS, openRig, type FrontName, type Rig, type RigOptions, type Wire } from './rig.ts';

const DEVICE = 'greedy-0001';
const NEIGHBOUR = 'modest-0001';
const certificates = await makeCertificates();
const watch = new CrashWatch();
const open = (more: RigOptions = {}): Promise<Rig> => openRig({ devices: [DEVICE, NEIGHBOUR], certificates, ...more });

afterEach(() => expect(watch.crashes).toEqual([]));
afterAll(() => watch.stop());

/** A stub for one test, which nothing may be left in. */
async function withRig(more: RigOptions, use: (rig: Rig) => Promise<void>): Promise<void> {
  const rig = await open(more);
  try {
    await use(rig);
  } finally {
    await rig.close();
  }
}

const packetsOf = (wire: Wire, cmd: string): unknown[] => packetsIn(wire.received()).filter((packet) => packet.cmd === cmd);
const arrived = (wire: Wire, cmd: string, count = 1): Promise<void> =>
  expect.poll(() => packetsOf(wire, cmd).length, { interval: 2, timeout: 15_000 }).toBe(count);

async function signedIn(rig: Rig, front: FrontName, deviceName = DEVICE, wishes: Parameters<typeof signInPacket>[1] = {}): Promise<Wire> {
  const wire = await rig.dial(front);
  wire.send(signInPacket(deviceName, { encrypted: front === 'tls' || front === 'wss', ...wishes }));
  await arrived(wire, 'connack');
  return wire;
}

/** Replies that the platform logs as sent, and refusals, by code. */
function uplinks(rig: Rig): Map<number, number> {
  const seen = new Map<number, number>();
  rig.platform.log.listen(({ type, code }) => type === 'uplink' && seen.set(code, (seen.get(code) ?? 0) + 1));
  return seen;
}

describe('a packet that is too large', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await open();
  });
  afterAll(() => rig.close());

  it.each(MQTT_FRONTS)('ends the connection at its header, over %s: nobody waits until memory is full', async (front) => {
    for (const wire of [await rig.dial(front), await signedIn(rig, front)]) {
      wire.send(Buffer.concat([header(0x30, 4 * MESSAGE_BYTES_MAX + 1), Buffer.alloc(10)]));
      await wire.closed;
    }
    // As the first packet of a connection it is no CONNECT; this one is.
    const first = await rig.dial(front);
    first.send(header(0x10, 4 * MESSAGE_BYTES_MAX + 1));
    await first.closed;
    await expect.poll(() => rig.platform.openSessions).toBe(0);
    await rig.goodDevice();
  });

  it('of the largest size that a device may send is served, over every transport', async () => {
    for (const front of MQTT_FRONTS) {
      const wire = await signedIn(rig, front, DEVICE, { autoSubscribe: true });
      const seen = uplinks(rig);
      const post = postPacket(DEVICE, '7', 1, MESSAGE_BYTES_MAX - 1000);
      wire.send(post);
      await arrived(wire, 'puback');
      await arrived(wire, 'publish');
      expect([...seen]).toEqual([[200, 1]]);
      wire.end();
      await wire.closed;
    }
  });

  it('as an endless stream of small ones is another matter: each is served', async () => {
    const wire = await signedIn(rig, 'tcp');
    const seen = uplinks(rig);
    wire.send(Buffer.concat(Array.from({ length: 2000 }, () => postPacket(DEVICE, '1', 1))));
    await arrived(wire, 'puback', 2000);
    expect(seen.get(200)).toBe(2000);
    wire.end();
    await wire.closed;
  });

  it.each(['http', 'https', 'api'] as const)('in HTTP headers ends the connection, on %s', async (front) => {
    const wire = await rig.dial(front);
    wire.send(Buffer.from(`GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(1024 * 1024)}\r\n\r\n`));
    await wire.closed;
    // Inside TLS Node lets go before its answer has left.
    if (front !== 'https') expect(wire.received().toString('latin1')).toMatch(/^HTTP\/1\.1 431 /);
  });
});

describe('a topic that is too long', () => {
  it('ends no connection, and its message is dropped, where limits are on', () =>
    withRig({ options: { limits: 'vendor' } }, async (rig) => {
      const wire = await signedIn(rig, 'tcp');
      const seen = uplinks(rig);
      const base = `/${PRODUCT.productKey}/${DEVICE}/user/`;
      wire.send(publishPacket(base.padEnd(TOPIC_BYTES_MAX + 1, 'x'), '{}', 1));
      wire.send(publishPacket(base + 'x/'.repeat(8), '{}', 1));
      wire.send(publishPacket(base.padEnd(TOPIC_BYTES_MAX, 'x'), '{}', 1));
      await arrived(wire, 'puback', 3);
      expect([...seen]).toEqual([
        [6813, 2],
        [200, 1],
      ]);
      wire.end();
      await wire.closed;
    }));

  it('of 65,535 bytes is read, or refused, and nothing else happens', () =>
    withRig({}, async (rig) => {
      const own = `/${PRODUCT.productKey}/${DEVICE}/user/`;
      for (const topic of [own.padEnd(65_535, 'x'), own + '/'.repeat(65_000), '/'.repeat(65_535)]) {
        const wire = await signedIn(rig, 'tcp');
        wire.send(publishPacket(topic, 'x', 1));
        wire.send(subscribePacket([topic]));
        wire.end();
        await wire.closed;
      }
      await expect.poll(() => rig.platform.openSessions).toBe(0);
      await rig.goodDevice();
    }));
});

describe('ten thousand subscriptions of one client', () => {
  const filters = (count: number, from: number): string[] =>
    Array.from({ length: count }, (_, i) => `/${PRODUCT.productKey}/${DEVICE}/user/t${from + i}`);
  const granted = (wire: Wire): number =>
    (packetsOf(wire, 'suback') as { granted: number[] }[]).reduce((sum, one) => sum + one.granted.filter((qos) => qos !== 128).length, 0);

  it('are a thousand at most; the rest are refused in their SUBACKs, and the next device does not feel it', () =>
    withRig({}, async (rig) => {
      const wire = await signedIn(rig, 'tcp');
      for (let batch = 0; batch < 100; batch++) {
        wire.send(subscribePacket(filters(100, batch * 100), batch + 1));
        if (batch % 10 === 0) await arrived(wire, 'suback', batch + 1);
        if (batch === 50) await rig.goodDevice();
      }
      await arrived(wire, 'suback', 100);
      expect(granted(wire)).toBeGreaterThanOrEqual(900);
      expect(granted(wire)).toBeLessThanOrEqual(1000);
      await rig.goodDevice();
      wire.end();
      await wire.closed;
      await expect.poll(() => rig.platform.openSessions).toBe(0);
    }));

  it('in one packet are bounded too', () =>
    withRig({}, async (rig) => {
      const wire = await signedIn(rig, 'tcp');
      wire.send(subscribePacket(filters(10_000, 0)));
      await arrived(wire, 'suback');
      expect(granted(wire)).toBeGreaterThan(0);
      expect(granted(wire)).toBeLessThanOrEqual(1000);
      await rig.goodDevice();
      wire.end();
      await wire.closed;
    }));

  it('to topics of others are refused without being counted', () =>
    withRig({}, async (rig) => {
      const wire = await signedIn(rig, 'tcp');
      const foreign = filters(1200, 0).map((one) => one.replace(DEVICE, NEIGHBOUR));
      wire.send(subscribePacket([...foreign, ...filters(1, 0)]));
      await arrived(wire, 'suback');
      expect(granted(wire)).toBe(1);
      wire.end();
      await wire.closed;
    }));
});

describe('a client that never reads', () => {
  it.each(MQTT_FRONTS)('over %s holds up nobody else', (front) =>
    withRig({}, async (rig) => {
      const greedy = await signedIn(rig, front, DEVICE, { autoSubscribe: true });
      const seen = uplinks(rig);
      greedy.stopReading();
      // Replies of 150 bytes and more to each: a socket's buffers are full long before the last.
      const volley = Buffer.concat(Array.from({ length: 1000 }, () => postPacket(DEVICE)));
      for (let i = 1; i <= 20; i++) {
        greedy.send(volley);
        await expect.poll(() => seen.get(200), { interval: 2, timeout: 10_000 }).toBe(i * 1000);
      }
      const neighbour = await signedIn(rig, 'tcp', NEIGHBOUR, { autoSubscribe: true });
      neighbour.send(postPacket(NEIGHBOUR, '1', 1));
      await arrived(neighbour, 'publish');
      await rig.goodDevice();
      neighbour.end();
      greedy.reset();
      await expect.poll(() => rig.platform.openSessions).toBe(0);
    }),
  );

  it('what the platform sends to it holds up no message to another', () =>
    withRig({}, async (rig) => {
      const { productKey } = PRODUCT;
      const set = (deviceName: string): unknown =>
        rig.platform.operate({ action: 'SetDeviceProperty', productKey, deviceName, items: { Pad: 'x'.repeat(8000) } });
      const both = [];
      for (const deviceName of [DEVICE, NEIGHBOUR]) {
        const wire = await signedIn(rig, 'tcp', deviceName);
        wire.send(subscribePacket([`/sys/${productKey}/${deviceName}/thing/service/property/set`]));
        await arrived(wire, 'suback');
        both.push(wire);
      }
      const [greedy, neighbour] = both as [Wire, Wire];
      greedy.stopReading();
      for (let i = 0; i < 1500; i++) set(DEVICE);
      set(NEIGHBOUR);
      await arrived(neighbour, 'publish');
      greedy.reset();
      neighbour.end();
      await expect.poll(() => rig.platform.openSessions).toBe(0);
    }));

  it('and is kicked by its successor lets that one in', () =>
    withRig({}, async (rig) => {
      const first = await signedIn(rig, 'tcp', DEVICE, { autoSubscribe: true });
      const seen = uplinks(rig);
      first.stopReading();
      const volley = Buffer.concat(Array.from({ length: 1000 }, () => postPacket(DEVICE)));
      for (let i = 1; i <= 20; i++) {
        first.send(volley);
        await expect.poll(() => seen.get(200), { interval: 2, timeout: 10_000 }).toBe(i * 1000);
      }
      const second = await signedIn(rig, 'tcp', DEVICE, { autoSubscribe: true });
      second.send(postPacket(DEVICE, '2', 1));
      await arrived(second, 'publish');
      expect((packetsOf(second, 'publish') as { topic: string }[])[0]?.topic).toBe(`${postTopic(DEVICE)}_reply`);
      first.reset();
      second.end();
      await expect.poll(() => rig.platform.openSessions).toBe(0);
    }));
});

describe('a thousand clients', () => {
  it('that come and say nothing leave room for a good one, and leave nothing behind', () =>
    withRig({}, async (rig) => {
      const fronts = FRONTS.filter((front) => front !== 'tls' && front !== 'wss' && front !== 'https');
      const silent = await Promise.all(Array.from({ length: 1000 }, (_, i) => rig.dial(fronts[i % fronts.length]!)));
      await rig.goodDevice();
      await rig.goodDevice();
      for (const wire of silent) wire.reset();
      await Promise.all(silent.map((wire) => wire.closed));
      await expect.poll(() => rig.platform.openSessions).toBe(0);
    }));

  it('are let go when the stub closes, whatever they do', async () => {
    const rig = await open();
    const silent = await Promise.all(Array.from({ length: 200 }, (_, i) => rig.dial(FRONTS[i % FRONTS.length]!)));
    await rig.close();
    await Promise.all(silent.map((wire) => wire.closed));
    expect(rig.platform.openSessions).toBe(0);
  });
});

describe('a stub without room', () => {
  it('says so in each protocol, drops who waits, and serves again when there is room', () =>
    withRig({ capacity: 20 }, async (rig) => {
      const silent = await Promise.all(Array.from({ length: 20 }, () => rig.dial('tcp')));
      for (const front of ['tcp', 'tls'] as const) {
        const wire = await rig.dial(front);
        wire.send(signInPacket(DEVICE, { encrypted: front === 'tls' }));
        await wire.closed;
        expect(packetsIn(wire.received())).toMatchObject([{ cmd: 'connack', returnCode: 3 }]);
      }
      for (const front of ['http', 'https'] as const) {
        const wire = await rig.dial(front);
        wire.send(Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
        await wire.closed;
        expect(wire.received().toString()).toMatch(/^HTTP\/1\.1 503 /);
      }
      for (const front of ['ws', 'wss'] as const) await expect(rig.dial(front)).rejects.toThrow('503');
      for (const wire of silent) wire.reset();
      await Promise.all(silent.map((wire) => wire.closed));
      await expect.poll(() => rig.goodDevice().then(() => 'served', String)).toBe('served');
    }));
});
