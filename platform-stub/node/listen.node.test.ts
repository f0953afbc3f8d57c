// The listeners as foreign clients meet them: raw sockets, old TLS, odd WebSockets. Our own units over sockets are in test/interop.
import { createHmac } from 'node:crypto';
import { connect as connectTcp, createServer, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { generate, parser, type IConnackPacket, type IConnectPacket, type IPublishPacket, type Packet } from 'mqtt-packet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { ambientClock, type Clock } from '../../kernel/clock.ts';
import { UserError } from '../../kernel/errors.ts';
import { createMqttFront } from '../front/mqtt.ts';
import { Platform } from '../platform.ts';
import { startStub, type RunningStub, type StubPorts } from './listen.node.ts';
import { makeCertificates } from './tls.node.ts';

const PRODUCT = { productKey: 'a1Muster0001', productSecret: 'ps0123456789abcd' };
const TOKEN = 'token-of-this-test';
const certificates = await makeCertificates();
const ca = certificates.caPem;

async function open(ports: 'auto' | StubPorts = 'auto', clock: Clock = ambientClock()): Promise<RunningStub & { platform: Platform }> {
  const platform = new Platform({ clock, seed: 'test' });
  platform.operate({ action: 'CreateProduct', ...PRODUCT, dynamicRegistration: true });
  platform.operate({ action: 'AddDevices', productKey: PRODUCT.productKey, deviceNames: ['unit-0001', 'unit-0002'] });
  const front = await createMqttFront(platform);
  return { ...(await startStub({ platform, front, ports, certificates, operatorToken: TOKEN, clock })), platform };
}

let stub: Awaited<ReturnType<typeof open>>;
beforeAll(async () => {
  stub = await open();
});
afterAll(() => stub.close());

/** A registration CONNECT; `regnwl` may be repeated five times a name. */
function registration(deviceName: string, mode: 'register' | 'regnwl' = 'register'): Buffer {
  const password = createHmac('sha256', PRODUCT.productSecret)
    .update(`deviceName${deviceName}productKey${PRODUCT.productKey}random123`)
    .digest('hex');
  const connect: IConnectPacket = {
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clean: true,
    keepalive: 60,
    clientId: `${deviceName}|securemode=2,authType=${mode},random=123,signmethod=hmacsha256|`,
    username: `${deviceName}&${PRODUCT.productKey}`,
    password: Buffer.from(password),
  };
  return generate(connect);
}

/** The first packets that come in answer, as many as asked for. */
function packets(socket: { on(event: 'data', listener: (chunk: Buffer) => void): unknown }, count: number): Promise<Packet[]> {
  return new Promise((resolve, reject) => {
    const found: Packet[] = [];
    const parse = parser();
    parse.on('packet', (packet: Packet) => {
      found.push(packet);
      if (found.length === count) resolve(found);
    });
    parse.on('error', reject);
    socket.on('data', (chunk) => void parse.parse(chunk));
  });
}

async function expectCredentials(socket: Socket | TLSSocket, deviceName: string): Promise<void> {
  socket.write(registration(deviceName));
  const [connack, publish] = (await packets(socket, 2)) as [IConnackPacket, IPublishPacket];
  expect(connack).toMatchObject({ cmd: 'connack', returnCode: 0 });
  expect(publish).toMatchObject({ cmd: 'publish', topic: '/ext/register', qos: 0, retain: false });
  expect(JSON.parse(publish.payload.toString())).toMatchObject({ deviceName });
  socket.destroy();
}

function tls(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ port, host: '127.0.0.1', ca, ...options });
    socket.once('secureConnect', () => resolve(socket));
    socket.once('error', reject);
  });
}

function tcp(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp({ port, host: '127.0.0.1', noDelay: true });
    socket.once('connect', () => resolve(socket));
    socket.once('error', reject);
  });
}

/** Everything the server says until it closes. */
function everything(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    socket.on('close', () => resolve(text));
  });
}

describe('TLS', () => {
  it.each(['mqtt', 'mqtts', 'ws', 'wss', 'https'] as const)('carries MQTT on port %s', async (name) => {
    await expectCredentials(await tls(stub.ports[name], { servername: 'localhost' }), 'unit-0001');
  });

  it('works as the C SDK speaks it: TLS 1.2, RSA key exchange with AES-CBC, no server name', async () => {
    const socket = await tls(stub.ports.mqtt, { ciphers: 'AES128-SHA256', maxVersion: 'TLSv1.2' });
    expect(socket.getCipher().name).toBe('AES128-SHA256');
    expect(socket.getProtocol()).toBe('TLSv1.2');
    await expectCredentials(socket, 'unit-0001');
  });

  it('shows a P-256 certificate to a client of TLS 1.3, and refuses TLS 1.1', async () => {
    const socket = await tls(stub.ports.mqtts);
    expect(socket.getProtocol()).toBe('TLSv1.3');
    expect(socket.getPeerCertificate()).toMatchObject({ asn1Curve: 'prime256v1' });
    socket.destroy();
    await expect(tls(stub.ports.mqtts, { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1' })).rejects.toThrow();
  });

  it('takes a ClientHello that comes byte by byte', async () => {
    const slicer = createServer((client) => {
      const server = connectTcp({ port: stub.ports.mqtt, host: '127.0.0.1', noDelay: true });
      let queue: Promise<unknown> = Promise.resolve();
      client.on('data', (chunk: Buffer) => {
        for (const byte of chunk) queue = queue.then(() => new Promise((next) => server.write(Buffer.of(byte), () => setImmediate(next))));
      });
      server.pipe(client);
      for (const socket of [client, server]) socket.on('error', () => undefined);
      client.on('close', () => server.destroy());
    });
    await new Promise<void>((resolve) => slicer.listen(0, '127.0.0.1', resolve));
    const { port } = slicer.address() as { port: number };
    await expectCredentials(await tls(port), 'unit-0002');
    slicer.close();
  });
});

describe('what is not served', () => {
  it.each(['mqtts', 'wss', 'https'] as const)('anything in clear on port %s', async (name) => {
    for (const bytes of [registration('unit-0001'), 'GET / HTTP/1.1\r\nHost: x\r\n\r\n']) {
      const socket = await tcp(stub.ports[name]);
      socket.write(bytes);
      expect(await everything(socket)).toBe('');
    }
  });

  it('a first byte of no protocol, in clear or inside TLS', async () => {
    const plain = await tcp(stub.ports.mqtt);
    plain.write('\0\0\0\0');
    expect(await everything(plain)).toBe('');
    const secure = await tls(stub.ports.mqtts);
    secure.write('\0\0\0\0');
    expect(await everything(secure)).toBe('');
  });

  it('a registration in clear: CONNACK 2', async () => {
    const socket = await tcp(stub.ports.mqtt);
    socket.write(registration('unit-0001'));
    expect(await packets(socket, 1)).toMatchObject([{ cmd: 'connack', returnCode: 2 }]);
    socket.destroy();
  });

  it('a client that says nothing for ten seconds', async () => {
    const timers = new Set<() => void>();
    let waited = 0;
    const clock: Clock = {
      ...ambientClock(),
      after(ms, fn) {
        waited = ms;
        timers.add(fn);
        return { cancel: () => void timers.delete(fn) };
      },
    };
    const own = await open('auto', clock);
    const socket = await tcp(own.ports.mqtt);
    const said = everything(socket);
    await expect.poll(() => timers.size).toBe(1);
    expect(waited).toBe(10_000);
    for (const fire of timers) fire();
    expect(await said).toBe('');
    await own.close();
  });
});

describe('WebSocket', () => {
  function webSocket(path: string, protocols: string[], secure = true): WebSocket {
    const { ws, wss } = stub.ports;
    return new WebSocket(secure ? `wss://localhost:${wss}${path}` : `ws://127.0.0.1:${ws}${path}`, protocols, { ca });
  }
  const opened = (socket: WebSocket): Promise<void> => new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  const closed = (socket: WebSocket): Promise<number> => new Promise((resolve) => socket.once('close', (code) => resolve(code)));

  it.each([
    [['mqtt'], 'mqtt'],
    [['mqttv3.1', 'mqtt'], 'mqtt'],
    [['mqttv3.1'], 'mqttv3.1'],
    [[], ''],
  ])('answers the sub-protocols %j with "%s", on any path', async (offered, chosen) => {
    const socket = webSocket('/some/path', offered);
    await opened(socket);
    expect(socket.protocol).toBe(chosen);
    expect(socket.extensions).toBe('');
    socket.terminate();
  });

  it('takes a CONNECT in frames of one byte', async () => {
    const socket = webSocket('/mqtt', ['mqtt']);
    await opened(socket);
    const answer = packets({ on: (_event, listener) => socket.on('message', listener) }, 2);
    for (const byte of registration('unit-0001')) socket.send(Buffer.of(byte));
    expect(await answer).toMatchObject([
      { cmd: 'connack', returnCode: 0 },
      { cmd: 'publish', topic: '/ext/register' },
    ]);
    socket.terminate();
  });

  it('ends the connection at a text frame, and at one of more than a mebibyte', async () => {
    const talkative = webSocket('/', ['mqtt']);
    await opened(talkative);
    talkative.send('text');
    expect(await closed(talkative)).toBe(1003);
    const large = webSocket('/', ['mqtt'], false);
    await opened(large);
    large.send(Buffer.alloc(1024 * 1024 + 1));
    expect(await closed(large)).toBe(1009);
  });

  it('refuses registration without encryption: CONNACK 2', async () => {
    const socket = webSocket('/mqtt', ['mqtt'], false);
    await opened(socket);
    const answer = packets({ on: (_event, listener) => socket.on('message', listener) }, 1);
    socket.send(registration('unit-0001'));
    expect(await answer).toMatchObject([{ cmd: 'connack', returnCode: 2 }]);
    expect(await closed(socket)).toBe(1000);
  });
});

describe('HTTP', () => {
  const form = (): string => {
    const content = `deviceNameunit-0001productKey${PRODUCT.productKey}random123`;
    const sign = createHmac('sha1', PRODUCT.productSecret).update(content).digest('hex').toUpperCase();
    return `productKey=${PRODUCT.productKey}&deviceName=unit-0001&random=123&sign=${sign}&signMethod=HmacSHA1`;
  };
  const post = (body: string): string =>
    `POST /auth/register/device HTTP/1.1\r\nHost: iot-auth.cn-shanghai.aliyuncs.com\r\nContent-Type: application/x-www-form-urlencoded\r\n` +
    `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`;
  async function exchange(socket: Socket, request: string): Promise<{ head: string; body: string }> {
    socket.write(request);
    const answer = await everything(socket);
    const [head = '', body = ''] = answer.split('\r\n\r\n');
    return { head, body };
  }

  it.each(['https', 'wss', 'mqtts', 'mqtt'] as const)(
    'registers over HTTPS on port %s with headers that the C SDK can read',
    async (name) => {
      const { head, body } = await exchange(await tls(stub.ports[name]), post(form()));
      expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
      expect(head).toContain('\r\nContent-Type: application/json\r\n');
      expect(head).toContain(`\r\nContent-Length: ${body.length}\r\n`);
      expect(head.toLowerCase()).not.toContain('chunked');
      expect(body).toMatch(
        new RegExp(
          `^{"code":200,"data":{"deviceName":"unit-0001","deviceSecret":"[0-9a-f]{32}","productKey":"${PRODUCT.productKey}"},"message":"success"}$`,
        ),
      );
      expect(head.length + body.length).toBeLessThan(500);
    },
  );

  it('refuses registration over plain HTTP, and a form that is too long', async () => {
    const plain = await exchange(await tcp(stub.ports.ws), post(form()));
    expect(JSON.parse(plain.body)).toMatchObject({ code: 460 });
    const long = await exchange(await tls(stub.ports.https), post(`${form()}&x=${'y'.repeat(1_000_000)}`));
    expect(JSON.parse(long.body)).toMatchObject({ code: 460 });
  });

  it.each(['wss', 'https'] as const)('answers GET / on port %s with a page for whoever has just accepted the certificate', async (name) => {
    const { head, body } = await exchange(await tls(stub.ports[name]), 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    expect(head).toContain('Content-Type: text/html; charset=utf-8');
    expect(body).toMatch(/Muster.*stub/);
    expect(body).toMatch(/certificate is accepted/);
    expect(body).toMatch(/close this tab/);
  });

  it('answers the operator on its own port, on loopback and to nobody else', async () => {
    const command = JSON.stringify({ action: 'QueryDeviceStatistics', productKey: PRODUCT.productKey });
    const ask = async (headers: Record<string, string>, body = command): Promise<[number, unknown]> => {
      const response = await fetch(`http://127.0.0.1:${stub.ports.api}/operator`, { method: 'POST', headers, body });
      return [response.status, await response.json()];
    };
    const authorization = `Bearer ${TOKEN}`;
    expect(await ask({ authorization })).toMatchObject([200, { ok: true, kind: 'statistics', statistics: { deviceCount: 2 } }]);
    expect(await ask({})).toMatchObject([401, { ok: false }]);
    expect(await ask({ authorization: `${authorization}x` })).toMatchObject([401, { ok: false }]);
    expect(await ask({ authorization, origin: 'http://evil.example' })).toMatchObject([403, { ok: false }]);
    expect(await ask({ authorization }, '{"action":"Explode"}')).toMatchObject([400, { ok: false }]);
    const rebound = await exchange(
      await tcp(stub.ports.api),
      `POST /operator HTTP/1.1\r\nHost: evil.example:${stub.ports.api}\r\nAuthorization: ${authorization}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}`,
    );
    expect(rebound.head).toMatch(/^HTTP\/1\.1 403 /);
  });
});

describe('starting and ending', () => {
  /** How many sockets, servers and timers keep this process busy; what earlier tests left behind only gets less. */
  const handles = (): number => process.getActiveResourcesInfo().filter((name) => /TCP|TLS|Timeout/.test(name)).length;

  it('says which port is busy and leaves nothing half started', async () => {
    const blocker = createServer();
    await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
    const { port } = blocker.address() as { port: number };
    const before = handles();
    const error: unknown = await open({ mqtt: 0, mqtts: 0, ws: 0, wss: 0, https: port, api: 0 }).catch((reason: unknown) => reason);
    if (!(error instanceof UserError)) throw error;
    expect(error.message).toContain(`port ${port} (https)`);
    expect(error.remedy).toContain('--ports auto');
    expect(error.exit).toBe(3);
    await expect.poll(handles).toBeLessThanOrEqual(before);
    await new Promise((resolve) => blocker.close(resolve));
  });

  it('closes promptly with clients of every kind connected, and leaves no handle', async () => {
    const before = handles();
    const own = await open();
    const { mqtt, mqtts, wss, api, https } = own.ports;
    const silent = await tcp(mqtt);
    const half = await tcp(https);
    half.write(Buffer.from([0x16, 3, 1]));
    const http = await tls(https);
    http.write('GET / HT');
    const browser = await tcp(api);
    browser.write('POST /operator HTTP/1.1\r\n');
    const device = await tls(mqtts);
    const answer = packets(device, 2);
    device.write(registration('unit-0001'));
    const webSocket = new WebSocket(`wss://localhost:${wss}/`, ['mqtt'], { ca });
    await new Promise((resolve) => webSocket.once('open', resolve));
    webSocket.send(registration('unit-0002'));
    await new Promise((resolve) => webSocket.once('message', resolve));
    await answer;
    const ends = [silent, half, http, browser, device].map((socket) => everything(socket));
    ends.push(new Promise((resolve) => webSocket.once('close', () => resolve(''))));
    const startedAt = performance.now();
    await Promise.all([own.close(), own.close()]);
    await Promise.all(ends);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    await expect.poll(handles).toBeLessThanOrEqual(before);
    // The ports are free again.
    const again = await open(own.ports);
    expect(again.ports).toEqual(own.ports);
    await again.close();
  });
});
