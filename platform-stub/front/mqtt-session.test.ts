// What a connected device gets and may do beyond its registration: notices, downlinks, topic rights, bounds. As bytes over memory streams.
import { afterEach, describe, expect, it } from 'vitest';
import { propertyPost, propertyPostReply, propertySet, propertySetReply } from '../../protocol/topics.ts';
import { DN, PK, registration, signIn, type Credentials } from '../bench.testkit.ts';
import type { LogEntry } from '../core/log.ts';
import { closeHouses, House, post, QUIET, turns, type Device } from './mqtt.testkit.ts';

afterEach(closeHouses);

const SET = propertySet(PK, DN);
const setProperty = (house: House, items: Record<string, unknown> = { light: 1 }): unknown =>
  house.platform.operate({ action: 'SetDeviceProperty', productKey: PK, deviceName: DN, items });
const textOf = (packet: { payload: string | Buffer }): string => packet.payload.toString();
const entries = (house: House, deviceName = DN): string[] =>
  house.platform.log
    .query({ book: 'platform', deviceName })
    .map(({ operation, code, reason }: LogEntry) => `${operation} ${code} ${reason}`)
    .reverse();
const leave = async (device: Device): Promise<void> => {
  device.send({ cmd: 'disconnect' });
  await device.closed();
};

describe('a kick', () => {
  const kick = async (house: House, extra: string): Promise<Device> => {
    const credentials = await house.issue();
    const older = await house.online(credentials, DN, {}, extra);
    const newer = await house.online(credentials);
    await older.closed();
    await newer.ping();
    expect([newer.isClosed, house.status()]).toEqual([false, 'ONLINE']);
    return older;
  };

  /** A device that wants to be told, and reads nothing any more. */
  const stuck = async (house: House, credentials: Credentials): Promise<void> => {
    (await house.online(credentials, DN, {}, ',ext=2,_ss=1')).pause();
    for (let i = 0; i < 3; i++) setProperty(house, { text: 'x'.repeat(200_000) });
    await turns(QUIET);
  };

  it('is announced on /ext/notify to a client whose ext asks for it, and only to such a one (section 4f)', async () => {
    const told = await kick(await House.open(), ',ext=3');
    expect(told.published().map((one) => [one.topic, textOf(one), one.qos])).toEqual([
      ['/ext/notify', '{"title":"kick","content":"Kicked by the same device"}', 0],
    ]);
    for (const extra of ['', ',ext=1']) expect((await kick(await House.open(), extra)).published()).toEqual([]);
    expect((await kick(await House.open({ options: { kickNotice: 'never' } }), ',ext=3')).published()).toEqual([]);
  });

  it('does not wait for a client that never reads', async () => {
    const house = await House.open();
    const credentials = await house.issue();
    await stuck(house, credentials);
    const newer = house.send(signIn(credentials));
    await turns(QUIET);
    expect(newer.packets).toEqual([]);
    house.clock.advance(1000);
    expect((await newer.next('connack')).returnCode).toBe(0);
    await house.until(() => house.platform.openSessions === 1);
  });

  it('sends nothing before its CONNACK to a connection that waits for the goodbye of another', async () => {
    const house = await House.open();
    const credentials = await house.issue();
    await stuck(house, credentials);
    const identifier = signIn(credentials).identifier.replace(/\|$/, ',ext=2,_ss=1|');
    const second = house.send({ ...signIn(credentials), identifier });
    await turns(QUIET);
    setProperty(house);
    await turns(QUIET);
    const third = house.send({ ...signIn(credentials), identifier });
    await turns(QUIET);
    house.clock.advance(1000);
    await third.next('connack');
    await second.closed();
    expect(second.packets.map((packet) => packet.cmd).filter((cmd) => cmd !== 'connack')).toEqual([]);
  });

  it('is in the log, with the online and offline of both', async () => {
    const house = await House.open();
    await kick(house, '');
    expect(entries(house)).toEqual(['online 200 success', 'offline 200 Kicked by the same device', 'online 200 success']);
  });
});

describe('a property set', () => {
  it('reaches who subscribed at the QoS of the platform, whatever QoS was asked for (section 4g)', async () => {
    const house = await House.open();
    const device = await house.online(await house.issue());
    expect(await device.subscribeAt(0, SET)).toEqual([0]);
    setProperty(house);
    const packet = await device.next('publish');
    expect([packet.topic, packet.qos, packet.retain]).toEqual([SET, 1, false]);
    expect(JSON.parse(textOf(packet))).toEqual({ id: '1', version: '1.0', params: { light: 1 }, method: 'thing.service.property.set' });
    device.send({ cmd: 'puback', messageId: packet.messageId as number });
    device.publish(propertySetReply(PK, DN), '{"id":"1","code":200,"data":{}}', 1);
    await device.next('puback');
    await device.ping();
    expect(device.published()).toHaveLength(1);
    expect(entries(house)).toEqual(['online 200 success', 'publish 200 sent', 'publish 200 success']);
  });

  it('reaches a client with _ss=1 unasked, and once when it subscribed besides', async () => {
    const house = await House.open();
    const device = await house.online(await house.issue(), DN, {}, ',_ss=1');
    setProperty(house);
    expect((await device.next('publish')).topic).toBe(SET);
    await device.subscribe(SET);
    setProperty(house);
    await device.next('publish', 2);
    await device.ping();
    expect(device.published()).toHaveLength(2);
  });

  it('reaches nobody else, and nobody who did neither', async () => {
    const house = await House.open();
    const other = await house.online(await house.issue('register', 'meter-0002'), 'meter-0002', {}, ',_ss=1');
    const silent = await house.online(await house.issue());
    setProperty(house);
    await other.ping();
    await silent.ping();
    expect([other.published(), silent.published()]).toEqual([[], []]);
  });

  it('waits for a session that outlives its connection, and for no other', async () => {
    const house = await House.open();
    const credentials = await house.issue();
    const first = await house.online(credentials, DN, { clean: false });
    await first.subscribe(SET);
    await leave(first);
    setProperty(house, { light: 2 });
    const again = await house.online(credentials, DN, { clean: false }, ',lan=C');
    const queued = await again.next('publish');
    expect([textOf(queued).includes('"light":2'), queued.qos]).toEqual([true, 1]);
    again.send({ cmd: 'puback', messageId: queued.messageId as number });
    await again.ping();
    await leave(again);
    const clean = await house.online(credentials);
    await clean.ping();
    expect(clean.published()).toEqual([]);
  });

  it('never goes to another ClientID of the name, nor to one after Clear or to the next incarnation', async () => {
    const house = await House.open();
    const dn = 'token-1';
    const set = (): unknown =>
      house.platform.operate({ action: 'SetDeviceProperty', productKey: PK, deviceName: dn, items: { secret: 'of the first' } });
    const subscribeAndLeave = async (credentials: Credentials): Promise<void> => {
      const device = await house.online(credentials, dn, { clean: false });
      await device.subscribe(propertySet(PK, dn));
      await leave(device);
      set();
    };
    const hears = async (credentials: Credentials): Promise<number> => {
      const device = await house.online(credentials, dn, { clean: false });
      await device.ping();
      const heard = device.published().length;
      await leave(device);
      return heard;
    };
    await subscribeAndLeave(await house.issue('regnwl', dn));
    expect(await hears(await house.issue('regnwl', dn))).toBe(0);
    house.platform.operate({ action: 'DeleteClientIds', productKey: PK, deviceName: dn });
    const afterClear = await house.issue('regnwl', dn);
    expect(await hears(afterClear)).toBe(0);
    await subscribeAndLeave(afterClear);
    house.platform.operate({ action: 'DeleteDevice', productKey: PK, deviceName: dn });
    expect(await hears(await house.issue('regnwl', dn))).toBe(0);
  });
});

describe('what became of a message is in the log', () => {
  const last = (house: House): string | undefined => entries(house).at(-1);

  it('sent, queued, or that nobody is there', async () => {
    const house = await House.open();
    setProperty(house);
    expect(last(house)).toBe('publish 9200 device not activated');
    const credentials = await house.issue();
    const plain = await house.online(credentials);
    setProperty(house);
    expect(last(house)).toBe('publish 9201 device offline');
    await plain.subscribe(SET);
    setProperty(house);
    expect(last(house)).toBe('publish 200 sent');
    await leave(plain);
    setProperty(house);
    expect(last(house)).toBe('publish 9201 device offline');
    const kept = await house.online(credentials, DN, { clean: false });
    await kept.subscribe(SET);
    await leave(kept);
    setProperty(house);
    expect(last(house)).toBe('publish 200 queued');
  });

  it('at most a thousand wait for one device', async () => {
    const house = await House.open();
    const credentials = await house.issue();
    const device = await house.online(credentials, DN, { clean: false });
    await device.subscribe(SET);
    await leave(device);
    for (let i = 0; i < 1005; i++) setProperty(house, { i });
    expect(last(house)).toBe('publish 9201 device offline');
    const again = await house.online(credentials, DN, { clean: false });
    await again.next('publish', 1000);
    await again.ping();
    expect(again.published()).toHaveLength(1000);
    setProperty(house, { i: 'new' });
    expect(textOf(await again.next('publish', 1001))).toContain('"new"');
  });
});

describe('messages to a device', () => {
  it('are 50 a second at most where limits hold', async () => {
    const house = await House.open({ options: { limits: 'vendor' } });
    const device = await house.online(await house.issue(), DN, {}, ',_ss=1');
    for (let i = 0; i < 51; i++) setProperty(house, { i });
    await device.ping();
    expect([device.published().length, entries(house).at(-1)]).toEqual([50, 'publish 429 too many requests']);
    house.clock.advance(1000);
    setProperty(house);
    await device.next('publish', 51);
  });
});

describe('a reply', () => {
  it('that comes before the SUBSCRIBE is through is held for it, and for a second only (trap 9)', async () => {
    const house = await House.open();
    const device = await house.online(await house.issue());
    device.publish(propertyPost(PK, DN), post('1'));
    await device.ping();
    expect(device.published()).toEqual([]);
    // H sends seventeen SUBSCRIBEs, and not this one first.
    await device.subscribe(`/shadow/get/${PK}/${DN}`);
    await device.subscribe(`/sys/${PK}/${DN}/#`);
    expect(JSON.parse(textOf(await device.next('publish')))).toMatchObject({ id: '1', code: 200 });
    const late = await house.online(await house.issue('register', 'meter-0002'), 'meter-0002');
    late.publish(propertyPost(PK, 'meter-0002'), post('2'));
    await late.ping();
    house.clock.advance(1001);
    await late.subscribe(propertyPostReply(PK, 'meter-0002'));
    await late.ping();
    expect(late.published()).toEqual([]);
  });
});

describe('options of the front', () => {
  it('registrationSubscribe: refused grants nothing, and the reply comes all the same', async () => {
    const house = await House.open({ options: { registrationSubscribe: 'refused' } });
    const device = house.send(registration('register'));
    await device.next('publish');
    expect(await device.subscribe('/ext/register', '/ext/regnwl')).toEqual([128, 128]);
  });

  it.each([
    ['dropped', false],
    ['closes', true],
  ] as const)('onForeignPublish: %s', async (onForeignPublish, closes) => {
    const house = await House.open({ options: { onForeignPublish } });
    const victim = await house.online(await house.issue('register', 'meter-0002'), 'meter-0002');
    await victim.subscribe(propertyPostReply(PK, 'meter-0002'));
    const device = await house.online(await house.issue());
    device.publish(propertyPostReply(PK, 'meter-0002'), 'x', 1);
    if (closes) await device.closed();
    else await device.next('puback');
    await victim.ping();
    expect([device.isClosed, victim.published()]).toEqual([closes, []]);
    if (!closes) expect(entries(house).at(-1)).toBe('publish 6813 not a topic of this device');
  });

  it('onQos2: dropped completes the handshake and answers nothing', async () => {
    const house = await House.open({ options: { onQos2: 'dropped' } });
    const device = await house.online(await house.issue(), DN, {}, ',_ss=1');
    device.publish(propertyPost(PK, DN), post('1'), 2);
    await device.next('pubrec');
    device.send({ cmd: 'pubrel', messageId: 77 });
    await device.next('pubcomp');
    await device.ping();
    expect(device.published()).toEqual([]);
  });
});

describe('bounds', () => {
  it('ends a connection at the header of a packet over 1 MiB, and serves the others', async () => {
    const house = await House.open();
    const device = await house.online(await house.issue());
    const other = await house.online(await house.issue('register', 'meter-0002'), 'meter-0002');
    // PUBLISH with a remaining length of 1 MiB + 1.
    device.write(Uint8Array.from([0x30, 0x81, 0x80, 0x40, 0x00, 0x01]));
    await device.closed();
    await other.ping();
    expect(other.isClosed).toBe(false);
  });

  it('takes a packet of that size in as many pieces as it comes', async () => {
    const house = await House.open();
    const device = await house.online(await house.issue(), DN, {}, ',_ss=1');
    const body = post('1').replace('"t":1', `"t":"${'x'.repeat(900_000)}"`);
    device.publish(propertyPost(PK, DN), body);
    expect(JSON.parse(textOf(await device.next('publish')))).toMatchObject({ id: '1', code: 200 });
  });

  it('is silent to the keep-alive while a packet of its is unfinished', async () => {
    const house = await House.open();
    const device = await house.online(await house.issue());
    for (let i = 0; i < 6; i++) {
      device.write(Uint8Array.from(i === 0 ? [0x30, 0x7f] : [0x00]));
      await turns(QUIET);
      house.clock.advance(20_000);
    }
    await device.closed();
    expect(entries(house).at(-1)).toBe('offline 200 Keepalive timeout');
  });

  it('a message above 256 KiB is dropped where limits hold', async () => {
    const house = await House.open({ options: { limits: 'vendor' } });
    const device = await house.online(await house.issue());
    device.publish(`/${PK}/${DN}/user/update`, 'x'.repeat(256 * 1024 + 1), 1);
    await device.next('puback');
    expect(entries(house).at(-1)).toBe('publish 460 the message is too large');
  });

  it('grants 1,000 filters and refuses further ones', async () => {
    const house = await House.open();
    const device = await house.online(await house.issue());
    const filters = Array.from({ length: 1005 }, (_, i) => `/${PK}/${DN}/user/t${i}`);
    const granted = [...(await device.subscribe(...filters.slice(0, 500))), ...(await device.subscribe(...filters.slice(500)))];
    expect([granted.filter((one) => one === 1).length, granted.slice(1000)]).toEqual([1000, [128, 128, 128, 128, 128]]);
    expect(await device.subscribe(filters[0] as string)).toEqual([1]);
  });

  it('limits: vendor holds 8 filters a SUBSCRIBE, 100 altogether, topics of 128 bytes and 7 slashes, 30 messages a second', async () => {
    const house = await House.open({ options: { limits: 'vendor' } });
    const device = await house.online(await house.issue(), DN, {}, ',_ss=1');
    const filters = Array.from({ length: 108 }, (_, i) => `/${PK}/${DN}/user/t${i}`);
    expect(await device.subscribe(...filters.slice(0, 9))).toEqual([...Array<number>(8).fill(1), 128]);
    const granted: number[] = [];
    for (let at = 8; at < 108; at += 8) granted.push(...(await device.subscribe(...filters.slice(at, at + 8))));
    expect(granted.filter((one) => one === 1)).toHaveLength(92);
    device.publish(`/${PK}/${DN}/user/${'x'.repeat(128)}`, 'x').publish(`/${PK}/${DN}/user/a/b/c/d/e`, 'x');
    for (let i = 0; i < 31; i++) device.publish(propertyPost(PK, DN), post(String(i)));
    await device.ping();
    expect(device.published()).toHaveLength(30);
    expect(entries(house).filter((one) => !one.includes('200'))).toEqual([
      'publish 6813 the topic is too long',
      'publish 6813 the topic is too long',
      'publish 429 too many messages in this second',
    ]);
  });
});

describe('the log', () => {
  it('knows how a connection ended, and nothing of registrations; those are in the audit log (S14)', async () => {
    const house = await House.open();
    const credentials = await house.issue();
    await leave(await house.online(credentials));
    const broken = await house.online(credentials);
    broken.abort();
    await broken.closed();
    await house.until(() => house.platform.openSessions === 0);
    house.send({ ...registration('register'), password: 'wrong' });
    await house.until(() => house.platform.log.query({ book: 'audit', type: 'registration' }).length === 2);
    expect(entries(house)).toEqual([
      'online 200 success',
      'offline 200 Device disconnect',
      'online 200 success',
      'offline 200 Connection reset by peer',
    ]);
    const audit = house.platform.log.query({ book: 'audit', type: 'registration' });
    expect(audit.map(({ operation, code, reason, content }) => [operation, code, reason, content])).toEqual([
      ['register', 6600, 'signature', 'mqtt over memory'],
      ['register', 200, 'issued', 'mqtt over memory'],
    ]);
  });
});
