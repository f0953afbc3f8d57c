// Clients that take their time (slow-loris), or are gone without a word (half-open): each has an end, and the others are served meanwhile.
// Three clocks are moved: the platform's own (ManualClock), the timers of aedes and ws (vitest's), and Node's time-outs for HTTP and TLS,
// which nobody can move and which are therefore made fifty times as short.
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import type { Server, ServerOptions } from 'node:http';
import type { Server as TlsServer, TlsOptions } from 'node:tls';
import { ManualClock } from '../../kernel/clock.testkit.ts';
import { makeCertificates } from '../../platform-stub/node/tls.node.ts';
import { packetsIn, postPacket, registerPacket, signInPacket } from './packets.ts';
import { CrashWatch, dialInMemory, MQTT_FRONTS, openRig, type FrontName, type Rig, type Wire } from './rig.ts';

const nodes = vi.hoisted(() => ({ times: 50, http: [] as unknown[], tls: [] as unknown[] }));

vi.mock('node:http', async (original) => {
  const http: typeof import('node:http') = await original();
  const createServer = (options: ServerOptions, listener: Parameters<typeof http.createServer>[1]): Server => {
    const { headersTimeout = NaN, requestTimeout = NaN, connectionsCheckingInterval = NaN, keepAliveTimeout = 5_000 } = options;
    const given = { headersTimeout, requestTimeout, connectionsCheckingInterval, keepAliveTimeout };
    nodes.http.push(given);
    const shorter = Object.fromEntries(Object.entries(given).map(([name, ms]) => [name, ms / nodes.times]));
    return http.createServer({ ...options, ...shorter }, listener);
  };
  return { ...http, createServer };
});

vi.mock('node:tls', async (original) => {
  const tls: typeof import('node:tls') = await original();
  const createServer = (options: TlsOptions, listener: Parameters<typeof tls.createServer>[1]): TlsServer => {
    const { handshakeTimeout = NaN } = options;
    nodes.tls.push({ handshakeTimeout });
    return tls.createServer({ ...options, handshakeTimeout: handshakeTimeout / nodes.times }, listener);
  };
  return { ...tls, createServer };
});

const DEVICE = 'slow-0001';
const FIRST_BYTE_MS = 10_000;
const CONNECT_MS = 30_000;
/** How long ws waits for the answer to its close frame. */
const WS_CLOSE_MS = 30_000;
/** Between two bytes of a client that is slow; the shortened time-outs are 200 ms and more. */
const DRIP_MS = 50;
/** `expect.poll` moves held timers on by each of its intervals. */
const SLACK_MS = 200;
const certificates = await makeCertificates();
const watch = new CrashWatch();

afterEach(() => {
  vi.useRealTimers();
  expect(watch.crashes).toEqual([]);
});
afterAll(() => watch.stop());

async function withRig(use: (rig: Rig, clock: ManualClock) => Promise<void>): Promise<void> {
  const clock = new ManualClock();
  const rig = await openRig({ clock, devices: [DEVICE], certificates });
  try {
    await use(rig, clock);
  } finally {
    vi.useRealTimers();
    await rig.close();
  }
}

/** Timers of libraries move by hand from here on; sockets and immediates go on by themselves. */
const holdTimers = (): void => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
const isOpen = async (wire: Wire): Promise<boolean> =>
  Promise.race([wire.closed.then(() => false), new Promise<boolean>((resolve) => setImmediate(() => setImmediate(() => resolve(true))))]);
const noSessions = (rig: Rig): Promise<void> => expect.poll(() => rig.platform.openSessions).toBe(0);

async function signedIn(rig: Rig, front: FrontName | 'memory'): Promise<Wire> {
  const wire = front === 'memory' ? dialInMemory(rig.front) : await rig.dial(front);
  wire.send(signInPacket(DEVICE, { encrypted: front === 'tls' || front === 'wss' || front === 'memory' }));
  await expect.poll(() => packetsIn(wire.received())[0]).toMatchObject({ cmd: 'connack', returnCode: 0 });
  return wire;
}

/** Sends a byte now and then until the connection is over; how many bytes that took. */
async function drip(wire: Wire, bytes: Uint8Array): Promise<number> {
  let sent = 0;
  let over = false;
  void wire.closed.then(() => (over = true));
  for (const byte of bytes) {
    if (over) break;
    wire.send(Uint8Array.of(byte));
    sent += 1;
    await Promise.race([wire.closed, new Promise((resolve) => setTimeout(resolve, DRIP_MS))]);
  }
  return sent;
}

describe('before the first byte', () => {
  it('a thousand connections end after ten seconds, and devices are served until then', () =>
    withRig(async (rig, clock) => {
      const fronts = ['tcp', 'http'] as const;
      const silent = await Promise.all(Array.from({ length: 1000 }, (_, i) => rig.dial(fronts[i % 2]!)));
      // The platform's own timers come on top: it scans for silent devices.
      await expect.poll(() => clock.alarms).toBeGreaterThanOrEqual(1000);
      clock.advance(FIRST_BYTE_MS - 1);
      await rig.goodDevice();
      for (const wire of silent.slice(0, 20)) expect(await isOpen(wire)).toBe(true);
      clock.advance(1);
      await Promise.all(silent.map((wire) => wire.closed));
      await rig.goodDevice();
      await noSessions(rig);
    }));

  it.each(['tls', 'https'] as const)('inside %s, whose handshake is done: ten seconds more', (front) =>
    withRig(async (rig, clock) => {
      const wire = await rig.dial(front);
      await expect.poll(() => clock.alarms).toBe(1);
      clock.advance(FIRST_BYTE_MS - 1);
      expect(await isOpen(wire)).toBe(true);
      clock.advance(1);
      await wire.closed;
    }),
  );

  it('on the operator API, and it is told so', () =>
    withRig(async (rig) => {
      const wire = await rig.dial('api');
      await wire.closed;
      expect(wire.received().toString()).toMatch(/^HTTP\/1\.1 408 /);
    }));
});

describe('in a TLS handshake', () => {
  /** A ClientHello that announces 512 bytes. */
  const hello = Buffer.concat([Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]), Buffer.alloc(501, 7)]);

  it('half a ClientHello is waited for for ten seconds', () =>
    withRig(async (rig) => {
      const wire = await rig.dial('tcp');
      wire.send(hello.subarray(0, 100));
      await wire.closed;
      expect(nodes.tls.at(-1)).toEqual({ handshakeTimeout: 10_000 });
    }));

  it('a byte now and then wins no time', () =>
    withRig(async (rig) => {
      const wire = await rig.dial('tcp');
      expect(await drip(wire, hello.subarray(0, 40))).toBeLessThan(40);
      await rig.goodDevice();
    }));
});

describe('in a CONNECT', () => {
  it.each(MQTT_FRONTS)('the rest is waited for for thirty seconds over %s, however slowly it comes', (front) =>
    withRig(async (rig) => {
      holdTimers();
      const wire = await rig.dial(front);
      const connect = signInPacket(DEVICE, { encrypted: front === 'tls' || front === 'wss' });
      wire.send(connect.subarray(0, 1));
      await expect.poll(() => rig.platform.openSessions).toBe(1);
      for (let i = 1; i <= 5; i++) {
        vi.advanceTimersByTime(CONNECT_MS / 5 - SLACK_MS);
        wire.send(connect.subarray(i, i + 1));
        expect(await isOpen(wire)).toBe(true);
      }
      await rig.goodDevice();
      vi.advanceTimersByTime(5 * SLACK_MS);
      await wire.closed;
      await noSessions(rig);
    }),
  );

  it.each(['ws', 'wss'] as const)('nothing at all after the handshake of %s is waited for as long', (front) =>
    withRig(async (rig) => {
      holdTimers();
      const wire = await rig.dial(front);
      await expect.poll(() => rig.platform.openSessions).toBe(1);
      vi.advanceTimersByTime(CONNECT_MS - SLACK_MS);
      expect(await isOpen(wire)).toBe(true);
      vi.advanceTimersByTime(SLACK_MS);
      await wire.closed;
      await noSessions(rig);
    }),
  );

  it('a thousand of them hold up no device', () =>
    withRig(async (rig) => {
      holdTimers();
      const first = signInPacket(DEVICE).subarray(0, 9);
      const slow = Array.from({ length: 1000 }, () => dialInMemory(rig.front));
      for (const wire of slow) wire.send(first);
      await rig.goodDevice();
      expect(rig.platform.openSessions).toBeGreaterThanOrEqual(1000);
      vi.advanceTimersByTime(CONNECT_MS);
      await Promise.all(slow.map((wire) => wire.closed));
      await noSessions(rig);
    }));
});

describe('in an HTTP request', () => {
  const post = `POST /auth/register/device HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 500\r\n\r\n`;

  it.each(['http', 'https', 'api'] as const)('headers that come byte by byte get no further, on %s', (front) =>
    withRig(async (rig) => {
      const wire = await rig.dial(front);
      expect(await drip(wire, Buffer.from(post))).toBeLessThan(40);
      await rig.goodDevice();
    }),
  );

  it.each(['http', 'https', 'api'] as const)('a body that comes byte by byte gets no further, on %s', (front) =>
    withRig(async (rig) => {
      const wire = await rig.dial(front);
      wire.send(Buffer.from(post));
      expect(await drip(wire, Buffer.alloc(60, 'a'))).toBeLessThan(60);
      await rig.goodDevice();
    }),
  );

  it.each(['http', 'https', 'api'] as const)('a connection that stays after its answer is closed, on %s', (front) =>
    withRig(async (rig) => {
      const wire = await rig.dial(front);
      wire.send(Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
      await wire.closed;
      expect(wire.received().toString()).toMatch(/^HTTP\/1\.1 \d{3} /);
    }),
  );

  it('these time-outs are of the length that is meant', () =>
    withRig(async () => {
      const meant = { headersTimeout: 10_000, requestTimeout: 20_000, connectionsCheckingInterval: 5_000, keepAliveTimeout: 5_000 };
      expect(nodes.http.slice(-2)).toEqual([meant, meant]);
    }));
});

describe('half-open: the peer is gone, and no FIN ever came', () => {
  it.each([...MQTT_FRONTS, 'memory'] as const)('a device over %s goes offline by its keep-alive, at a scan', (front) =>
    withRig(async (rig, clock) => {
      const wire = await signedIn(rig, front);
      clock.advance(89_000);
      expect(rig.platform.openSessions).toBe(1);
      wire.stopReading();
      if (front === 'ws' || front === 'wss') holdTimers();
      clock.advance(31_000);
      const device = rig.platform.state.products.get('a1Muster0001')?.devices.get(DEVICE);
      await expect.poll(() => device && rig.platform.statusOf(device)).toBe('OFFLINE');
      await expect
        .poll(() => {
          // A WebSocket waits for the answer to its close frame, and gives up.
          if (vi.isFakeTimers()) vi.advanceTimersByTime(WS_CLOSE_MS);
          return rig.platform.openSessions;
        })
        .toBe(0);
    }),
  );

  it('a registration ends after its fifteen seconds', () =>
    withRig(async (rig, clock) => {
      const wire = await rig.dial('tls');
      wire.send(registerPacket(DEVICE));
      await expect.poll(() => packetsIn(wire.received()).length).toBe(2);
      wire.stopReading();
      clock.advance(14_999);
      expect(rig.platform.openSessions).toBe(1);
      clock.advance(1);
      await noSessions(rig);
    }));

  it('its successor is let in at once', () =>
    withRig(async (rig) => {
      const gone = await signedIn(rig, 'tcp');
      gone.stopReading();
      const next = await signedIn(rig, 'tcp');
      next.send(postPacket(DEVICE, '1', 1));
      await expect.poll(() => packetsIn(next.received()).at(-1)).toMatchObject({ cmd: 'puback' });
      next.end();
      await noSessions(rig);
    }));
});
