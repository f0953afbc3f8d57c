// Servers that are no platform: one lets everybody in and gives everybody credentials, one refuses everybody, one never says a word.
import { createServer as createTcp, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer as createTls } from 'node:tls';
import mqttPacket, { type Packet } from 'mqtt-packet';

export type Impostor = 'accepts-everything' | 'refuses-everything' | 'never-answers';

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** An impostor on a TLS port and a plain one, while `use` runs. */
export async function withImpostor<T>(
  kind: Impostor,
  certificate: Certificate,
  use: (ports: { mqtts: number; mqtt: number }) => Promise<T>,
): Promise<T> {
  const sockets = new Set<Socket>();
  const serve = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    if (kind === 'never-answers') {
      socket.resume();
      return;
    }
    const parser = mqttPacket.parser();
    parser.on('packet', (packet) => answer(kind, packet, (reply) => socket.write(mqttPacket.generate(reply))));
    parser.on('error', () => socket.destroy());
    socket.on('data', (bytes: Buffer) => parser.parse(bytes));
  };
  const servers: readonly Server[] = [createTls({ ...certificate }, serve), createTcp(serve)];
  try {
    const [mqtts, mqtt] = await Promise.all(servers.map(open));
    return await use({ mqtts: mqtts ?? 0, mqtt: mqtt ?? 0 });
  } finally {
    for (const socket of sockets) socket.destroy();
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

async function open(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

let issued = 0;

function answer(kind: Exclude<Impostor, 'never-answers'>, packet: Packet, send: (reply: Packet) => void): void {
  switch (packet.cmd) {
    case 'connect': {
      send({ cmd: 'connack', returnCode: kind === 'accepts-everything' ? 0 : 5, sessionPresent: false });
      const mode = /authType=(register|regnwl)/.exec(packet.clientId)?.[1];
      if (kind === 'refuses-everything' || mode === undefined) return;
      const [deviceName, productKey] = (packet.username ?? '').split('&');
      issued += 1;
      const secret = String(issued).padStart(32, '0');
      const credentials = mode === 'register' ? { deviceSecret: secret } : { clientId: secret, deviceToken: secret };
      const payload = JSON.stringify({ ...credentials, productKey, deviceName });
      send({ cmd: 'publish', topic: `/ext/${mode}`, payload, qos: 0, retain: false, dup: false });
      return;
    }
    case 'pingreq':
      return send({ cmd: 'pingresp' });
    case 'subscribe':
      return send({ cmd: 'suback', messageId: packet.messageId ?? 1, granted: packet.subscriptions.map(() => 0) });
    case 'publish': {
      if (packet.qos === 1) send({ cmd: 'puback', messageId: packet.messageId ?? 1 });
      if (!packet.topic.endsWith('/post')) return;
      const { id } = JSON.parse(packet.payload.toString()) as { id: string };
      const payload = JSON.stringify({ code: 200, data: {}, id, message: 'success', method: 'thing.event.property.post', version: '1.0' });
      return send({ cmd: 'publish', topic: `${packet.topic}_reply`, payload, qos: 0, retain: false, dup: false });
    }
    default:
      return;
  }
}
