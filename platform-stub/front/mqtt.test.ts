// The platform as bytes: raw packets over memory streams against the real broker. What is decided is core's business and tested there.
import mqtt from 'mqtt-packet';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { isCompact, parsePostReply, parseReply } from '../../protocol/payload.ts';
import { propertyPost, propertyPostReply, propertySet, userGet } from '../../protocol/topics.ts';
import type { ByteStream, StreamHandlers } from '../../kernel/bytes/stream.ts';
import { DN, ENCRYPTED, PK, PLAIN, registration, signIn, type Credentials } from '../bench.testkit.ts';
import { OFF, withEntry } from '../core/policy.ts';
import { closeHouses, connectPacket, House, post, QUIET, turn, turns, type Of } from './mqtt.testkit.ts';

/** What the broker keeps over a session's end; the real store, held on to. */
interface Store {
  /** Filters that wait for a client; null where none was kept. */
  subscriptionsByClient(client: { id: string }): Promise<{ topic: string }[]>;
  outgoingStream(client: { id: string }): AsyncIterable<unknown>;
  countOffline(): Promise<{ subsCount: number; clientsCount: number }>;
  createRetainedStream(filter: string): AsyncIterable<unknown>;
  streamWill(): AsyncIterable<unknown>;
}
const stores = vi.hoisted((): unknown[] => []);
vi.mock('aedes-persistence', async (importActual) => {
  const { default: make } = await importActual<{ default: () => unknown }>();
  return {
    default: () => {
      const store = make();
      stores.push(store);
      return store;
    },
  };
});
const kept = (): Store => stores.at(-1) as Store;
const count = async (all: AsyncIterable<unknown>): Promise<number> => {
  let found = 0;
  for await (const one of all) if (one) found += 1;
  return found;
};

afterEach(closeHouses);

describe('a registration', () => {
  it.each(['register', 'regnwl'] as const)(
    '%s: four bytes of CONNACK, then one QoS 0 publish with compact JSON on its topic',
    async (mode) => {
      const house = await House.open();
      const device = house.send(registration(mode));
      await device.next('publish');
      await device.ping();
      expect([...device.bytes.subarray(0, 4)]).toEqual([0x20, 0x02, 0x00, 0x00]);
      expect(device.packets.map((packet) => packet.cmd)).toEqual(['connack', 'publish', 'pingresp']);
      const [reply] = device.published() as [Of<'publish'>];
      expect(reply).toMatchObject({ topic: `/ext/${mode}`, qos: 0, retain: false, dup: false });
      const text = (reply.payload as Buffer).toString('utf8');
      expect(isCompact(text)).toBe(true);
      expect(parseReply(text)).toMatchObject({ kind: mode, productKey: PK, deviceName: DN });
      expect(house.status()).toBe('UNACTIVE');
    },
  );

  it('sends the CONNACK as one piece', async () => {
    const house = await House.open();
    const device = house.send(registration('register'));
    await device.next('connack');
    expect(device.chunks[0]?.length).toBeGreaterThanOrEqual(4);
  });

  it.each([
    ['a wrong signature', () => registration('register', DN, { ps: 'wrong' }), 4],
    ['plain TCP', () => registration('register', DN, { request: { facts: PLAIN } }), 2],
    ['a malformed identifier', () => registration('register', DN, { request: { identifier: 'x|authType=register|' } }), 2],
    ['an unknown device', () => registration('register', 'unknown-1'), 4],
    ['no user name', () => registration('register', DN, { request: { username: undefined, password: undefined } }), 2],
  ] as const)('refuses %s with its code, says nothing else, and closes', async (_what, request, code) => {
    const house = await House.open();
    const device = house.send(request());
    expect(await device.closed()).toBe('remote');
    expect([...device.bytes]).toEqual([0x20, 0x02, 0x00, code]);
  });

  it('refuses MQTT 5 with code 1 and accepts MQTT 3.1', async () => {
    const house = await House.open();
    const five = house.send(registration('register'), {}, 5);
    await five.closed();
    expect([...five.bytes]).toEqual([0x20, 0x02, 0x00, 0x01]);
    const old = house.send(registration('register'), { protocolId: 'MQIsdp' }, 3);
    expect((await old.next('publish')).topic).toBe('/ext/register');
  });

  it('grants the two reply topics and nothing else, and sends the reply once all the same', async () => {
    const house = await House.open();
    const device = house.send(registration('regnwl'));
    device.send({
      cmd: 'subscribe',
      messageId: 1,
      subscriptions: ['/ext/register', '/ext/regnwl', '#', '/ext/#', '/ext/+', '/ext/notify', propertyPostReply(PK, DN), '$SYS/#'].map(
        (topic) => ({ topic, qos: 0 }),
      ),
    });
    expect((await device.next('suback')).granted).toEqual([0, 0, 128, 128, 128, 128, 128, 128]);
    await device.ping();
    expect(device.published()).toHaveLength(1);
  });

  it('drops what is published on it, but acknowledges', async () => {
    const house = await House.open();
    const credentials = await house.issue('register', 'meter-0002');
    const online = await house.online(credentials, 'meter-0002');
    await online.subscribe(userGet(PK, 'meter-0002'), propertyPostReply(PK, 'meter-0002'));
    const device = house.send(registration('register'));
    await device.next('publish');
    device.publish('/ext/register', 'forged', 1).publish(userGet(PK, 'meter-0002'), 'x').publish(propertyPost(PK, DN), post('1'));
    expect((await device.next('puback')).messageId).toBe(77);
    await device.ping();
    await online.ping();
    expect([device.published().length, online.published().length]).toEqual([1, 0]);
  });

  it('is ended 15 s after the reply; a device that leaves first is not waited for', async () => {
    const house = await House.open();
    const [stays, leaves] = [house.send(registration('register')), house.send(registration('register', 'meter-0002'))];
    await Promise.all([stays.next('publish'), leaves.next('publish')]);
    await turns(QUIET);
    expect(house.clock.alarms).toBe(1);
    leaves.send({ cmd: 'disconnect' });
    await leaves.closed();
    house.clock.advance(14_999);
    await stays.ping();
    expect(stays.isClosed).toBe(false);
    house.clock.advance(1);
    expect(await stays.closed()).toBe('remote');
    expect(house.platform.openSessions).toBe(0);
  });

  it('leaves nothing persistent, though it asks for it', async () => {
    const house = await House.open();
    for (let i = 0; i < 2; i++) {
      const device = house.send(registration('register'), { clean: false });
      const connack = await device.next('connack');
      expect(connack.sessionPresent).toBe(false);
      expect(await device.subscribe('/ext/register')).toEqual([1]);
      expect(await kept().countOffline()).toEqual({ subsCount: 0, clientsCount: 0 });
      device.send({ cmd: 'disconnect' });
      await device.closed();
    }
    const later = house.send(registration('register', 'meter-0002'), { clean: false });
    await later.ping();
    expect(later.published()).toHaveLength(1);
  });

  it('accepts the CONNECT cut at every byte, and with packets behind it', async () => {
    const house = await House.open();
    const bytes = mqtt.generate(connectPacket(registration('register')));
    const slow = house.dial();
    for (const byte of bytes) {
      slow.write(Uint8Array.of(byte));
      await turn();
    }
    await slow.next('publish');
    const quick = house.dial();
    quick.write(Buffer.concat([bytes, mqtt.generate({ cmd: 'pingreq' }), mqtt.generate({ cmd: 'disconnect' })]));
    await quick.closed();
    expect(quick.packets.map((packet) => packet.cmd)).toContain('connack');
  });

  it('closes on a second CONNECT and on bytes that are no MQTT', async () => {
    const house = await House.open();
    const device = house.send(registration('register'));
    await device.next('publish');
    device.send(connectPacket(registration('register', 'meter-0002')));
    await device.closed();
    const http = house.dial();
    http.write(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
    await http.closed();
    expect(http.bytes).toHaveLength(0);
    // The platform never heard of the second name.
    expect(house.status('meter-0002')).toBe('UNACTIVE');
  });

  it('takes a stream that has ended already for what it is', async () => {
    const house = await House.open();
    const handlers: StreamHandlers[] = [];
    const nothing = (): void => undefined;
    const gone: ByteStream = {
      ...{ facts: ENCRYPTED, write: () => true, end: nothing, shut: nothing, abort: nothing, pause: nothing, resume: nothing },
      attach(given) {
        handlers.push(given);
        given.close({ by: 'remote' });
      },
    };
    house.front.accept(gone);
    await turns(QUIET);
    expect([handlers.length, house.platform.openSessions]).toEqual([1, 0]);
  });

  it('survives a client that resets at any moment, and serves the next', async () => {
    const house = await House.open();
    for (let wait = 0; wait < 30; wait++) {
      const device = house.send(registration('register'));
      await turns(wait);
      device.abort();
    }
    await turns(QUIET);
    expect(house.platform.openSessions).toBe(0);
    await house.online(await house.issue());
    expect(house.status()).toBe('ONLINE');
  });
});

describe('isolation', () => {
  it('a connected device with any subscription hears nothing of 50 registrations, then or later', async () => {
    const house = await House.open();
    const credentials = await house.issue();
    const spies = [
      await house.online(credentials),
      await house.online(await house.issue('register', 'meter-0002'), 'meter-0002', { clean: false }),
    ];
    for (const spy of spies) {
      expect(await spy.subscribe('#', '/ext/#', '/ext/register', '/ext/regnwl', '/#', '+/+', '$SYS/#', '$muster/#')).toEqual(
        Array<number>(8).fill(128),
      );
    }
    await Promise.all(Array.from({ length: 50 }, (_, i) => house.issue('regnwl', `victim-${i}`)));
    for (const spy of spies) {
      await spy.ping();
      expect(spy.published()).toEqual([]);
    }
    const late = await house.online(credentials);
    await late.subscribe('/ext/#', '#');
    await late.ping();
    expect(late.published()).toEqual([]);
  });

  it('uplinks of one device reach no other, whatever it subscribed to', async () => {
    const house = await House.open();
    const [one, other] = [
      await house.online(await house.issue()),
      await house.online(await house.issue('register', 'meter-0002'), 'meter-0002'),
    ];
    const granted = await other.subscribe(
      '#',
      propertyPost(PK, DN),
      `/sys/${PK}/+/thing/event/property/post`,
      `/broadcast/${PK}/x`,
      userGet(PK, 'meter-0002'),
    );
    expect(granted).toEqual([128, 128, 128, 1, 1]);
    one.publish(propertyPost(PK, DN), post('1'), 1).publish(`/broadcast/${PK}/x`, 'x', 1).publish(userGet(PK, 'meter-0002'), 'x', 0, true);
    await one.next('puback', 2);
    await one.ping();
    await other.ping();
    expect(other.published()).toEqual([]);
    // Nor was anything retained.
    await other.subscribe(`/broadcast/${PK}/#`, userGet(PK, 'meter-0002'));
    await other.ping();
    expect(other.published()).toEqual([]);
  });

  it("a forged reply reaches nobody; the victim gets the platform's alone", async () => {
    const house = await House.open();
    const forger = await house.online(await house.issue());
    const victim = house.send(registration('regnwl', 'victim-1'));
    await victim.subscribe('/ext/register', '/ext/regnwl');
    forger.publish('/ext/regnwl', 'forged', 1).publish('/ext/register', 'forged', 1);
    await forger.next('puback', 2);
    await victim.ping();
    expect(victim.published().map((packet) => parseReply(packet.payload as Buffer).deviceName)).toEqual(['victim-1']);
  });

  it("a platform without RULE-59 grants what is another's", async () => {
    const house = await House.open({ policy: withEntry('RULE-59', OFF['RULE-59']) });
    const device = await house.online(await house.issue());
    expect(await device.subscribe(userGet(PK, 'meter-0002'))).toEqual([1]);
  });

  it.each([
    ['on-subscribe', 0, 1],
    ['published', 1, 1],
  ] as const)('a platform without RULE-05 delivers %s', async (delivery, before, after) => {
    const house = await House.open({ policy: withEntry('RULE-05', () => delivery) });
    const spy = await house.online({ deviceSecret: 'x' }, DN).catch(() => undefined);
    expect(spy).toBeUndefined();
    const device = house.send(registration('regnwl'));
    await device.ping();
    expect(device.published()).toHaveLength(before);
    await device.subscribe('/ext/regnwl');
    await device.ping();
    expect(device.published()).toHaveLength(after);
  });
});

describe('a device that is online', () => {
  it.each([
    ['with a matching subscription', '', true, true, 1],
    ['with a wildcard of its own', '', 'wild', true, 1],
    ['with _ss=1', ',_ss=1', false, true, 1],
    ['with both', ',_ss=1', true, true, 1],
    ['with neither', '', false, true, 0],
    ['that wants no answer', ',_ss=1', true, false, 0],
  ] as const)('%s gets its answers: %#', async (_what, extra, subscribes, ack, answers) => {
    const house = await House.open();
    const device = await house.online(await house.issue(), DN, {}, extra);
    if (subscribes) await device.subscribe(subscribes === 'wild' ? `/sys/${PK}/${DN}/thing/event/+/post_reply` : propertyPostReply(PK, DN));
    device.publish(propertyPost(PK, DN), post('4711', ack), 1);
    await device.next('puback');
    await device.ping();
    expect(device.published().map(({ topic, payload }) => [topic, parsePostReply(payload as Buffer)])).toEqual(
      Array.from({ length: answers }, () => [propertyPostReply(PK, DN), { id: '4711', code: 200, message: 'success' }]),
    );
  });

  it('gets one answer a post, in order', async () => {
    const house = await House.open();
    const device = await house.online(await house.issue(), DN, {}, ',_ss=1');
    for (let i = 1; i <= 20; i++) device.publish(propertyPost(PK, DN), post(String(i)));
    await device.next('publish', 20);
    await device.ping();
    expect(device.published().map((packet) => parsePostReply(packet.payload as Buffer).id)).toEqual(
      Array.from({ length: 20 }, (_, i) => String(i + 1)),
    );
  });

  it('is told that its post is no JSON; other topics get no answer', async () => {
    const house = await House.open();
    const device = await house.online(await house.issue(), DN, {}, ',_ss=1');
    device.publish(propertyPost(PK, DN), 'no json').publish(propertyPost(PK, 'meter-0002'), post('1')).publish(userGet(PK, DN), post('2'));
    await device.ping();
    const replies = device.published().map((packet) => JSON.parse((packet.payload as Buffer).toString('utf8')) as { code: number });
    expect(replies.map((reply) => reply.code)).toEqual([6207]);
  });

  it('is closed for QoS 2, and for that alone', async () => {
    const house = await House.open();
    const credentials = await house.issue();
    const device = await house.online(credentials);
    device.publish(propertyPost(PK, DN), post('1'), 2);
    await device.closed();
    expect(device.packets.map((packet) => packet.cmd)).toEqual(['connack']);
    expect(house.status()).toBe('OFFLINE');
    expect(await (await house.online(credentials)).subscribe(userGet(PK, DN))).toEqual([1]);
  });

  it('may bring a will, which nobody hears', async () => {
    const house = await House.open({ policy: withEntry('RULE-59', OFF['RULE-59']) });
    const other = await house.online(await house.issue('register', 'meter-0002'), 'meter-0002');
    expect(await other.subscribe('#')).toEqual([1]);
    const device = await house.online(await house.issue(), DN, {
      clean: false,
      will: { topic: userGet(PK, DN), payload: Buffer.from('gone'), qos: 1, retain: true },
    });
    expect(await count(kept().streamWill())).toBe(0);
    device.abort();
    await device.closed();
    await other.ping();
    expect(other.published()).toEqual([]);
    expect(await count(kept().createRetainedStream('#'))).toBe(0);
    expect(house.status()).toBe('OFFLINE');
  });

  it('is refused with code 2 for a keep-alive below 30 and with 4 for a wrong secret', async () => {
    const house = await House.open();
    const credentials = await house.issue();
    for (const [request, code] of [
      [signIn(credentials, DN, { keepAlive: 29 }), 2],
      [signIn(credentials, DN, { keepAlive: 0 }), 2],
      [signIn({ deviceSecret: 'wrong' }), 4],
    ] as const) {
      const device = house.send(request);
      await device.closed();
      expect([...device.bytes]).toEqual([0x20, 0x02, 0x00, code]);
    }
  });

  it('is dropped when it is silent, and kept when it pings', async () => {
    const house = await House.open();
    const device = await house.online(await house.issue());
    for (let i = 0; i < 10; i++) {
      house.clock.advance(60_000);
      await device.ping();
    }
    expect(device.isClosed).toBe(false);
    house.clock.advance(120_000);
    expect(await device.closed()).toBe('remote');
    expect(house.status()).toBe('OFFLINE');
  });

  it.each([
    ['disabled', 'DisableThing', 'DISABLE'],
    ['deleted', 'DeleteDevice', undefined],
  ] as const)('is closed when it is %s', async (_what, action, status) => {
    const house = await House.open();
    const device = await house.online(await house.issue());
    house.platform.operate({ action, productKey: PK, deviceName: DN });
    expect(await device.closed()).toBe('remote');
    expect(house.status()).toBe(status);
  });
});

describe('a session that is to be kept', () => {
  it('comes back for the same certificate, whatever the identifier string; a clean one clears it', async () => {
    const house = await House.open();
    const credentials = await house.issue();
    const present = async (clean: boolean, extra = ''): Promise<boolean> => {
      const device = await house.online(credentials, DN, { clean }, extra);
      const { sessionPresent } = await device.next('connack');
      if (!clean) await device.subscribe(propertyPostReply(PK, DN));
      device.send({ cmd: 'disconnect' });
      await device.closed();
      return sessionPresent;
    };
    expect(await present(false)).toBe(false);
    expect(await present(false, ',lan=C')).toBe(true);
    expect(await present(true)).toBe(false);
    expect(await present(false)).toBe(false);
  });

  it('keeps no filter that was refused', async () => {
    const house = await House.open();
    const credentials = await house.issue();
    const first = await house.online(credentials, DN, { clean: false });
    expect(await first.subscribe('#', `/sys/${PK}/#`, propertyPostReply(PK, DN), propertyPostReply(PK, 'meter-0002'))).toEqual([
      128, 128, 1, 128,
    ]);
    first.send({ cmd: 'disconnect' });
    await first.closed();
    const identity = house.brokerIds[0] as string;
    expect((await kept().subscriptionsByClient({ id: identity })).map((one) => one.topic)).toEqual([propertyPostReply(PK, DN)]);
    const second = await house.online(credentials, DN, { clean: false });
    expect((await second.next('connack')).sessionPresent).toBe(true);
    second.publish(propertyPost(PK, DN), post('9'));
    await second.next('publish');
    await second.ping();
    expect(second.published()).toHaveLength(1);

    // Only refused filters: nothing to keep.
    const other = await house.issue('register', 'meter-0002');
    const third = await house.online(other, 'meter-0002', { clean: false });
    expect(await third.subscribe('#')).toEqual([128]);
    third.send({ cmd: 'disconnect' });
    await third.closed();
    expect((await (await house.online(other, 'meter-0002', { clean: false })).next('connack')).sessionPresent).toBe(false);
  });

  it('is forgotten with its certificate: after Clear, Switch and delete nothing of it is kept', async () => {
    const house = await House.open();
    const set = propertySet(PK, 'token-1');
    const [one, two] = [await house.issue('regnwl', 'token-1'), await house.issue('regnwl', 'token-1')];
    for (const credentials of [one, two]) {
      const device = await house.online(credentials, 'token-1', { clean: false });
      await device.subscribe(set);
      device.send({ cmd: 'disconnect' });
      await device.closed();
    }
    const [first = '', second = ''] = house.brokerIds;
    house.platform.operate({ action: 'SetDeviceProperty', productKey: PK, deviceName: 'token-1', items: {} });
    await turns(QUIET);
    const left = async (): Promise<unknown[]> => [
      (await kept().subscriptionsByClient({ id: first })).length,
      await count(kept().outgoingStream({ id: first })),
      (await kept().subscriptionsByClient({ id: second })).length,
      await count(kept().outgoingStream({ id: second })),
    ];
    expect(await left()).toEqual([1, 1, 1, 1]);
    const clientId = 'clientId' in two ? two.clientId : '';
    house.platform.operate({ action: 'TransformClientId', productKey: PK, deviceName: 'token-1', clientId });
    await turns(QUIET);
    expect(await left()).toEqual([0, 0, 1, 1]);
    house.platform.operate({ action: 'DeleteDevice', productKey: PK, deviceName: 'token-1' });
    await turns(QUIET);
    expect(await left()).toEqual([0, 0, 0, 0]);
  });

  it('belongs to its ClientID: not to another of the name, nor to the next incarnation', async () => {
    const house = await House.open();
    const sessionPresent = async (credentials: Credentials): Promise<boolean> => {
      const device = await house.online(credentials, 'token-1', { clean: false });
      const connack = await device.next('connack');
      await device.subscribe(propertyPostReply(PK, 'token-1'));
      device.send({ cmd: 'disconnect' });
      await device.closed();
      return connack.sessionPresent;
    };
    const [one, two] = [await house.issue('regnwl', 'token-1'), await house.issue('regnwl', 'token-1')];
    expect([await sessionPresent(one), await sessionPresent(one), await sessionPresent(two)]).toEqual([false, true, false]);
    house.platform.operate({ action: 'DeleteDevice', productKey: PK, deviceName: 'token-1' });
    expect(await sessionPresent(await house.issue('regnwl', 'token-1'))).toBe(false);
  });
});

describe('kick-out', () => {
  it('the newest wins; the older sees an orderly end', async () => {
    const house = await House.open();
    const credentials = await house.issue();
    const older = await house.online(credentials);
    const newer = await house.online(credentials);
    expect(await older.closed()).toBe('remote');
    await newer.ping();
    expect([newer.isClosed, house.status(), house.platform.openSessions]).toEqual([false, 'ONLINE', 1]);
  });

  it('works between two ClientIDs of one name, and their sessions stay apart', async () => {
    const house = await House.open();
    const [one, two] = [await house.issue('regnwl', 'token-1'), await house.issue('regnwl', 'token-1')];
    const older = await house.online(one, 'token-1');
    const newer = await house.online(two, 'token-1');
    expect(await older.closed()).toBe('remote');
    await newer.ping();
    expect([newer.isClosed, house.status('token-1')]).toEqual([false, 'ONLINE']);
  });

  it('a platform without RULE-57 keeps both', async () => {
    const house = await House.open({ policy: withEntry('RULE-57', OFF['RULE-57']) });
    const credentials = await house.issue();
    const [older, newer] = [await house.online(credentials), await house.online(credentials)];
    await older.ping();
    await newer.ping();
    expect(house.platform.openSessions).toBe(2);
  });

  it("holds in 50 interleavings in which the older connection dies around the newer one's CONNECT", async () => {
    const house = await House.open();
    const credentials = await house.issue();
    for (let i = 0; i < 50; i++) {
      const older = await house.online(credentials);
      const [dies, comes] = [i % 10, Math.floor(i / 10) * 2];
      const dying = turns(dies).then(() => older.abort());
      await turns(comes);
      const newer = await house.online(credentials, DN, { clean: i % 3 !== 0 });
      await dying;
      await older.closed();
      await newer.ping();
      expect([i, newer.isClosed, house.platform.openSessions, house.status()]).toEqual([i, false, 1, 'ONLINE']);
      // The newer one is still the one that a third kicks.
      const third = await house.online(credentials);
      expect(await newer.closed()).toBe('remote');
      await third.ping();
      expect([i, third.isClosed, house.platform.openSessions]).toEqual([i, false, 1]);
      third.send({ cmd: 'disconnect' });
      await third.closed();
    }
  });
});
