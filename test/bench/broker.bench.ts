// Debian's mosquitto on loopback, as the far end of load.bench.ts: in C, so that most of the machine is left for the client that is measured.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificates } from '../../platform-stub/node/tls.node.ts';

export interface Broker {
  /** Where client `i` connects to: an address of its own, so that none runs out of ports. */
  url(i: number, scheme: 'mqtt' | 'mqtts'): string;
  /** Connections that it has. */
  connections(): number;
  close(): Promise<void>;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Tries until somebody listens there, or it is given up. */
async function listening(port: number, host: string, givenUp: AbortSignal): Promise<void> {
  while (!givenUp.aborted) {
    const socket = connect(port, host);
    const came = await Promise.race([once(socket, 'connect').then(() => true), once(socket, 'close').then(() => false)]).catch(() => false);
    socket.destroy();
    if (came) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** @returns undefined where mosquitto is not installed */
export async function startMosquitto(clients: number): Promise<Broker | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'muster-bench-'));
  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  const { caPem, ec } = await makeCertificates();
  const tls = `certfile ${file('cert.pem', ec.cert)}\nkeyfile ${file('key.pem', ec.key)}\ncafile ${file('ca.pem', caPem)}\n`;
  const ports = { mqtt: await freePort(), mqtts: await freePort() };
  const hosts = Array.from({ length: clients }, (_, i) => `127.0.0.${i + 1}`);
  const listener = (port: number, host: string, more = ''): string => `listener ${port} ${host}\nmax_connections -1\n${more}`;
  const listeners = hosts.map((host) => listener(ports.mqtt, host) + listener(ports.mqtts, host, tls));
  const config = file('mosquitto.conf', `user root\nallow_anonymous true\npersistence false\nlog_type error\n${listeners.join('')}`);
  const broker = spawn('mosquitto', ['-c', config], {
    stdio: 'ignore',
    env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` },
  });
  // Not installed, or not able to start: nobody will ever listen.
  const gone = new AbortController();
  for (const event of ['error', 'exit'] as const) broker.once(event, () => gone.abort());
  await listening(ports.mqtts, hosts.at(-1) ?? '127.0.0.1', gone.signal);
  if (gone.signal.aborted) {
    rmSync(folder, { recursive: true });
    return undefined;
  }
  const openFiles = (): number => readdirSync(`/proc/${broker.pid ?? 0}/fd`).length;
  const idle = openFiles();
  return {
    url: (i, scheme) => `${scheme}://${hosts[i] ?? ''}:${ports[scheme]}`,
    connections: () => openFiles() - idle,
    async close() {
      broker.kill();
      await once(broker, 'exit');
      rmSync(folder, { recursive: true });
    },
  };
}
