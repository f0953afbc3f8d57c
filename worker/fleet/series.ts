// What happened in each second of a run. A worker hands over what is new since it was last asked, so it holds seconds, not a history;
// whoever collects adds up the workers and keeps a few numbers a second.
import type { Histogram } from 'hdr-histogram-js';
import { decodeHistogram, encodeHistogram, newHistogram, PHASES, percentile, record, type Phase } from './measure.ts';

/** What is counted in a second. `online` is by how much the number of connected units changed in it. */
export const SERIES_COUNTERS = [
  'offered',
  'started',
  'online',
  'activated',
  'refused',
  'throttled',
  'failed',
  'local',
  'aborted',
  'posts',
  'replies',
] as const;
export type SeriesCounter = (typeof SERIES_COUNTERS)[number];

type Counters = Record<SeriesCounter, number>;

/** What one worker has to add to one second. */
interface SecondDelta {
  /** Whole seconds after the run's time zero. */
  readonly second: number;
  readonly counters: Readonly<Partial<Counters>>;
  /** Encoded histograms of the latencies that ended in this second. */
  readonly latencies: Readonly<Partial<Record<Phase, string>>>;
}

export interface SeriesDelta {
  readonly seconds: readonly SecondDelta[];
  /** Latencies are complete for every second before this one. */
  readonly through: number;
}

/** One second of the whole fleet. */
export interface SeriesPoint {
  readonly second: number;
  /** Units connected at the end of the second. */
  readonly online: number;
  /** Units due in the second, and units started in it, whenever they were due. */
  readonly offered: number;
  readonly started: number;
  readonly activated: number;
  readonly refused: number;
  /** Attempts that the platform put off; their units are among the refused. */
  readonly throttled: number;
  readonly failed: number;
  readonly local: number;
  readonly aborted: number;
  /** Posts sent, and posts answered. */
  readonly posts: number;
  readonly replies: number;
  /** Of what ended in the second, milliseconds from the intended start, to two digits; null where nothing ended. */
  readonly latencyMs: Readonly<Record<Phase, { readonly p50: number; readonly p99: number } | null>>;
}

/** Two digits are enough for a second, and a tenth of the memory. */
const DIGITS = 2;
const MS_PER_SECOND = 1000;

const none = (): Counters => Object.fromEntries(SERIES_COUNTERS.map((key) => [key, 0])) as Counters;

function encoded(latencies: Partial<Record<Phase, Histogram>>): Partial<Record<Phase, string>> {
  return Object.fromEntries(Object.entries(latencies).map(([phase, histogram]) => [phase, encodeHistogram(histogram)]));
}

/** The seconds of one worker. */
export class SeriesRecorder {
  #zero: number;
  #latest = 0;
  #fresh = new Map<number, { counters: Partial<Counters>; latencies: Partial<Record<Phase, Histogram>> }>();

  /** @param zero the run's time zero, milliseconds of the worker's clock */
  constructor(zero: number) {
    this.#zero = zero;
  }

  /** Counts something at a moment of the clock; what came before time zero belongs to the first second. */
  count(counter: SeriesCounter, at: number, by = 1): void {
    const { counters } = this.#at(at);
    counters[counter] = (counters[counter] ?? 0) + by;
  }

  /** A latency in milliseconds that ended at a moment of the clock. */
  latency(phase: Phase, at: number, ms: number): void {
    const { latencies } = this.#at(at);
    record((latencies[phase] ??= newHistogram(DIGITS)), ms);
  }

  /**
   * What is new since the last call.
   * @param whole with the latencies of the second under way, which else stay until it is over: encoding them several times a second costs
   */
  take(now: number, whole = true): SeriesDelta {
    this.#latest = Math.max(this.#latest, this.#secondOf(now));
    const taken = this.#fresh;
    this.#fresh = new Map();
    const seconds = [...taken].map(([second, { counters, latencies }]) => {
      if (whole || second < this.#latest) return { second, counters, latencies: encoded(latencies) };
      this.#fresh.set(second, { counters: {}, latencies });
      return { second, counters, latencies: {} };
    });
    return { seconds, through: this.#latest };
  }

  #secondOf(at: number): number {
    return Math.max(0, Math.floor((at - this.#zero) / MS_PER_SECOND));
  }

  #at(at: number): { counters: Partial<Counters>; latencies: Partial<Record<Phase, Histogram>> } {
    const second = this.#secondOf(at);
    const known = this.#fresh.get(second);
    if (known) return known;
    const made = { counters: {}, latencies: {} };
    this.#fresh.set(second, made);
    return made;
  }
}

interface Second {
  readonly counters: Counters;
  readonly open: Partial<Record<Phase, Histogram>>;
  readonly closed: Partial<Record<Phase, { p50: number; p99: number }>>;
}

/** The seconds of all workers. Histograms are kept for seconds that may still grow, and are two numbers afterwards. */
export class Series {
  readonly #seconds: Second[] = [];
  readonly #through: number[];
  readonly #online: number[];
  #closedBefore = 0;

  /** @param workers how many will hand over their share */
  constructor(workers: number) {
    this.#through = Array<number>(workers).fill(0);
    this.#online = Array<number>(workers).fill(0);
  }

  add(worker: number, delta: SeriesDelta): void {
    for (const { second, counters, latencies } of delta.seconds) {
      const into = this.#second(second);
      for (const key of SERIES_COUNTERS) into.counters[key] += counters[key] ?? 0;
      this.#online[worker] = (this.#online[worker] ?? 0) + (counters.online ?? 0);
      for (const phase of PHASES) {
        const encoded = latencies[phase];
        if (encoded === undefined) continue;
        (into.open[phase] ??= newHistogram(DIGITS)).add(decodeHistogram(encoded));
      }
    }
    // A second in which nothing happened is one of the run too, such as those of a hold.
    if (delta.through > 0 && delta.through !== Infinity) this.#second(delta.through - 1);
    this.#through[worker] = Math.max(this.#through[worker] ?? 0, delta.through);
    this.#close(Math.min(...this.#through));
  }

  /** A worker died in a second: its units are no longer online, and those without an end are `local`. Saying it twice is harmless. */
  died(worker: number, second: number, units: number): void {
    if (this.#through[worker] === Infinity) return;
    const counters = { online: -(this.#online[worker] ?? 0), local: units };
    this.add(worker, { seconds: [{ second: Math.max(0, second), counters, latencies: {} }], through: Infinity });
  }

  /** Seconds whose histograms are still kept. */
  get growing(): number {
    return this.#seconds.filter(({ open }) => Object.keys(open).length > 0).length;
  }

  points(): SeriesPoint[] {
    let online = 0;
    return this.#seconds.map(({ counters, open, closed }, second) => {
      online += counters.online;
      const of = (phase: Phase): { p50: number; p99: number } | null => closed[phase] ?? twoOf(open[phase]) ?? null;
      const latencyMs = { register: of('register'), connect: of('connect'), post: of('post') };
      return { second, ...counters, online, latencyMs };
    });
  }

  #second(second: number): Second {
    while (this.#seconds.length <= second) this.#seconds.push({ counters: none(), open: {}, closed: {} });
    return this.#seconds[second] as Second;
  }

  #close(before: number): void {
    const until = Math.min(before, this.#seconds.length);
    for (; this.#closedBefore < until; this.#closedBefore++) {
      const { open, closed } = this.#second(this.#closedBefore);
      for (const phase of PHASES) {
        const two = twoOf(open[phase]);
        if (two) closed[phase] = two;
        delete open[phase];
      }
    }
  }
}

function twoOf(histogram: Histogram | undefined): { p50: number; p99: number } | undefined {
  return histogram && { p50: percentile(histogram, 50), p99: percentile(histogram, 99) };
}

const CSV_PHASES = PHASES.flatMap((phase) => [[phase, 'p50'] as const, [phase, 'p99'] as const]);

/** The series as CSV (RFC 4180), a line a second, header first; a field is empty where nothing ended in that second. */
export function seriesCsv(points: readonly SeriesPoint[]): string {
  const header = ['second', ...SERIES_COUNTERS, ...CSV_PHASES.map(([phase, p]) => `${phase}_${p}_ms`)];
  const rows = points.map((point) => [
    point.second,
    ...SERIES_COUNTERS.map((key) => point[key]),
    ...CSV_PHASES.map(([phase, p]) => point.latencyMs[phase]?.[p] ?? ''),
  ]);
  return [header, ...rows].map((row) => `${row.join(',')}\r\n`).join('');
}
