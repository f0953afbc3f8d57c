// Traps 6, 7, 8, 10, 11 and 14: the reply to a registration, byte for byte, and the refusals.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACCEPTED, Bench, issuedIn, MALFORMED, productKey, REFUSED, WRONG_PROTOCOL } from './bench.ts';
import { REGISTRANTS, REGISTRATIONS, registration, session } from './clients.ts';
import { connectBytes, publishBytes, readPublish, subscribeBytes, type Connect } from './raw.ts';

const SPIED = ['/ext/register', '/ext/regnwl', '/ext/#', '/ext/+', '#', '+/+/+'] as const;
let bench: Bench;

beforeAll(async () => {
  bench = await Bench.open();
});
afterAll(() => bench.close());

/** What a CONNECT gets from a platform that refuses it: these bytes, and the end. */
async function refusal(connect: Connect, port: 'mqtt' | 'mqtts' = 'mqtts'): Promise<string> {
  const raw = await bench.tls(port);
  return raw.send(connectBytes(connect)).untilClosed();
}

describe('trap-06: an MQTT client hears what it subscribed to, but no device subscribes here', () => {
  it.each(REGISTRANTS)('trap-06: %s gets CONNACK and reply for its CONNECT alone, in time for a wait of 4.9 s', async (who) => {
    const deviceName = bench.nameFor(who);
    const raw = await bench.tls();
    const began = performance.now();
    raw.send(connectBytes(registration(who, deviceName)));
    // CONNACK comes first, in its four bytes.
    expect(await raw.nextHex()).toBe(ACCEPTED);
    const reply = readPublish(await raw.next());
    expect(performance.now() - began).toBeLessThan(4_900);
    expect(reply.topic).toBe(`/ext/${REGISTRATIONS[who].mode}`);
    expect(await raw.ping()).toEqual([]);
    await raw.fin();
  });

  it.each(REGISTRANTS)('trap-06: the reply to %s is read by scanning: compact, whole, and not too long', async (who) => {
    const raw = await bench.tls();
    const connect = registration(who, bench.nameFor(who));
    const deviceName = connect.username.split('&')[0]!;
    expect(await bench.signOn(raw, connect)).toBe(ACCEPTED);
    const { payload } = readPublish(await raw.next());
    const { deviceSecret, clientId, deviceToken } = JSON.parse(payload) as Record<string, string>;
    expect(payload).toBe(
      REGISTRATIONS[who].mode === 'register'
        ? `{"deviceSecret":"${deviceSecret}","productKey":"${productKey}","deviceName":"${deviceName}"}`
        : `{"clientId":"${clientId}","productKey":"${productKey}","deviceName":"${deviceName}","deviceToken":"${deviceToken}"}`,
    );
    for (const value of [deviceSecret, deviceToken]) expect(value ?? 'x').toMatch(/^[0-9A-Za-z]{1,63}$/);
    expect(clientId ?? 'x').toMatch(/^[0-9A-Za-z]{1,64}$/);
    await raw.fin();
  });
});

describe('trap-07: "the platform publishes the credentials" leaves open how', () => {
  it.each(REGISTRANTS)('trap-07: the reply to %s has first byte 30, QoS 0 without retain, and is said once', async (who) => {
    const deviceName = bench.nameFor(who);
    // A client that asks for a session that lasts, as B, D, F and G do later on.
    const lasting = { ...registration(who, deviceName), clean: false };
    const first = await bench.tls();
    expect(await bench.signOn(first, lasting)).toBe(ACCEPTED);
    const one = readPublish(await first.next());
    expect(one).toMatchObject({ first: '30', messageId: undefined, topic: `/ext/${REGISTRATIONS[who].mode}` });
    // The connection breaks off; whatever was stored for it would come now.
    await first.fin();
    const again = await bench.tls();
    // No session was kept: a CONNACK that resumed one would say so.
    expect(await bench.signOn(again, lasting)).toBe(ACCEPTED);
    const another = readPublish(await again.next());
    expect(another.first).toBe('30');
    if (REGISTRATIONS[who].mode === 'regnwl') expect(issuedIn(another).clientId).not.toBe(issuedIn(one).clientId);
    expect(await again.ping()).toEqual([]);
    await again.fin();
    // Nor does the same identifier get anything when it is refused.
    expect(await refusal({ ...lasting, password: '00' })).toBe(REFUSED);
  });

  it('trap-07: nothing is retained for the next who subscribes, registering or connected', async () => {
    const owner = await bench.issue('A');
    await bench.issue('A regnwl');
    const late = await bench.tls();
    const issued = await bench.ask(late, registration('L', bench.added()));
    late.send(subscribeBytes(1, 1, '/ext/register', '/ext/regnwl'));
    expect(await late.nextHex()).toBe('900400010101');
    expect(await late.ping()).toEqual([]);
    await late.disconnect();
    const online = await bench.online('F', issued);
    online.send(subscribeBytes(2, 1, ...SPIED));
    expect(await online.nextHex()).toBe(`90080002${'80'.repeat(SPIED.length)}`);
    expect(await online.ping()).toEqual([]);
    await online.disconnect();
    expect(owner.deviceSecret).not.toBe(issued.deviceSecret);
  });
});

describe('trap-08: nobody has to subscribe, but generic clients must', () => {
  it.each(['L', 'L regnwl'] as const)(
    'trap-08: %s subscribes right behind its CONNECT, is granted, and gets its reply once',
    async (who) => {
      const topic = `/ext/${REGISTRATIONS[who].mode}`;
      const raw = await bench.tls();
      raw.send(connectBytes(registration(who, bench.nameFor(who))), subscribeBytes(1, 0, topic));
      expect(await raw.nextHex()).toBe(ACCEPTED);
      const rest = [await raw.next(), await raw.next()];
      expect(rest.map((bytes) => bytes[0])).toContain(0x90);
      expect(rest.find((bytes) => bytes[0] === 0x90)!.toString('hex')).toBe('9003000100');
      expect(readPublish(rest.find((bytes) => bytes[0] === 0x30)!).topic).toBe(topic);
      expect(await raw.ping()).toEqual([]);
      await raw.disconnect();
    },
  );

  it('trap-08: whoever listens on the reply topics hears its own reply alone', async () => {
    const online = await bench.online('D', await bench.issue('A'));
    online.send(subscribeBytes(1, 1, ...SPIED));
    expect(await online.nextHex()).toBe(`90080001${'80'.repeat(SPIED.length)}`);
    const registering = await bench.tls();
    await bench.ask(registering, registration('L', bench.added()));
    registering.send(subscribeBytes(1, 1, ...SPIED));
    expect(await registering.nextHex()).toBe('90080001010180808080');
    for (let i = 0; i < 10; i++) await bench.issue(i % 2 === 0 ? 'L' : 'L regnwl');
    for (const spy of [online, registering]) {
      expect(await spy.ping()).toEqual([]);
      expect(await spy.ping()).toEqual([]);
      await spy.disconnect();
    }
  });

  it('trap-08: what others publish on the reply topics reaches nobody', async () => {
    const [forger, victim] = [await bench.online('D', await bench.issue('A')), await bench.tls()];
    await bench.ask(victim, registration('L', bench.added()));
    victim.send(subscribeBytes(1, 1, '/ext/register'));
    expect(await victim.nextHex()).toBe('9003000101');
    forger.send(publishBytes('/ext/register', '{"deviceSecret":"forged"}', 7), publishBytes('/ext/register', 'forged'));
    expect(await forger.nextHex()).toBe('40020007');
    expect(await forger.ping()).toEqual([]);
    expect(await victim.ping()).toEqual([]);
    await Promise.all([forger.disconnect(), victim.disconnect()]);
  });
});

describe('trap-10: MQTT 3.1 limits an identifier to 23 characters', () => {
  it.each(['L', 'E regnwl'] as const)('trap-10: %s registers as MQIsdp with more than that, and connects so', async (who) => {
    const connect = { ...registration(who, bench.nameFor(who)), level: 3 as const };
    const bytes = connectBytes(connect);
    expect(bytes.toString('hex')).toMatch(/^10..(..)?00064d514973647003c2/);
    expect(connect.clientId.length).toBeGreaterThan(23);
    const raw = await bench.tls();
    const issued = await bench.ask(raw, connect);
    await raw.disconnect();
    const online = await bench.tls();
    const { deviceName, deviceSecret, clientId, deviceToken } = issued;
    const username = `${deviceName}&${productKey}`;
    const then: Connect =
      who === 'L'
        ? session('E', deviceName, deviceSecret)
        : { clientId: `${clientId}|authType=connwl,securemode=-2,_ss=1|`, username, password: deviceToken, keepAlive: 60, clean: true };
    expect(await bench.signOn(online, { ...then, level: 3 })).toBe(ACCEPTED);
    expect(await online.ping()).toEqual([]);
    await online.disconnect();
  });

  it('trap-10: takes an identifier of 1,000 characters from MQTT 3.1', async () => {
    const connect = registration('L', bench.added());
    const raw = await bench.tls();
    await bench.ask(raw, { ...connect, clientId: connect.clientId.replace('securemode', `${'_v=x,'.repeat(200)}securemode`) });
    await raw.disconnect();
  });
});

describe('trap-11: the documents speak of MQTT 5 too; this platform states that it does not', () => {
  it('trap-11: a CONNECT of MQTT 5 gets CONNACK 1 and the end, registering or not, and changes nothing', async () => {
    const deviceName = bench.name();
    expect(await refusal({ ...registration('L regnwl', deviceName), level: 5 })).toBe(WRONG_PROTOCOL);
    expect(bench.status(deviceName)).toBe('UNKNOWN');
    const issued = await bench.issue('A');
    const connect = session('A', issued.deviceName, issued.deviceSecret);
    expect(await refusal({ ...connect, level: 5 })).toBe(WRONG_PROTOCOL);
    expect(bench.status(issued.deviceName)).toBe('UNACTIVE');
    await (await bench.online('A', issued)).disconnect();
  });
});

describe('trap-14: the table of CONNACK codes invites 5 for what is not authorised', () => {
  it('trap-14: every failed authentication is 4, in four bytes, followed by the end', async () => {
    const active = await bench.issue('A');
    await (await bench.online('A', active)).disconnect();
    const inactive = bench.added();
    const full = await bench.issue('J regnwl');
    for (let i = 0; i < 4; i++) await bench.issue('J regnwl', full.deviceName);
    const disabled = bench.added();
    bench.platform.operate({ action: 'DisableThing', productKey, deviceName: disabled });
    const attempts: Readonly<Record<string, Connect>> = {
      'wrong signature': registration('A', inactive, 'another product secret'),
      'unknown product': { ...registration('A', inactive), username: `${inactive}&a1Nobody` },
      'already activated': registration('A', active.deviceName),
      'not added': registration('B', bench.name()),
      'sixth ClientID': registration('J regnwl', full.deviceName),
      'disabled device': registration('E', disabled),
      'wrong secret': session('A', active.deviceName, 'another device secret'),
      'a device that is not there': session('F', bench.name(), active.deviceSecret),
      'a device that never was registered, wrong secret': session('B', inactive, active.deviceSecret),
    };
    for (const [what, connect] of Object.entries(attempts)) expect(await refusal(connect), what).toBe(REFUSED);
    bench.platform.operate({ action: 'X-SetDynamicRegistration', productKey, on: false });
    expect(await refusal(registration('A', inactive)), 'switch off').toBe(REFUSED);
    bench.platform.operate({ action: 'X-SetDynamicRegistration', productKey, on: true });
    await bench.issue('A', inactive);
  });

  it('trap-14: what cannot be parsed is 2', async () => {
    const { clientId, ...connect } = registration('A', bench.added());
    for (const broken of [
      'no bars',
      clientId.replace('authType=register,', ''),
      clientId.replace(/random=\d+,/, ''),
      clientId.slice(0, -1),
    ]) {
      expect(await refusal({ ...connect, clientId: broken }), broken).toBe(MALFORMED);
    }
    const raw = await bench.tls();
    expect(await bench.signOn(raw, { ...connect, clientId })).toBe(ACCEPTED);
    await raw.fin();
  });

  it('trap-14: B hammers ten times on a 4 and is answered each time; then the right CONNECT is let in', async () => {
    const deviceName = bench.added();
    const neighbour = await bench.online('D', await bench.issue('A'));
    for (let i = 0; i < 10; i++) expect(await refusal(registration('B', deviceName, 'wrong'))).toBe(REFUSED);
    await bench.issue('B', deviceName);
    expect(await neighbour.ping()).toEqual([]);
    await neighbour.disconnect();
  });
});
