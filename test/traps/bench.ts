// A stub with devices on it, and the steps that many traps have in common, byte for byte. No test is in this file.
import { expect } from 'vitest';
import { openTestStub, PRODUCT, type TestStub } from '../interop/stub.ts';
import { tcp, tls } from '../interop/wire.ts';
import type { StubPorts } from '../../platform-stub/node/listen.node.ts';
import type { Platform } from '../../platform-stub/platform.ts';
import { registration, REGISTRATIONS, session, tokenSession, type Registrant, type SecretClient, type TokenClient } from './clients.ts';
import { connectBytes, Raw, readPublish, type Connect, type Published } from './raw.ts';

export const { productKey } = PRODUCT;

/** CONNACKs as they must be on the wire: four bytes. */
export const ACCEPTED = '20020000';
export const RESUMED = '20020100';
export const WRONG_PROTOCOL = '20020001';
export const MALFORMED = '20020002';
export const REFUSED = '20020004';

/** What a registration delivered. */
export interface Issued {
  readonly deviceName: string;
  readonly deviceSecret: string;
  readonly clientId: string;
  readonly deviceToken: string;
}

/** What of a stub a bench needs. */
export type BenchStub = Pick<TestStub, 'platform' | 'ports' | 'certificates' | 'close'>;

export class Bench {
  readonly platform: Platform;
  readonly ports: StubPorts;
  readonly caPem: string;
  readonly close: () => Promise<void>;
  #devices = 0;

  constructor({ platform, ports, certificates, close }: BenchStub) {
    this.platform = platform;
    this.ports = ports;
    this.caPem = certificates.caPem;
    this.close = close;
  }

  static async open(): Promise<Bench> {
    return new Bench(await openTestStub());
  }

  /** A name that nobody has. */
  name(): string {
    return `trap-unit-${String(++this.#devices).padStart(3, '0')}`;
  }

  /** A device that was added beforehand. */
  added(deviceName = this.name()): string {
    expect(this.platform.operate({ action: 'AddDevices', productKey, deviceNames: [deviceName] }).ok).toBe(true);
    return deviceName;
  }

  /** The name for a registration of this kind: added beforehand where the mode needs it. */
  nameFor(who: Registrant): string {
    return REGISTRATIONS[who].mode === 'register' ? this.added() : this.name();
  }

  status(deviceName: string): string {
    const result = this.platform.operate({ action: 'QueryDeviceDetail', productKey, deviceName });
    return result.ok && result.kind === 'device' ? result.device.status : 'UNKNOWN';
  }

  /** The platform noticed that its device left: that may be later than the client's own socket. */
  async offline(deviceName: string): Promise<void> {
    await expect.poll(() => this.status(deviceName), { timeout: 10_000 }).toBe('OFFLINE');
  }

  /** What the vendor's log says of a device's presence, oldest first. */
  presence(deviceName: string): readonly string[] {
    const entries = this.platform.log.query({ type: 'device', deviceName });
    return entries.map(({ operation, reason }) => `${operation}: ${reason}`).reverse();
  }

  async tls(port: keyof StubPorts = 'mqtts'): Promise<Raw> {
    return new Raw(await tls(this.ports[port], this.caPem));
  }

  async tcp(port: keyof StubPorts = 'mqtt'): Promise<Raw> {
    return new Raw(await tcp(this.ports[port]));
  }

  /** Signs on over a connection; the CONNACK in hex. */
  async signOn(raw: Raw, connect: Connect): Promise<string> {
    return raw.send(connectBytes(connect)).nextHex();
  }

  /** Registers over a connection, which stays. */
  async ask(raw: Raw, connect: Connect): Promise<Issued> {
    expect(await this.signOn(raw, connect)).toBe(ACCEPTED);
    return issuedIn(readPublish(await raw.next()));
  }

  /** Registers as this client does, and leaves as it does. */
  async issue(who: Registrant, deviceName = this.nameFor(who), raw?: Raw): Promise<Issued> {
    const connection = raw ?? (await this.tls());
    const issued = await this.ask(connection, registration(who, deviceName));
    await (REGISTRATIONS[who].leaves === 'fin' ? connection.fin() : connection.disconnect());
    return issued;
  }

  /** Connects as this client does with what it was issued. */
  async online(who: SecretClient, issued: Issued, raw?: Raw, now?: number): Promise<Raw> {
    const connection = raw ?? (await this.tls());
    expect(await this.signOn(connection, session(who, issued.deviceName, issued.deviceSecret, now))).toBe(ACCEPTED);
    return connection;
  }

  async onlineByToken(who: TokenClient, { deviceName, clientId, deviceToken }: Issued, raw?: Raw): Promise<Raw> {
    const connection = raw ?? (await this.tls());
    expect(await this.signOn(connection, tokenSession(who, deviceName, clientId, deviceToken))).toBe(ACCEPTED);
    return connection;
  }
}

/** The credentials in a reply. */
export function issuedIn({ payload }: Published): Issued {
  return JSON.parse(payload) as Issued;
}

/** A property post, and where its answer goes. */
export function postOf(deviceName: string, id = '1'): { readonly topic: string; readonly payload: string; readonly replyTopic: string } {
  const topic = `/sys/${productKey}/${deviceName}/thing/event/property/post`;
  const payload = JSON.stringify({ id, version: '1.0', params: { Temp: 21.5 }, method: 'thing.event.property.post' });
  return { topic, payload, replyTopic: `${topic}_reply` };
}
