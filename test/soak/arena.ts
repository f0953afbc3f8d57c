// A stub, and hostile clients of every kind by number, in one process: what test/robustness/memory.mjs counts and measures.
import { MESSAGE_BYTES_MAX } from '../../protocol/limits.ts';
import { seededRandom } from '../../kernel/random.ts';
import { ambientClock, within } from '../../kernel/clock.ts';
import { header, packetsIn, postPacket, PRODUCT, registerPacket, signInPacket, subscribePacket } from '../robustness/packets.ts';
import { openRig, type FrontName, type Rig, type Wire } from '../robustness/rig.ts';

/** How long a client waits before it says that the stub keeps it. */
const LATE_MS = 10_000;
const DEVICES = Array.from({ length: 64 }, (_, i) => `hostile-${String(i).padStart(4, '0')}`);
const LOG_ENTRIES = 10_000;

interface Attack {
  readonly fronts: readonly FrontName[];
  /** What it sends, `seed` being its own; then it is reset, unless the stub ends it. */
  run(wire: Wire, context: { readonly seed: number; readonly device: string; readonly encrypted: boolean }): Promise<void> | void;
  /** The stub is who ends it. */
  readonly ends?: true;
}

const PLAIN = ['tcp', 'http', 'ws', 'api'] as const;
const MQTT = ['tcp', 'ws', 'tcp', 'tcp', 'ws', 'tls', 'tcp', 'wss'] as const;

const said = async (wire: Wire, cmd: string): Promise<void> => {
  const clock = ambientClock();
  const until = clock.now() + LATE_MS;
  while (!packetsIn(wire.received()).some((packet) => packet.cmd === cmd)) {
    if (clock.now() > until) throw new Error(`no ${cmd} came`);
    await new Promise<void>((resolve) => clock.after(1, resolve));
  }
};

const garbage = (seed: number, length: number): Buffer => {
  const random = seededRandom('garbage', seed);
  return Buffer.from(Array.from({ length }, () => random.below(256)));
};

const ATTACKS: Readonly<Record<string, Attack>> = {
  'says nothing': { fronts: PLAIN, run: () => undefined },
  'speaks no protocol': { fronts: ['tcp', 'http', 'api'], run: (wire, { seed }) => wire.send(garbage(seed, 64)) },
  'half a ClientHello': { fronts: ['tcp', 'http'], run: (wire) => wire.send(Buffer.from([0x16, 3, 1, 2, 0, 1, 0])) },
  'a broken ClientHello': {
    fronts: ['tcp', 'http'],
    run: (wire, { seed }) => wire.send(Buffer.concat([Buffer.from([0x16, 3, 1, 0, 64]), garbage(seed, 64)])),
    ends: true,
  },
  'half a CONNECT': { fronts: MQTT, run: (wire, { device }) => wire.send(signInPacket(device).subarray(0, 40)) },
  'a CONNECT with a wrong password': {
    fronts: MQTT,
    run: (wire, { device }) => wire.send(signInPacket(device).map((byte, i, all) => (i === all.length - 1 ? byte ^ 1 : byte))),
    ends: true,
  },
  'a CONNECT that announces 2 MiB': { fronts: MQTT, run: (wire) => wire.send(header(0x10, 2 * 1024 * 1024)), ends: true },
  'random bytes after its CONNECT': {
    fronts: MQTT,
    async run(wire, { seed, device, encrypted }) {
      wire.send(signInPacket(device, { encrypted }));
      // An older connection of the device may have made way, or a newer one taken its place.
      await Promise.race([said(wire, 'connack'), wire.closed]);
      wire.send(garbage(seed, 100));
    },
  },
  'an oversized packet after its CONNECT': {
    fronts: MQTT,
    run(wire, { device, encrypted }) {
      wire.send(Buffer.concat([signInPacket(device, { encrypted }), header(0x30, 4 * MESSAGE_BYTES_MAX + 1)]));
    },
    ends: true,
  },
  'a hundred filters, and posts that it does not wait for': {
    fronts: MQTT,
    run(wire, { device, encrypted }) {
      const filters = Array.from({ length: 100 }, (_, i) => `/${PRODUCT.productKey}/${device}/user/t${i}`);
      const post = postPacket(device);
      wire.send(Buffer.concat([signInPacket(device, { encrypted, autoSubscribe: true }), subscribePacket(filters), post, post, post]));
    },
  },
  'registers and leaves before its reply': {
    fronts: ['tls', 'tcp', 'ws', 'ws', 'tcp'],
    run: (wire, { device }) => wire.send(registerPacket(device)),
  },
  'half a request': { fronts: ['http', 'api', 'http', 'https'], run: (wire) => wire.send(Buffer.from('POST /auth/register/device HT')) },
  'a form of nonsense': {
    fronts: ['http', 'http', 'https'],
    run: (wire) =>
      wire.send(Buffer.from('POST /auth/register/device HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 6\r\n\r\n%%=%zz')),
    ends: true,
  },
  'a command without a token': {
    fronts: ['api'],
    run: (wire) => wire.send(Buffer.from('POST /operator HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}')),
    ends: true,
  },
};

const NAMES = Object.keys(ATTACKS);

/** What is still there. */
export interface Remains {
  readonly sessions: number;
  /** Sockets, servers and timers of this process. */
  readonly handles: number;
}

export interface Arena {
  /** Hostile connection number `n`, from its dial to its end; what it was. */
  attack(n: number): Promise<string>;
  /** Registers, connects and posts with a device of no ill will. */
  goodDevice(): Promise<void>;
  remains(): Remains;
  close(): Promise<void>;
}

/** Opens a stub whose logs are full, so that what grows later is something else. */
export async function openArena(): Promise<Arena> {
  const clock = ambientClock();
  const rig: Rig = await openRig({ clock, devices: DEVICES });
  const { productKey } = PRODUCT;
  for (const type of ['device', 'registration'] as const) {
    for (let i = 0; i < LOG_ENTRIES; i++) {
      rig.platform.note({ type, productKey, deviceName: DEVICES[i % 64]!, operation: 'online', code: 200, reason: `entry ${i}` });
    }
  }
  return {
    async attack(n) {
      const name = NAMES[n % NAMES.length]!;
      const { fronts, run, ends } = ATTACKS[name]!;
      const round = Math.floor(n / NAMES.length);
      const front = fronts[round % fronts.length]!;
      // Elsewhere than on Linux only 127.0.0.1 is there.
      const wire = await rig.dial(front, process.platform === 'linux' ? `127.0.${1 + (n % 7)}.${1 + (n % 200)}` : undefined);
      await run(wire, { seed: n, device: DEVICES[n % 64]!, encrypted: front === 'tls' || front === 'wss' || front === 'https' });
      if (ends) {
        const how = await within(clock, LATE_MS, wire.closed, () => 'kept' as const);
        if (how === 'kept') throw new Error(`connection ${n} over ${front} was kept: ${name}`);
      } else {
        await new Promise<void>((resolve) => clock.turn(resolve));
        wire.reset();
        await wire.closed;
      }
      return `${name} (${front})`;
    },
    goodDevice: () => rig.goodDevice(),
    remains: () => ({
      sessions: rig.platform.openSessions,
      handles: process.getActiveResourcesInfo().filter((kind) => /TCP|TLS|Timeout/.test(kind)).length,
    }),
    close: () => rig.close(),
  };
}

/** Every way in, for whoever wants to see that none was left out. */
export const WAYS = NAMES.flatMap((name) => [...new Set(ATTACKS[name]!.fronts)].map((front) => `${name} (${front})`));
