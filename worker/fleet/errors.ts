// What went wrong in a run, by family and kind, each with one example: what a person reads first when a fleet did not come online.
// Throttling stands apart from failure: a platform that says "not now" is no broken platform. So does what the plan itself had asked for.
import type { BreaksAs } from '../../kernel/bytes/faults.ts';
import type { Outcome } from '../../kernel/trace/outcome.ts';
import { errorWords } from './errors-words.ts';
import type { LimitName } from './limits.ts';

/**
 * Where an attempt ended. `throttled`: the platform said "not now"; `own fault`: the bad network that the plan asked for; `local`: this
 * machine; `fault`: our own code.
 */
export const ERROR_FAMILIES = [
  'dns',
  'tcp',
  'tls',
  'ws',
  'connack',
  'reply',
  'session',
  'http',
  'throttled',
  'own fault',
  'local',
  'fault',
] as const;
export type ErrorFamily = (typeof ERROR_FAMILIES)[number];

/** What a unit was doing, as a report names it. */
export type ErrorPhase = 'register' | 'connect' | 'post' | 'hold';

export interface ErrorExample {
  readonly deviceName: string;
  readonly phase: ErrorPhase;
  /** Milliseconds after the run's time zero. */
  readonly atMs: number;
  /** What the outcome says beyond its kind: a reason, a waiting time. Free of secrets. */
  readonly detail: string;
}

/** What else is known of why an attempt ended: the plan's own bad network broke it, or the fleet was over a limit of its target. */
export type Cause = { readonly own: BreaksAs } | { readonly over: LimitName };

/** A kind of error, how often it came, and its earliest example. */
export interface ErrorCount {
  readonly family: ErrorFamily;
  readonly kind: string;
  readonly count: number;
  readonly example: ErrorExample;
  /** The fleet was over a limit of the target: the platform gave no reason, and has probably throttled. */
  readonly throttled?: 'probable';
}

/** As a report shows it: with plain words. */
export interface ErrorRow extends ErrorCount {
  readonly en: string;
  readonly zh: string;
}

interface Classified {
  readonly family: ErrorFamily;
  readonly kind: string;
  readonly detail: string;
  readonly throttled?: 'probable';
}

/** CONNACK code that a platform at its limits answers (server unavailable), and the HTTP codes of the same meaning. */
const CONNACK_BUSY = 3;
const HTTP_BUSY = new Set([429, 503]);

/** Codes can be texts of libraries; so many kinds are kept apart, the rest are one. */
const KINDS_MAX = 100;

const waited = (ms: number): string => `${Math.round(ms)} ms`;

/** Was the platform merely at its limits? */
export function isThrottled(outcome: Outcome): boolean {
  return outcome.kind === 'refused' && (outcome.by === 'connack' ? outcome.code === CONNACK_BUSY : HTTP_BUSY.has(outcome.code));
}

/** Family and kind of an outcome; undefined where nothing went wrong. Being told to stop is no error. */
export function classify(outcome: Outcome, cause?: Cause): Classified | undefined {
  const found = bare(outcome);
  if (!found || !cause) return found;
  if ('own' in cause) return { family: 'own fault', kind: cause.own, detail: `${outcome.kind} at ${found.family}, ${found.detail}` };
  return { ...found, kind: `${found.kind} (over limit: ${cause.over})`, throttled: 'probable' };
}

/** What an outcome says by itself. */
function bare(outcome: Outcome): Classified | undefined {
  switch (outcome.kind) {
    case 'issued':
    case 'accepted':
    case 'aborted':
      return undefined;
    case 'refused': {
      const family = isThrottled(outcome) ? 'throttled' : outcome.by;
      return { family, kind: `${outcome.by} ${outcome.code}`, detail: `code ${outcome.code}` };
    }
    case 'malformed': {
      const family = outcome.what === 'packet' ? 'session' : outcome.what;
      return { family, kind: 'malformed', detail: outcome.why };
    }
    case 'closed':
      return { family: outcome.stage, kind: 'closed', detail: `after ${waited(outcome.afterMs)}` };
    case 'silent':
      return { family: outcome.stage, kind: 'silent', detail: `for ${waited(outcome.waitedMs)}` };
    case 'unreachable':
      return { family: outcome.stage, kind: outcome.code, detail: outcome.code };
    case 'local':
      return { family: 'local', kind: outcome.reason, detail: outcome.reason };
  }
}

/** Errors of one worker, counted as they come. Memory is bounded: a count and an example a kind. */
export class ErrorTable {
  readonly #rows = new Map<string, ErrorCount & { count: number }>();

  /** Counts an outcome if it is an error. */
  note(outcome: Outcome, about: Omit<ErrorExample, 'detail'>, cause?: Cause): void {
    const found = classify(outcome, cause);
    if (found) this.#count(found, about);
  }

  /** Counts a fault of our own code. */
  fault(message: string, about: Omit<ErrorExample, 'detail'>): void {
    this.#count({ family: 'fault', kind: 'exception', detail: message }, about);
  }

  rows(): ErrorCount[] {
    return [...this.#rows.values()].map((row) => ({ ...row }));
  }

  #count({ family, kind, detail, throttled }: Classified, about: Omit<ErrorExample, 'detail'>): void {
    const known = this.#rows.get(`${family} ${kind}`);
    if (known) {
      known.count += 1;
      return;
    }
    if (this.#rows.size >= KINDS_MAX && kind !== 'other') {
      this.#count({ family, kind: 'other', detail: kind }, about);
      return;
    }
    this.#rows.set(`${family} ${kind}`, { family, kind, count: 1, example: { ...about, detail }, ...(throttled ? { throttled } : {}) });
  }
}

/** Tables of several workers as one, in order of families and then of frequency. */
export function mergeErrors(parts: readonly (readonly ErrorCount[])[]): ErrorRow[] {
  const all = new Map<string, ErrorCount>();
  for (const row of parts.flat()) {
    const key = `${row.family} ${row.kind}`;
    const known = all.get(key);
    if (!known) all.set(key, row);
    else {
      const example = row.example.atMs < known.example.atMs ? row.example : known.example;
      all.set(key, { ...known, count: known.count + row.count, example });
    }
  }
  const place = (row: ErrorCount): number => ERROR_FAMILIES.indexOf(row.family);
  return [...all.values()]
    .sort((a, b) => place(a) - place(b) || b.count - a.count || (a.kind < b.kind ? -1 : 1))
    .map((row) => ({ ...row, ...errorWords(row.family, row.kind) }));
}
