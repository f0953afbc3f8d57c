// What a dial finds on the way is an outcome. The servers here are wrong in one way each; real platforms are dialled in test/interop.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { ambientClock, type Clock } from '../../kernel/clock.ts';
import { UserError } from '../../kernel/errors.ts';
import type { Dialled } from './transport.ts';
import { tcpTransport, type TcpTransportOptions } from './tcp.node.ts';

const clock = ambientClock();
const timeouts = { dial: 5_000 };
/** A self-signed certificate for localhost and 127.0.0.1, and one for another name. */
const keys = { good: { key: '', cert: '' }, other: { key: '', cert: '' }, partial: { key: '', cert: '' } };
const open = new Set<Server>();
const accepted = new Set<Socket>();

beforeAll(() => {
  const dir = mkdtempSync(join(tmpdir(), 'muster-dial-'));
  const make = (file: string, names: string): { key: string; cert: string } => {
    const [key, cert] = [join(dir, `${file}.key`), join(dir, `${file}.pem`)];
    const subject = ['-subj', '/CN=muster-test', '-addext', `subjectAltName=${names}`];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', cert, ...subject], {
      stdio: 'pipe',
    });
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  };
  keys.good = make('good', 'DNS:localhost,IP:127.0.0.1');
  keys.other = make('other', 'DNS:other.example');
  keys.partial = make('partial', 'DNS:iot-*.example.com');
  rmSync(dir, { recursive: true });
});
afterEach(async () => {
  for (const socket of accepted) socket.destroy();
  accepted.clear();
  for (const server of open) await new Promise((resolve) => server.close(resolve));
  open.clear();
});

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.add(server);
  server.on('connection', (socket: Socket) => accepted.add(socket.on('error', () => undefined)));
  return (server.address() as AddressInfo).port;
}

function dial(options: Partial<TcpTransportOptions>, security: 'encrypted' | 'plain' = 'encrypted'): Promise<Dialled> {
  return tcpTransport({ endpoints: {}, clock, timeouts, ...options }).dial(security);
}

async function outcomeOf(options: Partial<TcpTransportOptions>, security: 'encrypted' | 'plain' = 'encrypted'): Promise<unknown> {
  const dialled = await dial(options, security);
  if (!dialled.ok) return dialled.outcome;
  dialled.stream.abort();
  return 'open';
}

/** A port on which nobody listens. */
async function freePort(): Promise<number> {
  const server = createTcpServer();
  const port = await listen(server);
  open.delete(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('a target that cannot be reached', () => {
  it('by its name', async () => {
    const outcome = await outcomeOf({ endpoints: { mqtts: 'mqtts://no-such-host.invalid:8883' } });
    expect(outcome).toMatchObject({ kind: 'unreachable', stage: 'dns', code: expect.stringMatching(/^(ENOTFOUND|EAI_AGAIN)$/) as string });
  });

  it.each(['127.0.0.1', 'localhost'])('because nobody listens at %s', async (host) => {
    const port = await freePort();
    const refused = { kind: 'unreachable', stage: 'tcp', code: 'ECONNREFUSED' };
    expect(await outcomeOf({ endpoints: { mqtts: `mqtts://${host}:${port}` } })).toEqual(refused);
    expect(await outcomeOf({ endpoints: { wss: `wss://${host}:${port}/mqtt` } })).toEqual(refused);
    expect(await outcomeOf({ endpoints: { mqtt: `mqtt://${host}:${port}` } }, 'plain')).toEqual(refused);
    expect(await outcomeOf({ endpoints: { ws: `ws://${host}:${port}/` } }, 'plain')).toEqual(refused);
  });

  it('because it was given no address for that', async () => {
    expect(await outcomeOf({ endpoints: { mqtt: 'mqtt://127.0.0.1:1' } })).toEqual({
      kind: 'unreachable',
      stage: 'tls',
      code: 'NO_ENDPOINT',
    });
    expect(await outcomeOf({ endpoints: { wss: 'wss://127.0.0.1:1' } }, 'plain')).toEqual({
      kind: 'unreachable',
      stage: 'tcp',
      code: 'NO_ENDPOINT',
    });
  });
});

describe('TLS', () => {
  const tlsServer = (pair: { key: string; cert: string }, seen?: (socket: TLSSocket) => void): Promise<number> =>
    listen(
      createTlsServer(pair, (socket) => {
        socket.on('error', () => undefined);
        seen?.(socket);
      }),
    );

  it('is not trusted without the CA, is with it, and need not be with `insecure`', async () => {
    const endpoints = { mqtts: `mqtts://localhost:${await tlsServer(keys.good)}` };
    expect(await outcomeOf({ endpoints })).toEqual({ kind: 'unreachable', stage: 'tls', code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    expect(await outcomeOf({ endpoints, ca: keys.good.cert })).toBe('open');
    expect(await outcomeOf({ endpoints, insecure: true })).toBe('open');
  });

  it('checks the name: of the URL, or the one that was given', async () => {
    const endpoints = { mqtts: `mqtts://127.0.0.1:${await tlsServer(keys.other)}` };
    const ca = keys.other.cert;
    expect(await outcomeOf({ endpoints, ca })).toEqual({ kind: 'unreachable', stage: 'tls', code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    expect(await outcomeOf({ endpoints, ca, serverName: 'other.example' })).toBe('open');
  });

  it('takes a name that Node takes: it has the last word', async () => {
    const endpoints = { mqtts: `mqtts://127.0.0.1:${await tlsServer(keys.partial)}` };
    const ca = keys.partial.cert;
    expect(await outcomeOf({ endpoints, ca, serverName: 'iot-7.example.com' })).toBe('open');
    expect(await outcomeOf({ endpoints, ca, serverName: 'other-7.example.com' })).toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  });

  it('tells of the certificate that was checked, not of its issuer', async () => {
    const port = await tlsServer(keys.good);
    const [transport, ca] = [{ clock, timeouts, endpoints: { mqtts: `mqtts://localhost:${port}` } }, keys.good.cert];
    const dialled = await tcpTransport({ ...transport, ca }).dial('encrypted', { tls: 'shipped-firmware' });
    if (!dialled.ok) expect.unreachable(JSON.stringify(dialled.outcome));
    expect(dialled.stream.facts.tls).toEqual({ version: 'TLSv1.2', cipher: expect.any(String) as string, keyEncipherment: true });
    dialled.stream.abort();
  });

  it('asks for the name of the host, and for none where the host is an address', async () => {
    const asked: unknown[] = [];
    const port = await tlsServer(keys.good, (socket) => asked.push((socket as TLSSocket & { servername?: unknown }).servername));
    for (const host of ['localhost', '127.0.0.1']) {
      const dialled = await dial({ endpoints: { mqtts: `mqtts://${host}:${port}` }, ca: keys.good.cert });
      if (!dialled.ok) expect.unreachable(JSON.stringify(dialled.outcome));
      await expect.poll(() => asked.at(-1)).toBe(host === 'localhost' ? 'localhost' : false);
      dialled.stream.abort();
    }
  });

  it('fails where the other side speaks something else, or hangs up', async () => {
    const babble = await listen(
      createTcpServer((socket) => {
        socket.on('error', () => undefined);
        socket.end('220 smtp.example ESMTP\r\n');
      }),
    );
    expect(await outcomeOf({ endpoints: { mqtts: `mqtts://127.0.0.1:${babble}` } })).toMatchObject({ kind: 'unreachable', stage: 'tls' });
    const hangUp = await listen(createTcpServer((socket) => void socket.destroy()));
    expect(await outcomeOf({ endpoints: { mqtts: `mqtts://127.0.0.1:${hangUp}` } })).toEqual({
      kind: 'unreachable',
      stage: 'tls',
      code: 'ECONNRESET',
    });
  });
});

describe('WebSocket', () => {
  it('fails at what is no WebSocket, or takes no sub-protocol', async () => {
    const http = await listen(createHttpServer((_request, response) => response.writeHead(404).end()));
    expect(await outcomeOf({ endpoints: { ws: `ws://127.0.0.1:${http}/` } }, 'plain')).toEqual({
      kind: 'unreachable',
      stage: 'ws',
      code: 'HTTP_404',
    });
    const server = createHttpServer();
    const webSockets = new WebSocketServer({ server, handleProtocols: () => false });
    const port = await listen(server);
    expect(await outcomeOf({ endpoints: { ws: `ws://127.0.0.1:${port}/` } }, 'plain')).toMatchObject({ kind: 'unreachable', stage: 'ws' });
    webSockets.close();
  });

  it('ends in good order where the platform closes while the device writes', async () => {
    const server = createHttpServer();
    const webSockets = new WebSocketServer({ server });
    webSockets.on('connection', (socket) => socket.once('message', () => socket.close()));
    const dialled = await dial({ endpoints: { ws: `ws://127.0.0.1:${await listen(server)}/mqtt` } }, 'plain');
    if (!dialled.ok) expect.unreachable(JSON.stringify(dialled.outcome));
    const { stream } = dialled;
    const ending = await new Promise((resolve) => {
      let over = false;
      const write = (): void => {
        if (over) return;
        stream.write(Buffer.from('more'));
        clock.turn(write);
      };
      const close = (how: unknown): void => {
        over = true;
        resolve(how);
      };
      stream.attach({ data: () => undefined, drain: () => undefined, end: () => stream.end(), close });
      write();
    });
    expect(ending).toEqual({ by: 'remote' });
    webSockets.close();
  });

  it('delivers what came before anybody attached, and the end', async () => {
    const server = createHttpServer();
    const webSockets = new WebSocketServer({ server });
    webSockets.on('connection', (socket) => {
      socket.send(Buffer.from('early'));
      socket.close();
    });
    const port = await listen(server);
    const dialled = await dial({ endpoints: { ws: `ws://127.0.0.1:${port}/mqtt` } }, 'plain');
    if (!dialled.ok) expect.unreachable(JSON.stringify(dialled.outcome));
    const { stream } = dialled;
    const seen: unknown[] = [];
    await new Promise<void>((resolve) => {
      stream.attach({
        data: (bytes) => seen.push(Buffer.from(bytes).toString()),
        drain: () => undefined,
        end: () => {
          seen.push('end');
          stream.end();
        },
        close: (ending) => {
          seen.push(ending);
          resolve();
        },
      });
    });
    expect(seen).toEqual(['early', 'end', { by: 'remote' }]);
    webSockets.close();
  });
});

describe('a target that keeps silent', () => {
  /** Fires its one timer when told to. */
  function handClock(): { clock: Clock; fire: () => void; asked: number[] } {
    const asked: number[] = [];
    let due: () => void = () => undefined;
    return {
      asked,
      fire: () => due(),
      clock: {
        ...clock,
        after(ms, fn) {
          asked.push(ms);
          due = fn;
          return { cancel: () => undefined };
        },
      },
    };
  }

  it.each([
    ['mqtts', 'tls'],
    ['ws', 'ws'],
  ] as const)('over %s is given up in stage %s after the time of the clock', async (key, stage) => {
    const hand = handClock();
    // The first bytes of the client are there: it is in the stage after TCP.
    const heard = new Promise<number>((resolve) => {
      const server = createTcpServer((socket) => {
        socket.on('error', () => undefined);
        socket.once('data', () => resolve(0));
      });
      void listen(server).then((port) => {
        result = outcomeOf(
          { endpoints: { [key]: `${key}://127.0.0.1:${port}` }, clock: hand.clock, timeouts: { dial: 1234 } },
          key === 'ws' ? 'plain' : 'encrypted',
        );
      });
    });
    let result: Promise<unknown> = Promise.resolve();
    await heard;
    hand.fire();
    expect(await result).toEqual({ kind: 'silent', stage, waitedMs: 1234 });
    expect(hand.asked).toEqual([1234]);
  });
});

describe('limits of our own machine', () => {
  // The real error: this process takes every descriptor it may have for a moment.
  it('too few descriptors', async () => {
    const port = await listen(createTcpServer());
    const held: { close(): void }[] = [];
    const { openSync, closeSync } = await import('node:fs');
    try {
      for (;;) {
        const fd = openSync('/dev/null', 'r');
        held.push({ close: () => closeSync(fd) });
        if (held.length > 200_000) return;
      }
    } catch (error) {
      expect(error).toMatchObject({ code: 'EMFILE' });
      const outcome = await outcomeOf({ endpoints: { mqtt: `mqtt://127.0.0.1:${port}` } }, 'plain');
      for (const one of held.splice(0)) one.close();
      expect(outcome).toEqual({ kind: 'local', reason: 'descriptors' });
    } finally {
      for (const one of held) one.close();
    }
  });
});

it('a host of other letters is dialled by its ASCII form', async () => {
  const port = await listen(createTcpServer());
  const dialled = await dial({ endpoints: { mqtt: `mqtt://１２７.０.０.１:${port}` } }, 'plain');
  if (!dialled.ok) expect.unreachable(JSON.stringify(dialled.outcome));
  expect(dialled.stream.facts.peer).toBe('127.0.0.1');
  dialled.stream.abort();
});

describe('what the user got wrong', () => {
  it.each([
    [{ endpoints: { mqtts: 'host:8883' } }, 'mqtts'],
    [{ endpoints: { mqtt: 'not a url' } }, 'mqtt'],
    [{ endpoints: { wss: 'ws://host/' } }, 'wss'],
    [{ endpoints: { mqtts: 'mqtts://a%20b' } }, 'mqtts'],
    [{ endpoints: {}, ca: 'no certificate' }, 'CA'],
    [{ endpoints: {}, ca: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' }, 'CA'],
  ])('%j is said when the transport is made', (options, named) => {
    let thrown: unknown;
    try {
      tcpTransport({ ...options, clock, timeouts });
    } catch (error) {
      thrown = error;
    }
    if (!(thrown instanceof UserError)) expect.unreachable(String(thrown));
    expect(thrown.message).toContain(named);
  });
});
