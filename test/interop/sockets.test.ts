// Our own devices and our own platform over every real transport: they share bytes and nothing else.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StreamFacts } from '../../kernel/bytes/stream.ts';
import { ambientClock } from '../../kernel/clock.ts';
import { seededRandom } from '../../kernel/random.ts';
import { openReferenceSession } from '../../worker/session/reference.ts';
import { DEFAULT_TIMEOUTS } from '../../worker/session/session.ts';
import { tcpTransport, type Endpoints } from '../../worker/transport/tcp.node.ts';
import { Unit } from '../../worker/unit/unit.ts';
import { openTestStub, PRODUCT, type TestStub } from './stub.ts';

const clock = ambientClock();
const NAMES = Array.from({ length: 20 }, (_, i) => `unit-${String(i).padStart(4, '0')}`);
let stub: TestStub;
let used = 0;

beforeAll(async () => {
  stub = await openTestStub(NAMES);
});
afterAll(() => stub.close());

function urls(): Required<Endpoints> {
  const { mqtt, mqtts, ws, wss } = stub.ports;
  return {
    mqtt: `mqtt://127.0.0.1:${mqtt}`,
    mqtts: `mqtts://localhost:${mqtts}`,
    ws: `ws://127.0.0.1:${ws}/mqtt`,
    wss: `wss://localhost:${wss}/`,
  };
}

function unit(mode: 'register' | 'regnwl', endpoints: Endpoints): Unit {
  const deviceName = mode === 'register' ? (NAMES[used++] as string) : `free-${used++}`;
  const transport = tcpTransport({ endpoints, ca: stub.certificates.caPem, clock, timeouts: DEFAULT_TIMEOUTS });
  return new Unit(
    { unitId: deviceName, mode, deviceName, ...PRODUCT },
    {
      clock,
      random: seededRandom('unit', deviceName),
      transport,
      openSession: openReferenceSession,
      timeouts: DEFAULT_TIMEOUTS,
      edition: 'doc2020',
      signMethod: 'hmacsha256',
    },
  );
}

describe.each(['register', 'regnwl'] as const)('a unit in mode %s', (mode) => {
  it.each(['mqtts', 'wss'] as const)('registers and works over %s', async (kind) => {
    const device = unit(mode, { [kind]: urls()[kind] });
    expect(await device.register()).toEqual({ kind: 'issued', mode, via: 'mqtt', topic: `/ext/${mode}` });
    expect(await device.connect()).toEqual({ kind: 'accepted', sessionPresent: false });
    expect(await device.post({ Temp: 21.5 })).toMatchObject({ kind: 'accepted' });
    await device.disconnect();
    expect(device.state).toBe('offline');
  });

  it.each(['mqtt', 'ws'] as const)('is refused registration over %s, and may connect there once it is registered', async (kind) => {
    const endpoints = urls();
    const device = unit(mode, { mqtts: endpoints.mqtts, [kind]: endpoints[kind] });
    expect(await device.register({ security: 'plain' })).toEqual({ kind: 'refused', by: 'connack', code: 2 });
    expect(await device.register()).toMatchObject({ kind: 'issued' });
    expect(await device.connect({ security: 'plain' })).toEqual({ kind: 'accepted', sessionPresent: false });
    expect(await device.post({ Temp: 21.5 })).toMatchObject({ kind: 'accepted' });
    // A power cut: over TLS, TCP and WebSocket the platform notices.
    device.cutPower();
    await expect.poll(() => online(device)).toBe(false);
  });

  it('registers with TLS on the port that speaks plain MQTT too', async () => {
    const device = unit(mode, { mqtts: `mqtts://127.0.0.1:${stub.ports.mqtt}` });
    expect(await device.boot()).toMatchObject({ kind: 'accepted' });
    device.cutPower();
    await expect.poll(() => online(device)).toBe(false);
  });
});

function online(device: Unit): boolean {
  const { productKey, deviceName } = device.identity;
  const result = stub.platform.operate({ action: 'QueryDeviceDetail', productKey, deviceName });
  return result.ok && result.kind === 'device' && result.device.status === 'ONLINE';
}

describe('what the transport and the platform know of a stream', () => {
  it.each([
    ['mqtts', { kind: 'tls', encrypted: true, sni: 'localhost', peer: 'localhost' }],
    ['wss', { kind: 'wss', encrypted: true, sni: 'localhost', peer: 'localhost' }],
    ['mqtt', { kind: 'tcp', encrypted: false, peer: '127.0.0.1' }],
    ['ws', { kind: 'ws', encrypted: false, peer: '127.0.0.1' }],
  ] as const)('%s', async (kind, expected) => {
    const transport = tcpTransport({ endpoints: { [kind]: urls()[kind] }, ca: stub.certificates.caPem, clock, timeouts: DEFAULT_TIMEOUTS });
    const dialled = await transport.dial(expected.encrypted ? 'encrypted' : 'plain');
    if (!dialled.ok) expect.unreachable(JSON.stringify(dialled.outcome));
    const facts: StreamFacts = dialled.stream.facts;
    expect(facts).toEqual({ ...expected, port: stub.ports[kind] });
    expect(transport.offersPlain).toBe(!expected.encrypted);
    dialled.stream.abort();
  });
});
