// A worker's share of a fleet as its controller sees it: the messages that pass through comlink, and nothing else. Devices' bytes never
// take this way.
import { ambientClock, type Clock } from '../../kernel/clock.ts';
import { withTimeoutQueues } from '../../kernel/timeout-queue.ts';
import type { SessionName } from '../../kernel/trace/event.ts';
import type { EditionName } from '../../protocol/editions.ts';
import { sessionNamed } from '../session/choose.ts';
import type { Timeouts } from '../session/session.ts';
import type { Transport } from '../transport/transport.ts';
import type { Credentials } from '../unit/flash.ts';
import { Fleet, type FleetTold, type Share, type StoppedBy, type UnitDetail } from './fleet.ts';
import type { FleetPlan } from './plan.ts';

export interface FleetSetup<Target> {
  readonly plan: FleetPlan;
  readonly share: Share;
  readonly edition: EditionName;
  readonly timeouts: Timeouts;
  /** `reference` unless told. */
  readonly session?: SessionName;
  readonly target: Target;
  /** The target invented every secret, so evidence may be given out with its secrets in it. */
  readonly inventedSecrets: boolean;
}

export interface FleetAgent<Target, Port> {
  prepare(setup: FleetSetup<Target>, port?: Port): void;
  /** Resolves when every unit of the share is online or has ended. */
  run(startAt: number): Promise<void>;
  /** All that it has to tell, of one moment. @param whole with its histograms */
  tell(whole: boolean): FleetTold;
  detail(index: number, withSecrets: boolean): UnitDetail | undefined;
  stop(by?: StoppedBy): Promise<void>;
  /** What its units hold, by DeviceName: secrets. */
  credentials(): Record<string, Credentials>;
}

/** @param connect makes the transport of a target in this kind of worker */
export function fleetAgent<Target, Port>(
  connect: (target: Target, clock: Clock, timeouts: Timeouts, port: Port | undefined) => Transport,
): FleetAgent<Target, Port> {
  let fleet: Fleet | undefined;
  let inventedSecrets = false;
  const ready = (): Fleet => {
    if (!fleet) throw new Error('the fleet was not prepared');
    return fleet;
  };
  return {
    prepare(setup, port) {
      const clock = withTimeoutQueues(ambientClock());
      inventedSecrets = setup.inventedSecrets;
      fleet = new Fleet(setup.plan, setup.share, {
        clock,
        transport: connect(setup.target, clock, setup.timeouts, port),
        openSession: sessionNamed(setup.session),
        timeouts: setup.timeouts,
        edition: setup.edition,
      });
    },
    run: (startAt) => ready().run(startAt),
    tell: (whole) => ready().tell(whole),
    detail: (index, withSecrets) => ready().detail(index, withSecrets && inventedSecrets),
    stop: (by) => ready().stop(by),
    credentials: () => ready().credentials(),
  };
}
