// What a device under test meets: the real platform stub over memory streams, or a platform that follows a script of packets.
import mqtt, { type IConnectPacket, type Packet } from 'mqtt-packet';
import type { ByteStream } from '../kernel/bytes/stream.ts';
import { ambientClock, type Clock } from '../kernel/clock.ts';
import { seededRandom } from '../kernel/random.ts';
import { createMqttFront, type MqttFront } from '../platform-stub/front/mqtt.ts';
import type { Policy } from '../platform-stub/core/policy.ts';
import { Platform } from '../platform-stub/platform.ts';
import type { EditionName } from '../protocol/editions.ts';
import { openReferenceSession } from './session/reference.ts';
import { DEFAULT_TIMEOUTS } from './session/session.ts';
import { memoryTransport } from './transport/memory.ts';
import type { Transport } from './transport/transport.ts';
import { Unit, type UnitEnv, type UnitIdentity } from './unit/unit.ts';

export const PK = 'a1B2c3D4e5F';
export const PS = 'product-secret-of-the-test';
export const DN = 'meter-0001';

export class Stub {
  readonly clock: Clock = ambientClock();
  readonly platform: Platform;
  readonly transport: Transport;
  readonly #front: MqttFront;

  private constructor(platform: Platform, front: MqttFront, extraTurns: number) {
    this.platform = platform;
    this.#front = front;
    this.transport = memoryTransport(this.clock, (stream) => front.accept(stream), extraTurns);
  }

  static async open(
    options: { readonly policy?: Policy; readonly edition?: EditionName; readonly extraTurns?: number } = {},
  ): Promise<Stub> {
    const { extraTurns = 0, ...rest } = options;
    const platform = new Platform({ clock: ambientClock(), seed: 'stub', ...rest });
    platform.operate({ action: 'CreateProduct', productKey: PK, productSecret: PS, dynamicRegistration: true });
    return new Stub(platform, await createMqttFront(platform), extraTurns);
  }

  add(...deviceNames: string[]): this {
    platformAdd(this.platform, deviceNames);
    return this;
  }

  status(dn = DN): string | undefined {
    const result = this.platform.operate({ action: 'QueryDeviceDetail', productKey: PK, deviceName: dn });
    return result.ok && result.kind === 'device' ? result.device.status : undefined;
  }

  clientIds(dn = DN): number {
    const result = this.platform.operate({ action: 'QueryClientIds', productKey: PK, deviceName: dn });
    return result.ok && result.kind === 'client-ids' ? result.clientIds.length : 0;
  }

  statistics(): { activeCount: number; onlineCount: number } {
    const result = this.platform.operate({ action: 'QueryDeviceStatistics', productKey: PK });
    if (!result.ok || result.kind !== 'statistics') throw new Error('no statistics');
    return result.statistics;
  }

  close(): Promise<void> {
    return this.#front.close();
  }
}

function platformAdd(platform: Platform, deviceNames: readonly string[]): void {
  platform.operate({ action: 'AddDevices', productKey: PK, deviceNames });
}

/** The platform's side of one connection, for a script. */
export interface Scripted {
  /** Packets of the device so far. */
  readonly heard: Packet[];
  send(...packets: Packet[]): void;
  write(bytes: Uint8Array): void;
  end(): void;
  abort(): void;
}

/**
 * A platform that answers each packet of a device as `script` does. It ends a connection when the device has ended it.
 * @param onEnd called when the device ended a connection
 */
export function scripted(
  clock: Clock,
  script: (packet: Packet, line: Scripted, nth: number) => void,
  onEnd: () => void = () => undefined,
): Transport {
  let connections = 0;
  return memoryTransport(clock, (stream: ByteStream) => {
    const nth = ++connections;
    const heard: Packet[] = [];
    const line: Scripted = {
      heard,
      send: (...packets) => void stream.write(Buffer.concat(packets.map((packet) => mqtt.generate(packet)))),
      write: (bytes) => void stream.write(bytes),
      end: () => stream.shut(),
      abort: () => stream.abort(),
    };
    const parser = mqtt.parser();
    parser.on('packet', (packet) => {
      heard.push(packet);
      script(packet, line, nth);
    });
    stream.attach({
      data: (bytes) => void parser.parse(Buffer.from(bytes)),
      drain: () => undefined,
      end: () => {
        onEnd();
        stream.end();
      },
      close: () => undefined,
    });
  });
}

export const ACCEPT: Packet = { cmd: 'connack', returnCode: 0, sessionPresent: false };

export const published = (topic: string, payload: string): Packet => ({
  cmd: 'publish',
  topic,
  payload: Buffer.from(payload),
  qos: 0,
  retain: false,
  dup: false,
});

/** The reply to a registration, with fields of the test's choice. */
export const secretReply = (fields: object = {}): Packet =>
  published('/ext/register', JSON.stringify({ deviceSecret: 'secret-of-the-script', productKey: PK, deviceName: DN, ...fields }));
export const tokenReply = (topic: string, fields: object = {}): Packet =>
  published(topic, JSON.stringify({ clientId: 'cid', productKey: PK, deviceName: DN, deviceToken: 'token-of-the-script', ...fields }));

export const isRegistration = (packet: IConnectPacket): boolean => /authType=reg/.test(packet.clientId);

export function unit(transport: Transport, identity: Partial<UnitIdentity> = {}, env: Partial<UnitEnv> = {}): Unit {
  return new Unit(
    { unitId: 'unit', mode: 'register', productKey: PK, productSecret: PS, deviceName: DN, ...identity },
    {
      clock: ambientClock(),
      random: seededRandom('unit'),
      transport,
      openSession: openReferenceSession,
      timeouts: DEFAULT_TIMEOUTS,
      edition: 'doc2020',
      signMethod: 'hmacsha256',
      ...env,
    },
  );
}
