// A cell: platform, units and driver of one case in one thread, on memory streams and the virtual clock. Two runs are the same to the byte.
import type { ByteStream } from '../../kernel/bytes/stream.ts';
import { ambientClock, type Clock } from '../../kernel/clock.ts';
import type { SessionName } from '../../kernel/trace/event.ts';
import type { Security } from '../../kernel/bytes/stands-for.ts';
import { Redactor } from '../../kernel/trace/redact.ts';
import type { EditionName } from '../../protocol/editions.ts';
import type { Options } from '../../platform-stub/core/options.ts';
import type { Policy } from '../../platform-stub/core/policy.ts';
import { createMqttFront } from '../../platform-stub/front/mqtt.ts';
import { Platform } from '../../platform-stub/platform.ts';
import { DEFAULT_TIMEOUTS } from '../../worker/session/session.ts';
import { sessionNamed } from '../../worker/session/choose.ts';
import { memoryTransport } from '../../worker/transport/memory.ts';
import type { Habits } from '../../worker/unit/habits.ts';
import type { CaseRecord } from '../judge/record.ts';
import { stubOperator } from '../operators/stub.ts';
import type { CaseDefinition } from './case.ts';
import { driveCase } from './drive.ts';
import { driveFirmware } from './firmware.ts';
import type { Operator } from './operator.ts';
import { PACE_MS } from './pace.ts';
import { installVirtualTime } from './virtual-time.ts';

export interface CellOptions {
  readonly seed: string;
  readonly namespace: string;
  readonly edition: EditionName;
  /** What the devices' MQTT sessions are; `reference` unless told. */
  readonly session?: SessionName;
  readonly policy?: Policy;
  /** What the edition leaves open, set otherwise. */
  readonly options?: Partial<Options>;
  readonly habits?: Habits;
  /** Turns of the event loop that every hop takes longer. */
  readonly extraTurns?: number;
  /** Stands between case and operator, for who counts what a case asks of one. */
  readonly administered?: (operator: Operator) => Operator;
  /** PACE_MS unless told. */
  readonly paceMs?: number;
  /** Carries what only sockets can, WebSocket and a handshake of a case's own, as it carries anything: to count what a case costs. */
  readonly anyWay?: boolean;
  /** What stands between the platform and each connection that reaches it: a bad network. */
  readonly decorate?: (stream: ByteStream, clock: Clock) => ByteStream;
}

/** Of the platform of a cell. */
const INSTANCE_ID = 'iot-cell0000';

/** Runs one case in a cell of its own. */
export async function runInCell(definition: CaseDefinition, options: CellOptions): Promise<CaseRecord> {
  const { seed, namespace, edition } = options;
  const time = installVirtualTime();
  try {
    return await time.run(
      (async () => {
        const clock = ambientClock();
        const redactor = new Redactor(`run ${seed}`);
        const platform = new Platform({
          clock,
          seed: `${seed} ${definition.id}`,
          edition,
          // An instance has a name of its own since 2021; what is answered to another one is a reading.
          instanceId: INSTANCE_ID,
          ...(options.policy ? { policy: options.policy } : {}),
          ...(options.options ? { options: options.options } : {}),
        });
        const front = await createMqttFront(platform);
        const { decorate = (stream: ByteStream) => stream } = options;
        const accept = (stream: ByteStream): void => front.accept(decorate(stream, clock));
        const stub = stubOperator((command) => Promise.resolve(platform.operate(command)), seed, namespace);
        const operator = options.administered?.(stub) ?? stub;
        const env = {
          clock,
          seed,
          namespace,
          edition,
          redactor,
          operator,
          openSession: sessionNamed(options.session),
          timeouts: DEFAULT_TIMEOUTS,
        };
        try {
          if (definition.direction === 'platform') {
            const memory = memoryTransport(clock, accept, options.extraTurns);
            const transport = options.anyWay ? { ...memory, dial: (security: Security) => memory.dial(security) } : memory;
            return await driveCase(definition, {
              ...env,
              transport,
              ...(options.anyWay ? { websocket: transport } : {}),
              paceMs: options.paceMs ?? PACE_MS,
            });
          }
          return await driveFirmware(definition, {
            ...env,
            accept,
            extraTurns: options.extraTurns ?? 0,
            habits: options.habits,
          });
        } finally {
          await front.close();
        }
      })(),
    );
  } finally {
    time.uninstall();
  }
}
