// The relay as a process: what it says of itself, whom it lets in, and a device of ours that registers through it.
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { socketCarrier, type SocketLike } from '../../kernel/bytes/carrier.ts';
import { ambientClock } from '../../kernel/clock.ts';
import { codeOf } from '../../kernel/errors.ts';
import { seededRandom } from '../../kernel/random.ts';
import { openReferenceSession } from '../../worker/session/reference.ts';
import { DEFAULT_TIMEOUTS } from '../../worker/session/session.ts';
import { muxWebSocketTransport, type RelayedTarget } from '../../worker/transport/mux-websocket.ts';
import { memoryFlash } from '../../worker/unit/flash.ts';
import { Unit } from '../../worker/unit/unit.ts';
import { COMMAND, muster, withServer, withStub } from './command.ts';

const dir = mkdtempSync(join(tmpdir(), 'muster-relay-command-'));
afterAll(() => rmSync(dir, { recursive: true }));

interface Said {
  readonly relay: string;
  readonly tokenFile: string;
  readonly targets: readonly (RelayedTarget & { readonly productKey: string })[];
}

/** A relay in another process while `use` runs; its exit code. */
async function withRelay(
  args: readonly string[],
  use: (said: Said) => Promise<void>,
  signal: NodeJS.Signals = 'SIGTERM',
): Promise<number | null> {
  const child = spawn(process.execPath, [COMMAND, 'relay', '--json', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'close') as Promise<[number | null]>;
  try {
    const line = await createInterface(child.stdout)[Symbol.asyncIterator]().next();
    if (line.done) throw new Error('the relay ended without a word');
    await use(JSON.parse(line.value) as Said);
  } finally {
    child.kill(signal);
  }
  const [code] = await ended;
  return code;
}

/** A device that boots through the relay. */
async function boot(
  url: string,
  token: string,
  target: RelayedTarget,
  product: { productKey: string; productSecret: string },
): Promise<unknown> {
  const clock = ambientClock();
  const sockets: WebSocket[] = [];
  const unit = new Unit(
    { unitId: 'through-relay', mode: 'regnwl', ...product, deviceName: 'through-relay' },
    {
      clock,
      random: seededRandom('relay'),
      transport: muxWebSocketTransport({
        target,
        clock,
        timeouts: DEFAULT_TIMEOUTS,
        connect: async () => {
          const socket = new WebSocket(url, ['muster.relay', `token.${token}`]);
          socket.binaryType = 'arraybuffer';
          sockets.push(socket);
          const carrier = socketCarrier(socket as unknown as SocketLike);
          await once(socket, 'open');
          return carrier;
        },
      }),
      openSession: openReferenceSession,
      timeouts: DEFAULT_TIMEOUTS,
      edition: 'doc2020',
      signMethod: 'hmacsha256',
      flash: memoryFlash(),
    },
  );
  try {
    return await unit.boot();
  } finally {
    for (const socket of sockets) socket.terminate();
  }
}

describe('muster relay', () => {
  it('leads a device to the platform of a target file, and takes its token with it when it ends', async () => {
    await withStub([], async ({ target }) => {
      let tokenFile = '';
      const secret = readFileSync(join(target, '..', 'product-secret'), 'utf8').trim();
      const code = await withRelay(['--target', target, '--target', target], async (said) => {
        tokenFile = said.tokenFile;
        expect(statSync(tokenFile).mode & 0o777).toBe(0o600);
        const token = readFileSync(tokenFile, 'utf8');
        expect(said.targets.map(({ id, endpoints }) => [id, Object.keys(endpoints)])).toEqual([
          ['muster-stub', ['mqtt', 'mqtts']],
          ['muster-stub-2', ['mqtt', 'mqtts']],
        ]);
        expect(JSON.stringify(said)).not.toContain(token);
        expect(JSON.stringify(said)).not.toContain(secret);
        const [to] = said.targets;
        if (!to) throw new Error('no target');
        expect(await boot(said.relay, token, to, { productKey: to.productKey, productSecret: secret })).toMatchObject({ kind: 'accepted' });
        expect(await boot(said.relay, 'another', to, { productKey: to.productKey, productSecret: secret })).toEqual({
          kind: 'local',
          reason: 'relay',
        });
      });
      expect(code).toBe(0);
      expect(existsSync(tokenFile)).toBe(false);
    });
  });

  it(
    'listens on this machine alone, and Ctrl-C ends it with 130, whoever holds a connection; nothing is left',
    { timeout: 30_000 },
    async () => {
      const targets = createServer((socket) => socket.on('error', () => undefined).pause());
      targets.listen(0, '127.0.0.1');
      await once(targets, 'listening');
      const { port: to } = targets.address() as AddressInfo;
      const held: Socket[] = [];
      const hold = (port: number, host = '127.0.0.1'): Socket => {
        const socket = connect({ port, host, allowHalfOpen: true }).on('error', () => undefined);
        held.push(socket);
        return socket;
      };
      let tokenFile = '';
      let carrier: WebSocket | undefined;
      const code = await withRelay(
        ['--target', file('held', `endpoints: { mqtt: "mqtt://127.0.0.1:${to}" }`)],
        async (said) => {
          ({ tokenFile } = said);
          const { port: text } = new URL(said.relay);
          const port = Number(text);
          // Every address in 127.0.0.0/8 is this machine; a server on all of its addresses would answer here too.
          const elsewhere = hold(port, '127.0.0.2');
          const found = await once(elsewhere, 'connect').then(() => 'open', codeOf);
          expect(found).toBe('ECONNREFUSED');
          // One that says nothing, one that was refused and keeps its side, and one that is served and has a stream to a target.
          hold(port);
          const foreign = hold(port);
          foreign.write('GET /relay/ HTTP/1.1\r\nHost: evil.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
          expect(String((await once(foreign, 'data'))[0])).toMatch(/^HTTP\/1\.1 403 /);
          carrier = new WebSocket(said.relay, ['wisp-v2', `token.${readFileSync(tokenFile, 'utf8')}`]);
          carrier.on('error', () => undefined);
          await once(carrier, 'message');
          carrier.send(Buffer.of(5, 0, 0, 0, 0, 2, 0));
          carrier.send(Buffer.concat([Buffer.of(1, 1, 0, 0, 0, 1, to & 0xff, to >> 8), Buffer.from('127.0.0.1')]));
          const [connection] = (await once(targets, 'connection')) as [Socket];
          held.push(connection);
        },
        'SIGINT',
      );
      expect([code, existsSync(tokenFile), existsSync(dirname(tokenFile))]).toEqual([130, false, false]);
      carrier?.terminate();
      for (const socket of held) socket.destroy();
      await new Promise((resolve) => targets.close(resolve));
    },
  );

  it('beside the app: the page is told where, and nobody else', async () => {
    await withServer(async (url) => {
      const response = await fetch(new URL('/session', url));
      const { relay } = (await response.json()) as { relay: { path: string; token: string; targets: RelayedTarget[] } };
      const [target] = relay.targets;
      if (!target) throw new Error('no target');
      const at = new URL(relay.path, url).href.replace(/^http/, 'ws');
      const product = { productKey: 'a1Muster0001', productSecret: 'ps0123456789abcd' };
      expect(await boot(at, relay.token, target, product)).toMatchObject({ kind: 'accepted' });
      const foreign = await fetch(new URL('/session', url), { headers: { origin: 'http://evil.example' } });
      expect([foreign.status, await foreign.text()]).toEqual([403, expect.not.stringContaining(relay.token)]);
    });
  });

  it.each([
    ['a file that is not there', () => ['--target', join(dir, 'none.yaml')], 64, /none\.yaml does not exist/],
    ['an address for a file', () => ['--target', 'mqtts://host:8883'], 64, /is no target file/],
    [
      'a target of WebSockets alone',
      () => ['--target', file('wss', 'endpoints: { wss: wss://host/mqtt }')],
      64,
      /neither an mqtts nor an mqtt/,
    ],
    ['a CA that is none', () => ['--target', file('ca', 'endpoints: { mqtts: mqtts://host }\ntls: { ca: ca.yaml }')], 64, /CA to trust/],
    ['an unknown key', () => ['--target', file('key', 'endpoints: { mqtts: mqtts://host }\nrelay: 1')], 64, /relay.*is not a key/],
    [
      'an origin that is none',
      () => ['--target', file('ok', 'endpoints: { mqtts: mqtts://host }'), '--origin', 'evil'],
      64,
      /--origin "evil" is no origin/,
    ],
    [
      'an origin with a path',
      () => ['--target', file('ok', 'endpoints: { mqtts: mqtts://host }'), '--origin', 'http://a/b'],
      64,
      /http:\/\/a has a path.*write http:\/\/a\n/,
    ],
    ['a port that is none', () => ['--port', '70000'], 64, /70000/],
  ])('refuses %s in one line', async (_name, args, code, said) => {
    const ended = await muster(['relay', ...args()]);
    expect([ended.code, ended.stdout]).toEqual([code, '']);
    expect(ended.stderr).toMatch(said);
    expect(ended.stderr.trim().split('\n')).toHaveLength(1);
  });
});

function file(name: string, text: string): string {
  const path = join(dir, `${name}.yaml`);
  writeFileSync(path, `${text}\nproduct: { key: a1Muster0001 }\n`);
  return path;
}
