// The platform in a worker of its own: what the page and the headless program call on it. Devices reach it through ports.
import { portCarrier, type PortLike } from '../kernel/bytes/carrier.ts';
import { muxServer } from '../kernel/bytes/mux.ts';
import { factsOfPort } from '../kernel/bytes/stands-for.ts';
import { ambientClock } from '../kernel/clock.ts';
import type { LogEntry } from './core/log.ts';
import type { OperatorCommand, OperatorResult } from './core/operate.ts';
import { readSnapshot } from './core/snapshot.ts';
import { createMqttFront, type MqttFront } from './front/mqtt.ts';
import { Platform, type PlatformOptions } from './platform.ts';

export interface StubAgent {
  start(options: Pick<PlatformOptions, 'seed' | 'edition' | 'options'>): Promise<void>;
  /** Serves the devices at the other end of a port. */
  attach(port: PortLike): void;
  operate(command: OperatorCommand): OperatorResult;
  /** Told of new log entries, several times a second at most. */
  onLog(told: (entries: readonly LogEntry[]) => unknown): void;
  /** The platform's memory as JSON text, secrets included. */
  snapshot(): string;
  /** Puts a snapshot in its place; what is wrong with the text, if anything is. */
  restore(text: string): string | undefined;
  stop(): Promise<void>;
}

/** Log entries are gathered for so long before they are told. */
const LOG_MS = 200;
/** More of them in one go are of no use to anybody who watches. */
const LOG_BATCH = 200;

export function stubAgent(): StubAgent {
  let platform: Platform | undefined;
  let front: MqttFront | undefined;
  const clock = ambientClock();
  return {
    async start(options) {
      platform = new Platform({ clock, ...options });
      front = await createMqttFront(platform);
    },
    attach(port) {
      const serving = front;
      if (!serving) throw new Error('attach before start');
      muxServer(portCarrier(port), clock, (number) => factsOfPort(number, 'device'), serving.accept);
    },
    operate(command) {
      if (!platform) throw new Error('operate before start');
      return platform.operate(command);
    },
    onLog(told) {
      if (!platform) throw new Error('onLog before start');
      let gathered: LogEntry[] = [];
      platform.log.listen((entry) => {
        if (gathered.length === 0) {
          clock.after(LOG_MS, () => {
            const batch = gathered;
            gathered = [];
            told(batch);
          });
        }
        if (gathered.push(entry) > LOG_BATCH) gathered.shift();
      });
    },
    snapshot() {
      if (!platform) throw new Error('snapshot before start');
      return JSON.stringify(platform.snapshot());
    },
    restore(text) {
      if (!platform) throw new Error('restore before start');
      const read = readSnapshot(text);
      if (!read.ok) return read.message;
      platform.restore(read.snapshot);
      return undefined;
    },
    async stop() {
      await front?.close();
    },
  };
}
