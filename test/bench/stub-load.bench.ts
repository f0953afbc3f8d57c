// What a connection costs the stub: connects a second, CPU and memory on its side. The client here is as bare as can be (bytes on sockets),
// so that the stub is what is measured. Prints one JSON line.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect as tcpConnect, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import mqtt from 'mqtt-packet';
import { tokenIdentifier } from '../../protocol/identifier.ts';
import { PROPERTY_POST_METHOD } from '../../protocol/payload.ts';
import { propertyPost } from '../../protocol/topics.ts';

const devices = Number(process.argv[2] ?? '1000');
const CONCURRENCY = 64;

const stub = fork(new URL('./stub.js', import.meta.url), {
  execArgv: ['--expose-gc', ...(process.env['MUSTER_BENCH_PROFILE'] ? ['--cpu-prof'] : [])],
  stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
});
async function answer<T>(): Promise<T> {
  const [message] = (await once(stub, 'message')) as [T];
  return message;
}
function ask<T>(asked: object): Promise<T> {
  const answered = answer<T>();
  stub.send(asked);
  return answered;
}
interface Measured {
  /** CPU time used when measuring began, and when it was done. */
  readonly cpuMicros: number;
  readonly cpuMicrosAfter: number;
  readonly heapBytes: number;
  readonly rssBytes: number;
}
interface Issued {
  readonly clientId: string;
  readonly deviceToken: string;
  readonly username: string;
}

const ports = await answer<Record<'mqtt' | 'mqtts', number>>();
const issued = await ask<Issued[]>({ provision: devices });

/** A socket whose device is online. */
async function online({ clientId, deviceToken, username }: Issued, isTls: boolean): Promise<Socket> {
  const socket = isTls
    ? tlsConnect({ port: ports.mqtts, host: '127.0.0.1', rejectUnauthorized: false })
    : tcpConnect({ port: ports.mqtt, host: '127.0.0.1', noDelay: true });
  await once(socket, isTls ? 'secureConnect' : 'connect');
  socket.write(
    mqtt.generate({
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: 4,
      clean: true,
      keepalive: 1200,
      clientId: tokenIdentifier(clientId, [['_ss', '1']]),
      username,
      password: Buffer.from(deviceToken),
    }),
  );
  const [connack] = (await once(socket, 'data')) as [Buffer];
  if (connack.toString('hex') !== '20020000') throw new Error(`CONNACK ${connack.toString('hex')}`);
  return socket;
}

/** Does `work` for each of the list, so many at once. */
async function all<T, R>(list: readonly T[], work: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let i = next++; i < list.length; i = next++) results[i] = await work(list[i] as T);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return results;
}

async function post(socket: Socket, deviceName: string, id: string): Promise<void> {
  const payload = JSON.stringify({ id, version: '1.0', params: { t: 1 }, method: PROPERTY_POST_METHOD });
  const topic = propertyPost('a1Bench0001', deviceName);
  socket.write(mqtt.generate({ cmd: 'publish', topic, payload, qos: 0, retain: false, dup: false }));
  await once(socket, 'data');
}

const figures: Record<string, number> = {};
for (const carrier of ['tcp', 'tls'] as const) {
  const before = await ask<Measured>({ measure: true });
  const startedAt = performance.now();
  const sockets = await all(issued, (one) => online(one, carrier === 'tls'));
  const seconds = (performance.now() - startedAt) / 1000;
  const connected = await ask<Measured>({ measure: true });
  figures[`${carrier}ConnectsPerSecond`] = devices / seconds;
  figures[`${carrier}CpuMicrosPerConnect`] = (connected.cpuMicros - before.cpuMicrosAfter) / devices;
  figures[`${carrier}HeapBytesPerDevice`] = (connected.heapBytes - before.heapBytes) / devices;
  figures[`${carrier}RssBytesPerDevice`] = (connected.rssBytes - before.rssBytes) / devices;
  await all([...sockets.entries()], ([i, socket]) => post(socket, (issued[i] as Issued).username.split('&', 1)[0] as string, '1'));
  const posted = await ask<Measured>({ measure: true });
  figures[`${carrier}CpuMicrosPerPost`] = (posted.cpuMicros - connected.cpuMicrosAfter) / devices;
  for (const socket of sockets) socket.destroy();
  // The next carrier starts when the stub has forgotten these.
  for (let online = devices; online > 0;) ({ online } = await ask<{ online: number }>({ count: true }));
}
stub.send({ end: true });
await once(stub, 'exit');
process.stdout.write(`${JSON.stringify(figures)}\n`);
