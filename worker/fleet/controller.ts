// All shares of a fleet as one: starts them together, adds up what they report, and says what the run was worth.
import type { Clock } from '../../kernel/clock.ts';
import type { Ending, FleetSnapshot, UnitDetail } from './fleet.ts';
import { merge, newHistograms, percentiles, type EncodedHistograms, type Histograms, type Percentiles, type Phase } from './measure.ts';
import { planDigest, type FleetPlan } from './plan.ts';
import { validity, type Rate, type Validity } from './validity.ts';

/** An agent as its controller calls it: through comlink, where every answer is a promise. */
export interface FleetShare {
  run(startAt: number): Promise<void>;
  snapshot(): Promise<FleetSnapshot>;
  histograms(): Promise<EncodedHistograms>;
  detail(index: number, withSecrets: boolean): Promise<UnitDetail | undefined>;
  stop(): Promise<void>;
}

/** The whole fleet at one moment. */
export interface FleetView {
  /** One byte a unit, by index: an index of UNIT_STATES. */
  readonly states: Uint8Array;
  readonly started: number;
  readonly finished: number;
  readonly online: number;
  readonly endings: Readonly<Record<Ending, number>>;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly rate: Rate;
}

type Latencies = Readonly<Record<Phase, Percentiles | null>>;

/** What `muster fleet --json` writes (design, section 7). */
export interface FleetReport {
  readonly devices: number;
  readonly activated: number;
  readonly refused: number;
  readonly failed: number;
  readonly local: number;
  readonly aborted: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly rate: Rate;
  readonly latencyMs: Latencies;
  readonly serviceMs: Latencies;
  readonly validity: Validity;
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
}

/** Ahead of now, so that every worker has its timer armed when the run begins, milliseconds. */
const LEAD_MS = 100;

export class FleetController {
  readonly #plan: FleetPlan;
  readonly #shares: readonly FleetShare[];
  readonly #clock: Clock;

  constructor(plan: FleetPlan, shares: readonly FleetShare[], clock: Clock) {
    this.#plan = plan;
    this.#shares = shares;
    this.#clock = clock;
  }

  /** Resolves when every unit is online or has ended. */
  async run(): Promise<void> {
    const startAt = this.#clock.now() + LEAD_MS;
    await Promise.all(this.#shares.map((share) => share.run(startAt)));
  }

  async view(): Promise<FleetView> {
    const parts = await Promise.all(this.#shares.map((share) => share.snapshot()));
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
      rate: { offered: this.#plan.rate, achieved: this.#achieved(parts) },
    };
  }

  async histograms(): Promise<Histograms> {
    const all = newHistograms();
    for (const encoded of await Promise.all(this.#shares.map((share) => share.histograms()))) merge(all, encoded);
    return all;
  }

  async detail(index: number, withSecrets: boolean): Promise<UnitDetail | undefined> {
    return this.#shares[index % this.#shares.length]?.detail(index, withSecrets);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#shares.map((share) => share.stop()));
  }

  async report(about: { version: string; measures: 'target' | 'self'; platform: { activated: number } | null }): Promise<FleetReport> {
    const view = await this.view();
    const histograms = await this.histograms();
    const judged = validity(histograms, view.rate, view.endings.local);
    const table = (kind: 'latency' | 'service'): Latencies => {
      const of = (phase: Phase): Percentiles | null => (judged.ok ? percentiles(histograms[`${kind}.${phase}`]) : null);
      return { register: of('register'), connect: of('connect'), post: of('post') };
    };
    return {
      devices: this.#plan.devices,
      ...view.endings,
      outcomes: view.outcomes,
      rate: view.rate,
      latencyMs: table('latency'),
      serviceMs: table('service'),
      validity: judged,
      seed: this.#plan.seed,
      namespace: this.#plan.namespace,
      version: about.version,
      digest: planDigest(this.#plan),
      workers: this.#shares.length,
      measures: about.measures,
      platform: about.platform,
    };
  }

  /** Arrivals a second between the first and the last real start; what was offered where there was but one. */
  #achieved(parts: readonly FleetSnapshot[]): number {
    const started = parts.reduce((total, part) => total + part.counts.started, 0);
    const first = Math.min(...parts.flatMap((part) => part.firstStart ?? []));
    const last = Math.max(...parts.flatMap((part) => part.lastStart ?? []));
    return started < 2 || last <= first ? this.#plan.rate : ((started - 1) * 1000) / (last - first);
  }
}
