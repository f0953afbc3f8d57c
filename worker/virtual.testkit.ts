// Virtual time for the tests of devices. Imported before anything else: MQTT.js keeps the `setImmediate` that it finds at import.
import { installVirtualTime } from '../scenarios/engine/virtual-time.ts';

export const time = installVirtualTime();

/** Turns of the event loop, without moving time. */
export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise<void>((resolve) => setImmediate(resolve));
}
