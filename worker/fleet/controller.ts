// All shares of a fleet as one: starts them together, adds up what they report, and says what the run was worth.
import type { Clock } from '../../kernel/clock.ts';
import type { Credentials } from '../unit/flash.ts';
import { Crew, type LostWorker } from './controller-crew.ts';
import { mergeErrors, type ErrorRow } from './errors.ts';
import { noTraffic, type Ending, type FleetSnapshot, type FleetTold, type StoppedBy, type UnitDetail } from './fleet.ts';
import type { Traffic } from './fleet-publisher.ts';
import {
  merge,
  newHistograms,
  percentiles,
  SAMPLES_NEEDED,
  type EncodedHistograms,
  type Histograms,
  type Percentiles,
  type Phase,
} from './measure.ts';
import { planDigest, units, type FleetPlan } from './plan.ts';
import { rosterOf } from './plan-roster.ts';
import { Series, type SeriesPoint } from './series.ts';
import type { Judged } from './thresholds.ts';
import { localAttempts, validity, type Rate, type Validity } from './validity.ts';

/** An agent as its controller calls it: through comlink, where every answer is a promise. */
export interface FleetShare {
  run(startAt: number): Promise<void>;
  /** All that it has to tell, of one moment. @param whole with its histograms */
  tell(whole: boolean): Promise<FleetTold>;
  detail(index: number, withSecrets: boolean): Promise<UnitDetail | undefined>;
  stop(by?: StoppedBy): Promise<void>;
  /** What its units hold, by DeviceName: secrets. */
  credentials(): Promise<Record<string, Credentials>>;
}

export type CohortAccount = Readonly<Record<Ending, number>> & { readonly name: string; readonly devices: number };

/** The whole fleet at one moment. */
export interface FleetView {
  /** One byte a unit, by index: an index of UNIT_STATES. */
  readonly states: Uint8Array;
  readonly started: number;
  readonly finished: number;
  readonly online: number;
  readonly endings: Readonly<Record<Ending, number>>;
  readonly outcomes: Readonly<Record<string, number>>;
  /** What happened while units were online. */
  readonly traffic: Readonly<Traffic>;
  /** The account of each cohort, in the order of the plan. */
  readonly cohorts: readonly CohortAccount[];
  /** Attempts that the platform put off (CONNACK 3); their units are among the refused. */
  readonly throttled: number;
  /** Connections that were closed without a reason while the fleet was over a limit of its target; none of them is among the throttled. */
  readonly throttledProbable: number;
  /** Attempts that the bad network of the plan itself broke. */
  readonly ownFaults: number;
  readonly errors: readonly ErrorRow[];
  readonly rate: Rate;
}

type Latencies = Readonly<Record<Phase, Percentiles | null>>;

/** Of arrivals, and of what units did afterwards: posts, reconnects, pauses. Each is judged by itself (`validity`). */
type Lags = Readonly<Record<'arrivals' | 'steps', Percentiles | null>>;

/** What `muster fleet --json` writes (design, section 7). */
export interface FleetReport {
  readonly devices: number;
  readonly activated: number;
  readonly refused: number;
  readonly failed: number;
  readonly local: number;
  readonly aborted: number;
  readonly outcomes: Readonly<Record<string, number>>;
  /** What happened while units were online. */
  readonly traffic: Readonly<Traffic>;
  /** The account of each cohort, in the order of the plan. */
  readonly cohorts: readonly CohortAccount[];
  /** Attempts that the platform put off (CONNACK 3); their units are among the refused. */
  readonly throttled: number;
  /** Connections that were closed without a reason while the fleet was over a limit of its target; none of them is among the throttled. */
  readonly throttledProbable: number;
  /** Attempts that the bad network of the plan itself broke. */
  readonly ownFaults: number;
  /** What went wrong, by family and kind, with an example each. */
  readonly errors: readonly ErrorRow[];
  readonly rate: Rate;
  readonly latencyMs: Latencies;
  readonly serviceMs: Latencies;
  /** Of how many values a percentile has to be, to be more than the largest of them. */
  readonly samplesNeeded: Readonly<Record<'p50' | 'p90' | 'p99', number>>;
  readonly validity: Validity;
  /** How late this machine itself was; absent of a report of an earlier version. */
  readonly lagMs?: Lags;
  readonly seed: string;
  readonly namespace: string;
  readonly version: string;
  /** SHA-256 over identities and schedule. */
  readonly digest: string;
  readonly workers: number;
  /** `self` where the platform shared this machine's cores with the fleet. */
  readonly measures: 'target' | 'self';
  /** The platform's own count; null where nobody could ask it. */
  readonly platform: { readonly activated: number } | null;
  /** Why the platform's own count could not be taken, though somebody was there to ask; absent where it was, or nobody is. */
  readonly uncounted?: string;
  /** Workers that died in mid-run. Their latencies died with them, so a run with any has no percentiles. */
  readonly workersLost: readonly LostWorker[];
  /** One point a second since the first arrival. */
  readonly series: readonly SeriesPoint[];
  /** What the plan demanded of the run, judged; absent where it is not judged (the page). */
  readonly thresholds?: readonly Judged[];
  /** Name of the plan, where it has one. */
  readonly plan?: string;
  readonly session?: string;
  /** What ended the run before its time: a stop condition, or `interrupted`; null where nothing did. */
  readonly stopped?: string | null;
}

/** What a report says that no worker knows. */
type ReportAbout = Pick<FleetReport, 'version' | 'measures' | 'platform'>;

/** Ahead of now, so that every worker has its timer armed when the run begins, milliseconds. */
const LEAD_MS = 100;

function addTraffic(parts: readonly FleetSnapshot[]): Traffic {
  const all = noTraffic();
  for (const { traffic } of parts) for (const key of Object.keys(all) as (keyof Traffic)[]) all[key] += traffic[key];
  return all;
}

const MS_PER_SECOND = 1_000;
/** Two rates that differ by less are one, and the arithmetic. */
const ROUNDING = 1e-6;
/** Moments since 1970 are exact to less than that, milliseconds. */
const DUE_TOLERANCE_MS = 0.01;

export class FleetController {
  readonly #plan: FleetPlan;
  readonly #crew: Crew;
  readonly #clock: Clock;
  readonly #series: Series;
  readonly #encoded: (EncodedHistograms | undefined)[] = [];
  #startAt: number | undefined;
  /** When all units are due, in order; worked out where a worker died. */
  #offsets: Float64Array | undefined;

  /** @param deaths for each share, what resolves with the reason when its worker dies, where that does not end the process */
  constructor(plan: FleetPlan, shares: readonly FleetShare[], clock: Clock, deaths: readonly Promise<string>[] = []) {
    this.#plan = plan;
    this.#crew = new Crew(shares, plan, clock, deaths);
    this.#clock = clock;
    this.#series = new Series(shares.length);
  }

  /** Resolves when every unit is online or has ended. */
  async run(): Promise<void> {
    const startAt = this.#clock.now() + LEAD_MS;
    this.#startAt = startAt;
    await this.#crew.ask((share) => share.run(startAt));
  }

  async view(): Promise<FleetView> {
    return this.#hear(false, (parts) => this.#viewOf(parts));
  }

  async histograms(): Promise<Histograms> {
    return this.#hear(true, () => this.#merged());
  }

  async detail(index: number, withSecrets: boolean): Promise<UnitDetail | undefined> {
    return this.#crew.askOne(index % this.#crew.size, (share) => share.detail(index, withSecrets));
  }

  /** @param by who ends the run: those who were on their way are counted so */
  async stop(by: StoppedBy = 'operator'): Promise<void> {
    await this.#crew.ask((share) => share.stop(by));
  }

  /** What all units hold by now, by DeviceName: secrets. */
  async credentials(): Promise<Record<string, Credentials>> {
    const parts = await this.#crew.ask((share) => share.credentials());
    return Object.assign({}, ...parts) as Record<string, Credentials>;
  }

  async report(about: ReportAbout): Promise<FleetReport> {
    return (await this.final(about)).report;
  }

  /** The report, and the histograms that it was made of: thresholds are judged by those, since units go on meanwhile. */
  async final(about: ReportAbout): Promise<{ readonly report: FleetReport; readonly histograms: Histograms }> {
    return this.#hear(true, (parts) => {
      const histograms = this.#merged();
      return { report: this.#reportOf(this.#viewOf(parts), histograms, about), histograms };
    });
  }

  #reportOf(view: FleetView, histograms: Histograms, about: ReportAbout): FleetReport {
    const workersLost = this.#crew.lost();
    const silent = view.errors.reduce((sum, { kind, count }) => (kind === 'silent' ? sum + count : sum), 0);
    const judged = validity(histograms, view.rate, localAttempts(view.errors), workersLost.length, silent);
    const table = (kind: 'latency' | 'service'): Latencies => {
      const of = (phase: Phase): Percentiles | null => (judged.ok ? percentiles(histograms[`${kind}.${phase}`]) : null);
      return { register: of('register'), connect: of('connect'), post: of('post') };
    };
    return {
      devices: this.#plan.devices,
      ...view.endings,
      outcomes: view.outcomes,
      traffic: view.traffic,
      cohorts: view.cohorts,
      throttled: view.throttled,
      throttledProbable: view.throttledProbable,
      ownFaults: view.ownFaults,
      errors: view.errors,
      rate: view.rate,
      latencyMs: table('latency'),
      serviceMs: table('service'),
      samplesNeeded: SAMPLES_NEEDED,
      validity: judged,
      lagMs: { arrivals: percentiles(histograms['lag.arrivals']), steps: percentiles(histograms['lag.steps']) },
      seed: this.#plan.seed,
      namespace: this.#plan.namespace,
      version: about.version,
      digest: planDigest(this.#plan),
      workers: this.#crew.size,
      measures: about.measures,
      platform: about.platform,
      workersLost,
      series: this.#series.points(),
    };
  }

  /**
   * Asks every worker, once, and keeps what is not of the moment: its seconds, and its latencies where they were asked for.
   * @param make what is wanted of it, at once: the answers to another question may follow
   */
  async #hear<T>(whole: boolean, make: (parts: readonly FleetSnapshot[]) => T): Promise<T> {
    const answers = await this.#crew.ask((share) => share.tell(whole));
    const parts = this.#crew.heard(answers, (worker, { series, histograms }) => {
      this.#series.add(worker, series);
      if (histograms) this.#encoded[worker] = histograms;
    });
    for (const { worker, units: open } of this.#crew.lost()) {
      const diedAt = this.#crew.diedAt(worker) ?? 0;
      this.#series.died(worker, Math.floor((diedAt - (this.#startAt ?? diedAt)) / MS_PER_SECOND), open);
    }
    return make(parts);
  }

  /** The latencies of all. What a dead worker had told stays, so that no counter of a scrape runs backwards. */
  #merged(): Histograms {
    const all = newHistograms();
    for (const encoded of this.#encoded) if (encoded) merge(all, encoded);
    return all;
  }

  #viewOf(parts: readonly FleetSnapshot[]): FleetView {
    const states = new Uint8Array(this.#plan.devices);
    parts.forEach((part, worker) => {
      part.states.forEach((state, i) => {
        states[worker + i * parts.length] = state;
      });
    });
    const sum = (of: (part: FleetSnapshot) => number): number => parts.reduce((total, part) => total + of(part), 0);
    const endings: Record<Ending, number> = { activated: 0, refused: 0, failed: 0, local: 0, aborted: 0 };
    const outcomes: Record<string, number> = {};
    for (const { counts } of parts) {
      for (const key of Object.keys(endings) as Ending[]) endings[key] += counts.endings[key];
      for (const [key, count] of Object.entries(counts.outcomes)) outcomes[key] = (outcomes[key] ?? 0) + count;
    }
    return {
      states,
      started: sum((part) => part.counts.started),
      finished: sum((part) => part.counts.finished),
      online: sum((part) => part.counts.online),
      endings,
      outcomes,
      traffic: addTraffic(parts),
      cohorts: rosterOf(this.#plan).cohorts.map(({ name, devices }, i) => {
        const account = { activated: 0, refused: 0, failed: 0, local: 0, aborted: 0 };
        for (const { cohorts } of parts) for (const key of Object.keys(account) as Ending[]) account[key] += cohorts[i]?.[key] ?? 0;
        return { name, devices, ...account };
      }),
      throttled: sum((part) => part.throttled),
      throttledProbable: sum((part) => part.throttledProbable),
      ownFaults: sum((part) => part.ownFaults),
      errors: mergeErrors(parts.map((part) => part.errors)),
      rate: this.#rate(parts),
    };
  }

  /**
   * Arrivals a second of the units due so far, as planned and as they really came. Both count from when the first was due: a burst at the end
   * is no higher rate than was asked for.
   */
  #rate(parts: readonly FleetSnapshot[]): Rate {
    const { rate, closed } = this.#plan;
    const started = parts.reduce((total, part) => total + part.counts.started, 0);
    const due = parts.flatMap((part) => part.due ?? []);
    const [firstDue, lastDue] = [Math.min(...due.map(({ first }) => first)), Math.max(...due.map(({ last }) => last))];
    const lastStart = Math.max(...parts.flatMap((part) => part.lastStart ?? []));
    if (lastDue <= firstDue) {
      // All at once count as so many in one second.
      const tookMs = Math.max(MS_PER_SECOND, lastStart - firstDue);
      return { offered: rate, achieved: started === 0 ? 0 : (rate * MS_PER_SECOND) / tookMs, atOnce: true };
    }
    const planned = perSecond(started, firstDue, lastDue);
    // In a closed model they are due when they start: it offers what is achieved.
    if (closed !== undefined) return { offered: planned, achieved: planned };
    const offered = this.#crew.lost().length > 0 ? this.#offeredByPlan(lastDue) : planned;
    return {
      offered: Math.abs(offered - rate) < ROUNDING * rate ? rate : offered,
      achieved: perSecond(started, firstDue, lastStart),
      overrunMs: Math.max(0, lastStart - lastDue),
    };
  }

  /** What the plan offered until the last moment that is known of, also by the units of which a dead worker had nothing to tell. */
  #offeredByPlan(lastDue: number): number {
    const startAt = this.#startAt ?? 0;
    const deaths = this.#crew.lost().map(({ worker }) => this.#crew.diedAt(worker) ?? 0);
    const until = Math.max(lastDue, ...deaths) - startAt + DUE_TOLERANCE_MS;
    const offsets = (this.#offsets ??= Float64Array.from(units(this.#plan), ({ offsetMs }) => offsetMs).sort());
    const after = offsets.findIndex((offset) => offset > until);
    const count = after < 0 ? offsets.length : after;
    return perSecond(count, offsets[0] ?? 0, offsets[count - 1] ?? 0);
  }
}

/** Of so many arrivals from the first to the last, milliseconds of the clock. */
function perSecond(arrivals: number, first: number, last: number): number {
  return ((arrivals - 1) * MS_PER_SECOND) / (last - first);
}
