// MQTT packets of a device as bytes, right ones: what is wrong with them is the tests' business. No test is in this file.
import { generate, parser, type IConnectPacket, type Packet } from 'mqtt-packet';
import { connectContent, registrationContent } from '../../protocol/content.ts';
import { registrationIdentifier, secretIdentifier } from '../../protocol/identifier.ts';
import { sign } from '../../protocol/sign.ts';

export const PRODUCT = { productKey: 'a1Muster0001', productSecret: 'ps0123456789abcd' } as const;
/** Of every device that `furnish` (rig.ts) adds. */
export const DEVICE_SECRET = '0f48121e8cb55c65efba7e03f7000000';

interface ConnectWishes {
  readonly clean?: boolean;
  readonly keepalive?: number;
  /** Replies come without a SUBSCRIBE (`_ss=1`). */
  readonly autoSubscribe?: boolean;
  readonly encrypted?: boolean;
}

function connect(
  fields: Pick<IConnectPacket, 'clientId' | 'username' | 'password'>,
  { clean = true, keepalive = 60 }: ConnectWishes,
): Buffer {
  return generate({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clean, keepalive, ...fields });
}

/** A CONNECT that is let in. */
export function signInPacket(deviceName: string, wishes: ConnectWishes = {}): Buffer {
  const { productKey } = PRODUCT;
  const clientPart = `${productKey}.${deviceName}`;
  const content = connectContent({ clientId: clientPart, deviceName, productKey });
  return connect(
    {
      clientId: secretIdentifier({
        clientPart,
        signMethod: 'hmacsha256',
        secureMode: wishes.encrypted ? '2' : '3',
        ...(wishes.autoSubscribe ? { extra: [['_ss', '1']] } : {}),
      }),
      username: `${deviceName}&${productKey}`,
      password: Buffer.from(sign('hmacsha256', DEVICE_SECRET, content)),
    },
    wishes,
  );
}

/** A CONNECT that registers (over encrypted transports). */
export function registerPacket(deviceName: string, mode: 'register' | 'regnwl' = 'register'): Buffer {
  const { productKey, productSecret } = PRODUCT;
  const random = '8c5a';
  return connect(
    {
      clientId: registrationIdentifier({ clientPart: deviceName, authType: mode, random, signMethod: 'hmacsha256', secureMode: '2' }),
      username: `${deviceName}&${productKey}`,
      password: Buffer.from(sign('hmacsha256', productSecret, registrationContent({ deviceName, productKey, random }))),
    },
    {},
  );
}

export const postTopic = (deviceName: string): string => `/sys/${PRODUCT.productKey}/${deviceName}/thing/event/property/post`;

/** A property post of `padding` bytes and some more. */
export function postPacket(deviceName: string, id = '1', qos: 0 | 1 = 0, padding = 0): Buffer {
  const payload = JSON.stringify({
    id,
    version: '1.0',
    params: { Temp: 21.5, Pad: 'x'.repeat(padding) },
    method: 'thing.event.property.post',
  });
  return publishPacket(postTopic(deviceName), payload, qos);
}

export function publishPacket(topic: string, payload: string, qos: 0 | 1 = 0): Buffer {
  return generate({ cmd: 'publish', topic, payload, qos, retain: false, dup: false, ...(qos === 1 ? { messageId: 1 } : {}) });
}

export function subscribePacket(topics: readonly string[], messageId = 1): Buffer {
  return generate({ cmd: 'subscribe', messageId, subscriptions: topics.map((topic) => ({ topic, qos: 0 })) });
}

/** A fixed header that announces `remainingLength` bytes. */
export function header(first: number, remainingLength: number): Buffer {
  const bytes = [first];
  let left = remainingLength;
  do {
    const more = left >= 128;
    bytes.push((left % 128) | (more ? 0x80 : 0));
    left = Math.floor(left / 128);
  } while (left > 0);
  return Buffer.from(bytes);
}

/** The whole packets at the beginning of `bytes`. */
export function packetsIn(bytes: Uint8Array): Packet[] {
  const found: Packet[] = [];
  const parse = parser();
  parse.on('packet', (packet: Packet) => found.push(packet));
  parse.on('error', () => undefined);
  parse.parse(Buffer.from(bytes));
  return found;
}
