// Traps 15, 16, 17 and 24: ports, TLS and WebSocket as real clients use them.
import 'reflect-metadata';
import { once } from 'node:events';
import { checkServerIdentity, connect as connectTls, type TLSSocket } from 'node:tls';
import { KeyUsageFlags, KeyUsagesExtension, SubjectAlternativeNameExtension, X509Certificate } from '@peculiar/x509';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWebSocketStream, WebSocket } from 'ws';
import type { StubPorts } from '../../platform-stub/node/listen.node.ts';
import { tls } from '../interop/wire.ts';
import { ACCEPTED, Bench, MALFORMED, productKey } from './bench.ts';
import { REGISTRANTS, REGISTRATIONS, registration, session, type Registrant } from './clients.ts';
import { connectBytes, PINGREQ, PINGRESP, Raw, readPublish, subscribeBytes } from './raw.ts';

let bench: Bench;

beforeAll(async () => {
  bench = await Bench.open();
});
afterAll(() => bench.close());

interface WebSocketOptions {
  readonly path?: string;
  readonly protocols?: string[];
  /** A port that is not the usual one. */
  readonly port?: keyof StubPorts;
}

async function webSocket(
  kind: 'ws' | 'wss',
  { path = '/mqtt', protocols = ['mqtt'], port = kind }: WebSocketOptions = {},
): Promise<WebSocket> {
  const socket = new WebSocket(`${kind}://localhost:${bench.ports[port]}${path}`, protocols, { ca: bench.caPem, perMessageDeflate: false });
  await once(socket, 'open');
  return socket;
}

const over = (socket: WebSocket): Raw => new Raw(createWebSocketStream(socket, { allowHalfOpen: false }));

describe('trap-15: registration is TLS only, and securemode -2 looks as if it were that too', () => {
  it.each(REGISTRANTS)('trap-15: %s registers over TLS, not over TCP', async (who) => {
    const connect = registration(who, bench.nameFor(who));
    expect(await (await bench.tcp()).send(connectBytes(connect)).untilClosed()).toBe(MALFORMED);
    await bench.issue(who, connect.username.split('&')[0]);
  });

  it.each(['A', 'I'] as const)('trap-15: %s connects over TCP with securemode=-2 and its token', async (who) => {
    const issued = await bench.issue('I regnwl');
    const raw = await bench.onlineByToken(who, issued, await bench.tcp());
    expect(bench.status(issued.deviceName)).toBe('ONLINE');
    expect(await raw.ping()).toEqual([]);
    await raw.disconnect();
  });

  it('trap-15: I connects over TCP with securemode=3, and over TLS with the same bytes', async () => {
    const issued = await bench.issue('I');
    for (const raw of [await bench.tcp(), await bench.tls()]) await (await bench.online('I', issued, raw)).disconnect();
  });
});

describe('trap-16: the documents list ports, but one port speaks several protocols', () => {
  it('trap-16: J registers by TLS and then connects in clear, both on port 1883', async () => {
    const issued = await bench.issue('J regnwl', bench.name(), await bench.tls('mqtt'));
    await (await bench.onlineByToken('I', issued, await bench.tcp('mqtt'))).disconnect();
    const secret = await bench.issue('J', bench.added(), await bench.tls('mqtt'));
    await (await bench.online('I', secret, await bench.tcp('mqtt'))).disconnect();
  });

  it('trap-16: I registers by TLS where WebSockets are served, as on port 443', async () => {
    for (const port of ['ws', 'wss'] as const) await bench.issue('I', bench.added(), await bench.tls(port));
  });

  it('trap-16: HTTPS, WSS and MQTTS share the ports that are encrypted', async () => {
    for (const port of ['mqtts', 'wss', 'https'] as const) {
      await bench.issue('A', bench.added(), await bench.tls(port));
      await bench.issue('K', bench.added(), over(await webSocket('wss', { port })));
      const http = await tls(bench.ports[port], bench.caPem);
      let text = '';
      http.on('data', (chunk: Buffer) => (text += chunk.toString()));
      http.write(
        'POST /auth/register/device HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 0\r\n\r\n',
      );
      await once(http, 'close');
      expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
      expect(text).toMatch(/\r\n\r\n\{"code":460,"message":"[^"]+"\}$/);
    }
  });

  it('trap-16: the first byte decides, also when it comes alone', async () => {
    const issued = await bench.issue('A');
    for (const raw of [await bench.tcp(), await bench.tls('mqtt')]) {
      const bytes = connectBytes(session('A', issued.deviceName, issued.deviceSecret));
      for (const byte of bytes) await new Promise((resolve) => raw.socket.write(Buffer.of(byte), resolve));
      expect(await raw.nextHex()).toBe(ACCEPTED);
      await raw.disconnect();
    }
  });
});

describe('trap-17: a modern TLS set-up locks out every C SDK', () => {
  // 003d, 0035, 003c and 002f: what mbedtls offers there.
  const SUITES = ['AES256-SHA256', 'AES256-SHA', 'AES128-SHA256', 'AES128-SHA'] as const;
  const HOSTS = {
    A: 'iot-060a0abc.mqtt.iothub.aliyuncs.com',
    B: `${productKey}.iot-as-mqtt.cn-shanghai.aliyuncs.com`,
    D: 'iot-auth.cn-shanghai.aliyuncs.com',
  } as const;
  const old = (ciphers: string) => ({ ciphers, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2', sigalgs: 'RSA+SHA256' }) as const;

  it.each(SUITES.flatMap((suite) => (['A', 'B'] as const).map((who) => [who, suite] as const)))(
    'trap-17: %s registers and connects with TLS 1.2 and %s alone: RSA key exchange, CBC',
    async (who, suite) => {
      const dial = async (port: 'mqtt' | 'mqtts'): Promise<Raw> => {
        // B always sends the name it checks, A none for an address.
        const socket = await tls(bench.ports[port], bench.caPem, { ...old(suite), ...(who === 'B' ? { servername: HOSTS.B } : {}) });
        expect([socket.getProtocol(), socket.getCipher().name]).toEqual(['TLSv1.2', suite]);
        return new Raw(socket);
      };
      const issued = await bench.issue(who, bench.added(), await dial('mqtt'));
      await (await bench.online(who, issued, await dial('mqtts'))).disconnect();
    },
  );

  it('trap-17: the certificate they see is RSA 2048, SHA-256, with keyEncipherment and the names they check', async () => {
    const socket = await tls(bench.ports.mqtts, bench.caPem, old('AES128-SHA'));
    const certificate = new X509Certificate(socket.getPeerX509Certificate()!.raw);
    socket.destroy();
    expect(certificate.publicKey.algorithm).toMatchObject({ name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048 });
    expect(certificate.signatureAlgorithm).toMatchObject({ name: 'RSASSA-PKCS1-v1_5', hash: { name: 'SHA-256' } });
    const usages = certificate.getExtension(KeyUsagesExtension)!.usages;
    expect(usages & KeyUsageFlags.keyEncipherment).not.toBe(0);
    const names = certificate.getExtension(SubjectAlternativeNameExtension)!.names.items.filter((name) => name.type === 'dns');
    expect(names.map((name) => name.value)).toEqual(expect.arrayContaining(['localhost', HOSTS.D]));
  });

  it.each(Object.entries(HOSTS))('trap-17: %s checks the name %s, whether it says it in the handshake or not', async (_who, host) => {
    for (const servername of [host, undefined]) {
      const socket: TLSSocket = connectTls({
        ...{ port: bench.ports.mqtts, host: '127.0.0.1', ca: bench.caPem, ...old('AES128-SHA') },
        ...(servername === undefined ? {} : { servername }),
        // The client checks against the host that it wanted, not against the address it dialled.
        checkServerIdentity: (_dialled, certificate) => checkServerIdentity(host, certificate),
      });
      await once(socket, 'secureConnect');
      expect(socket.authorized).toBe(true);
      await bench.issue('B', bench.added(), new Raw(socket));
    }
  });

  // mosquitto sends an address as a name; Node warns that one must not.
  it.each([undefined, '127.0.0.1', 'somebody.else.example'])(
    'trap-17: there is a certificate for the server name %s',
    async (servername) => {
      const options = { ca: bench.caPem, port: bench.ports.mqtts, host: '127.0.0.1', checkServerIdentity: () => undefined };
      const socket = connectTls({ ...options, ...(servername === undefined ? {} : { servername }) });
      await once(socket, 'secureConnect');
      await bench.issue('L', bench.added(), new Raw(socket));
    },
  );
});

describe('trap-24: one MQTT packet a WebSocket frame is nowhere promised', () => {
  const bytewise = (raw: Raw, bytes: Buffer): void => {
    for (const byte of bytes) raw.socket.write(Buffer.of(byte));
  };

  it.each(['K', 'E regnwl', 'L regnwl'] as const)(
    'trap-24: %s registers over WSS with a CONNECT in frames of one byte',
    async (who: Registrant) => {
      const raw = over(await webSocket('wss'));
      const bytes = connectBytes(registration(who, bench.nameFor(who)));
      expect(bytes[0]).toBe(0x10);
      bytewise(raw, bytes);
      expect(await raw.nextHex()).toBe(ACCEPTED);
      expect(readPublish(await raw.next())).toMatchObject({ first: '30', topic: `/ext/${REGISTRATIONS[who].mode}` });
      await raw.disconnect();
    },
  );

  it.each(['F', 'G'] as const)(
    'trap-24: %s connects over WS and WSS in frames of one byte, then sends many packets in one',
    async (who) => {
      const { deviceName, deviceSecret } = await bench.issue('A');
      for (const kind of ['ws', 'wss'] as const) {
        const raw = over(await webSocket(kind, { path: '/' }));
        bytewise(raw, connectBytes(session(who, deviceName, deviceSecret)));
        expect(await raw.nextHex()).toMatch(/^20020[01]00$/);
        const filter = `/shadow/get/${productKey}/${deviceName}`;
        raw.send(PINGREQ, subscribeBytes(5, 1, filter), PINGREQ);
        const heard = [await raw.nextHex(), await raw.nextHex(), await raw.nextHex()];
        expect(heard.sort()).toEqual(['9003000501', PINGRESP, PINGRESP]);
        await raw.disconnect();
      }
    },
  );

  it('trap-24: takes a packet in fragments of one message, and two packets over a border', async () => {
    const { deviceName, deviceSecret } = await bench.issue('A');
    const socket = await webSocket('wss');
    const raw = over(socket);
    const bytes = Buffer.concat([connectBytes(session('F', deviceName, deviceSecret)), PINGREQ, PINGREQ]);
    socket.send(bytes.subarray(0, 1), { fin: false });
    socket.send(bytes.subarray(1, 20), { fin: false });
    socket.send(bytes.subarray(20, -3), { fin: true });
    socket.send(bytes.subarray(-3));
    expect([await raw.nextHex(), await raw.nextHex(), await raw.nextHex()]).toEqual([ACCEPTED, PINGRESP, PINGRESP]);
    await raw.disconnect();
  });

  it.each([
    ['mqtt', ['mqtt']],
    ['mqttv3.1', ['mqttv3.1']],
    ['mqtt', ['mqttv3.1', 'mqtt']],
    ['', []],
  ])('trap-24: agrees on the sub-protocol "%s" of %j', async (agreed, protocols) => {
    const socket = await webSocket('wss', { protocols });
    expect(socket.protocol).toBe(agreed);
    await bench.issue('K', bench.added(), over(socket));
  });

  it.each(['/', '/mqtt', '/any/where', '/mqtt?token=x'])('trap-24: is there under the path %s', async (path) => {
    await bench.issue('K', bench.added(), over(await webSocket('wss', { path })));
  });

  it('trap-24: a registration over WS, which is not encrypted, is refused like one over TCP', async () => {
    const raw = over(await webSocket('ws'));
    bytewise(raw, connectBytes(registration('K', bench.added())));
    expect(await raw.untilClosed()).toBe(MALFORMED);
  });
});
