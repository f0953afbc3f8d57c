// The meter of one worker's share: whoever drives units tells it what happened and when, and everything that a report, a series or a
// scrape shows of the share follows. It asks no clock and never grows with the number of attempts.
import type { Outcome } from '../../kernel/trace/outcome.ts';
import { ErrorTable, isThrottled, type Cause, type ErrorCount, type ErrorPhase } from './errors.ts';
import { encode, newHistograms, record, type EncodedHistograms, type Histograms, type Phase } from './measure.ts';
import { SeriesRecorder, type SeriesDelta } from './series.ts';

/** Three moments of one phase, milliseconds of the clock. */
export interface Span {
  /** When it should have begun by the plan: latency counts from here. */
  readonly intendedAt: number;
  /** When it really began: service time counts from here. */
  readonly startedAt: number;
  readonly endedAt: number;
}

/** How a unit ended, for the account `devices = activated + refused + failed + local + aborted`. */
type MeteredEnding = 'activated' | 'refused' | 'failed' | 'local' | 'aborted';

export class Meter {
  readonly #histograms: Histograms = newHistograms();
  readonly #errors = new ErrorTable();
  #series: SeriesRecorder | undefined;
  #zero = 0;
  #throttled = 0;
  #throttledProbable = 0;
  #ownFaults = 0;
  #firstDue: number | null = null;
  #lastDue: number | null = null;

  /** The run begins: @param zero its time zero on this worker's clock, milliseconds. Nothing is recorded before. */
  begin(zero: number): void {
    this.#zero = zero;
    this.#series = new SeriesRecorder(zero);
  }

  /** A unit that was due at one moment was started at another. */
  started(dueAt: number, at: number): void {
    this.#firstDue = Math.min(this.#firstDue ?? dueAt, dueAt);
    this.#lastDue = Math.max(this.#lastDue ?? dueAt, dueAt);
    record(this.#histograms['lag.arrivals'], at - dueAt);
    this.#seconds(dueAt).count('offered', dueAt);
    this.#seconds(at).count('started', at);
  }

  /** A phase of a unit ended well. */
  passed(phase: Phase, { intendedAt, startedAt, endedAt }: Span): void {
    record(this.#histograms[`latency.${phase}`], endedAt - intendedAt);
    record(this.#histograms[`service.${phase}`], endedAt - startedAt);
    this.#seconds(endedAt).latency(phase, endedAt, endedAt - intendedAt);
    if (phase === 'post') this.#seconds(endedAt).count('replies', endedAt);
  }

  /** A post was sent. */
  posted(at: number): void {
    this.#seconds(at).count('posts', at);
  }

  /** A later step of a unit (a post, a reconnect, the end of a pause) began so much later than it could have: the generator's own doing. */
  late(ms: number): void {
    record(this.#histograms['lag.steps'], ms);
  }

  /** An attempt ended; counted where it went wrong. @param cause what else is known of why it did */
  outcome(outcome: Outcome, about: { readonly deviceName: string; readonly phase: ErrorPhase; readonly at: number }, cause?: Cause): void {
    const { deviceName, phase, at } = about;
    this.#errors.note(outcome, { deviceName, phase, atMs: at - this.#zero }, cause);
    if (cause && 'own' in cause) this.#ownFaults += 1;
    else if (cause) this.#throttledProbable += 1;
    if (!isThrottled(outcome)) return;
    this.#throttled += 1;
    this.#seconds(at).count('throttled', at);
  }

  /** Our own code failed. @param message without secrets */
  fault(message: string, about: { readonly deviceName: string; readonly phase: ErrorPhase; readonly at: number }): void {
    this.#errors.fault(message, { deviceName: about.deviceName, phase: about.phase, atMs: about.at - this.#zero });
  }

  /** So many units ended. */
  ended(ending: MeteredEnding, at: number, count = 1): void {
    this.#seconds(at).count(ending, at, count);
  }

  /** So many more units are connected, or fewer. */
  online(by: 1 | -1, at: number): void {
    this.#seconds(at).count('online', at, by);
  }

  histograms(): EncodedHistograms {
    return encode(this.#histograms);
  }

  errors(): ErrorCount[] {
    return this.#errors.rows();
  }

  /** When the first and the last of the units that were started had been due, milliseconds of the clock. */
  get due(): { readonly first: number; readonly last: number } | null {
    return this.#firstDue === null || this.#lastDue === null ? null : { first: this.#firstDue, last: this.#lastDue };
  }

  /** Attempts that the platform put off. */
  get throttled(): number {
    return this.#throttled;
  }

  /** Connections that were closed while the fleet was over a limit of its target: not among the throttled, of which the platform said so. */
  get throttledProbable(): number {
    return this.#throttledProbable;
  }

  /** Attempts that the bad network of the plan itself broke. */
  get ownFaults(): number {
    return this.#ownFaults;
  }

  /** What is new of the series since it was last asked for. @param whole with the latencies of the second under way */
  series(now: number, whole: boolean): SeriesDelta {
    return this.#series?.take(now, whole) ?? { seconds: [], through: 0 };
  }

  /** Of a run that ends before it begins, what is counted first is its second 0: the clock's own zero lies years back. */
  #seconds(at: number): SeriesRecorder {
    return (this.#series ??= new SeriesRecorder(at));
  }
}
