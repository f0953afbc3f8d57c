import 'reflect-metadata';
import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import * as x509 from '@peculiar/x509';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../clock.testkit.ts';
import { ambientClock } from '../clock.ts';
import { fromDuplex, toDuplex } from './duplex.ts';
import { memoryPair } from './memory.ts';
import { bytesOf, FACTS, Listener } from './stream.testkit.ts';
import type { ByteStream } from './stream.ts';

const HIGH_WATER = 256 * 1024;

/** Sockets of this process that are not closed, listeners not among them. */
function openSockets(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;
}

describe('a Duplex over a byte stream', () => {
  it('carries bytes both ways, whatever the pieces, and ends', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ minLength: 1, maxLength: 50 }), { maxLength: 20 }), async (pieces) => {
        const [a, b] = memoryPair(ambientClock(), FACTS, FACTS);
        const [client, server] = [toDuplex(a), toDuplex(b)];
        // An echo that ends when its peer does.
        server.on('data', (chunk: Buffer) => server.write(chunk));
        const echoed: Buffer[] = [];
        client.on('data', (chunk: Buffer) => echoed.push(chunk));
        const closed = Promise.all([once(client, 'close'), once(server, 'close')]);
        for (const piece of pieces) client.write(piece);
        const expected = Buffer.concat(pieces);
        while (Buffer.concat(echoed).length < expected.length) await once(client, 'data');
        client.end();
        await closed;
        expect(Buffer.concat(echoed).equals(expected)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('sends the pieces of one tick as one', async () => {
    const [a, b] = memoryPair(ambientClock(), FACTS, FACTS);
    const client = toDuplex(a);
    const server = new Listener(b);
    client.cork();
    for (const byte of [0x20, 0x02, 0x00, 0x00]) client.write(Buffer.of(byte));
    client.uncork();
    client.end();
    await server.closed();
    expect(server.chunks.map((chunk) => [...chunk])).toEqual([[0x20, 0x02, 0x00, 0x00]]);
  });

  it('delivers what was written before destroy; the peer sees an orderly end', async () => {
    const [a, b] = memoryPair(ambientClock(), FACTS, FACTS);
    const client = toDuplex(a);
    const server = new Listener(b);
    client.write('last words');
    client.destroy();
    expect([await server.closed(), server.text]).toEqual([{ by: 'remote' }, 'last words']);
  });

  it('does so too when destroyed with an error, as a socket does', async () => {
    const [a, b] = memoryPair(ambientClock(), FACTS, FACTS);
    const client = toDuplex(a);
    const server = new Listener(b);
    client.on('error', () => undefined);
    client.write('last words');
    client.destroy(new Error('broken'));
    expect([await server.closed(), server.text]).toEqual([{ by: 'remote' }, 'last words']);
  });

  it('fails with the code of the fault', async () => {
    const [a, b] = memoryPair(ambientClock(), FACTS, FACTS);
    const client = toDuplex(a);
    b.abort();
    const [error] = (await once(client, 'error')) as [Error & { code?: string }];
    expect(error.code).toBe('ECONNRESET');
  });

  it('waits for drain, and passes the wait on to its writer', async () => {
    const clock = new ManualClock();
    const [a, b] = memoryPair(clock, FACTS, FACTS);
    const client = toDuplex(a);
    new Listener(b);
    b.pause();
    let written = 0;
    client.write(new Uint8Array(HIGH_WATER), () => written++);
    client.write(new Uint8Array(1), () => written++);
    clock.settle();
    await new Promise((resolve) => setImmediate(resolve));
    expect(written).toBe(0);
    const drained = once(client, 'drain');
    b.resume();
    clock.settle();
    await drained;
    await new Promise((resolve) => setImmediate(resolve));
    expect(written).toBe(2);
  });

  it('pauses the stream when nobody reads, and resumes it', async () => {
    const [a, b] = memoryPair(ambientClock(), FACTS, FACTS);
    const client = toDuplex(a);
    const server = new Listener(b);
    client.pause();
    let sent = 0;
    while (b.write(new Uint8Array(32 * 1024)) && sent < 100) {
      sent += 1;
      await new Promise((resolve) => setImmediate(resolve));
    }
    // 256 KiB in the stream and a little in the Duplex: not a hundred.
    expect(sent).toBeLessThan(15);
    let received = 0;
    client.on('data', (chunk: Buffer) => (received += chunk.length));
    client.resume();
    while (!server.log.includes('drain')) await new Promise((resolve) => setImmediate(resolve));
    expect(received).toBe((sent + 1) * 32 * 1024);
  });

  it('keeps for a slow reader what came before an orderly close', async () => {
    // A multiplexed stream has no half-open state: data, end and close follow at once.
    let listener: Parameters<ByteStream['attach']>[0] | undefined;
    const stub: ByteStream = {
      facts: FACTS,
      write: () => true,
      end: () => undefined,
      shut: () => undefined,
      abort: () => undefined,
      pause: () => undefined,
      resume: () => undefined,
      attach: (handlers) => void (listener = handlers),
    };
    const client = toDuplex(stub);
    listener?.data(bytesOf('unread'));
    listener?.end();
    listener?.close({ by: 'remote' });
    await new Promise((resolve) => setImmediate(resolve));
    const chunks: Buffer[] = [];
    client.on('data', (chunk: Buffer) => chunks.push(chunk));
    await once(client, 'close');
    expect(Buffer.concat(chunks).toString()).toBe('unread');
  });
});

describe('a byte stream over a socket', () => {
  const servers: net.Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  /** Both ends of one loopback connection: ours, and the raw socket of the other side. */
  async function connection(): Promise<{ stream: ByteStream; peer: net.Socket }> {
    const server = net.createServer();
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as net.AddressInfo;
    const socket = net.connect(port, '127.0.0.1');
    const [[peer]] = (await Promise.all([once(server, 'connection'), once(socket, 'connect')])) as [[net.Socket], unknown];
    return { stream: fromDuplex(socket, { ...FACTS, kind: 'tcp', encrypted: false }), peer };
  }

  it('carries bytes, and ends when both sides have', async () => {
    const { stream, peer } = await connection();
    const ours = new Listener(stream);
    const heard: Buffer[] = [];
    peer.on('data', (chunk) => heard.push(chunk));
    stream.write(bytesOf('ping'));
    await once(peer, 'data');
    peer.end('pong');
    expect([await ours.closed(), ours.text, ours.log]).toEqual([{ by: 'remote' }, 'pong', ['data', 'end', 'close']]);
    expect(Buffer.concat(heard).toString()).toBe('ping');
  });

  it('says local when it ended first, and writes nothing afterwards', async () => {
    const { stream, peer } = await connection();
    const ours = new Listener(stream);
    const heard: Buffer[] = [];
    peer.on('data', (chunk) => heard.push(chunk));
    stream.write(bytesOf('bye'));
    stream.end();
    expect(stream.write(bytesOf('late'))).toBe(true);
    expect(await ours.closed()).toEqual({ by: 'local' });
    expect(Buffer.concat(heard).toString()).toBe('bye');
  });

  it('reports a reset as a fault, also after its own end', async () => {
    const { stream, peer } = await connection();
    const ours = new Listener(stream);
    peer.resetAndDestroy();
    expect(await ours.closed()).toEqual({ by: 'fault', code: 'ECONNRESET' });

    const other = await connection();
    other.peer.pause();
    const half = new Listener(other.stream);
    other.stream.end();
    other.peer.resetAndDestroy();
    expect(await half.closed()).toEqual({ by: 'fault', code: 'ECONNRESET' });
  });

  it('resets the peer on abort', async () => {
    const { stream, peer } = await connection();
    const ours = new Listener(stream);
    const broken = once(peer, 'error') as Promise<[NodeJS.ErrnoException]>;
    stream.abort();
    expect((await broken)[0].code).toBe('ECONNRESET');
    expect([await ours.closed(), ours.closes]).toEqual([{ by: 'local' }, [{ by: 'local' }]]);
  });

  it('leaves nothing open on an abort while its end is under way, which cannot be reset', async () => {
    const before = openSockets();
    const { stream, peer } = await connection();
    const ours = new Listener(stream);
    stream.end();
    // The FIN is asked for in the next tick, and the system has taken it a turn of the loop later.
    await new Promise<void>((resolve) => process.nextTick(resolve));
    stream.abort();
    expect(await ours.closed()).toEqual({ by: 'local' });
    peer.destroy();
    await expect.poll(openSockets).toBe(before);
  });

  it('delivers on shut what was written, though the peer never ends', async () => {
    const { stream, peer } = await connection();
    const ours = new Listener(stream);
    const heard: Buffer[] = [];
    peer.on('data', (chunk) => heard.push(chunk));
    peer.on('error', () => undefined);
    const ended = once(peer, 'end');
    stream.write(new Uint8Array(100_000).fill(1));
    stream.shut();
    await ended;
    expect([Buffer.concat(heard).length, await ours.closed()]).toEqual([100_000, { by: 'local' }]);
  });

  it('reports a refused connection, also to a consumer that comes late', async () => {
    const server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as net.AddressInfo;
    server.close();
    await once(server, 'close');
    const socket = net.connect(port, '127.0.0.1');
    const stream = fromDuplex(socket, FACTS);
    await new Promise<void>((resolve) => socket.on('close', () => resolve()));
    const late = new Listener(stream);
    expect([late.log, late.closes]).toEqual([['close'], [{ by: 'fault', code: 'ECONNREFUSED' }]]);
  });

  it('holds data while paused', async () => {
    const { stream, peer } = await connection();
    const ours = new Listener(stream);
    stream.pause();
    peer.write('x');
    // The peer's end reaches a socket only behind its data: nothing may come until we resume.
    peer.end();
    await once(peer, 'finish');
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(ours.log).toEqual([]);
    stream.resume();
    await ours.closed();
    expect([ours.text, ours.closes.length]).toEqual(['x', 1]);
  });

  it('aborts a TLS socket, which cannot be reset', async () => {
    const keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      name: 'CN=localhost',
      keys,
      signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    });
    const key = x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
    const server = tls.createServer({ key, cert: certificate.toString('pem') });
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket = tls.connect({ port: (server.address() as net.AddressInfo).port, host: '127.0.0.1', rejectUnauthorized: false });
    const [[peer]] = (await Promise.all([once(server, 'secureConnection'), once(socket, 'secureConnect')])) as [[tls.TLSSocket], unknown];
    peer.on('error', () => undefined);
    const gone = new Promise<void>((resolve) => peer.on('close', () => resolve()));
    const stream = fromDuplex(socket, { ...FACTS, kind: 'tls' });
    const ours = new Listener(stream);
    peer.resume();
    stream.abort();
    expect(await ours.closed()).toEqual({ by: 'local' });
    await gone;
  });
});
