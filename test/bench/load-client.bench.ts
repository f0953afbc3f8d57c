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
  readonly wallMs: number;
  readonly rssBytes: number;
  readonly heapBytes: number;
}

type Close = () => void;

const CONCURRENCY = 64;
const PRODUCT = { productKey: 'a1Bench0001', productSecret: 'bench-secret-0001' };
const PASSWORD = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

function bareTcp(url: URL): (i: number) => Promise<Close> {
  return (i) =>
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

function bareTls(url: URL): (i: number) => Promise<Close> {
  const secureContext = createSecureContext();
  return () =>
    new Promise((resolve, reject) => {
      const socket = tlsConnect({ host: url.hostname, port: Number(url.port), secureContext, rejectUnauthorized: false });
      socket.on('error', reject);
      socket.on('secureConnect', () => resolve(() => socket.destroy()));
    });
}

function engine({ kind, url, tokens }: Order): (i: number) => Promise<Close> {
  const clock = ambientClock();
  const scheme = new URL(url).protocol === 'mqtts:' ? 'mqtts' : 'mqtt';
  const transport = tcpTransport({ endpoints: { [scheme]: url }, insecure: true, clock, timeouts: DEFAULT_TIMEOUTS });
  const openSession = sessionNamed(kind === 'lean' ? 'lean' : 'reference');
  return async (i) => {
    const flash = memoryFlash();
    const token = tokens?.[i];
    const credentials: Credentials = token
      ? { kind: 'token', ...token }
      : { kind: 'secret', deviceSecret: `${PASSWORD.slice(0, 26)}${100_000 + i}` };
    flash.write(credentials);
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
        flash,
      },
    );
    const outcome = await unit.connect({ security: scheme === 'mqtts' ? 'encrypted' : 'plain' });
    if (outcome.kind !== 'accepted') throw new Error(`${deviceName}: ${JSON.stringify(outcome)}`);
    return () => unit.cutPower();
  };
}

function clientOf(order: Order): (i: number) => Promise<Close> {
  const url = new URL(order.url);
  if (order.kind !== 'bare') return engine(order);
  return url.protocol === 'mqtts:' ? bareTls(url) : bareTcp(url);
}

function measure(): { cpu: number; cpuAfter: number; rss: number; heap: number; at: number } {
  const cpu = (): number => {
    const { user, system } = process.cpuUsage();
    return user + system;
  };
  const [before, at] = [cpu(), performance.now()];
  globalThis.gc?.();
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  return { cpu: before, cpuAfter: cpu(), rss, heap: heapUsed + external, at };
}

/** Brings the number of connections up to `to`, so many at once. */
async function upTo(connect: (i: number) => Promise<Close>, open: Close[], to: number): Promise<void> {
  let next = open.length;
  const work = async (): Promise<void> => {
    while (next < to) open.push(await connect(next++));
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
}

async function carryOut(order: Order): Promise<Step[]> {
  const connect = clientOf(order);
  const open: Close[] = [];
  await upTo(connect, open, order.warmUp);
  for (const close of open.splice(0)) close();
  const start = measure();
  const steps: Step[] = [];
  let before = start;
  let beganAt = performance.now();
  for (const connections of order.steps) {
    await upTo(connect, open, connections);
    const now = measure();
    steps.push({
      connections,
      cpuMicros: now.cpu - before.cpuAfter,
      wallMs: now.at - beganAt,
      rssBytes: now.rss - start.rss,
      heapBytes: now.heap - start.heap,
    });
    before = now;
    beganAt = performance.now();
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
