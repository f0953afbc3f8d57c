import { time, turns } from '../virtual.testkit.ts';
import { afterEach, describe, expect, it } from 'vitest';
import mqtt, { type Packet } from 'mqtt-packet';
import { memoryPair } from '../../kernel/bytes/memory.ts';
import { standsFor } from '../../kernel/bytes/stands-for.ts';
import { RELAY_GONE, type Ending } from '../../kernel/bytes/stream.ts';
import { ambientClock } from '../../kernel/clock.ts';
import type { TraceEvent } from '../../kernel/trace/event.ts';
import type { Outcome } from '../../kernel/trace/outcome.ts';
import { SIGN_METHODS } from '../../protocol/sign.ts';
import { ACCEPT, DN, isRegistration, PK, PS, published, scripted, secretReply, Stub, tokenReply, unit } from '../stub.testkit.ts';
import type { Transport } from '../transport/transport.ts';
import { memoryFlash, type Credentials, type Flash } from './flash.ts';
import type { Unit, UnitState } from './unit.ts';

const clock = ambientClock();
const stubs: Stub[] = [];
afterEach(async () => {
  for (const stub of stubs.splice(0)) await time.run(stub.close());
});

async function stub(options: Parameters<typeof Stub.open>[0] = {}): Promise<Stub> {
  const one = await Stub.open(options);
  stubs.push(one);
  return one;
}

/** Runs a verb in virtual time, and says how long it took there. */
async function timed(work: Promise<Outcome>): Promise<{ outcome: Outcome; ms: number }> {
  const startedAt = clock.now();
  let ms = 0;
  const outcome = await time.run(work.finally(() => (ms = clock.now() - startedAt)));
  return { outcome, ms: Math.round(ms) };
}

/** A platform that answers a registration's CONNECT with packets, and nothing else. */
const answering = (...packets: Packet[]): Transport =>
  scripted(clock, (packet, line) => packet.cmd === 'connect' && packets.length > 0 && line.send(...packets));

describe('boot', () => {
  it.each(['register', 'regnwl'] as const)('%s: registers, keeps what it gets, and comes online by no other way', async (mode) => {
    const platform = (await stub()).add(DN);
    const states: UnitState[] = [];
    const device = unit(platform.transport, { mode }, { onState: (state) => states.push(state) });
    expect(await time.run(device.boot())).toEqual({ kind: 'accepted', sessionPresent: false });
    expect(states).toEqual(['registering', 'provisioned', 'connecting', 'online']);
    expect([device.state, platform.status(), device.flash.read()?.kind]).toEqual([
      'online',
      'ONLINE',
      mode === 'register' ? 'secret' : 'token',
    ]);
    expect(platform.platform.openSessions).toBe(1);
  });

  it.each(SIGN_METHODS.flatMap((signMethod) => (['doc2020', 'doc2021', 'doc2023'] as const).map((edition) => ({ signMethod, edition }))))(
    'with $signMethod, $edition, with and without an instance',
    async ({ signMethod, edition }) => {
      const platform = (await stub({ edition })).add(DN);
      for (const instance of [{}, { instanceId: 'iot-06z00abcd' }]) {
        for (const mode of ['register', 'regnwl'] as const) {
          const deviceName = `${mode}-${Object.keys(instance).length}`;
          platform.add(...(mode === 'register' ? [deviceName] : []));
          const device = unit(platform.transport, { mode, deviceName }, { signMethod, edition, ...instance });
          expect((await time.run(device.boot())).kind).toBe('accepted');
        }
      }
    },
  );

  it('with what is stored it registers no more', async () => {
    const platform = await stub();
    const device = unit(platform.transport, { mode: 'regnwl' });
    await time.run(device.boot());
    const flash = device.flash.read();
    for (let i = 0; i < 6; i++) expect((await time.run(device.powerCycle())).kind).toBe('accepted');
    expect([device.flash.read(), platform.clientIds()]).toEqual([flash, 1]);
    const reborn = unit(platform.transport, { mode: 'regnwl' }, { flash: memoryFlash(flash) });
    expect([reborn.state, (await time.run(reborn.boot())).kind, platform.clientIds()]).toEqual(['provisioned', 'accepted', 1]);
  });

  it('registers again after a factory reset', async () => {
    const platform = await stub();
    const device = unit(platform.transport, { mode: 'regnwl' });
    await time.run(device.boot());
    const first = device.flash.read();
    device.factoryReset();
    expect([device.state, device.flash.read()]).toEqual(['blank', undefined]);
    expect((await time.run(device.boot())).kind).toBe('accepted');
    expect(platform.clientIds()).toBe(2);
    expect(device.flash.read()).not.toEqual(first);
  });

  it('gives the same outcome when every hop takes 20 turns longer', async () => {
    const platform = (await stub({ extraTurns: 20 })).add(DN);
    const { outcome, ms } = await timed(unit(platform.transport).boot());
    expect([outcome.kind, ms]).toEqual(['accepted', 0]);
  });
});

describe('on the wire', () => {
  /** Packets of the device, connection by connection, and everything as text. */
  async function wire(mode: 'register' | 'regnwl'): Promise<{ out: Packet[][]; text: string; device: Unit; secrets: string[] }> {
    const platform = (await stub()).add(DN);
    const events: TraceEvent[] = [];
    const secrets: string[] = [];
    const device = unit(platform.transport, { mode }, { sink: (event) => events.push(event), secret: (text) => secrets.push(text) });
    await time.run(device.boot());
    await time.run(device.disconnect());
    const out: Packet[][] = [];
    let text = '';
    for (const event of events) {
      if (event.kind === 'opened') out.push([]);
      if (event.kind !== 'packet' || event.dir !== 'out') continue;
      text += Buffer.from(event.bytes).toString('latin1');
      mqtt
        .parser()
        .on('packet', (packet) => out.at(-1)?.push(packet))
        .parse(Buffer.from(event.bytes));
    }
    return { out, text, device, secrets };
  }

  it.each(['register', 'regnwl'] as const)('%s: a CONNECT and a DISCONNECT, twice; no SUBSCRIBE, no will', async (mode) => {
    const { out } = await wire(mode);
    expect(out.map((packets) => packets.map((packet) => packet.cmd))).toEqual([
      ['connect', 'disconnect'],
      ['connect', 'disconnect'],
    ]);
    const [registration, connection] = out.map((packets) => packets[0]) as [mqtt.IConnectPacket, mqtt.IConnectPacket];
    expect(registration).toMatchObject({ protocolVersion: 4, clean: true, username: `${DN}&${PK}` });
    expect([registration.will, connection.will]).toEqual([undefined, undefined]);
    expect(registration.clientId).toMatch(
      new RegExp(`^${DN}\\.${PK}\\|random=\\w{15},authType=${mode},securemode=2,signmethod=hmacsha256\\|$`),
    );
    expect(connection.username).toBe(`${DN}&${PK}`);
    expect(connection.keepalive).toBeGreaterThanOrEqual(30);
    expect(connection.clientId).toMatch(
      mode === 'register' ? /^a1B2c3D4e5F\.meter-0001\|securemode=2,/ : /^\w{26}\|securemode=-2,authType=connwl,/,
    );
  });

  it('neither ProductSecret nor DeviceSecret; every secret and signature is told', async () => {
    const { text, device, secrets, out } = await wire('register');
    const stored = device.flash.read() as Extract<Credentials, { kind: 'secret' }>;
    expect(text.includes(PS) || text.includes(stored.deviceSecret)).toBe(false);
    expect(secrets).toEqual(expect.arrayContaining([PS, stored.deviceSecret]));
    for (const packets of out) expect(secrets).toContain(String((packets[0] as mqtt.IConnectPacket).password));
  });

  it('the token goes verbatim, and is told', async () => {
    const { device, secrets, out } = await wire('regnwl');
    const stored = device.flash.read() as Extract<Credentials, { kind: 'token' }>;
    const connection = out[1]?.[0] as mqtt.IConnectPacket;
    expect([String(connection.password), connection.clientId.split('|')[0], secrets.includes(stored.deviceToken)]).toEqual([
      stored.deviceToken,
      stored.clientId,
      true,
    ]);
  });
});

describe('register', () => {
  it('is refused with the code of the CONNACK; nothing is stored', async () => {
    const platform = await stub();
    const device = unit(platform.transport);
    expect(await time.run(device.boot())).toEqual({ kind: 'refused', by: 'connack', code: 4 });
    expect([device.state, device.flash.read(), platform.platform.openSessions]).toEqual(['refused', undefined, 0]);
    expect(await time.run(device.register({ security: 'plain' }))).toEqual({ kind: 'refused', by: 'connack', code: 2 });
    platform.add(DN);
    expect(await time.run(device.register({ productSecret: 'wrong' }))).toEqual({ kind: 'refused', by: 'connack', code: 4 });
    expect((await time.run(device.boot())).kind).toBe('accepted');
  });

  it('keeps good credentials when a later registration is refused', async () => {
    const platform = (await stub()).add(DN);
    const device = unit(platform.transport);
    await time.run(device.boot());
    const stored = device.flash.read();
    expect(await time.run(device.register())).toEqual({ kind: 'refused', by: 'connack', code: 4 });
    expect(device.flash.read()).toEqual(stored);
    expect((await time.run(device.connect())).kind).toBe('accepted');
  });

  it.each<[string, Packet, 'register' | 'regnwl']>([
    ['another DeviceName', secretReply({ deviceName: 'meter-0002' }), 'register'],
    ['another ProductKey', secretReply({ productKey: 'otherProduct' }), 'register'],
    ['a token for a secret', tokenReply('/ext/register'), 'register'],
    ['a secret for a token', secretReply(), 'regnwl'],
    ['no JSON', published('/ext/register', 'hello'), 'register'],
    ['an empty secret', secretReply({ deviceSecret: '' }), 'register'],
    ['half a token pair', tokenReply('/ext/regnwl', { deviceToken: undefined }), 'regnwl'],
  ])('takes a reply with %s for malformed, and stores nothing', async (_what, reply, mode) => {
    const device = unit(answering(ACCEPT, reply), { mode });
    expect(await time.run(device.register())).toMatchObject({ kind: 'malformed', what: 'reply' });
    expect([device.state, device.flash.read()]).toEqual(['failed', undefined]);
  });

  it.each<[string, Packet, 'register' | 'regnwl']>([
    ['on either topic', tokenReply('/ext/register'), 'regnwl'],
    ['on either topic, the other way round', { ...secretReply(), topic: '/ext/regnwl' } as Packet, 'register'],
    ['with fields it does not know', secretReply({ extra: { deep: [1] } }), 'register'],
    ['at QoS 1 with a retain flag', { ...secretReply(), qos: 1, messageId: 9, retain: true } as Packet, 'register'],
  ])('accepts a reply %s', async (_what, reply, mode) => {
    expect(await time.run(unit(answering(ACCEPT, reply), { mode }).register())).toMatchObject({
      kind: 'issued',
      mode,
      topic: (reply as mqtt.IPublishPacket).topic,
    });
  });

  it('is not led astray by another publish before the reply', async () => {
    expect((await time.run(unit(answering(ACCEPT, published('/other', 'x'), secretReply())).register())).kind).toBe('issued');
  });

  it('takes a reply in one segment with the CONNACK, cut at every byte, and before the CONNACK', async () => {
    const bytes = Buffer.concat([mqtt.generate(ACCEPT), mqtt.generate(secretReply())]);
    for (let cut = 0; cut < bytes.length; cut++) {
      const transport = scripted(clock, (packet, line) => {
        if (packet.cmd !== 'connect') return;
        if (cut > 0) line.write(bytes.subarray(0, cut));
        void turns(3).then(() => line.write(bytes.subarray(cut)));
      });
      expect([cut, (await time.run(unit(transport).register())).kind]).toEqual([cut, 'issued']);
    }
    expect((await time.run(unit(answering(secretReply(), ACCEPT)).register())).kind).toBe('issued');
  });

  it('is silent after exactly 10 s without CONNACK, and after 10 s more without reply', async () => {
    const mute = unit(answering());
    expect(await timed(mute.register())).toEqual({ outcome: { kind: 'silent', stage: 'connack', waitedMs: 10_000 }, ms: 10_000 });
    expect(mute.state).toBe('failed');
    const half = unit(answering(ACCEPT));
    expect(await timed(half.register())).toEqual({ outcome: { kind: 'silent', stage: 'reply', waitedMs: 10_000 }, ms: 10_000 });
    expect([half.state, half.flash.read()]).toEqual(['failed', undefined]);
  });

  it.each([
    ['end', 'before CONNACK', 'connack', []],
    ['abort', 'before CONNACK', 'connack', []],
    ['end', 'before the reply', 'reply', [ACCEPT]],
    ['abort', 'before the reply', 'reply', [ACCEPT]],
  ] as const)('is closed when the platform %ss %s', async (how, _when, stage, packets) => {
    const transport = scripted(clock, (packet, line) => {
      if (packet.cmd !== 'connect') return;
      if (packets.length > 0) line.send(...packets);
      clock.after(1234, () => line[how]());
    });
    const { outcome, ms } = await timed(unit(transport).register());
    expect(outcome).toMatchObject({ kind: 'closed', stage });
    expect([Math.round((outcome as { afterMs: number }).afterMs), ms]).toEqual([1234, 1234]);
  });

  it.each<[string, number[], Partial<Outcome>]>([
    // mqtt-packet reads over the third byte: the CONNACK counts, and no reply follows.
    ['a CONNACK with a remaining length of 3', [0x20, 0x03, 0x00, 0x00, 0x00], { kind: 'silent', stage: 'reply' }],
    ['a CONNACK without a code', [0x20, 0x00], { kind: 'silent', stage: 'connack' }],
    ['no MQTT at all', [...Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')], { kind: 'malformed', what: 'connack' }],
  ])('fails and stores nothing when the platform answers with %s', async (_what, bytes, expected) => {
    const transport = scripted(clock, (packet, line) => packet.cmd === 'connect' && line.write(Uint8Array.from(bytes)));
    const device = unit(transport);
    expect(await time.run(device.register())).toMatchObject(expected);
    expect([device.state, device.flash.read()]).toEqual(['failed', undefined]);
  });

  it('writes the flash before it ends the registration connection', async () => {
    const order: string[] = [];
    const store = memoryFlash();
    const flash: Flash = {
      read: () => store.read(),
      write: (credentials) => (order.push('flash'), store.write(credentials)),
      erase: () => store.erase(),
    };
    const transport = scripted(
      clock,
      (packet, line) => {
        if (packet.cmd === 'connect') line.send(ACCEPT, secretReply());
        else order.push(packet.cmd);
      },
      () => order.push('end'),
    );
    expect((await time.run(unit(transport, {}, { flash }).register())).kind).toBe('issued');
    expect(order).toEqual(['flash', 'disconnect', 'end']);
  });

  it('does not wait for ever for a platform that does not close: 5 s', async () => {
    const dial = (): ReturnType<Transport['dial']> => {
      const [client, server] = memoryPair(clock, standsFor('encrypted', 'platform'), standsFor('encrypted', 'device'));
      server.attach({
        data: (bytes) =>
          bytes[0] === 0x10 ? void server.write(Buffer.concat([mqtt.generate(ACCEPT), mqtt.generate(secretReply())])) : undefined,
        drain: () => undefined,
        end: () => undefined,
        close: () => undefined,
      });
      return Promise.resolve({ ok: true, stream: client });
    };
    const { outcome, ms } = await timed(unit({ offersPlain: true, dial }).register());
    expect([outcome.kind, ms]).toEqual(['issued', 5_000]);
  });

  it('does not reconnect by itself, whatever ended the registration', async () => {
    let dials = 0;
    const transport = scripted(clock, (packet, line, nth) => {
      dials = nth;
      if (packet.cmd === 'connect') line.abort();
    });
    await time.run(unit(transport).register());
    await time.run(new Promise<void>((resolve) => clock.after(600_000, resolve)));
    expect(dials).toBe(1);
  });

  it('lingers when told to; the platform ends it 15 s later', async () => {
    const platform = (await stub()).add(DN);
    const device = unit(platform.transport);
    expect((await timed(device.register({ linger: true }))).ms).toBe(0);
    expect(platform.platform.openSessions).toBe(1);
    await time.run(new Promise<void>((resolve) => clock.after(14_990, resolve)));
    expect(platform.platform.openSessions).toBe(1);
    await time.run(new Promise<void>((resolve) => clock.after(20, resolve)));
    await turns(20);
    expect(platform.platform.openSessions).toBe(0);
  });

  it('reports a target that cannot be reached as it was told', async () => {
    const outcome: Outcome = { kind: 'unreachable', stage: 'tcp', code: 'ECONNREFUSED' };
    const device = unit({ offersPlain: true, dial: () => Promise.resolve({ ok: false, outcome }) });
    expect([await time.run(device.boot()), device.state]).toEqual([outcome, 'failed']);
  });
});

describe('a power cut', () => {
  it('at any moment of a boot: the next boot works, and nothing of the first life disturbs it', async () => {
    for (const mode of ['register', 'regnwl'] as const) {
      for (let wait = 0; wait < 40; wait++) {
        const platform = (await stub()).add(DN);
        const device = unit(platform.transport, { mode });
        const first = device.boot();
        await turns(wait);
        const second = device.powerCycle();
        const outcomes = await time.run(Promise.all([first, second]));
        await turns(40);
        expect([wait, outcomes[1].kind, device.state, platform.status(), platform.platform.openSessions]).toEqual([
          wait,
          'accepted',
          'online',
          'ONLINE',
          1,
        ]);
        expect(outcomes[0]).toEqual(
          outcomes[0].kind === 'accepted' ? { kind: 'accepted', sessionPresent: false } : { kind: 'aborted', by: 'operator' },
        );
      }
    }
  });

  it('leaves the device off: no state, no flash and no connection changes afterwards', async () => {
    const seen = new Set<string>();
    for (let wait = 0; wait < 60; wait++) {
      const platform = (await stub()).add(DN);
      const device = unit(platform.transport);
      const boot = device.boot();
      await turns(wait);
      const before = device.state;
      device.cutPower();
      const [state, flash] = [device.state, device.flash.read()];
      expect(state).toBe(flash ? 'provisioned' : 'blank');
      const outcome = await time.run(boot);
      await turns(40);
      expect([wait, device.state, device.flash.read(), platform.platform.openSessions]).toEqual([wait, state, flash, 0]);
      expect([wait, outcome.kind]).toEqual([wait, before === 'online' ? 'accepted' : 'aborted']);
      seen.add(before);
    }
    // Every moment of a boot was among them.
    expect(seen).toEqual(new Set(['registering', 'provisioned', 'connecting', 'online']));
  });

  it('while it dials: the connection that comes too late is dropped', async () => {
    const platform = (await stub()).add(DN);
    const slow: Transport = {
      offersPlain: true,
      async dial(security) {
        await new Promise<void>((resolve) => clock.after(2_000, resolve));
        return platform.transport.dial(security);
      },
    };
    const device = unit(slow);
    const register = device.register();
    await turns(5);
    device.cutPower();
    expect(await time.run(register)).toEqual({ kind: 'aborted', by: 'operator' });
    await turns(40);
    expect([device.state, device.flash.read(), platform.platform.openSessions]).toEqual(['blank', undefined, 0]);
  });

  it('between the reply and the flash: the credentials are not stored', async () => {
    const device = unit(answering(ACCEPT, secretReply()));
    device.onMessage(() => device.cutPower());
    expect(await time.run(device.register())).toEqual({ kind: 'aborted', by: 'operator' });
    expect([device.state, device.flash.read()]).toEqual(['blank', undefined]);
  });

  it('during a post ends it as aborted', async () => {
    const transport = scripted(clock, (packet, line) => {
      if (packet.cmd === 'connect') line.send(ACCEPT, ...(isRegistration(packet) ? [secretReply()] : []));
    });
    const device = unit(transport);
    await time.run(device.boot());
    const post = device.post({ t: 1 });
    await turns(3);
    device.cutPower();
    expect(await time.run(post)).toEqual({ kind: 'aborted', by: 'operator' });
  });
});

describe('online', () => {
  it('posts, and gets the reply with its own id', async () => {
    const platform = (await stub()).add(DN);
    const device = unit(platform.transport);
    await time.run(device.boot());
    for (let i = 0; i < 5; i++) expect((await timed(device.post({ temperature: i }))).outcome.kind).toBe('accepted');
    expect(device.marks.repliedAt).toBeGreaterThanOrEqual(device.marks.postedAt ?? Infinity);
  });

  it('waits for its own reply, is silent without one, and closed when the connection ends', async () => {
    let how: 'foreign' | 'nothing' | 'end' = 'foreign';
    const replyTopic = `/sys/${PK}/${DN}/thing/event/property/post_reply`;
    const reply = (id: string): Packet =>
      published(replyTopic, JSON.stringify({ code: 200, data: {}, id, message: 'success', method: 'x', version: '1.0' }));
    const transport = scripted(clock, (packet, line) => {
      if (packet.cmd === 'connect') line.send(ACCEPT, ...(isRegistration(packet) ? [secretReply()] : []));
      if (packet.cmd !== 'publish') return;
      const { id } = JSON.parse(packet.payload.toString()) as { id: string };
      if (how === 'foreign') line.send(reply('4711'), published(replyTopic, 'junk'), published('/other', 'x'), reply(id));
      if (how === 'end') clock.after(500, () => line.end());
    });
    const device = unit(transport);
    await time.run(device.boot());
    expect((await time.run(device.post({}))).kind).toBe('accepted');
    how = 'nothing';
    expect(await timed(device.post({}))).toEqual({ outcome: { kind: 'silent', stage: 'reply', waitedMs: 10_000 }, ms: 10_000 });
    how = 'end';
    const { outcome } = await timed(device.post({}));
    expect(outcome).toMatchObject({ kind: 'closed', stage: 'session' });
    expect(Math.round((outcome as { afterMs: number }).afterMs)).toBe(500);
    expect([device.state, (await time.run(device.post({}))).kind]).toEqual(['offline', 'closed']);
  });

  it('stays online by itself for an hour, and is OFFLINE after a disconnect', async () => {
    const platform = (await stub()).add(DN);
    const device = unit(platform.transport);
    await time.run(device.boot());
    await time.run(new Promise<void>((resolve) => clock.after(3_600_000, resolve)));
    expect([device.state, platform.status()]).toEqual(['online', 'ONLINE']);
    await time.run(device.disconnect());
    await turns(20);
    expect([device.state, platform.status(), platform.platform.openSessions]).toEqual(['offline', 'OFFLINE', 0]);
  });

  it('goes offline when it is kicked, and does not fight back', async () => {
    const platform = (await stub()).add(DN);
    const device = unit(platform.transport);
    await time.run(device.boot());
    const twin = unit(platform.transport, {}, { flash: memoryFlash(device.flash.read()) });
    expect((await time.run(twin.boot())).kind).toBe('accepted');
    await turns(40);
    expect([device.state, twin.state, platform.platform.openSessions]).toEqual(['offline', 'online', 1]);
    await time.run(new Promise<void>((resolve) => clock.after(60_000, resolve)));
    expect([device.state, twin.state]).toEqual(['offline', 'online']);
  });

  it('subscribes and publishes: granted or refused by the platform', async () => {
    const platform = (await stub()).add(DN);
    const device = unit(platform.transport);
    expect([await device.subscribe(['#']), await device.publish('/x', 'y', 0)]).toEqual([[], false]);
    await time.run(device.boot());
    expect(await time.run(device.subscribe([`/${PK}/${DN}/user/get`, '#']))).toEqual([1, 128]);
    expect(await time.run(device.publish(`/${PK}/${DN}/user/update`, 'x', 1))).toBe(true);
  });

  it('is refused with credentials that are not its own', async () => {
    const platform = (await stub()).add(DN);
    const device = unit(platform.transport);
    await time.run(device.register());
    expect(await time.run(device.connect({ credentials: { kind: 'secret', deviceSecret: 'wrong' } }))).toEqual({
      kind: 'refused',
      by: 'connack',
      code: 4,
    });
    expect([device.state, (await time.run(device.connect())).kind]).toEqual(['refused', 'accepted']);
  });
});

describe('raw bytes', () => {
  it('are answered by a close, or by silence', async () => {
    const platform = (await stub()).add(DN);
    const device = unit(platform.transport);
    expect(await time.run(device.raw(Buffer.from('GET / HTTP/1.1\r\n\r\n')))).toMatchObject({ kind: 'closed', stage: 'connack' });
    expect(await timed(unit(answering()).raw(Uint8Array.of(0xc0)))).toEqual({
      outcome: { kind: 'silent', stage: 'connack', waitedMs: 10_000 },
      ms: 10_000,
    });
    expect((await time.run(device.boot())).kind).toBe('accepted');
  });
});

it('a relay that goes away in mid-session is our own fault, a platform that does is its own', async () => {
  const lost = async (code: string): Promise<Outcome> => {
    const { transport } = (await stub()).add(DN);
    let closed: ((ending: Ending) => void) | undefined;
    const device = unit({
      ...transport,
      async dial(...how) {
        const dialled = await transport.dial(...how);
        if (!dialled.ok) return dialled;
        const { stream } = dialled;
        return {
          ok: true,
          stream: {
            facts: stream.facts,
            write: (bytes) => stream.write(bytes),
            end: () => stream.end(),
            shut: () => stream.shut(),
            abort: () => stream.abort(),
            pause: () => stream.pause(),
            resume: () => stream.resume(),
            attach(handlers) {
              closed = (ending) => handlers.close(ending);
              stream.attach(handlers);
            },
          },
        };
      },
    });
    expect((await time.run(device.boot())).kind).toBe('accepted');
    const posted = device.post({ t: 1 });
    closed?.({ by: 'fault', code });
    return time.run(posted);
  };
  expect(await lost(RELAY_GONE)).toEqual({ kind: 'local', reason: 'relay' });
  expect(await lost('ECONNRESET')).toMatchObject({ kind: 'closed', stage: 'session' });
});

it('an evidence of a life is complete: opened, packets, closed, and an outcome for each verb', async () => {
  const platform = (await stub()).add(DN);
  const events: TraceEvent[] = [];
  const device = unit(platform.transport, {}, { sink: (event) => events.push(event) });
  await time.run(device.boot());
  await time.run(device.post({ t: 1 }));
  await time.run(device.disconnect());
  expect(events.filter((event) => event.kind === 'outcome').map((event) => [event.verb, event.outcome.kind])).toEqual([
    ['register', 'issued'],
    ['connect', 'accepted'],
    ['post', 'accepted'],
  ]);
  for (const conn of [1, 2]) {
    const kinds = events.flatMap((event) => ('conn' in event && event.conn === conn ? [event.kind] : []));
    expect([kinds[0], kinds.at(-1), new Set(kinds.slice(1, -1))]).toEqual(['opened', 'closed', new Set(['packet'])]);
  }
});
