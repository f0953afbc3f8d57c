// A cell: platform, units and driver of one case in one thread, on memory streams and the virtual clock. Two runs are the same to the byte.
import type { ByteStream } from '../../kernel/bytes/stream.ts';
import { ambientClock, type Clock } from '../../kernel/clock.ts';
import { Redactor } from '../../kernel/trace/redact.ts';
import type { EditionName } from '../../protocol/editions.ts';
import type { Options } from '../../platform-stub/core/options.ts';
import type { Policy } from '../../platform-stub/core/policy.ts';
import { createMqttFront } from '../../platform-stub/front/mqtt.ts';
import { Platform } from '../../platform-stub/platform.ts';
import { DEFAULT_TIMEOUTS } from '../../worker/session/session.ts';
import { openReferenceSession } from '../../worker/session/reference.ts';
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
  /** What stands between the platform and each connection that reaches it: a bad network. */
  readonly decorate?: (stream: ByteStream, clock: Clock) => ByteStream;
}

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
          ...(options.policy ? { policy: options.policy } : {}),
          ...(options.options ? { options: options.options } : {}),
        });
        const front = await createMqttFront(platform);
        const { decorate = (stream: ByteStream) => stream } = options;
        const accept = (stream: ByteStream): void => front.accept(decorate(stream, clock));
        const stub = stubOperator((command) => Promise.resolve(platform.operate(command)), seed, namespace);
        const operator = options.administered?.(stub) ?? stub;
        const env = { clock, seed, namespace, edition, redactor, operator, openSession: openReferenceSession, timeouts: DEFAULT_TIMEOUTS };
        try {
          if (definition.direction === 'platform') {
            const transport = memoryTransport(clock, accept, options.extraTurns);
            return await driveCase(definition, { ...env, transport, paceMs: options.paceMs ?? PACE_MS });
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
