// One client of a broker in a process of its own, for `load.bench.ts`: the engine's devices with either session, or as bare as Node can be.
// Tells CPU and memory at each number of connections that it is asked for. Talks over IPC; run with `--expose-gc`.
import { connect as tcpConnect } from 'node:net';
import { connect as tlsConnect, createSecureContext } from 'node:tls';
import mqtt from 'mqtt-packet';
import { ambientClock } from '../../kernel/clock.ts';
import { seededRandom } from '../../kernel/random.ts';
import { sessionNamed } from '../../worker/session/choose.ts';
import { DEFAULT_TIMEOUTS } from '../../worker/session/session.ts';
import { tcpTransport } from '../../worker/transport/tcp.node.ts';
import { memoryFlash, type Credentials } from '../../worker/unit/flash.ts';
import { Unit } from '../../worker/unit/unit.ts';

/** `bare`: sockets and the codec over TCP, nothing but handshakes over TLS. */
export type ClientKind = 'bare' | 'lean' | 'reference';

export interface Order {
  readonly kind: ClientKind;
  /** `mqtt://` or `mqtts://`. */
  readonly url: string;
  /** Numbers of connections, rising; the connections stay until the end. */
  readonly steps: readonly number[];
  /** Connections made and ended before anything is measured. */
  readonly warmUp: number;
  /** Credentials of the devices `bench-0`, `bench-1`...; without them each signs with a DeviceSecret, which no broker here checks. */
  readonly tokens?: readonly { readonly clientId: string; readonly deviceToken: string }[];
}

/** At one number of connections: CPU microseconds and wall milliseconds since the step before, memory in all. */
export interface Step {
  readonly connections: number;
  readonly cpuMicros: number;
  /** The part of it that is not the kernel's: what our code decides most about. */
  readonly userMicros: number;
  readonly wallMs: number;
  readonly rssBytes: number;
  readonly heapBytes: number;
}

type Close = () => void;
/** Makes device `i`; what it returns connects it. */
type Client = (i: number) => () => Promise<Close>;

const CONCURRENCY = 64;
const PRODUCT = { productKey: 'a1Bench0001', productSecret: 'bench-secret-0001' };
const PASSWORD = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

function bareTcp(url: URL): Client {
  return (i) => () =>
    new Promise((resolve, reject) => {
      const socket = tcpConnect({ host: url.hostname, port: Number(url.port), noDelay: true });
      const parser = mqtt.parser({ protocolVersion: 4 });
      parser.on('packet', (packet) => {
        if (packet.cmd === 'connack' && packet.returnCode === 0) resolve(() => socket.resetAndDestroy());
      });
      socket.on('data', (bytes: Buffer) => parser.parse(bytes));
      socket.on('error', reject);
      socket.on('connect', () =>
        socket.write(
          mqtt.generate({
            cmd: 'connect',
            protocolId: 'MQTT',
            protocolVersion: 4,
            clean: true,
            keepalive: 1200,
            clientId: `${PRODUCT.productKey}.bench-${i}|timestamp=2524608000000,_ss=1,securemode=2,signmethod=hmacsha256|`,
            username: `bench-${i}&${PRODUCT.productKey}`,
            password: PASSWORD as unknown as Buffer,
          }),
        ),
      );
    });
}

function bareTls(url: URL): Client {
  const secureContext = createSecureContext();
  return () => () =>
    new Promise((resolve, reject) => {
      const socket = tlsConnect({ host: url.hostname, port: Number(url.port), secureContext, rejectUnauthorized: false });
      socket.on('error', reject);
      socket.on('secureConnect', () => resolve(() => socket.destroy()));
    });
}

/** A device that was provisioned before: what it takes to make one is in the memory, but not in the CPU of its connection. */
function engine({ kind, url, tokens }: Order): Client {
  const clock = ambientClock();
  const scheme = new URL(url).protocol === 'mqtts:' ? 'mqtts' : 'mqtt';
  const transport = tcpTransport({ endpoints: { [scheme]: url }, insecure: true, clock, timeouts: DEFAULT_TIMEOUTS });
  const openSession = sessionNamed(kind === 'lean' ? 'lean' : 'reference');
  return (i) => {
    const token = tokens?.[i];
    const credentials: Credentials = token
      ? { kind: 'token', ...token }
      : { kind: 'secret', deviceSecret: `${PASSWORD.slice(0, 26)}${100_000 + i}` };
    const deviceName = `bench-${i}`;
    const unit = new Unit(
      { unitId: deviceName, mode: token ? 'regnwl' : 'register', deviceName, ...PRODUCT },
      {
        clock,
        random: seededRandom('bench', i),
        transport,
        openSession,
        timeouts: DEFAULT_TIMEOUTS,
        edition: 'doc2020',
        signMethod: 'hmacsha256',
        flash: memoryFlash(credentials),
      },
    );
    return async () => {
      const outcome = await unit.connect({ security: scheme === 'mqtts' ? 'encrypted' : 'plain' });
      if (outcome.kind !== 'accepted') throw new Error(`${deviceName}: ${JSON.stringify(outcome)}`);
      return () => unit.cutPower();
    };
  };
}

function clientOf(order: Order): Client {
  const url = new URL(order.url);
  if (order.kind !== 'bare') return engine(order);
  return url.protocol === 'mqtts:' ? bareTls(url) : bareTcp(url);
}

interface Reading {
  readonly at: number;
  readonly used: NodeJS.CpuUsage;
  /** After the garbage was collected: that is nobody's cost. */
  readonly usedAfter: NodeJS.CpuUsage;
  readonly doneAt: number;
  readonly memory: NodeJS.MemoryUsage;
}

function measure(): Reading {
  const [at, used] = [performance.now(), process.cpuUsage()];
  globalThis.gc?.();
  globalThis.gc?.();
  return { at, used, memory: process.memoryUsage(), usedAfter: process.cpuUsage(), doneAt: performance.now() };
}

/** Connects them all, so many at once. */
async function all(connects: readonly (() => Promise<Close>)[]): Promise<Close[]> {
  const closes: Close[] = [];
  const queue = connects.values();
  const work = async (): Promise<void> => {
    for (const connect of queue) closes.push(await connect());
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return closes;
}

async function carryOut(order: Order): Promise<Step[]> {
  const client = clientOf(order);
  const made = (from: number, to: number): (() => Promise<Close>)[] => Array.from({ length: to - from }, (_, i) => client(from + i));
  for (const close of await all(made(0, order.warmUp))) close();
  const start = measure();
  const steps: Step[] = [];
  const open: Close[] = [];
  for (const connections of order.steps) {
    const connects = made(open.length, connections);
    const before = measure();
    open.push(...(await all(connects)));
    const now = measure();
    const user = now.used.user - before.usedAfter.user;
    steps.push({
      connections,
      cpuMicros: user + now.used.system - before.usedAfter.system,
      userMicros: user,
      wallMs: now.at - before.doneAt,
      rssBytes: now.memory.rss - start.memory.rss,
      heapBytes: now.memory.heapUsed + now.memory.external - start.memory.heapUsed - start.memory.external,
    });
  }
  for (const close of open) close();
  return steps;
}

process.once('message', (order: Order) => {
  carryOut(order).then(
    (steps) => process.send?.(steps, () => process.exit(0)),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exit(1);
    },
  );
});
