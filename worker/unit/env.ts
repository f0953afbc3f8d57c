// Who a unit is, and all that it is given to live in.
import type { Clock } from '../../kernel/clock.ts';
import type { Random } from '../../kernel/random.ts';
import type { TraceSink } from '../../kernel/trace/event.ts';
import type { EditionName } from '../../protocol/editions.ts';
import type { SignMethod } from '../../protocol/sign.ts';
import type { OpenSession, Timeouts } from '../session/session.ts';
import type { HttpsRegistrar } from '../transport/http-register.ts';
import type { Transport } from '../transport/transport.ts';
import type { Flash } from './flash.ts';
import type { Habits } from './habits.ts';

export type UnitState = 'blank' | 'registering' | 'provisioned' | 'connecting' | 'online' | 'offline' | 'refused' | 'failed';

export interface UnitIdentity {
  /** Names the unit in traces and reports; a physical serial number, not the DeviceName. */
  readonly unitId: string;
  readonly mode: 'register' | 'regnwl';
  readonly productKey: string;
  readonly productSecret: string;
  readonly deviceName: string;
}

export interface UnitEnv {
  readonly clock: Clock;
  /** The unit's own stream of draws. */
  readonly random: Random;
  readonly transport: Transport;
  /** Registration over HTTPS, where the target has a host for it. */
  readonly https?: HttpsRegistrar;
  readonly openSession: OpenSession;
  readonly timeouts: Timeouts;
  readonly edition: EditionName;
  readonly signMethod: SignMethod;
  /** Instance id of the target, where it has one. */
  readonly instanceId?: string;
  readonly habits?: Habits;
  readonly flash?: Flash;
  readonly sink?: TraceSink;
  /** Told of every secret and signature the unit holds, so that nothing stores them. */
  readonly secret?: (text: string) => void;
  readonly onState?: (state: UnitState) => void;
}
