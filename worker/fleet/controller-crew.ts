// The shares of a fleet, any of which may die in mid-run: its thread runs out of memory, or our own code fails. What it had reported
// stays; its units that had not ended are this machine's fault, never the platform's.
import type { Clock } from '../../kernel/clock.ts';
import type { FleetShare } from './controller.ts';
import { noTraffic, UNIT_STATES, type FleetSnapshot, type FleetTold } from './fleet.ts';
import { indicesOf, plannedUnit, type FleetPlan } from './plan.ts';
import { rosterOf } from './plan-roster.ts';

export interface LostWorker {
  readonly worker: number;
  readonly reason: string;
  /** Units of it whose end nobody knows: they are counted as `local`. */
  readonly units: number;
}

/** In the outcomes of a run. */
const WORKER_DIED = 'local worker-died';

const ONLINE = UNIT_STATES.indexOf('online');
const OFFLINE = UNIT_STATES.indexOf('offline');
const FAILED = UNIT_STATES.indexOf('failed');
const ENDED = new Set([OFFLINE, FAILED, UNIT_STATES.indexOf('refused')]);

export class Crew {
  readonly size: number;
  readonly #shares: readonly FleetShare[];
  readonly #plan: FleetPlan;
  readonly #clock: Clock;
  /** Questions to each worker that are not answered yet: a death answers them. Not `Promise.race`, which a life-long promise never forgets. */
  readonly #open: readonly Set<() => void>[];
  readonly #reasons: (string | undefined)[];
  readonly #diedAt: number[] = [];
  readonly #last: (FleetSnapshot | undefined)[];
  /** What is known of a dead worker. */
  readonly #after: (FleetSnapshot | undefined)[] = [];

  /** @param deaths for each share, what resolves with the reason when its worker dies; none for workers that end the process with them */
  constructor(shares: readonly FleetShare[], plan: FleetPlan, clock: Clock, deaths: readonly Promise<string>[]) {
    this.#shares = shares;
    this.size = shares.length;
    this.#plan = plan;
    this.#clock = clock;
    this.#reasons = shares.map(() => undefined);
    this.#last = shares.map(() => undefined);
    this.#open = shares.map(() => new Set());
    deaths.forEach((death, worker) => void death.then((reason) => this.#died(worker, reason)));
  }

  /** Asks every living worker; undefined stands where one is dead, or dies before it answers. */
  ask<T>(question: (share: FleetShare) => Promise<T>): Promise<(T | undefined)[]> {
    return Promise.all(this.#shares.map((_, worker) => this.askOne(worker, question)));
  }

  askOne<T>(worker: number, question: (share: FleetShare) => Promise<T>): Promise<T | undefined> {
    const share = this.#shares[worker];
    if (!share || this.#reasons[worker] !== undefined) return Promise.resolve(undefined);
    const open = this.#open[worker];
    return new Promise((resolve, reject) => {
      const died = (): void => resolve(undefined);
      open?.add(died);
      question(share)
        .then(resolve, reject)
        .finally(() => open?.delete(died));
    });
  }

  /**
   * Of every worker: what it says of itself, or what is known of a dead one.
   * @param answers of all, undefined of the dead
   * @param hear    takes what else a living one told
   */
  heard(answers: readonly (FleetTold | undefined)[], hear: (worker: number, told: FleetTold) => void): FleetSnapshot[] {
    return answers.map((told, worker) => {
      // What was on its way when the account of its death was made is not in it, and stays out.
      if (!told || this.#after[worker]) return this.#afterlife(worker);
      this.#last[worker] = told.snapshot;
      hear(worker, told);
      return told.snapshot;
    });
  }

  lost(): LostWorker[] {
    return this.#reasons.flatMap((reason, worker) => {
      return reason === undefined ? [] : [{ worker, reason, units: this.#afterlife(worker).counts.outcomes[WORKER_DIED] ?? 0 }];
    });
  }

  /** When a worker died, milliseconds of the clock; undefined of a living one. */
  diedAt(worker: number): number | undefined {
    return this.#diedAt[worker];
  }

  #died(worker: number, reason: string): void {
    this.#reasons[worker] = reason;
    this.#diedAt[worker] = this.#clock.now();
    for (const answer of this.#open[worker] ?? []) answer();
  }

  /** The account of a dead worker. It is asked for as often as the living tell theirs. */
  #afterlife(worker: number): FleetSnapshot {
    return (this.#after[worker] ??= this.#accountOf(worker, this.#last[worker]));
  }

  /** Nobody of a dead worker is online, and who had not ended is `local`. */
  #accountOf(worker: number, last: FleetSnapshot | undefined): FleetSnapshot {
    const size = [...indicesOf(this.#plan.devices, worker, this.size)].length;
    const states = last ? last.states.map(afterDeath) : new Uint8Array(size);
    const known = last?.counts ?? {
      started: 0,
      finished: 0,
      endings: { activated: 0, refused: 0, failed: 0, local: 0, aborted: 0 },
      outcomes: {},
    };
    const open = size - known.finished;
    const outcomes: Readonly<Record<string, number>> = known.outcomes;
    return {
      states,
      counts: {
        ...known,
        finished: size,
        online: 0,
        endings: { ...known.endings, local: known.endings.local + open },
        outcomes: open > 0 ? { ...outcomes, [WORKER_DIED]: open } : outcomes,
      },
      traffic: last?.traffic ?? noTraffic(),
      cohorts: this.#cohortsAfter(worker, last?.cohorts ?? []),
      errors: last?.errors ?? [],
      throttled: last?.throttled ?? 0,
      throttledProbable: last?.throttledProbable ?? 0,
      ownFaults: last?.ownFaults ?? 0,
      firstStart: last?.firstStart ?? null,
      lastStart: last?.lastStart ?? null,
      due: last?.due ?? null,
    };
  }

  /** Who had not ended is `local` in its cohort too. */
  #cohortsAfter(worker: number, known: FleetSnapshot['cohorts']): FleetSnapshot['cohorts'] {
    const { cohorts } = rosterOf(this.#plan);
    const devices = new Map(cohorts.map((cohort) => [cohort, 0]));
    for (const index of indicesOf(this.#plan.devices, worker, this.size)) {
      const { cohort } = plannedUnit(this.#plan, index);
      devices.set(cohort, (devices.get(cohort) ?? 0) + 1);
    }
    return cohorts.map((cohort, i) => {
      const account = known[i] ?? { activated: 0, refused: 0, failed: 0, local: 0, aborted: 0 };
      const ended = Object.values(account).reduce((sum, count) => sum + count, 0);
      return { ...account, local: account.local + (devices.get(cohort) ?? 0) - ended };
    });
  }
}

function afterDeath(state: number): number {
  if (state === ONLINE) return OFFLINE;
  return ENDED.has(state) ? state : FAILED;
}
