// Debian's mosquitto on a free port of loopback, for the bench: a broker that takes anybody.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Between two looks whether it listens, milliseconds. */
const LOOK_MS = 20;

/** @returns {Promise<number>} */
async function freePort() {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/**
 * Tries until somebody listens there, or nobody ever will.
 * @param {number} port
 * @param {() => boolean} givenUp
 */
async function listening(port, givenUp) {
  while (!givenUp()) {
    const socket = connect(port, '127.0.0.1');
    const came = await Promise.race([once(socket, 'connect').then(() => true), once(socket, 'close').then(() => false)]).catch(() => false);
    socket.destroy();
    if (came) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/**
 * A broker while `use` runs.
 * @template T
 * @param {(url: string, folder: string) => Promise<T>} use its URL, and a folder that goes with it
 * @returns {Promise<T | undefined>} undefined where mosquitto is not installed
 */
export async function withMosquitto(use) {
  const folder = mkdtempSync(join(tmpdir(), 'muster-mosquitto-'));
  const port = await freePort();
  const config = join(folder, 'mosquitto.conf');
  writeFileSync(config, `user root\nlistener ${port} 127.0.0.1\nmax_connections -1\nallow_anonymous true\n`);
  const broker = spawn('mosquitto', ['-c', config], { stdio: 'ignore', env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` } });
  let gone = false;
  const ended = new Promise((resolve) => {
    for (const event of ['error', 'exit'])
      broker.once(event, () => {
        gone = true;
        resolve(undefined);
      });
  });
  try {
    await listening(port, () => gone);
    return gone ? undefined : await use(`mqtt://127.0.0.1:${port}`, folder);
  } finally {
    broker.kill();
    await ended;
    rmSync(folder, { recursive: true });
  }
}
