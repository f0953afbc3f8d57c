// TLS as old firmware speaks it, and what a port makes of a client's first byte: each way ends in a connection that works, or in nothing.
import { once } from 'node:events';
import type { IPublishPacket } from 'mqtt-packet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWebSocketStream, WebSocket } from 'ws';
import { hmac } from './foreign.ts';
import { openTestStub, PRODUCT, type TestStub } from './stub.ts';
import { tcp, tls, Wire, type Connect } from './wire.ts';

const { productKey, productSecret } = PRODUCT;
const DEVICE = 'ports-0001';
let stub: TestStub;
let login: Connect;

beforeAll(async () => {
  stub = await openTestStub([DEVICE]);
  login = await registered(new Wire(await tls(stub.ports.mqtts, stub.certificates.caPem)));
});
afterAll(() => stub.close());

/** Registers over this connection; what the device connects with from then on. */
async function registered(wire: Wire, deviceName: string = DEVICE): Promise<Connect> {
  const password = hmac('hmacsha256', productSecret, `deviceName${deviceName}productKey${productKey}random1`);
  const clientId = `${deviceName}|securemode=2,authType=register,random=1,signmethod=hmacsha256|`;
  expect(await wire.connect({ clientId, username: `${deviceName}&${productKey}`, password })).toBe(0);
  const reply = (await wire.next()) as IPublishPacket;
  expect(reply.topic).toBe('/ext/register');
  const { deviceSecret } = JSON.parse(reply.payload.toString()) as { deviceSecret: string };
  await wire.leave();
  return {
    clientId: `${deviceName}|securemode=2,signmethod=hmacsha1|`,
    username: `${deviceName}&${productKey}`,
    password: hmac('hmacsha1', deviceSecret, `clientId${deviceName}deviceName${deviceName}productKey${productKey}`),
  };
}

/** CONNACK 0, and a SUBSCRIBE that is answered. */
async function works(wire: Wire, connect: Connect = login): Promise<void> {
  expect(await wire.connect(connect)).toBe(0);
  const topic = `/${connect.username.split('&').reverse().join('/')}/user/get`;
  wire.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos: 0 }] });
  expect(await wire.next()).toMatchObject({ cmd: 'suback', messageId: 1, granted: [expect.any(Number)] });
  await wire.leave();
}

it('a stub without its RSA pair locks the C SDKs out, and nobody else', async () => {
  const modern = await openTestStub([], (right) => ({ ...right, rsa: right.ec }));
  try {
    const old = { ciphers: 'AES128-SHA', minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2', sigalgs: 'RSA+SHA256' } as const;
    await expect(tls(modern.ports.mqtts, modern.certificates.caPem, old)).rejects.toThrow(/handshake failure|ECONNRESET/);
    (await tls(modern.ports.mqtts, modern.certificates.caPem)).destroy();
  } finally {
    await modern.close();
  }
});

describe('the TLS of the C SDKs: 1.2 alone, RSA key exchange with CBC, SHA-256, and no server name', () => {
  const SUITES = ['AES128-SHA', 'AES256-SHA', 'AES128-SHA256', 'AES256-SHA256'];

  it.each(SUITES.flatMap((ciphers) => (['mqtt', 'mqtts', 'wss'] as const).map((port) => ({ ciphers, port }))))(
    'registers and connects with $ciphers on port $port',
    async ({ ciphers, port }) => {
      const deviceName = `${port}-${ciphers}`;
      stub.platform.operate({ action: 'AddDevices', productKey, deviceNames: [deviceName] });
      const dial = async (): Promise<Wire> => {
        const old = { ciphers, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2', sigalgs: 'RSA+SHA256' } as const;
        const socket = await tls(stub.ports[port], stub.certificates.caPem, old);
        expect([socket.getProtocol(), socket.getCipher().name]).toEqual(['TLSv1.2', ciphers]);
        expect(socket.getPeerCertificate()).toMatchObject({ bits: 2048 });
        return new Wire(socket);
      };
      await works(await dial(), await registered(await dial(), deviceName));
    },
  );
});

describe('the TLS of today', () => {
  it.each([undefined, 'localhost', `${productKey}.iot-as-mqtt.cn-shanghai.aliyuncs.com`, 'iot-060a0abc.mqtt.iothub.aliyuncs.com'])(
    'is 1.3 with a P-256 certificate, for the server name %s',
    async (servername) => {
      const socket = await tls(stub.ports.mqtt, stub.certificates.caPem, servername === undefined ? {} : { servername });
      expect([socket.getProtocol(), socket.authorized]).toEqual(['TLSv1.3', true]);
      expect(socket.getPeerCertificate()).toMatchObject({ asn1Curve: 'prime256v1' });
      await works(new Wire(socket));
    },
  );

  it('takes the RSA certificate of a client of 1.3 that knows no other', async () => {
    const socket = await tls(stub.ports.mqtt, stub.certificates.caPem, { sigalgs: 'rsa_pss_rsae_sha256:RSA+SHA256' });
    expect(socket.getProtocol()).toBe('TLSv1.3');
    expect(socket.getPeerCertificate()).toMatchObject({ bits: 2048 });
    await works(new Wire(socket));
  });

  it('is not shown to a client that trusts somebody else', async () => {
    await expect(tls(stub.ports.mqtt, stub.certificates.rsa.cert)).rejects.toThrow(/certificate/);
  });
});

describe('one port for everything', () => {
  type Port = 'mqtt' | 'ws' | 'mqtts' | 'wss' | 'https';
  const ca = (): string => stub.certificates.caPem;
  const page = async (port: Port, encrypted: boolean): Promise<string> => {
    const socket = encrypted ? await tls(stub.ports[port], ca()) : await tcp(stub.ports[port]);
    let text = '';
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    await once(socket, 'close');
    return text;
  };
  const webSocket = (port: Port, encrypted: boolean): WebSocket =>
    new WebSocket(`${encrypted ? 'wss' : 'ws'}://localhost:${stub.ports[port]}/mqtt`, ['mqtt'], { ca: ca() });

  /** MQTT, HTTP and WebSocket, in clear or not. */
  async function servesAll(port: Port, encrypted: boolean): Promise<void> {
    await works(new Wire(encrypted ? await tls(stub.ports[port], ca()) : await tcp(stub.ports[port])));
    expect(await page(port, encrypted)).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    const socket = webSocket(port, encrypted);
    await once(socket, 'open');
    await works(new Wire(createWebSocketStream(socket)));
  }

  it.each(['mqtt', 'ws', 'mqtts', 'wss', 'https'] as const)('%s serves MQTT, HTTP and WebSocket inside TLS', async (port) => {
    await servesAll(port, true);
  });

  it.each(['mqtt', 'ws'] as const)('%s serves MQTT, HTTP and WebSocket in clear', async (port) => {
    await servesAll(port, false);
  });

  it.each(['mqtts', 'wss', 'https'] as const)('%s answers nothing in clear', async (port) => {
    const wire = new Wire(await tcp(stub.ports[port]));
    await expect(wire.connect(login)).rejects.toThrow(/no CONNACK: "closed"/);
    expect(await page(port, false)).toBe('');
    const socket = webSocket(port, false);
    const [error] = (await once(socket, 'error')) as [Error];
    expect(error.message).toMatch(/socket hang up|ECONNRESET/);
  });
});
