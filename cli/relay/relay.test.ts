// The relay between clients and targets on this machine: whom it reaches, what it reports, and that nobody makes it fill its memory.
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Opening } from '../../kernel/bytes/mux-report.ts';
import { bytesOf, Listener } from '../../kernel/bytes/stream.testkit.ts';
import type { ByteStream } from '../../kernel/bytes/stream.ts';
import type { Transport } from '../../worker/transport/transport.ts';
import { certificateFor, closeAll, echo, freePort, lab, openRelay, PlainClient, target, transportTo } from './relay.testkit.ts';

const keys = { good: { key: '', cert: '' }, other: { key: '', cert: '' } };
beforeAll(() => {
  keys.good = certificateFor('DNS:localhost,IP:127.0.0.1');
  keys.other = certificateFor('DNS:other.example');
});
afterEach(closeAll);

async function dialled(transport: Transport, security: 'encrypted' | 'plain'): Promise<ByteStream> {
  const result = await transport.dial(security);
  if (!result.ok) throw new Error(`not open: ${JSON.stringify(result.outcome)}`);
  return result.stream;
}

async function outcome(transport: Transport, security: 'encrypted' | 'plain' = 'encrypted'): Promise<unknown> {
  const result = await transport.dial(security);
  return result.ok ? 'open' : result.outcome;
}

describe('a device through the relay', () => {
  it('reaches a target over TLS, and over TCP, and learns how long that took', async () => {
    const to = lab({ mqtt: await target(echo), mqtts: await target(echo, keys.good) }, { ca: keys.good.cert, serverName: 'localhost' });
    const up = vi.fn();
    const firstByte = vi.fn();
    const { transport, sockets } = transportTo(await openRelay([to]), to, { up, firstByte });
    for (const security of ['encrypted', 'plain'] as const) {
      const stream = await dialled(transport, security);
      const heard = new Listener(stream);
      stream.write(bytesOf('hello'));
      await vi.waitFor(() => expect(heard.text).toBe('hello'));
      expect(stream.facts).toMatchObject(security === 'encrypted' ? { kind: 'tls', encrypted: true, sni: 'localhost' } : { kind: 'tcp' });
      stream.end();
      expect(await heard.closed()).toEqual({ by: 'local' });
    }
    const ms = expect.any(Number) as number;
    expect(up.mock.calls).toEqual([[{ tcpMs: ms, tlsMs: ms, waitedMs: ms }], [{ tcpMs: ms, waitedMs: ms }]]);
    expect(firstByte).toHaveBeenCalledTimes(2);
    expect(sockets).toHaveLength(1);
  });

  it('carries a thousand at once, each its own bytes, in order, larger than one frame', async () => {
    const to = lab({ mqtt: await target(echo) });
    const { relay, ...open } = await openRelay([to]);
    const { transport } = transportTo({ relay, ...open }, to);
    const text = (i: number): string => `${i} `.repeat(8_000);
    const heard = await Promise.all(
      Array.from({ length: 1_000 }, async (_, i) => {
        const stream = await dialled(transport, 'plain');
        const listener = new Listener(stream);
        if (i % 100 === 0) stream.write(bytesOf(text(i)));
        else stream.write(bytesOf(String(i)));
        return { listener, stream };
      }),
    );
    for (const [i, { listener }] of heard.entries())
      await vi.waitFor(() => expect(listener.bytes.length).toBe(i % 100 === 0 ? text(i).length : String(i).length), 10_000);
    expect(heard[100]?.listener.text).toBe(text(100));
    expect(relay.streams).toBe(1_000);
    for (const { stream } of heard) stream.end();
    await vi.waitFor(() => expect(relay.streams).toBe(0));
  });

  it('hears its target end, and break off', async () => {
    const ends = lab({ mqtt: await target((socket) => socket.end('bye')) });
    const heard = new Listener(await dialled(transportTo(await openRelay([ends]), ends).transport, 'plain'));
    expect(await heard.closed()).toEqual({ by: 'remote' });
    expect([heard.text, heard.log]).toEqual(['bye', ['data', 'end', 'close']]);

    const breaks = lab({ mqtt: await target((socket) => socket.once('data', () => socket.resetAndDestroy())) });
    const stream = await dialled(transportTo(await openRelay([breaks]), breaks).transport, 'plain');
    const broken = new Listener(stream);
    stream.write(bytesOf('x'));
    expect(await broken.closed()).toEqual({ by: 'fault', code: 'ECONNRESET' });
  });

  it('is garbage what the target says? The bytes arrive as they are', async () => {
    const to = lab({ mqtt: await target((socket) => socket.write(Buffer.alloc(100_000, 0xff))) });
    const heard = new Listener(await dialled(transportTo(await openRelay([to]), to).transport, 'plain'));
    await vi.waitFor(() => expect(heard.bytes).toEqual(new Uint8Array(100_000).fill(0xff)));
  });

  it('that aborts resets the connection to its target', async () => {
    const ended = new Promise<string | undefined>((resolve) => {
      void target((socket) => socket.once('error', (error: Error & { code?: string }) => resolve(error.code))).then(async (mqtt) => {
        const to = lab({ mqtt });
        const stream = await dialled(transportTo(await openRelay([to]), to).transport, 'plain');
        new Listener(stream);
        stream.abort();
      });
    });
    expect(await ended).toBe('ECONNRESET');
  });

  it.each([
    ['nobody listens', async () => lab({ mqtts: await freePort() }), { kind: 'unreachable', stage: 'tcp', code: 'ECONNREFUSED' }],
    ['no such name', () => lab({ mqtts: 8883 }, {}, 'no-such-host.invalid'), { kind: 'unreachable', stage: 'dns' }],
    [
      'a certificate of nobody known',
      async () => lab({ mqtts: await target(echo, keys.good) }),
      { kind: 'unreachable', stage: 'tls', code: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
    ],
    [
      'a certificate of another name',
      async () => lab({ mqtts: await target(echo, keys.other) }, { ca: keys.other.cert }),
      { kind: 'unreachable', stage: 'tls', code: 'ERR_TLS_CERT_ALTNAME_INVALID' },
    ],
    [
      'what answers is no TLS',
      async () => lab({ mqtts: await target((socket) => socket.end('hello')) }),
      { kind: 'unreachable', stage: 'tls' },
    ],
    ['no such endpoint', async () => lab({ mqtt: await freePort() }), { kind: 'unreachable', stage: 'tls', code: 'NO_ENDPOINT' }],
  ])('is told why a target is not up: %s', async (_name, make, expected) => {
    const to = await make();
    const { relay, ...open } = await openRelay([to]);
    expect(await outcome(transportTo({ relay, ...open }, to).transport)).toMatchObject(expected);
    await vi.waitFor(() => expect(relay.streams).toBe(0));
  });

  it('finds a name of other letters by its ASCII form, and refuses a host that is none', async () => {
    const to = lab({ mqtt: await target(echo) }, {}, 'bücher.example');
    const lookup = vi.fn(() => Promise.resolve([{ address: '127.0.0.1', family: 4 }]));
    expect(await outcome(transportTo(await openRelay([to], { lookup }), to).transport, 'plain')).toBe('open');
    expect(lookup).toHaveBeenCalledWith('xn--bcher-kva.example');
    expect(() => lab({ mqtt: 1883 }, {}, 'a%20b')).toThrow('the test: endpoint mqtt names no host');
  });

  it('takes any certificate where its target says so', async () => {
    const to = lab({ mqtts: await target(echo, keys.other) }, { insecure: true });
    expect(await outcome(transportTo(await openRelay([to]), to).transport)).toBe('open');
  });

  it.each(['encrypted', 'plain'] as const)('tries the next address of a name where nobody listens at the first: %s', async (security) => {
    const port = await target(echo, security === 'encrypted' ? keys.good : undefined);
    const trust = security === 'encrypted' ? { ca: keys.good.cert, serverName: 'localhost' } : {};
    const to = lab(security === 'encrypted' ? { mqtts: port } : { mqtt: port }, trust, 'platform.example');
    const addresses = ['127.0.0.9', '127.0.0.1'].map((address) => ({ address, family: 4 }));
    const { transport } = transportTo(await openRelay([to], { lookup: () => Promise.resolve(addresses) }), to);
    const stream = await dialled(transport, security);
    const heard = new Listener(stream);
    stream.write(bytesOf('hello'));
    await vi.waitFor(() => expect(heard.text).toBe('hello'));
  });

  it('is told that a target stalls', async () => {
    const to = lab({ mqtts: await target(() => undefined) });
    const relay = await openRelay([to], { limits: { dialMs: 100 } });
    expect(await outcome(transportTo(relay, to).transport)).toEqual({ kind: 'silent', stage: 'tls', waitedMs: 100 });
  });

  it.each([
    ['EMFILE', 'descriptors'],
    ['ENFILE', 'descriptors'],
    ['EADDRNOTAVAIL', 'ports'],
  ])('never blames the target for what this machine lacks: %s', async (code, reason) => {
    const to = lab({ mqtts: 8883 }, {}, 'platform.example');
    const lookup = (): Promise<never> => Promise.reject(Object.assign(new Error(code), { code }));
    expect(await outcome(transportTo(await openRelay([to], { lookup }), to).transport)).toEqual({ kind: 'local', reason });
  });

  it('never blames the target for the relay: not listed, gone, not there', async () => {
    const to = lab({ mqtt: await target(echo) });
    const ours = { kind: 'local', reason: 'relay' };
    expect(await outcome(transportTo(await openRelay([]), to).transport, 'plain')).toEqual(ours);
    const nowhere = { ...(await openRelay([to])), url: `ws://127.0.0.1:${await freePort()}/relay/` };
    expect(await outcome(transportTo(nowhere, to).transport, 'plain')).toEqual(ours);

    const { relay, ...open } = await openRelay([to]);
    const { transport, sockets } = transportTo({ relay, ...open }, to);
    const heard = new Listener(await dialled(transport, 'plain'));
    sockets[0]?.terminate();
    expect(await heard.closed()).toEqual({ by: 'fault', code: 'RELAY_GONE' });
    await vi.waitFor(() => expect(relay.streams).toBe(0));
    // The next device opens another WebSocket.
    expect(await outcome(transport, 'plain')).toBe('open');
    expect(sockets).toHaveLength(2);
  });
});

describe('connections to one target that are being opened', () => {
  /** A relay that opens one at a time, to a target that takes connections and never shakes hands. */
  const slow = async (dialHoldMs: number): Promise<{ client: PlainClient; arrived: () => number; echoes: number }> => {
    let arrived = 0;
    const echoes = await target(echo);
    const stalling = await target(() => (arrived += 1));
    const to = [lab({ mqtts: stalling, mqtt: echoes })];
    const { url } = await openRelay(to, { limits: { dials: 1, dialHoldMs, dialMs: 60_000 } });
    const client = await PlainClient.greet(url);
    for (const id of [1, 2, 3]) client.connect(id, 'lab/mqtts', 0, 0x80);
    return { client, arrived: () => arrived, echoes };
  };

  it('are so many, target by target; the next is opened when one has ended', async () => {
    const { client, arrived, echoes } = await slow(60_000);
    await vi.waitFor(() => expect(arrived()).toBe(1));
    client.connect(9, '127.0.0.1', echoes);
    for (const text of ['there', ' and', ' back']) {
      client.send(2, 9, Buffer.from(text));
      await vi.waitFor(() => expect(client.text(9)).toMatch(new RegExp(`${text}$`)));
    }
    expect(arrived()).toBe(1);
    client.send(4, 1, Buffer.of(2));
    await vi.waitFor(() => expect(arrived()).toBe(2));
  });

  it('count no more after a while', async () => {
    const { arrived } = await slow(20);
    await vi.waitFor(() => expect(arrived()).toBe(3));
  });

  it('tell how long they waited for that, apart from how long TCP took', async () => {
    const to = lab({ mqtt: await target(echo) }, {}, 'platform.example');
    const address = [{ address: '127.0.0.1', family: 4 }];
    let found: (addresses: typeof address) => void = () => undefined;
    let askedAt = 0;
    const lookup = (): Promise<typeof address> => {
      askedAt = performance.now();
      return new Promise((resolve) => (found = resolve));
    };
    const waits: number[] = [];
    const times = { up: ({ waitedMs }: Opening) => void waits.push(waitedMs ?? -1), firstByte: () => undefined };
    const relay = await openRelay([to], { lookup, limits: { dials: 1, dialHoldMs: 60_000 } });
    const { transport } = transportTo(relay, to, times);
    // The first is held up by the look-up, and the second by the first.
    const both = [transport.dial('plain'), transport.dial('plain')];
    await vi.waitFor(() => expect(askedAt).toBeGreaterThan(0));
    await PlainClient.greet(relay.url);
    const heldMs = performance.now() - askedAt;
    found(address);
    await Promise.all(both);
    expect(waits).toHaveLength(2);
    expect(waits[0]).toBeLessThan(heldMs);
    expect(waits[1]).toBeGreaterThan(heldMs - 1);
  });
});

describe('memory', () => {
  it('a target that does not read: the client is stopped by its credit', async () => {
    const to = lab({ mqtt: await target((socket) => socket.pause()) });
    const stream = await dialled(transportTo(await openRelay([to]), to).transport, 'plain');
    const heard = new Listener(stream);
    const chunk = new Uint8Array(16 * 1024);
    let sent = 0;
    // The system takes some megabytes by itself before the relay has to keep anything.
    while (stream.write(chunk) && sent < 100_000_000) {
      sent += chunk.length;
      if (sent % (chunk.length * 32) === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(sent).toBeLessThan(32 * 1024 * 1024);
    expect(heard.log).toEqual([]);
  });

  it('a browser that does not read: the target is read no further, stream by stream', async () => {
    let written = 0;
    const flood = (socket: Socket): void => {
      const more = (): void => {
        while (!socket.destroyed && socket.write(Buffer.alloc(64 * 1024))) written += 64 * 1024;
      };
      socket.on('drain', more);
      more();
    };
    const to = lab({ mqtt: await target(flood), mqtts: await target(echo, keys.good) }, { ca: keys.good.cert });
    const { transport } = transportTo(await openRelay([to]), to);
    const stream = await dialled(transport, 'plain');
    stream.pause();
    const heard = new Listener(stream);
    await vi.waitFor(() => expect(written).toBeGreaterThan(0));
    // Nothing moves any more: asked of another stream of the same carrier, which still has its way.
    const other = await dialled(transport, 'encrypted');
    const echoed = new Listener(other);
    other.write(bytesOf('still here'));
    await vi.waitFor(() => expect(echoed.text).toBe('still here'));
    const before = written;
    other.write(bytesOf('.'));
    await vi.waitFor(() => expect(echoed.text).toBe('still here.'));
    expect([heard.chunks.length, written - before]).toEqual([0, 0]);
    expect(written).toBeLessThan(32 * 1024 * 1024);
    stream.resume();
    await vi.waitFor(() => expect(written).toBeGreaterThan(before + 8 * 1024 * 1024), 10_000);
    stream.abort();
  });

  it('a plain client whose WebSocket is not read: its targets wait', async () => {
    let written = 0;
    const port = await target((socket) => {
      const more = (): void => {
        while (!socket.destroyed && socket.write(Buffer.alloc(64 * 1024))) written += 64 * 1024;
      };
      socket.on('drain', more);
      more();
    });
    const client = await PlainClient.greet((await openRelay([lab({ mqtt: port })])).url);
    client.connect(1, '127.0.0.1', port);
    await client.next(({ type, stream }) => type === 2 && stream === 1);
    client.socket.pause();
    let before = -1;
    await vi.waitFor(
      () => {
        const now = written;
        const still = now === before;
        before = now;
        expect(still).toBe(true);
      },
      { interval: 200, timeout: 10_000 },
    );
    expect(written).toBeLessThan(64 * 1024 * 1024);
    client.socket.resume();
    await vi.waitFor(() => expect(written).toBeGreaterThan(before + 4 * 1024 * 1024), 10_000);
  });

  it('a client that sends without credit loses that stream, and only that', async () => {
    const port = await target((socket) => socket.pause());
    const echoes = await target(echo);
    const relay = await openRelay([lab({ mqtt: port }), lab({ mqtt: echoes })]);
    const client = await PlainClient.greet(relay.url);
    client.connect(1, '127.0.0.1', port);
    client.connect(2, '127.0.0.1', echoes);
    const closed = client.closed(1);
    const chunk = Buffer.alloc(512 * 1024);
    let over = false;
    void closed.then(() => (over = true));
    while (!over) {
      client.send(2, 1, chunk);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await closed).toBe(0x49);
    client.send(2, 2, Buffer.from('ok'));
    await client.next(({ type, stream }) => type === 2 && stream === 2);
    expect(client.text(2)).toBe('ok');
  });

  it('a target that does not read is left alone when its client has ended, or has gone', { timeout: 20_000 }, async () => {
    const port = await target((socket) => socket.pause());
    for (const lingerMs of [300, 60_000]) {
      const { url, relay } = await openRelay([lab({ mqtt: port })], { limits: { lingerMs } });
      const client = await PlainClient.greet(url);
      client.connect(1, '127.0.0.1', port);
      await vi.waitFor(() => expect(relay.streams).toBe(1));
      // More than the system takes by itself, less than the relay refuses: what the target was given is under way for good.
      for (let sent = 0; sent < 5 * 1024 * 1024; sent += 64 * 1024) client.send(2, 1, Buffer.alloc(64 * 1024));
      client.send(4, 1, Buffer.of(2));
      client.connect(2, 'nobody', 1);
      expect(await client.closed(2)).toBe(0x48);
      if (lingerMs > 300) {
        expect(relay.streams).toBe(1);
        client.socket.terminate();
      }
      await vi.waitFor(() => expect(relay.streams).toBe(0), 5_000);
    }
  });

  it('a message that is too long ends the carrier', async () => {
    const { url } = await openRelay([lab({ mqtt: await target(echo) })]);
    const client = await PlainClient.greet(url);
    client.send(2, 1, Buffer.alloc(1024 * 1024));
    const [code] = (await once(client.socket, 'close')) as [number];
    expect(code).toBe(1009);
  });
});
