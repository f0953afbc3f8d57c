// Devices that speak in packets over memory streams, and a platform that serves them. No test is here.
import mqtt, { type Packet } from 'mqtt-packet';
import { expect } from 'vitest';
import { memoryPair } from '../../kernel/bytes/memory.ts';
import type { ByteStream } from '../../kernel/bytes/stream.ts';
import { ManualClock } from '../../kernel/clock.testkit.ts';
import { parseReply } from '../../protocol/payload.ts';
import { DN, ENCRYPTED, PK, PS, registration, signIn, type Connect, type Credentials } from '../bench.testkit.ts';
import { Platform, type PlatformOptions } from '../platform.ts';
import { createMqttFront, type MqttFront } from './mqtt.ts';

/** Time moves when told; bytes move by themselves. */
class Clock extends ManualClock {
  override turn(fn: () => void): void {
    setImmediate(fn);
  }
}

export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
export const turns = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await turn();
};
/** More turns than any path through the broker takes. */
export const QUIET = 40;

export type Of<C extends Packet['cmd']> = Extract<Packet, { cmd: C }>;

/** One connection of a device that speaks in packets. */
export class Device {
  readonly packets: Packet[] = [];
  readonly chunks: Uint8Array[] = [];
  readonly #stream: ByteStream;
  #closed: string | undefined;

  constructor(stream: ByteStream) {
    this.#stream = stream;
    const parser = mqtt.parser();
    parser.on('packet', (packet) => this.packets.push(packet));
    stream.attach({
      data: (bytes) => {
        this.chunks.push(bytes);
        parser.parse(Buffer.from(bytes));
      },
      drain: () => undefined,
      end: () => stream.end(),
      close: (ending) => (this.#closed = ending.by),
    });
  }

  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }

  write(bytes: Uint8Array): void {
    this.#stream.write(bytes);
  }

  send(packet: Packet, protocolVersion = 4): this {
    this.#stream.write(mqtt.generate(packet, { protocolVersion }));
    return this;
  }

  abort(): void {
    this.#stream.abort();
  }

  /** Reads no more. */
  pause(): void {
    this.#stream.pause();
  }

  /** Waits for the `nth` packet of a kind. */
  async next<C extends Packet['cmd']>(cmd: C, nth = 1): Promise<Of<C>> {
    for (;;) {
      const found = this.packets.filter((packet): packet is Of<C> => packet.cmd === cmd)[nth - 1];
      if (found) return found;
      if (this.isClosed) throw new Error(`closed before ${cmd}; got ${this.packets.map((packet) => packet.cmd).join(' ')}`);
      await turn();
    }
  }

  async closed(): Promise<string> {
    while (this.#closed === undefined) await turn();
    return this.#closed;
  }

  /** A round trip: what the broker had to say before is here afterwards. */
  async ping(): Promise<void> {
    const before = this.packets.filter((packet) => packet.cmd === 'pingresp').length;
    this.send({ cmd: 'pingreq' });
    await this.next('pingresp', before + 1);
    await turns(QUIET);
  }

  published(): Of<'publish'>[] {
    return this.packets.filter((packet) => packet.cmd === 'publish');
  }

  async subscribe(...filters: string[]): Promise<number[]> {
    return this.subscribeAt(1, ...filters);
  }

  async subscribeAt(qos: 0 | 1, ...filters: string[]): Promise<number[]> {
    const before = this.packets.filter((packet) => packet.cmd === 'suback').length;
    this.send({ cmd: 'subscribe', messageId: before + 1, subscriptions: filters.map((topic) => ({ topic, qos })) });
    return (await this.next('suback', before + 1)).granted as number[];
  }

  publish(topic: string, payload: string, qos: 0 | 1 | 2 = 0, retain = false): this {
    return this.send({ cmd: 'publish', topic, payload, qos, retain, dup: false, messageId: 77 });
  }
}

export const connectPacket = (request: Connect, more: object = {}): Packet =>
  ({
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clean: true,
    clientId: request.identifier,
    keepalive: request.keepAlive,
    username: request.username,
    password: request.password === undefined ? undefined : Buffer.from(request.password),
    ...more,
  }) as Packet;

/** What a test sets otherwise. */
export type HouseOptions = Partial<Pick<PlatformOptions, 'policy' | 'options'>>;

/** A platform behind its MQTT front, and devices that dial it. */
export class House {
  readonly clock = new Clock();
  readonly platform: Platform;
  front!: MqttFront;
  /** Identities the platform gave to the broker, newest last. */
  readonly brokerIds: string[] = [];

  private constructor(options: HouseOptions) {
    this.platform = new Platform({ clock: this.clock, seed: 'front', ...options });
    const connect = this.platform.connect.bind(this.platform);
    this.platform.connect = (request) => {
      const decision = connect(request);
      if (decision.kind === 'online') this.brokerIds.push(decision.brokerId);
      return decision;
    };
    this.platform.operate({ action: 'CreateProduct', productKey: PK, productSecret: PS, dynamicRegistration: true });
    this.platform.operate({ action: 'AddDevices', productKey: PK, deviceNames: [DN, 'meter-0002'] });
  }

  static async open(options: HouseOptions = {}): Promise<House> {
    const house = new House(options);
    house.front = await createMqttFront(house.platform);
    houses.push(house);
    return house;
  }

  dial(facts = ENCRYPTED): Device {
    const [client, server] = memoryPair(this.clock, { ...facts, peer: 'platform' }, facts);
    this.front.accept(server);
    return new Device(client);
  }

  send(request: Connect, more: object = {}, protocolVersion = 4): Device {
    return this.dial(request.facts).send(connectPacket(request, { ...more, protocolVersion }), protocolVersion);
  }

  /** Registers a device and leaves. */
  async issue(mode: 'register' | 'regnwl' = 'register', dn = DN): Promise<Credentials> {
    const device = this.send(registration(mode, dn));
    const reply = parseReply((await device.next('publish')).payload);
    device.send({ cmd: 'disconnect' });
    await device.closed();
    return reply.kind === 'register' ? { deviceSecret: reply.deviceSecret } : { clientId: reply.clientId, deviceToken: reply.deviceToken };
  }

  async online(credentials: Credentials, dn = DN, more: object = {}, extra = ''): Promise<Device> {
    const request = signIn(credentials, dn);
    const device = this.send({ ...request, identifier: request.identifier.replace(/\|$/, `${extra}|`) }, more);
    expect((await device.next('connack')).returnCode).toBe(0);
    return device;
  }

  /** Turns until something holds. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await turn();
  }

  status(dn = DN): string | undefined {
    const result = this.platform.operate({ action: 'QueryDeviceDetail', productKey: PK, deviceName: dn });
    return result.ok && result.kind === 'device' ? result.device.status : undefined;
  }
}

const houses: House[] = [];
/** Ends every house, and shows that nothing is left of it. */
export async function closeHouses(): Promise<void> {
  for (const house of houses.splice(0)) {
    await house.front.close();
    await turns(QUIET);
    expect(house.platform.openSessions).toBe(0);
    expect(house.clock.alarms).toBe(0);
  }
}

/** A property post. */
export const post = (id: string, ack = true): string =>
  JSON.stringify({ id, version: '1.0', ...(ack ? {} : { sys: { ack: 0 } }), params: { t: 1 }, method: 'thing.event.property.post' });
