// Traps 21 and 25: how long a registration connection lives, how it ends, and what it does not mean. The platform's time is virtual.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ambientClock } from '../../kernel/clock.ts';
import { ManualClock } from '../../kernel/clock.testkit.ts';
import { createMqttFront } from '../../platform-stub/front/mqtt.ts';
import { startStub } from '../../platform-stub/node/listen.node.ts';
import { makeCertificates } from '../../platform-stub/node/tls.node.ts';
import { Platform } from '../../platform-stub/platform.ts';
import { OPERATOR_TOKEN, PRODUCT } from '../interop/stub.ts';
import { ACCEPTED, Bench, MALFORMED } from './bench.ts';
import { REGISTRANTS, registration, session, tokenSession, type Registrant } from './clients.ts';
import { connectBytes, readPublish, type Raw } from './raw.ts';

/** Time moves when told; bytes move by themselves. */
class Clock extends ManualClock {
  override turn(fn: () => void): void {
    setImmediate(fn);
  }
}

const PATIENT = { timeout: 10_000 };
const clock = new Clock();
let bench: Bench;

beforeAll(async () => {
  const platform = new Platform({ clock, seed: 'traps' });
  platform.operate({ action: 'CreateProduct', ...PRODUCT, dynamicRegistration: true });
  const certificates = await makeCertificates();
  const front = await createMqttFront(platform);
  // Sockets run on real time.
  const running = await startStub({
    ...{ platform, front, ports: 'auto', certificates, operatorToken: OPERATOR_TOKEN },
    clock: ambientClock(),
  });
  bench = new Bench({ ...running, platform, certificates });
});
afterAll(() => bench.close());

/** When the platform knows that so many replies were written, and waits for their clients to leave. */
const repliesWritten = (count = 1): Promise<void> => expect.poll(() => bench.platform.state.ending.size, PATIENT).toBe(count);
const allGone = (): Promise<void> => expect.poll(() => bench.platform.openSessions, PATIENT).toBe(0);

describe('trap-21: a connection that goes without DISCONNECT, or stays, looks like a failure', () => {
  it('trap-21: A drops the connection behind the PUBLISH: registered all the same, and neither online nor offline', async () => {
    const issued = await bench.issue('A');
    await allGone();
    expect([bench.status(issued.deviceName), bench.presence(issued.deviceName)]).toEqual(['UNACTIVE', []]);
    await (await bench.online('A', issued)).disconnect();
    await allGone();
    expect(bench.presence(issued.deviceName)).toEqual(['online: success', 'offline: Device disconnect']);
  });

  it('trap-21: B stays for the rest of its 4.9 s: not online by that, and its real connection is nothing to it', async () => {
    const deviceName = bench.added();
    const stays = await bench.tls();
    const issued = await bench.ask(stays, registration('B', deviceName));
    await repliesWritten();
    clock.advance(4_900);
    expect([bench.status(deviceName), bench.presence(deviceName)]).toEqual(['UNACTIVE', []]);
    const online = await bench.online('B', issued);
    expect([await stays.ping(), await online.ping()]).toEqual([[], []]);
    await stays.disconnect();
    expect(await online.ping()).toEqual([]);
    expect([bench.status(deviceName), bench.presence(deviceName)]).toEqual(['ONLINE', ['online: success']]);
    await online.disconnect();
    await allGone();
  });

  it.each(REGISTRANTS)('trap-21: %s loses its connection when it has read the CONNACK, and registers again', async (who) => {
    const deviceName = bench.nameFor(who);
    const lost = (await bench.tls()).send(connectBytes(registration(who, deviceName)));
    expect(await lost.nextHex()).toBe(ACCEPTED);
    lost.socket.destroy();
    await allGone();
    const issued = await bench.issue(who, deviceName);
    expect(bench.presence(deviceName)).toEqual([]);
    await (await (issued.deviceSecret ? bench.online('A', issued) : bench.onlineByToken('I', issued))).disconnect();
    await allGone();
  });
});

describe('trap-25: keep-alive is 30 to 1200 s, but not where a device registers', () => {
  it.each([0, 10, 29, 1200, 5000, 65_535])('trap-25: registers with a keep-alive of %i s in either mode', async (keepAlive) => {
    for (const who of ['A', 'E regnwl'] as const) {
      const raw = await bench.tls();
      await bench.ask(raw, { ...registration(who, bench.nameFor(who)), keepAlive });
      await raw.fin();
    }
  });

  it.each([0, 10, 29])('trap-25: does not connect with %i s', async (keepAlive) => {
    const secret = await bench.issue('A');
    const token = await bench.issue('A regnwl');
    const { deviceName, clientId, deviceToken } = token;
    for (const connect of [session('A', secret.deviceName, secret.deviceSecret), tokenSession('A', deviceName, clientId, deviceToken)]) {
      expect(await (await bench.tls()).send(connectBytes({ ...connect, keepAlive })).untilClosed()).toBe(MALFORMED);
      const raw = await bench.tls();
      expect(await bench.signOn(raw, { ...connect, keepAlive: 30 })).toBe(ACCEPTED);
      await raw.disconnect();
    }
    await allGone();
  });

  it.each([
    ['E', 60],
    ['A', 1200],
    ['E regnwl', 0],
  ] as const)(
    'trap-25: %s with keep-alive %i would stay for ever; the platform ends it after 15 s, pings or not',
    async (who, keepAlive) => {
      const raw = await waits(who, keepAlive);
      clock.advance(10_000);
      expect(await raw.ping()).toEqual([]);
      clock.advance(4_999);
      expect(await raw.ping()).toEqual([]);
      const before = raw.received.toString('hex');
      clock.advance(1);
      // No further word: the end alone.
      expect(await raw.untilClosed()).toBe(before);
      await allGone();
    },
  );

  it('trap-25: two that wait are ended each at its time', async () => {
    const early = await waits('E', 60);
    clock.advance(5_000);
    const late = await waits('I', 240, 2);
    clock.advance(10_000);
    await early.untilClosed();
    expect(await late.ping()).toEqual([]);
    clock.advance(5_000);
    await late.untilClosed();
    await allGone();
  });

  /** Has its reply, and does not leave. */
  async function waits(who: Registrant, keepAlive: number, waiting = 1): Promise<Raw> {
    const raw = (await bench.tls()).send(connectBytes({ ...registration(who, bench.nameFor(who)), keepAlive }));
    expect(await raw.nextHex()).toBe(ACCEPTED);
    expect(readPublish(await raw.next()).first).toBe('30');
    await repliesWritten(waiting);
    return raw;
  }
});
