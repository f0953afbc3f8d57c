// A stub on free ports, raw connections to every front of it, and a well-behaved device that proves it still serves. No test is in this file.
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { WebSocket } from 'ws';
import { memoryPair } from '../../kernel/bytes/memory.ts';
import type { StreamFacts } from '../../kernel/bytes/stream.ts';
import { ambientClock, type Clock } from '../../kernel/clock.ts';
import { seededRandom } from '../../kernel/random.ts';
import { createMqttFront, type MqttFront } from '../../platform-stub/front/mqtt.ts';
import { startStub, type RunningStub } from '../../platform-stub/node/listen.node.ts';
import { makeCertificates, type Certificates } from '../../platform-stub/node/tls.node.ts';
import { Platform, type PlatformOptions } from '../../platform-stub/platform.ts';
import { openReferenceSession } from '../../worker/session/reference.ts';
import { DEFAULT_TIMEOUTS } from '../../worker/session/session.ts';
import { tcpTransport } from '../../worker/transport/tcp.node.ts';
import { Unit } from '../../worker/unit/unit.ts';
import { DEVICE_SECRET, PRODUCT } from './packets.ts';

export const OPERATOR_TOKEN = 'token-of-this-test';

/** What a raw connection can be made to: MQTT over each transport, HTTP in clear and encrypted, the operator API. */
export const FRONTS = ['tcp', 'tls', 'ws', 'wss', 'http', 'https', 'api'] as const;
export type FrontName = (typeof FRONTS)[number];
export const MQTT_FRONTS = ['tcp', 'tls', 'ws', 'wss'] as const satisfies readonly FrontName[];

/** A connection of a client that need not behave. */
export interface Wire {
  send(bytes: Uint8Array): void;
  /** An orderly end: everything sent arrives. */
  end(): void;
  /** A reset (TCP), or as near as the transport comes to it. */
  reset(): void;
  /** Reads nothing from now on. */
  stopReading(): void;
  readonly closed: Promise<void>;
  /** Bytes that came so far. */
  readonly received: () => Buffer;
}

export interface Rig extends RunningStub {
  readonly platform: Platform;
  readonly front: MqttFront;
  readonly ca: string;
  /** @param from address of this machine to come from: a hundred thousand connections need more ports than one has */
  dial(front: FrontName, from?: string): Promise<Wire>;
  /** Registers a device that was never seen before, connects it, posts and leaves; throws when any of that fails. */
  goodDevice(): Promise<void>;
}

export interface RigOptions {
  /** The platform's and the listeners' clock. */
  readonly clock?: Clock;
  readonly options?: PlatformOptions['options'];
  /** Names of devices that may sign in with `packets.ts`. */
  readonly devices?: readonly string[];
  readonly certificates?: Certificates;
  /** Connections that the device ports take. */
  readonly capacity?: number;
}

/** Adds the product and its devices. */
export function furnish(platform: Platform, devices: readonly string[]): void {
  platform.operate({ action: 'CreateProduct', ...PRODUCT, dynamicRegistration: true });
  for (const deviceName of devices) {
    const { productKey } = PRODUCT;
    const added = platform.operate({ action: 'AddDevice', productKey, deviceName, deviceSecret: DEVICE_SECRET });
    if (!added.ok) throw new Error(`${deviceName}: ${added.message}`);
  }
}

export async function openRig({
  clock = ambientClock(),
  options = {},
  devices = [],
  certificates,
  capacity,
}: RigOptions = {}): Promise<Rig> {
  const platform = new Platform({ clock, seed: 'robustness', options });
  furnish(platform, devices);
  const front = await createMqttFront(platform);
  const { caPem: ca, ...leaves } = certificates ?? (await makeCertificates());
  const running = await startStub({
    platform,
    front,
    ports: 'auto',
    certificates: { caPem: ca, ...leaves },
    operatorToken: OPERATOR_TOKEN,
    clock,
    ...(capacity === undefined ? {} : { capacity }),
  });
  let strangers = 0;
  return {
    ...running,
    platform,
    front,
    ca,
    dial: (name, from) => dial(name, running.ports, ca, from),
    async goodDevice() {
      const deviceName = `good-${++strangers}`;
      const unit = new Unit(
        { unitId: deviceName, mode: 'regnwl', deviceName, ...PRODUCT },
        {
          clock: ambientClock(),
          random: seededRandom('good', deviceName),
          transport: tcpTransport({
            endpoints: { mqtts: `mqtts://localhost:${running.ports.mqtts}` },
            ca,
            clock: ambientClock(),
            timeouts: DEFAULT_TIMEOUTS,
          }),
          openSession: openReferenceSession,
          timeouts: DEFAULT_TIMEOUTS,
          edition: 'doc2020',
          signMethod: 'hmacsha256',
        },
      );
      const outcomes = [await unit.register(), await unit.connect(), await unit.post({ Temp: 21.5 })];
      await unit.disconnect();
      const kinds = outcomes.map(({ kind }) => kind).join(', ');
      if (kinds !== 'issued, accepted, accepted') throw new Error(`a good device got ${JSON.stringify(outcomes)}`);
    },
  };
}

function dial(name: FrontName, ports: RunningStub['ports'], ca: string, localAddress?: string): Promise<Wire> {
  const to = { host: '127.0.0.1', noDelay: true, ...(localAddress === undefined ? {} : { localAddress }) };
  switch (name) {
    case 'tcp':
      return opened(connectTcp({ ...to, port: ports.mqtt }), 'connect');
    case 'tls':
      return opened(connectTls({ ...to, port: ports.mqtts, ca, servername: 'localhost' }), 'secureConnect');
    case 'http':
      return opened(connectTcp({ ...to, port: ports.ws }), 'connect');
    case 'https':
      return opened(connectTls({ ...to, port: ports.https, ca, servername: 'localhost' }), 'secureConnect');
    case 'api':
      return opened(connectTcp({ ...to, port: ports.api }), 'connect');
    case 'ws':
      return openedWebSocket(new WebSocket(`ws://127.0.0.1:${ports.ws}/mqtt`, ['mqtt'], to));
    case 'wss':
      return openedWebSocket(new WebSocket(`wss://127.0.0.1:${ports.wss}/mqtt`, ['mqtt'], { ...to, ca }));
  }
}

/** A wire over a socket as soon as it is open. */
function opened(socket: Socket, event: 'connect' | 'secureConnect'): Promise<Wire> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const wire: Wire = {
    send(bytes) {
      if (socket.writable) socket.write(bytes);
    },
    end: () => void socket.end(),
    reset() {
      // A TLS socket cannot be reset.
      if (event === 'connect') socket.resetAndDestroy();
      else socket.destroy();
    },
    stopReading: () => void socket.pause(),
    closed,
    received: () => Buffer.concat(chunks),
  };
  return new Promise((resolve, reject) => {
    socket.once(event, () => resolve(wire));
    socket.on('error', reject);
  });
}

function openedWebSocket(socket: WebSocket): Promise<Wire> {
  const chunks: Buffer[] = [];
  socket.on('message', (data) => chunks.push(data as Buffer));
  const wire: Wire = {
    send(bytes) {
      if (socket.readyState === socket.OPEN) socket.send(bytes);
    },
    end: () => socket.close(),
    reset: () => socket.terminate(),
    stopReading: () => socket.pause(),
    closed: new Promise<void>((resolve) => socket.once('close', () => resolve())),
    received: () => Buffer.concat(chunks),
  };
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(wire));
    socket.on('error', reject);
  });
}

/** A wire to the MQTT front itself, as if over TLS. */
export function dialInMemory(front: MqttFront): Wire {
  const facts: StreamFacts = { kind: 'tls', encrypted: true, peer: 'in memory', port: 8883 };
  const [client, server] = memoryPair(ambientClock(), facts, facts);
  front.accept(server);
  const chunks: Uint8Array[] = [];
  return {
    send: (bytes) => void client.write(bytes.slice()),
    end: () => client.end(),
    reset: () => client.abort(),
    stopReading: () => client.pause(),
    closed: new Promise<void>((resolve) =>
      client.attach({
        data: (bytes) => void chunks.push(bytes),
        drain: () => undefined,
        end: () => client.end(),
        close: () => resolve(),
      }),
    ),
    received: () => Buffer.concat(chunks),
  };
}

/** Collects what would end a process. vitest fails such a run by itself; this says during which test. */
export class CrashWatch {
  readonly crashes: unknown[] = [];
  readonly #note = (reason: unknown): void => void this.crashes.push(reason);

  constructor() {
    process.on('uncaughtException', this.#note).on('unhandledRejection', this.#note);
  }

  stop(): void {
    process.off('uncaughtException', this.#note).off('unhandledRejection', this.#note);
  }
}
