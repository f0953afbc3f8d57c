// What a connection costs our side, beside the barest client that Node can be: at Debian's mosquitto over TCP, at the stub over TLS. The
// clients take turns, each in a process of its own, so that their ratio is of one and the same minute. Prints one JSON line.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import mqtt from 'mqtt-packet';
import { sign } from '../../protocol/sign.ts';
import { startMosquitto } from './broker.bench.ts';
import type { ClientKind, Order, Step } from './load-client.bench.ts';
import { measureTsung } from './tsung.bench.ts';

const devices = Number(process.argv[2] ?? '1000');
/** A full run goes to what one process may open: the hard limit of files is often 20,000. */
const STEPS = devices < 1000 ? [devices / 2, devices] : [1000, 5000, 15_000];
/** Enough that what is measured is no longer the compiling of the code. */
const HANDSHAKES = devices < 1000 ? devices : 4000;
/** What tsung is asked for: it is told apart from what it needs for itself by its first 500. */
const PEER_DEVICES = 5000;
const KINDS: readonly ClientKind[] = ['bare', 'lean', 'reference'];

async function load(order: Order): Promise<Step[]> {
  const profile = process.env['MUSTER_BENCH_PROFILE'] === order.kind ? ['--cpu-prof'] : [];
  const client = fork(new URL('./load-client.js', import.meta.url), {
    execArgv: ['--expose-gc', ...profile],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  client.send(order);
  return answerOf<Step[]>(client);
}

async function answerOf<T>(child: ChildProcess): Promise<T> {
  const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`a process of the bench ended with ${String(code)}`)));
  ended.catch(() => undefined);
  const [message] = (await Promise.race([once(child, 'message'), ended])) as [T];
  return message;
}

const figures: Record<string, number> = {};
const ratio = (name: string, of: number | undefined, to: number | undefined): void => {
  if (of !== undefined && to !== undefined) figures[name] = (100 * of) / to;
};

/** CPU a connection and memory an idle one, at each step; growth is the memory of those between the first step and the last. */
function keep(kind: string, steps: readonly Step[]): void {
  let cpu = 0;
  let user = 0;
  for (const step of steps) {
    cpu += step.cpuMicros;
    user += step.userMicros;
    figures[`${kind}CpuMicrosAt${step.connections}`] = cpu / step.connections;
    figures[`${kind}UserMicrosAt${step.connections}`] = user / step.connections;
    figures[`${kind}ResidentBytesAt${step.connections}`] = step.rssBytes / step.connections;
  }
  const [first, last, before] = [steps[0], steps.at(-1), steps.at(-2)];
  if (!first || !last || !before) return;
  figures[`${kind}GrowthBytes`] = (last.rssBytes - first.rssBytes) / (last.connections - first.connections);
  // Without the kernel's part, which depends on how many sockets there are.
  figures[`${kind}UserMicrosOfTheLast`] = last.userMicros / (last.connections - before.connections);
  figures[`${kind}CpuMicrosOfTheLast`] = last.cpuMicros / (last.connections - before.connections);
}

/** What no client that signs can do without: HMAC and codec of one CONNECT and its CONNACK, CPU microseconds. */
function codecAndHmac(): number {
  const rounds = 20_000;
  const parser = mqtt.parser({ protocolVersion: 4 });
  const connack = Buffer.from([0x20, 2, 0, 0]);
  const once = (i: number): void => {
    const password = sign('hmacsha256', `secret-of-device-${i}`, `clientIda1Bench0001.bench-${i}deviceNamebench-${i}productKeya1Bench0001`);
    const clientId = `a1Bench0001.bench-${i}|timestamp=2524608000000,_ss=1,securemode=2,signmethod=hmacsha256|`;
    mqtt.generate({
      cmd: 'connect',
      clientId,
      keepalive: 120,
      username: `bench-${i}`,
      password: password as unknown as Buffer,
    });
    parser.parse(connack);
  };
  for (let i = 0; i < rounds; i++) once(i);
  const before = process.cpuUsage();
  for (let i = 0; i < rounds; i++) once(rounds + i);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / rounds;
}

const most = STEPS.at(-1) ?? devices;
figures['codecAndHmacCpuMicros'] = codecAndHmac();
const broker = await startMosquitto(KINDS.length + 3);
const warmUp = Math.min(1000, devices);

/** Handshakes a second, and CPU of each, of nothing but handshakes and of devices that sign in. */
async function overTls(where: string, urlOf: (i: number) => string, tokens?: Order['tokens']): Promise<void> {
  for (const [i, kind] of (['bare', 'lean'] as const).entries()) {
    const order = { kind, url: urlOf(i), steps: [HANDSHAKES], warmUp };
    const [step] = await load(tokens ? { ...order, tokens } : order);
    if (!step) continue;
    figures[`${kind}${where}CpuMicros`] = step.cpuMicros / step.connections;
    figures[`${kind}${where}PerSecond`] = (1000 * step.connections) / step.wallMs;
  }
  ratio(`lean${where}PercentOfCeiling`, figures[`lean${where}PerSecond`], figures[`bare${where}PerSecond`]);
}

if (broker) {
  for (const [i, kind] of KINDS.entries()) {
    keep(kind, await load({ kind, url: broker.url(i, 'mqtt'), steps: STEPS, warmUp: Math.min(500, devices) }));
  }
  ratio('leanCpuPercentOfBare', figures[`leanCpuMicrosAt${most}`], figures[`bareCpuMicrosAt${most}`]);
  ratio('referenceCpuPercentOfLean', figures[`referenceCpuMicrosAt${most}`], figures[`leanCpuMicrosAt${most}`]);
  await overTls('BrokerTls', (i) => broker.url(KINDS.length + i, 'mqtts'));
  const peer = devices < 1000 ? undefined : await measureTsung(broker, broker.url(KINDS.length + 2, 'mqtt'), PEER_DEVICES);
  if (peer) {
    figures['tsungCpuMicros'] = peer.cpuMicros;
    figures['tsungResidentBytes'] = peer.residentBytes;
  }
  await broker.close();
} else process.stderr.write('bench: mosquitto is not installed, so nothing is measured over TCP\n');

const stub = fork(new URL('./stub.js', import.meta.url), { execArgv: ['--expose-gc'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
const { mqtts } = await answerOf<{ mqtts: number }>(stub);
stub.send({ provision: HANDSHAKES });
const tokens = await answerOf<NonNullable<Order['tokens']>>(stub);
await overTls('StubTls', () => `mqtts://127.0.0.1:${mqtts}`, tokens);
stub.send({ end: true });
await once(stub, 'exit');
process.stdout.write(`${JSON.stringify(figures)}\n`);
