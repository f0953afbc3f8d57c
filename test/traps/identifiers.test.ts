// Traps 1 to 5, 13 and 23: what clients write into a CONNECT, where the documents would have it otherwise.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hmac } from '../interop/foreign.ts';
import { ACCEPTED, Bench, issuedIn, MALFORMED, productKey, REFUSED } from './bench.ts';
import { REGISTRANTS, REGISTRATIONS, registration, SECRET_CLIENTS, session, SESSIONS, tokenSession, type Registrant } from './clients.ts';
import { connectBytes, readPublish, type Connect } from './raw.ts';

let bench: Bench;

beforeAll(async () => {
  bench = await Bench.open();
});
afterAll(() => bench.close());

/** The CONNACK that a CONNECT gets, in hex; the connection ends with it. */
async function connackTo(connect: Connect, port: 'mqtt' | 'mqtts' = 'mqtts'): Promise<string> {
  const raw = await bench.tls(port);
  const connack = await bench.signOn(raw, connect);
  await raw.fin();
  return connack;
}

const swapped = (text: string): string =>
  text.replace(/[a-zA-Z]/g, (letter) => (letter < 'a' ? letter.toLowerCase() : letter.toUpperCase()));

describe('trap-01: "the password is hex" does not say in which case, nor with which method', () => {
  it.each(REGISTRANTS)('trap-01: registers %s, in the case in which it writes its hex', async (who) => {
    const deviceName = bench.nameFor(who);
    const { method, hex } = REGISTRATIONS[who];
    const connect = registration(who, deviceName);
    const digits = { hmacmd5: 32, hmacsha1: 40, hmacsha256: 64 }[method];
    expect(connect.password).toMatch(hex === 'upper' ? new RegExp(`^[0-9A-F]{${digits}}$`) : new RegExp(`^[0-9a-f]{${digits}}$`));
    const raw = await bench.tls();
    expect(await bench.ask(raw, connect)).toMatchObject({ productKey, deviceName });
    await raw.fin();
    const other = { ...connect, password: swapped(connect.password) };
    expect(await connackTo(other)).toBe(ACCEPTED);
  });

  it.each(SECRET_CLIENTS)('trap-01: connects %s with its signature in either case', async (who) => {
    const issued = await bench.issue('A');
    const connect = session(who, issued.deviceName, issued.deviceSecret);
    expect(await connackTo({ ...connect, password: swapped(connect.password) })).toBe(ACCEPTED);
    expect(await connackTo(connect)).toBe(ACCEPTED);
  });

  it('trap-01: takes the method from signmethod and not from the length of the hex', async () => {
    const deviceName = bench.added();
    const { password } = registration('J', deviceName);
    const claimed = { ...registration('A', deviceName), clientId: registration('J', deviceName).clientId.replace('hmacmd5', 'hmacsha256') };
    expect(await connackTo({ ...claimed, password })).toBe(REFUSED);
    expect(await connackTo(registration('J', deviceName))).toBe(ACCEPTED);
  });

  it.each(['A', 'E', 'I'] as const)('trap-01: compares the token of connwl (%s) to the letter', async (who) => {
    const { deviceName, clientId, deviceToken } = await bench.issue('A regnwl');
    for (const wrong of [swapped(deviceToken), deviceToken.toUpperCase(), deviceToken.toLowerCase(), ` ${deviceToken}`]) {
      expect(wrong).not.toBe(deviceToken);
      expect(await connackTo(tokenSession(who, deviceName, clientId, wrong))).toBe(REFUSED);
    }
    expect(await connackTo(tokenSession(who, deviceName, clientId, deviceToken))).toBe(ACCEPTED);
  });
});

describe('trap-02: the text before the first bar looks like the identity of the device', () => {
  const parts: readonly ((dn: string) => string)[] = [
    (dn) => `${dn}.${productKey}`,
    (dn) => `${productKey}.${dn}`,
    (dn) => `${productKey}&${dn}`,
    (dn) => dn,
    (dn) => `${productKey}&${dn}_aliyun-iot-device-sdk-js`,
  ];

  it.each(parts.map((part) => [part('DN').replace(productKey, 'PK'), part] as const))(
    'trap-02: registers whom the username names, though %s names another',
    async (_shown, part) => {
      const [deviceName, other] = [bench.added(), bench.added()];
      const connect = registration('K', deviceName);
      const raw = await bench.tls();
      const issued = await bench.ask(raw, { ...connect, clientId: connect.clientId.replace(/^[^|]*/, part(other)) });
      expect(issued.deviceName).toBe(deviceName);
      await raw.fin();
    },
  );

  it('trap-02: connects whom the username names, and signs over the text as it stands', async () => {
    const [one, other] = [await bench.issue('A'), await bench.issue('A')];
    for (const who of SECRET_CLIENTS) {
      // Signed by `one` over a text that names `other`.
      const { clientId, password } = session(who, other.deviceName, one.deviceSecret);
      const borrowed = session(who, one.deviceName, one.deviceSecret);
      expect(await connackTo({ ...borrowed, clientId, password }), who).toBe(REFUSED);
      const raw = await bench.online(who, one);
      expect([bench.status(one.deviceName), bench.status(other.deviceName)]).toEqual(['ONLINE', 'UNACTIVE']);
      await raw.disconnect();
    }
  });

  it('trap-02: for connwl it is the issued ClientID, which the token belongs to', async () => {
    const issued = await bench.issue('E regnwl');
    const { deviceName, clientId, deviceToken } = issued;
    for (const part of [deviceName, `${deviceName}.${productKey}`, swapped(clientId)]) {
      expect(await connackTo(tokenSession('E', deviceName, part, deviceToken))).toBe(REFUSED);
    }
    await (await bench.onlineByToken('E', issued)).disconnect();
  });
});

describe('trap-03: the documents list the parameters in one order, without blanks', () => {
  it.each(SECRET_CLIENTS)('trap-03: reads what %s writes: own order, unknown names, blanks, newlines', async (who) => {
    const issued = await bench.issue('A');
    const connect = session(who, issued.deviceName, issued.deviceSecret);
    if (who === 'G') expect(connect.clientId).toContain('|securemode=2,\n        signmethod=hmacsha1,\n        timestamp=');
    if (who === 'H') expect(connect.clientId).toContain('_v=sdk-golang-0.0.1 Beta,');
    expect(await connackTo(connect)).toBe(ACCEPTED);
    // What is unknown is passed over; what is known counts, wherever it stands.
    const { method } = SESSIONS[who];
    const wrong = method === 'hmacmd5' ? 'hmacsha1' : 'hmacmd5';
    expect(await connackTo({ ...connect, clientId: connect.clientId.replace(method, wrong) })).toBe(REFUSED);
  });

  it('trap-03: reads the parameters of a registration in any order, with strangers among them', async () => {
    const deviceName = bench.added();
    const connect = registration('E', deviceName);
    const [part, list] = connect.clientId.split('|') as [string, string];
    const backwards = list.split(',').reverse();
    for (const params of [backwards.join(','), `_v=x y,${backwards.join(',\n    ')},sii=1,bare`, `ext=3,_conn=tls_2e,${list},gw=0`]) {
      expect(await connackTo({ ...connect, clientId: `${part}|${params}|` }), params).toBe(ACCEPTED);
    }
  });
});

describe('trap-04: each edition names one securemode for a mode', () => {
  const both: readonly Registrant[] = ['A', 'K', 'A regnwl', 'E regnwl', 'I regnwl', 'J regnwl'];

  it.each(both)('trap-04: registers %s with the securemode it sends, and with the other', async (who) => {
    const connect = registration(who, bench.nameFor(who));
    const sent = /securemode=(-?2),/.exec(connect.clientId)?.[1];
    expect(sent).toBe({ A: '2', K: '-2', 'A regnwl': '2', 'E regnwl': '2', 'I regnwl': '-2', 'J regnwl': '-2' }[who as 'A']);
    for (const securemode of ['2', '-2', '3']) {
      const raw = await bench.tls();
      const { mode } = REGISTRATIONS[who];
      expect(
        await bench.signOn(raw, { ...connect, clientId: connect.clientId.replace(/securemode=-?2/, `securemode=${securemode}`) }),
      ).toBe(ACCEPTED);
      expect(readPublish(await raw.next()).topic).toBe(`/ext/${mode}`);
      await raw.fin();
    }
  });
});

describe('trap-05: a random looks like a nonce', () => {
  it.each(['J', 'J regnwl'] as const)('trap-05: registers %s again and again with random=123', async (who) => {
    const deviceName = bench.nameFor(who);
    const bytes = connectBytes(registration(who, deviceName));
    expect(bytes.toString()).toContain('random=123,');
    const issued = [];
    for (let i = 0; i < 4; i++) {
      const raw = (await bench.tls('mqtt')).send(bytes);
      expect(await raw.nextHex()).toBe(ACCEPTED);
      issued.push(issuedIn(readPublish(await raw.next())));
      await raw.disconnect();
    }
    // The four bytes-for-bytes equal requests were each answered: with one secret, or with a ClientID of their own.
    expect(new Set(issued.map((one) => one.clientId)).size).toBe(who === 'J' ? 1 : 4);
    const last = issued.at(-1)!;
    await (await (who === 'J' ? bench.online('I', last) : bench.onlineByToken('I', last))).disconnect();
  });
});

describe('trap-13: bars, ampersands, newlines and equals signs travel through MQTT unharmed; the limits are the platform’s', () => {
  it.each(['x=1&y=2', `${productKey}&\n  unit`, ' blanks around ', 'Ä€😀', '='.repeat(64), '😀'.repeat(64)])(
    'trap-13: %j is text like any other before the first bar',
    async (part) => {
      const issued = await bench.issue('A');
      const { deviceName, deviceSecret } = issued;
      const connect = registration('L', bench.added());
      expect(await connackTo({ ...connect, clientId: connect.clientId.replace(/^[^|]*/, () => part) })).toBe(ACCEPTED);
      // And it is what a device signs over.
      const { clientId } = session('F', deviceName, deviceSecret);
      const { password } = session('F', deviceName, 'another secret');
      expect(await connackTo({ ...session('F', deviceName, deviceSecret), clientId, password })).toBe(REFUSED);
      const signed = hmac('hmacsha1', deviceSecret, `clientId${part}deviceName${deviceName}productKey${productKey}timestamp1716537600000`);
      const own = { ...session('F', deviceName, deviceSecret), clientId: clientId.replace(/^[^|]*/, () => part), password: signed };
      expect(await connackTo(own)).toBe(ACCEPTED);
    },
  );

  it.each([
    [
      '65 characters before the first bar',
      (connect: Connect) => ({ ...connect, clientId: connect.clientId.replace(/^[^|]*/, 'x'.repeat(65)) }),
    ],
    ['nothing before the first bar', (connect: Connect) => ({ ...connect, clientId: connect.clientId.replace(/^[^|]*/, '') })],
    ['no bar', (connect: Connect) => ({ ...connect, clientId: connect.clientId.replaceAll('|', '') })],
    ['a second ampersand in the username', (connect: Connect) => ({ ...connect, username: `${connect.username}&x` })],
    ['no ampersand in the username', (connect: Connect) => ({ ...connect, username: connect.username.replace('&', '') })],
  ])('trap-13: refuses %s with 2', async (_what, bend) => {
    const connect = registration('L', bench.added());
    expect(await connackTo(bend(connect))).toBe(MALFORMED);
    expect(await connackTo(connect)).toBe(ACCEPTED);
  });

  it('trap-13: refuses the first connect of J after regnwl, which swaps its variables, and takes the one after its reboot', async () => {
    const issued = await bench.issue('J regnwl');
    const { deviceName, deviceToken } = issued;
    const swappedRound = { clientId: deviceName, username: productKey, password: deviceToken, keepAlive: 300, clean: true };
    expect(await connackTo(swappedRound)).toBe(MALFORMED);
    expect(bench.status(deviceName)).toBe('UNACTIVE');
    await (await bench.onlineByToken('I', issued)).disconnect();
  });

  it('trap-13: reads a bar inside the list, and what stands behind it', async () => {
    const { deviceName, deviceSecret } = await bench.issue('A');
    const connect = session('F', deviceName, deviceSecret);
    const browser = connect.clientId.replace(/timestamp=(\d+),lan=NodeJS/, 'lan=JS|Broswer ,timestamp=$1');
    expect(browser).toContain('lan=JS|Broswer ,timestamp=');
    expect(await connackTo({ ...connect, clientId: browser })).toBe(ACCEPTED);
  });
});

describe('trap-23: the console takes names that old SDKs have no room for', () => {
  it('trap-23: a DeviceName of 32 characters is the longest there is, and registers', async () => {
    const longest = 'd'.repeat(32);
    const issued = await bench.issue('B', bench.added(longest));
    expect(issued.deviceName).toBe(longest);
    await (await bench.online('B', issued)).disconnect();
    const tooLong = `${longest}d`;
    expect(bench.platform.operate({ action: 'AddDevices', productKey, deviceNames: [tooLong] }).ok).toBe(false);
    expect(await connackTo(registration('B', tooLong))).toBe(MALFORMED);
    expect(await connackTo(registration('L regnwl', tooLong))).toBe(MALFORMED);
    expect(bench.status(tooLong)).toBe('UNKNOWN');
  });

  it('trap-23: a ProductKey of 20 characters is the longest that can be made', () => {
    const create = (length: number): boolean =>
      bench.platform.operate({ action: 'CreateProduct', productKey: 'k'.repeat(length), productSecret: 'ps' }).ok;
    expect([create(21), create(20)]).toEqual([false, true]);
  });
});
