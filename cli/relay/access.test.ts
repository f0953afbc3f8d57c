// A relay is no open proxy: each class of refusal, tried as somebody would who may not use it.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { WebSocket } from 'ws';
import { EXIT, UserError } from '../../kernel/errors.ts';
import { originOf } from './access.ts';
import {
  closeAll,
  echo,
  freePort,
  gone,
  lab,
  openRelay,
  PlainClient,
  rawUpgrade,
  socketTo,
  target,
  TOKEN,
  type OpenRelay,
} from './relay.testkit.ts';

afterEach(closeAll);

/** Status of the answer to an upgrade; 101 where it was taken. */
async function status(socket: WebSocket): Promise<number | undefined> {
  return new Promise((resolve) => {
    socket.on('error', () => undefined);
    socket.on('open', () => resolve(101));
    socket.on('unexpected-response', (_request, response: { statusCode?: number }) => resolve(response.statusCode));
  });
}

const ask = (relay: OpenRelay, protocols?: readonly string[], headers: Record<string, string> = {}, path = '/relay/') =>
  status(socketTo(`ws://127.0.0.1:${relay.port}${path}`, protocols, { headers }));

const failing = (code: string): Promise<never> => Promise.reject(Object.assign(new Error(code), { code }));

const NOBODY = 65_534;

/** What the relay answers to a program of another user; only root can be one. */
async function askAs(uid: number, port: number): Promise<string> {
  const request = [
    'GET /relay/ HTTP/1.1',
    `Host: 127.0.0.1:${port}`,
    ...['Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version: 13'],
    `Sec-WebSocket-Protocol: muster.relay, token.${TOKEN}`,
  ];
  const code = `const s = require('net').connect(${port}, '127.0.0.1', () => s.write(${JSON.stringify(`${request.join('\r\n')}\r\n\r\n`)}));
    s.on('data', (data) => { process.stdout.write(data); s.destroy(); });`;
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', code], { uid, gid: uid, cwd: '/' });
  return stdout;
}

describe('the way in', () => {
  it('is open to a program of this user with the token, and to a page of this server', async () => {
    const relay = await openRelay([]);
    expect(await ask(relay)).toBe(101);
    expect(await ask(relay, undefined, { origin: `http://127.0.0.1:${relay.port}` })).toBe(101);
    const socket = socketTo(relay.url);
    await once(socket, 'open');
    // The token does not come back.
    expect(socket.protocol).toBe('muster.relay');
  });

  it('needs the token of this run', async () => {
    const relay = await openRelay([]);
    expect(await ask(relay, ['muster.relay'])).toBe(401);
    expect(await ask(relay, ['muster.relay', 'token.'])).toBe(401);
    expect(await ask(relay, ['muster.relay', `token.${TOKEN.slice(0, -1)}`])).toBe(401);
    expect(await ask(relay, ['muster.relay', `token.${TOKEN}x`])).toBe(401);
    expect(await ask(relay, ['muster.relay'], {}, `/relay/?token=${TOKEN}`)).toBe(404);
    expect(await ask(relay, [`token.${TOKEN}`])).toBe(400);
  });

  it('is closed to a foreign page, and to a name that was made to mean this machine (DNS rebinding)', async () => {
    const relay = await openRelay([], { origins: ['http://lab.example:5173'] });
    for (const origin of ['http://evil.example', `https://127.0.0.1:${relay.port}`, 'null', `http://localhost:${relay.port}`])
      expect([origin, await ask(relay, undefined, { origin })]).toEqual([origin, 403]);
    for (const host of [`evil.example:${relay.port}`, '127.0.0.1', '127.0.0.1:1', `127.0.0.1.evil.example:${relay.port}`])
      expect([host, await ask(relay, undefined, { host })]).toEqual([host, 403]);
    // A page of that very name is of its own origin, as it sees it.
    expect(await ask(relay, undefined, { host: `evil.example:${relay.port}`, origin: `http://evil.example:${relay.port}` })).toBe(403);
    expect(await ask(relay, undefined, { origin: 'http://lab.example:5173' })).toBe(101);
  });

  it.skipIf(process.platform !== 'linux')('is closed to another user of this machine, even with the token', async () => {
    const { port, url } = await openRelay([]);
    if (process.getuid?.() !== 0) {
      // Whoever runs this test can be nobody else; the relay can.
      const own = process.getuid?.() ?? 0;
      const getuid = vi.spyOn(process, 'getuid').mockReturnValue(own + 1);
      expect(await status(socketTo(url))).toBe(403);
      getuid.mockRestore();
    } else expect(await askAs(NOBODY, port)).toMatch(/^HTTP\/1\.1 403 .*the user that started it/s);
    expect(await status(socketTo(url))).toBe(101);
  });

  it('has its path, and takes so many carriers', async () => {
    const relay = await openRelay([], { limits: { carriers: 1 } });
    expect(await ask(relay, undefined, {}, '/')).toBe(404);
    expect(await ask(relay)).toBe(101);
    const socket = socketTo(relay.url);
    const [code] = (await once(socket, 'close')) as [number];
    expect(code).toBe(1013);
  });

  it('counts a carrier no longer that has gone', async () => {
    const relay = await openRelay([], { limits: { carriers: 1 } });
    const first = await PlainClient.greet(relay.url);
    first.socket.terminate();
    await vi.waitFor(async () => {
      const next = socketTo(relay.url);
      const said = await Promise.race([once(next, 'message').then(() => 'INFO'), once(next, 'close').then(() => 'closed')]);
      next.terminate();
      expect(said).toBe('INFO');
    });
  });

  it('a carrier too many may break the protocol, and stay: the process goes on, and hangs up soon', { timeout: 10_000 }, async () => {
    const { port, relay } = await openRelay([], { limits: { carriers: 1, hangUpMs: 50 } });
    const first = await PlainClient.greet(`ws://127.0.0.1:${port}/relay/`);
    const [broken, silent] = [rawUpgrade(port), rawUpgrade(port)];
    broken.once('data', () => broken.write(Buffer.from([0xff, 0x80, 0, 0, 0, 0])));
    await Promise.all([broken, silent].map(gone));
    expect(first.socket.readyState).toBe(first.socket.OPEN);
    relay.close();
  });

  it('ends at once with a carrier too many that is still there', { timeout: 10_000 }, async () => {
    const { port, relay, server } = await openRelay([], { limits: { carriers: 0, hangUpMs: 60_000 } });
    const held = rawUpgrade(port);
    await once(held, 'data');
    relay.close();
    await Promise.all([gone(held), new Promise((resolve) => server.close(resolve))]);
  });

  it('keeps no connection that it refused, whatever that does, and ends at once', async () => {
    const { port, relay, server } = await openRelay([]);
    const connections = (): Promise<number> =>
      new Promise((resolve, reject) => server.getConnections((error, count) => (error ? reject(error) : resolve(count))));
    const held = Array.from({ length: 20 }, () => rawUpgrade(port, 'another'));
    for (const socket of held) socket.write('more of it');
    const heard = await Promise.all(held.map(async (socket) => String((await once(socket, 'data'))[0])));
    expect(heard.every((text) => text.startsWith('HTTP/1.1 401 '))).toBe(true);
    await vi.waitFor(async () => expect(await connections()).toBe(0));
    // One that takes nothing of what it is told.
    const deaf = rawUpgrade(port, 'another').pause();
    await once(server, 'upgrade');
    deaf.write('x');
    relay.close();
    await new Promise((resolve) => server.close(resolve));
  });

  it('hangs up on who does not say INFO first, or at all', async () => {
    const { url } = await openRelay([], { limits: { handshakeMs: 50 } });
    const silent = new PlainClient(url);
    expect(await silent.closed(0)).toBe(0x04);
    await once(silent.socket, 'close');
    const hasty = new PlainClient(url);
    await hasty.next(({ type }) => type === 5);
    hasty.connect(1, '127.0.0.1', 1883);
    expect(await hasty.closed(0)).toBe(0x04);
  });

  it('waits only so long for one to go that it hung up on', { timeout: 10_000 }, async () => {
    const { port } = await openRelay([], { limits: { handshakeMs: 20, hangUpMs: 50 } });
    await gone(rawUpgrade(port));
  });
});

describe('the origin of a page elsewhere', () => {
  it.each([
    ['http://lab.example:5173', 'http://lab.example:5173'],
    ['HTTPS://Lab.Example', 'https://lab.example'],
    ['https://lab.example:443/', 'https://lab.example'],
    ['http://[::1]:80', 'http://[::1]'],
  ])('%s is one, as a browser sends it', (written, sent) => {
    expect(originOf(written)).toBe(sent);
  });

  it.each([
    ['http://a/b', /http:\/\/a has a path/, /^write http:\/\/a$/],
    ['http://a/b/', /has a path/, /http:\/\/a$/],
    ['http://a//', /has a path/, /http:\/\/a$/],
    ['http:\\\\a\\b', /a path/, /http:\/\/a$/],
    ['http:a', /a path/, /http:\/\/a$/],
    ['http://a?token=hush', /a query/, /http:\/\/a$/],
    ['http://a/#x', /a query/, /http:\/\/a$/],
    ['http://me:hush@a:81', /a name or a password/, /http:\/\/a:81$/],
    ['http://me:hush@', /is no origin/, /HOST:PORT/],
    ['me:hush@a', /is no origin/, /HOST:PORT/],
    ['evil', /--origin "evil" is no origin/, /HOST:PORT/],
    ['ws://a', /--origin "ws:\/\/a" is no origin/, /HOST:PORT/],
    ['null', /is no origin/, /HOST:PORT/],
    ['', /is no origin/, /HOST:PORT/],
  ])('%j is none', (written, what, remedy) => {
    const refused = (() => {
      try {
        return originOf(written);
      } catch (error) {
        return error;
      }
    })();
    if (!(refused instanceof UserError)) throw new Error(`it was taken as ${String(refused)}`);
    expect([refused.message, refused.remedy, refused.exit]).toEqual([
      expect.stringMatching(what),
      expect.stringMatching(remedy),
      EXIT.usage,
    ]);
    expect(`${refused.message} ${refused.remedy}`).not.toContain('hush');
  });
});

describe('the way out, for a client that knows nothing but Wisp 2', () => {
  it('leads to the host and port of a target, one frame a message', async () => {
    const port = await target(echo);
    const client = await PlainClient.greet((await openRelay([lab({ mqtt: port })])).url);
    client.connect(7, '127.0.0.1', port);
    // Before anything is up.
    client.send(2, 7, Buffer.from('hel'));
    client.send(2, 7, Buffer.from('lo'));
    await vi.waitFor(() => expect(client.text(7)).toBe('hello'));
    expect(client.frames.filter(({ type }) => type > 5)).toEqual([]);
    for (let i = 0; i < 64; i++) client.send(2, 7, Buffer.of(0x2e));
    const { payload } = await client.next(({ type, stream }) => type === 3 && stream === 7);
    expect(payload.readUInt32LE(0)).toBe(64);
    client.send(4, 7, Buffer.of(2));
  });

  it('leads nowhere else: blocked, invalid, refused, unreachable, timed out', async () => {
    const port = await target(echo);
    const closed = await freePort();
    const client = await PlainClient.greet(
      (await openRelay([lab({ mqtt: port }), lab({ mqtt: closed }), lab({ mqtt: 1883 }, {}, 'no-such-host.invalid')])).url,
    );
    const reason = (stream: number, host: string, number: number, kind?: number): Promise<number> => {
      client.connect(stream, host, number, kind);
      return client.closed(stream);
    };
    expect(await reason(1, '127.0.0.1', 22)).toBe(0x48);
    expect(await reason(2, 'localhost', port)).toBe(0x48);
    expect(await reason(3, '169.254.169.254', 80)).toBe(0x48);
    expect(await reason(4, '0x7f.1', port)).toBe(0x48);
    expect(await reason(5, '127.0.0.1', port, 2)).toBe(0x41);
    expect(await reason(6, '', port)).toBe(0x41);
    expect(await reason(7, '127.0.0.1', 0)).toBe(0x41);
    expect(await reason(8, 'lab/mqtts', 0, 0x80)).toBe(0x48);
    expect(await reason(9, '127.0.0.1', closed)).toBe(0x44);
    expect(await reason(10, 'no-such-host.invalid', 1883)).toBe(0x42);
    client.send(1, 11, Buffer.of(1));
    expect(await client.closed(11)).toBe(0x41);
  });

  it.each([
    ['not in time, while its name is looked up', () => new Promise<never>(() => undefined), 0x43],
    ['not in time, as the system has it', () => failing('ETIMEDOUT'), 0x43],
    ['for want of descriptors', () => failing('EMFILE'), 0x49],
    ['for want of ports', () => failing('EADDRNOTAVAIL'), 0x49],
  ])('is told by its reason alone why a target is not up: %s', async (_why, lookup, reason) => {
    const relay = await openRelay([lab({ mqtt: 1883 }, {}, 'platform.example')], { lookup, limits: { dialMs: 100 } });
    const client = await PlainClient.greet(relay.url);
    client.connect(1, 'platform.example', 1883);
    expect(await client.closed(1)).toBe(reason);
    await vi.waitFor(() => expect(relay.relay.streams).toBe(0));
  });

  it('passes over messages of text', async () => {
    const port = await target(echo);
    const client = await PlainClient.greet((await openRelay([lab({ mqtt: port })])).url);
    client.connect(1, '127.0.0.1', port);
    for (const text of ['', 'text', '\u0002\u0001\u0000\u0000\u0000x']) client.socket.send(text);
    client.send(2, 1, Buffer.from('hello'));
    await vi.waitFor(() => expect(client.text(1)).toBe('hello'));
  });

  it('is throttled: streams of a carrier, of all, and new ones a second', async () => {
    const port = await target(echo);
    const targets = [lab({ mqtt: port })];
    const crowd = async (limits: object): Promise<number> => {
      const relay = await openRelay(targets, { limits });
      const clients = [await PlainClient.greet(relay.url), await PlainClient.greet(relay.url)];
      for (const client of clients) for (let id = 1; id <= 3; id++) client.connect(id, '127.0.0.1', port);
      for (const client of clients) for (let id = 1; id <= 3; id++) client.send(2, id, Buffer.from('x'));
      const ended = (client: PlainClient, id: number): boolean =>
        client.frames.some(({ type, stream, payload }) => stream === id && (type === 2 || (type === 4 && payload[0] === 0x49)));
      await vi.waitFor(() => expect(clients.every((client) => [1, 2, 3].every((id) => ended(client, id)))).toBe(true));
      return clients.flatMap(({ frames }) => frames).filter(({ type }) => type === 4).length;
    };
    expect(await crowd({ streamsPerCarrier: 2 })).toBe(2);
    expect(await crowd({ streams: 5 })).toBe(1);
    expect(await crowd({ burst: 4, perSecond: 0.001 })).toBe(2);
    expect(await crowd({})).toBe(0);
  });

  it('is throttled by what it asks, also where that leads nowhere', async () => {
    const port = await target(echo);
    const { url } = await openRelay([lab({ mqtt: port })], { limits: { burst: 4, perSecond: 0.001 } });
    const client = await PlainClient.greet(url);
    client.connect(1, '127.0.0.1', 22);
    client.connect(2, '', port);
    client.connect(3, '127.0.0.1', 23);
    client.connect(4, '127.0.0.1', port);
    client.connect(5, '127.0.0.1', port);
    client.connect(6, '127.0.0.1', 22);
    const reasons = await Promise.all([1, 2, 3, 5, 6].map((id) => client.closed(id)));
    expect(reasons).toEqual([0x48, 0x41, 0x48, 0x49, 0x49]);
    client.send(2, 4, Buffer.from('x'));
    await client.next(({ type, stream }) => type === 2 && stream === 4);
  });

  it('a name that means another machine later leads to the one it meant at first', async () => {
    const port = await target((socket) => socket.end('the real one'));
    const addresses = ['127.0.0.1', '127.0.0.2'];
    const lookup = vi.fn(() => Promise.resolve([{ address: addresses.shift() ?? '127.0.0.2', family: 4 }]));
    const { url } = await openRelay([lab({ mqtt: port }, {}, 'platform.example')], { lookup });
    const client = await PlainClient.greet(url);
    for (const id of [1, 2, 3]) {
      client.connect(id, 'platform.example', port);
      expect(await client.closed(id)).toBe(2);
      expect(client.text(id)).toBe('the real one');
    }
    expect(lookup).toHaveBeenCalledTimes(1);
  });

  it('a name that could not be looked up is tried again', async () => {
    const port = await target((socket) => socket.end('there'));
    const lookup = vi
      .fn<() => Promise<{ address: string; family: number }[]>>()
      .mockRejectedValueOnce(Object.assign(new Error('no'), { code: 'EAI_AGAIN' }))
      .mockResolvedValue([{ address: '127.0.0.1', family: 4 }]);
    const client = await PlainClient.greet((await openRelay([lab({ mqtt: port }, {}, 'platform.example')], { lookup })).url);
    client.connect(1, 'platform.example', port);
    expect(await client.closed(1)).toBe(0x42);
    client.connect(2, 'platform.example', port);
    expect(await client.closed(2)).toBe(2);
    expect(client.text(2)).toBe('there');
  });
});
