// Direction firmware: the platform watches a device that others move. Evidence is what arrived at the platform, nothing the device says.
import { recorded } from '../../kernel/trace/recorder.ts';
import type { TraceEvent } from '../../kernel/trace/event.ts';
import { messageOf } from '../../kernel/errors.ts';
import type { ByteStream } from '../../kernel/bytes/stream.ts';
import { ALPHANUMERIC, seededRandom } from '../../kernel/random.ts';
import { pause } from '../../kernel/clock.ts';
import { memoryTransport } from '../../worker/transport/memory.ts';
import type { Habits } from '../../worker/unit/habits.ts';
import { Unit } from '../../worker/unit/unit.ts';
import type { CaseRecord } from '../judge/record.ts';
import type { FirmwareCase } from './case.ts';
import { SpanLog, type CaseEnv } from './drive.ts';

export interface FirmwareEnv extends Omit<CaseEnv, 'transport' | 'paceMs'> {
  readonly accept: (stream: ByteStream) => void;
  readonly extraTurns: number;
  readonly habits: Habits | undefined;
}

/** How long the platform keeps watching after the device was moved: it may still be at its back-off, milliseconds. */
const SETTLE_MS = 60_000;

/** Drives one case against the reference device; a wrong firmware is the same device with another habit. */
export async function driveFirmware(definition: FirmwareCase, env: FirmwareEnv): Promise<CaseRecord> {
  const { clock, redactor, operator, seed, namespace, openSession, timeouts, edition } = env;
  const log = new SpanLog(clock, redactor);
  const events: TraceEvent[] = [];
  let unit: Unit | undefined;
  let fault: string | null = null;
  try {
    const product = await operator.provideProduct(definition.id);
    const deviceName = `device-${seededRandom('name', seed, namespace, definition.id).text(6, ALPHANUMERIC)}`;
    await operator.addDevice(product.productKey, deviceName);
    let connections = 0;
    const accept = (stream: ByteStream): void => env.accept(recorded(stream, ++connections, clock, (event) => events.push(event)));
    const device = new Unit(
      { unitId: 'device', mode: 'register', deviceName, ...product },
      {
        clock,
        random: seededRandom('unit', seed, namespace, definition.id),
        transport: memoryTransport(clock, accept, env.extraTurns),
        openSession,
        timeouts,
        edition,
        signMethod: 'hmacsha256',
        secret: (text) => redactor.secret(text),
        ...(env.habits ? { habits: env.habits } : {}),
      },
    );
    unit = device;
    await definition.drive({
      device: { powerOn: () => device.boot().then(() => undefined), powerCycle: () => device.powerCycle().then(() => undefined) },
      observe: async (span, action) => {
        await log.span(span, 'watch', 'device', events, async () => {
          await action();
          await pause(clock, SETTLE_MS);
          return {};
        });
      },
      readOnline: async (span) => {
        await log.span(span, 'operator', null, [], async () => {
          const reading = await operator.readDevice(product.productKey, deviceName);
          return { online: reading?.status === 'ONLINE' };
        });
      },
    });
  } catch (error) {
    fault = redactor.text(messageOf(error));
  } finally {
    await unit?.disconnect();
  }
  return { case: definition.id, seed, spans: log.spans(), fault };
}
