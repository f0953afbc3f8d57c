// The platform in a worker of its own: what the page and the headless program call on it. Devices reach it through ports.
import { portCarrier, type PortLike } from '../kernel/bytes/carrier.ts';
import { muxServer } from '../kernel/bytes/mux.ts';
import { factsOfPort } from '../kernel/bytes/stands-for.ts';
import { ambientClock } from '../kernel/clock.ts';
import type { OperatorCommand, OperatorResult } from './core/operate.ts';
import { createMqttFront, type MqttFront } from './front/mqtt.ts';
import { Platform, type PlatformOptions } from './platform.ts';

export interface StubAgent {
  start(options: Pick<PlatformOptions, 'seed' | 'edition'>): Promise<void>;
  /** Serves the devices at the other end of a port. */
  attach(port: PortLike): void;
  operate(command: OperatorCommand): OperatorResult;
  stop(): Promise<void>;
}

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
    async stop() {
      await front?.close();
    },
  };
}
