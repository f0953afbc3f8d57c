// What a connection costs our side, beside the barest client that Node can be: at Debian's mosquitto over TCP, at the stub over TLS. The
// clients take turns, each in a process of its own, so that their ratio is of one and the same minute. Prints one JSON line.
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mqtt from 'mqtt-packet';
import { sign } from '../../protocol/sign.ts';
import type { ClientKind, Order, Step } from './load-client.bench.ts';

const devices = Number(process.argv[2] ?? '1000');
/** A full run goes to what one process may open: the hard limit of files is often 20,000. */
const STEPS = devices < 1000 ? [devices / 2, devices] : [1000, 5000, 15_000];
const HANDSHAKES = Math.min(devices, 1000);
const KINDS: readonly ClientKind[] = ['bare', 'lean', 'reference'];

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Mosquitto on loopback with one address for each kind of client, so that none of them runs out of ports; undefined where it is not installed. */
async function startMosquitto(port: number, hosts: readonly string[]): Promise<{ close(): Promise<void> } | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'muster-bench-'));
  const config = join(folder, 'mosquitto.conf');
  const listeners = hosts.map((host) => `listener ${port} ${host}\nmax_connections -1\n`).join('');
  writeFileSync(config, `allow_anonymous true\npersistence false\nlog_type error\n${listeners}`);
  const broker = spawn('mosquitto', ['-c', config], { stdio: ['ignore', 'ignore', 'inherit'] });
  const failed = await Promise.race([once(broker, 'error'), listening(port, hosts.at(-1) ?? '127.0.0.1')]);
  if (failed !== undefined) {
    rmSync(folder, { recursive: true });
    return undefined;
  }
  return {
    async close() {
      broker.kill();
      await once(broker, 'exit');
      rmSync(folder, { recursive: true });
    },
  };
}

async function listening(port: number, host: string): Promise<undefined> {
  for (;;) {
    const socket = connect(port, host);
    const came = await Promise.race([once(socket, 'connect').then(() => true), once(socket, 'close').then(() => false)]).catch(() => false);
    socket.destroy();
    if (came) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

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
  for (const step of steps) {
    cpu += step.cpuMicros;
    figures[`${kind}CpuMicrosAt${step.connections}`] = cpu / step.connections;
    figures[`${kind}ResidentBytesAt${step.connections}`] = step.rssBytes / step.connections;
  }
  const [first, last, before] = [steps[0], steps.at(-1), steps.at(-2)];
  if (!first || !last || !before) return;
  figures[`${kind}GrowthBytes`] = (last.rssBytes - first.rssBytes) / (last.connections - first.connections);
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
const hosts = KINDS.map((_, i) => `127.0.0.${i + 1}`);
const port = await freePort();
const broker = await startMosquitto(port, hosts);
if (broker) {
  for (const [i, kind] of KINDS.entries()) {
    keep(kind, await load({ kind, url: `mqtt://${hosts[i] ?? ''}:${port}`, steps: STEPS, warmUp: Math.min(500, devices) }));
  }
  await broker.close();
  ratio('leanCpuPercentOfBare', figures[`leanCpuMicrosAt${most}`], figures[`bareCpuMicrosAt${most}`]);
  ratio('referenceCpuPercentOfLean', figures[`referenceCpuMicrosAt${most}`], figures[`leanCpuMicrosAt${most}`]);
} else process.stderr.write('bench: mosquitto is not installed, so nothing is measured over TCP\n');

const stub = fork(new URL('./stub.js', import.meta.url), { execArgv: ['--expose-gc'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
const { mqtts } = await answerOf<{ mqtts: number }>(stub);
const warmUp = Math.min(200, devices);
stub.send({ provision: HANDSHAKES });
const tokens = await answerOf<NonNullable<Order['tokens']>>(stub);
for (const kind of ['bare', 'lean'] as const) {
  const [step] = await load({ kind, url: `mqtts://127.0.0.1:${mqtts}`, steps: [HANDSHAKES], warmUp, tokens });
  if (!step) continue;
  figures[`${kind}TlsCpuMicros`] = step.cpuMicros / step.connections;
  figures[`${kind}TlsPerSecond`] = (1000 * step.connections) / step.wallMs;
}
ratio('tlsPercentOfCeiling', figures['leanTlsPerSecond'], figures['bareTlsPerSecond']);
stub.send({ end: true });
await once(stub, 'exit');
process.stdout.write(`${JSON.stringify(figures)}\n`);
