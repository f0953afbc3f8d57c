// Traps 9, 12, 19, 20 and 26: connected devices, and what their SDKs do without being asked.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACCEPTED, Bench, postOf, productKey, REFUSED, RESUMED, type Issued } from './bench.ts';
import { registration, session, tokenSession } from './clients.ts';
import { connectBytes, DISCONNECT, pubackBytes, publishBytes, readPublish, subscribeBytes, type Raw } from './raw.ts';

let bench: Bench;

beforeAll(async () => {
  bench = await Bench.open();
});
afterAll(() => bench.close());

/** The packets that came until each of these first bytes was there as often as it is named, by first byte. */
async function collect(raw: Raw, ...wanted: readonly number[]): Promise<ReadonlyMap<number, readonly Buffer[]>> {
  const found = new Map<number, Buffer[]>();
  for (let left = wanted.length; left > 0; left--) {
    const bytes = await raw.next();
    found.set(bytes[0]!, [...(found.get(bytes[0]!) ?? []), bytes]);
  }
  expect([...found].flatMap(([first, packets]) => packets.map(() => first)).sort()).toEqual([...wanted].sort());
  return found;
}

const one = (found: ReadonlyMap<number, readonly Buffer[]>, first: number): Buffer => found.get(first)![0]!;
const reply = (post: ReturnType<typeof postOf>, id: string): object => ({
  topic: post.replyTopic,
  payload: `{"code":200,"data":{},"id":${JSON.stringify(id)},"message":"success","method":"thing.event.property.post","version":"1.0"}`,
});

/** The filters that H subscribes to. */
function filtersOfH(dn: string): readonly string[] {
  const sys = (rest: string): string => `/sys/${productKey}/${dn}/${rest}`;
  return [
    ...['thing/model/up_raw_reply', 'thing/model/down_raw', 'thing/event/property/post_reply', 'thing/service/property/set'],
    ...['thing/event/+/post_reply', 'thing/service/+', 'thing/deviceinfo/update_reply', 'thing/deviceinfo/delete_reply'],
    ...['thing/config/get_reply', 'thing/config/push', 'thing/dsltemplate/get_reply', 'thing/dynamicTsl/get_reply', 'rrpc/request/+'],
  ]
    .map(sys)
    .concat(`/ext/ntp/${productKey}/${dn}/response`, `/ota/device/upgrade/${productKey}/${dn}`, `/shadow/get/${productKey}/${dn}`)
    .concat(`/ext/error/${productKey}/${dn}`);
}

describe('trap-09: replies come to whoever subscribed, but who counts as subscribed, and from when?', () => {
  it.each(['E', 'A', 'B'] as const)('trap-09: %s sends _ss=1 and gets post_reply without ever subscribing', async (who) => {
    const issued = await bench.issue('E');
    const raw = await bench.online(who, issued);
    const post = postOf(issued.deviceName);
    raw.send(publishBytes(post.topic, post.payload, 1));
    const found = await collect(raw, 0x40, 0x30);
    expect(one(found, 0x40).toString('hex')).toBe('40020001');
    expect(readPublish(one(found, 0x30))).toMatchObject(reply(post, '1'));
    expect(await raw.ping()).toEqual([]);
    await raw.disconnect();
  });

  it('trap-09: A sends _ss=1 and subscribes all the same; one reply comes, not two', async () => {
    const issued = await bench.issue('A');
    const raw = await bench.online('A', issued);
    const post = postOf(issued.deviceName);
    raw.send(subscribeBytes(1, 1, `/sys/${productKey}/${issued.deviceName}/thing/event/+/post_reply`, post.replyTopic));
    expect(await raw.nextHex()).toBe('900400010101');
    raw.send(publishBytes(post.topic, post.payload, 2));
    expect(readPublish(one(await collect(raw, 0x40, 0x30), 0x30))).toMatchObject(reply(post, '1'));
    expect(await raw.ping()).toEqual([]);
    // The same holds for what the platform sends by itself, before it subscribed to that and after.
    const setTopic = post.topic.replace('event/property/post', 'service/property/set');
    for (const subscribed of [false, true]) {
      if (subscribed) expect(await raw.send(subscribeBytes(3, 1, setTopic)).nextHex()).toBe('9003000301');
      bench.platform.operate({ action: 'SetDeviceProperty', productKey, deviceName: issued.deviceName, items: { Temp: 20 } });
      const downlink = readPublish(await raw.next());
      expect(downlink).toMatchObject({ first: '32', topic: setTopic });
      expect(await raw.send(pubackBytes(downlink.messageId!)).ping()).toEqual([]);
    }
    await raw.disconnect();
  });

  it('trap-09: F sends no _ss and gets nothing unless it subscribes', async () => {
    const issued = await bench.issue('A');
    const raw = await bench.online('F', issued);
    const post = postOf(issued.deviceName);
    raw.send(publishBytes(post.topic, post.payload, 1));
    expect(await raw.nextHex()).toBe('40020001');
    expect([...(await raw.ping()), ...(await raw.ping())]).toEqual([]);
    bench.platform.operate({ action: 'SetDeviceProperty', productKey, deviceName: issued.deviceName, items: { Temp: 20 } });
    expect([...(await raw.ping()), ...(await raw.ping())]).toEqual([]);
    await raw.disconnect();
  });

  it('trap-09: F gets one reply to a filter of its own, and its long id back as it was', async () => {
    const issued = await bench.issue('A');
    const raw = await bench.online('F', issued);
    const { replyTopic } = postOf(issued.deviceName);
    raw.send(subscribeBytes(3, 1, replyTopic));
    expect(await raw.nextHex()).toBe('9003000301');
    const id = `1|exp-topic|${replyTopic}`;
    const post = postOf(issued.deviceName, id);
    raw.send(publishBytes(post.topic, post.payload, 4));
    expect(readPublish(one(await collect(raw, 0x40, 0x30), 0x30))).toMatchObject(reply(post, id));
    expect(await raw.ping()).toEqual([]);
    await raw.disconnect();
  });

  it('trap-09: H posts behind its 17 SUBSCRIBEs, none of which it awaits, and loses no reply', async () => {
    const issued = await bench.issue('A');
    const post = postOf(issued.deviceName);
    const subscribes = filtersOfH(issued.deviceName).map((filter, i) => subscribeBytes(i + 2, 1, filter));
    expect(subscribes).toHaveLength(17);
    const connect = connectBytes(session('H', issued.deviceName, issued.deviceSecret));
    for (let run = 0; run < 20; run++) {
      const raw = (await bench.tls()).send(connect, ...subscribes, publishBytes(post.topic, post.payload, 1));
      expect(await raw.nextHex()).toBe(ACCEPTED);
      const found = await collect(raw, ...subscribes.map(() => 0x90), 0x40, 0x30);
      expect(readPublish(one(found, 0x30))).toMatchObject(reply(post, '1'));
      expect(found.get(0x90)!.map((bytes) => bytes[4])).toEqual(subscribes.map(() => 1));
      expect(await raw.ping()).toEqual([]);
      await raw.disconnect();
    }
  });

  it('trap-09: a post that overtakes its SUBSCRIBE loses no reply', async () => {
    const issued = await bench.issue('A');
    const post = postOf(issued.deviceName);
    const connect = connectBytes(session('H', issued.deviceName, issued.deviceSecret));
    for (let run = 0; run < 20; run++) {
      const raw = (await bench.tls()).send(connect, publishBytes(post.topic, post.payload, 1), subscribeBytes(2, 1, post.replyTopic));
      expect(await raw.nextHex()).toBe(ACCEPTED);
      const found = await collect(raw, 0x40, 0x90, 0x30);
      expect(readPublish(one(found, 0x30))).toMatchObject(reply(post, '1'));
      expect(await raw.ping()).toEqual([]);
      await raw.disconnect();
    }
  });
});

describe('trap-12: a session belongs to its client identifier, but that holds the time', () => {
  it.each(['F', 'G', 'B'] as const)('trap-12: a newer connection of %s ends the older one', async (who) => {
    const issued = await bench.issue('A');
    const older = await bench.online(who, issued, undefined, 1_716_537_600_000);
    const newer = await bench.online(who, issued, undefined, 1_716_537_601_000);
    expect(await older.untilClosed()).toBe(ACCEPTED);
    expect(await newer.ping()).toEqual([]);
    expect(bench.status(issued.deviceName)).toBe('ONLINE');
    await newer.disconnect();
  });

  it('trap-12: F resumes its session under another identifier and gets once what waited; no dead session is left behind', async () => {
    const issued = await bench.issue('A');
    const { deviceName, deviceSecret } = issued;
    const topic = `/sys/${productKey}/${deviceName}/thing/service/property/set`;
    const first = await bench.online('F', issued);
    first.send(subscribeBytes(1, 1, topic));
    expect(await first.nextHex()).toBe('9003000101');
    await first.disconnect();
    await bench.offline(deviceName);
    for (let i = 1; i <= 5; i++) {
      bench.platform.operate({ action: 'SetDeviceProperty', productKey, deviceName, items: { Round: i } });
      const raw = await bench.tls();
      const connect = session('F', deviceName, deviceSecret, 1_716_537_600_000 + i);
      expect(await bench.signOn(raw, connect)).toBe(RESUMED);
      const waited = readPublish(await raw.next());
      expect(waited).toMatchObject({ first: '32', topic });
      expect(JSON.parse(waited.payload)).toMatchObject({ params: { Round: i } });
      raw.send(pubackBytes(waited.messageId!));
      expect(await raw.ping()).toEqual([]);
      await raw.disconnect();
      await bench.offline(deviceName);
    }
  });

  it.each(['I regnwl', 'E regnwl'] as const)('trap-12: a registration (%s) under a name that is online kicks nobody', async (who) => {
    const issued = await bench.issue(who);
    const online = await bench.onlineByToken('I', issued);
    const other = await bench.issue(who, issued.deviceName);
    expect(other.clientId).not.toBe(issued.clientId);
    expect(await online.ping()).toEqual([]);
    // The same bytes as one that is registering kick that one as little.
    const [one, two] = [await bench.tls(), await bench.tls()];
    await bench.ask(one, registration(who, issued.deviceName));
    await bench.ask(two, registration(who, issued.deviceName));
    expect([await one.ping(), await two.ping(), await online.ping()]).toEqual([[], [], []]);
    await Promise.all([one, two, online].map((raw) => raw.disconnect()));
  });
});

describe('trap-19: an ACL that closes kills the SDKs that publish by themselves', () => {
  const inform = (dn: string): string => `/ota/device/inform/${productKey}/${dn}`;
  const info = (dn: string): string => `/sys/${productKey}/${dn}/thing/deviceinfo/update`;
  const list = '{"id":"1","version":"1.0","params":[{"attrKey":"SYS_SDK_LANGUAGE","attrValue":"C"}],"method":"thing.deviceinfo.update"}';
  const version = '{"id":"2","params":{"version":"1.0.0","module":"default"}}';

  it.each([
    ['D', (dn: string) => [publishBytes(info(dn), list, 1), publishBytes(inform(dn), version, 2)], ['40020001', '40020002']],
    ['B', (dn: string) => [publishBytes(inform(dn), version, 1)], ['40020001']],
    ['G', (dn: string) => [publishBytes(info(dn), list)], []],
    ['I', (dn: string) => [publishBytes(inform(dn), version, 1)], ['40020001']],
    // Topics of others, and of nobody.
    ['H', (dn: string) => [publishBytes('/sys/a/b/thing/event/property/post', '{}', 3), publishBytes(`/what/${dn}`, 'x')], ['40020003']],
  ] as const)('trap-19: %s publishes right after its CONNECT and stays connected', async (who, packets, acknowledged) => {
    const issued = await bench.issue('A');
    const raw = await bench.tls();
    raw.send(connectBytes(session(who, issued.deviceName, issued.deviceSecret)), ...packets(issued.deviceName));
    expect(await raw.nextHex()).toBe(ACCEPTED);
    const heard = [...(await raw.ping()), ...(await raw.ping())];
    expect(heard.filter((hex) => hex.startsWith('40'))).toEqual(acknowledged);
    expect(bench.status(issued.deviceName)).toBe('ONLINE');
    await raw.disconnect();
  });

  it('trap-19: F subscribes to 16 topics: granted what is its own, 80 for the rest, and the connection stays', async () => {
    const issued = await bench.issue('A');
    const { deviceName } = issued;
    const raw = await bench.online('F', issued);
    const own = [`/shadow/get/${productKey}/${deviceName}`, `/ext/session/${productKey}/${deviceName}/combine/login_reply`];
    own.push(`/sys/${productKey}/${deviceName}/rrpc/request/+`, `/broadcast/${productKey}/#`, '/ext/network/probe/+');
    own.push(`/ext/ntp/${productKey}/${deviceName}/response`, `/ext/error/${productKey}/${deviceName}`);
    for (const [i, filter] of own.entries()) {
      expect(await raw.send(subscribeBytes(i + 1, 1, filter)).nextHex(), filter).toBe(`900300${`0${i + 1}`.slice(-2)}01`);
    }
    for (const [i, filter] of ['#', '/sys/+/+/thing/event/property/post', `/sys/${productKey}/other/rrpc/request/+`].entries()) {
      expect(await raw.send(subscribeBytes(i + 11, 1, filter)).nextHex(), filter).toBe(`9003000${(i + 11).toString(16)}80`);
    }
    expect(await raw.ping()).toEqual([]);
    await raw.disconnect();
  });
});

describe('trap-20: a connection that is destroyed takes with it what was still to be said', () => {
  it('trap-20: a refusal is read to its last byte, over TLS and TCP, forty times', async () => {
    const { deviceName } = await bench.issue('A');
    const bytes = connectBytes(session('A', deviceName, 'wrong'));
    for (let i = 0; i < 40; i++) {
      const raw = i % 2 === 0 ? await bench.tls() : await bench.tcp();
      expect(await raw.send(bytes).untilClosed()).toBe(REFUSED);
      expect(raw.fault).toBeUndefined();
    }
  });

  it.each(['tls', 'tcp'] as const)(
    'trap-20: K writes a PUBACK behind its DISCONNECT (%s); the platform takes it for an ordinary end',
    async (over) => {
      const issued: Issued = await bench.issue('A');
      for (let i = 0; i < 20; i++) {
        const raw = await bench.online('F', issued, await bench[over]());
        raw.send(DISCONNECT, pubackBytes(1));
        raw.socket.end();
        // How it looks to the client is its socket's business: an error there changes nothing here.
        expect(await raw.untilClosed()).toMatch(/^2002/);
        await bench.offline(issued.deviceName);
      }
      expect(new Set(bench.presence(issued.deviceName))).toEqual(new Set(['online: success', 'offline: Device disconnect']));
    },
  );
});

describe('trap-26: one connection an identity, though a publisher and a subscriber are two programs', () => {
  it('trap-26: mosquitto_pub kicks the mosquitto_sub that has its identity; mosquitto_rr does both on one connection', async () => {
    const { deviceName, clientId, deviceToken } = await bench.issue('L regnwl');
    const connect = tokenSession('I', deviceName, clientId, deviceToken);
    const post = postOf(deviceName);
    const sub = await bench.tls();
    expect(await bench.signOn(sub, connect)).toBe(ACCEPTED);
    sub.send(subscribeBytes(1, 1, post.replyTopic));
    expect(await sub.nextHex()).toBe('9003000101');
    const pub = await bench.tls();
    expect(await bench.signOn(pub, connect)).toBe(ACCEPTED);
    expect(await sub.untilClosed()).toBe(`${ACCEPTED}9003000101`);
    expect(await pub.send(publishBytes(post.topic, post.payload, 1)).nextHex()).toBe('40020001');
    // Its clean session has no subscription.
    expect(await pub.ping()).toEqual([]);
    await pub.disconnect();
    await bench.offline(deviceName);
    const rr = await bench.tls();
    expect(await bench.signOn(rr, connect)).toBe(ACCEPTED);
    rr.send(subscribeBytes(1, 1, post.replyTopic));
    expect(await rr.nextHex()).toBe('9003000101');
    expect(readPublish(one(await collect(rr.send(publishBytes(post.topic, post.payload, 2)), 0x40, 0x30), 0x30))).toMatchObject(
      reply(post, '1'),
    );
    await rr.disconnect();
    await bench.offline(deviceName);
    expect(bench.presence(deviceName)).toEqual([
      ...['online: success', 'offline: Kicked by the same device', 'online: success', 'offline: Device disconnect'],
      ...['online: success', 'offline: Device disconnect'],
    ]);
  });
});
