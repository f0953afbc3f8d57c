// What carries out the cases of a run in the page: cells in a worker, or connections to a platform elsewhere. One interface for both.
import { outcomeKey, type Outcome } from '../../kernel/trace/outcome.ts';
import type { EditionName } from '../../protocol/editions.ts';
import type { CaseRunner } from '../../scenarios/engine/suite.ts';
import type { Direction } from '../../scenarios/engine/requirements.ts';
import type { Attestation, Subject } from '../../scenarios/judge/results.ts';
import type { Profile } from '../../scenarios/rules/catalogue.ts';
import { both } from '../i18n/t.svelte.ts';

/** The edition and profiles that a target claims. */
export interface Claims {
  readonly edition: EditionName;
  readonly profiles: readonly Profile[];
}

/** What names and draws of a run follow from. */
export interface RunNames {
  readonly seed: string;
  /** Keeps two runs against one platform apart. */
  readonly namespace: string;
}

export interface PageRunner {
  readonly subject: (direction: Direction) => Subject;
  readonly namespace: string;
  /** Everything is on a virtual clock: the same seed gives the same bytes. */
  readonly repeatable: boolean;
  /** Cases under way at once. */
  readonly jobs: number;
  readonly run: CaseRunner;
  /** What a person said in this run. */
  readonly attestations: () => readonly Attestation[];
  /** Ends its workers; cases under way are not run. */
  end(): void;
}

/** No connection could be opened. */
export class Unreachable extends Error {
  readonly url: string;
  /** What the relay found; a browser does not say why a WebSocket of its own failed. */
  readonly found: Outcome | undefined;

  constructor(url: string, found?: Outcome) {
    super(`${both('suite.unreachable').en}: ${found ? outcomeKey(found) : url}`);
    this.url = url;
    this.found = found;
  }
}

/** Why a case was not run: the run was stopped. */
export const stoppedRun = () => ({ kind: 'not-run', why: both('suite.stopped') }) as const;

/** Races what a worker answers against its end: what a worker that is gone was asked is answered no more. */
export class WorkerEnd {
  readonly #ended: Promise<never>;
  #giveUp: (why: Error) => void = () => undefined;
  #stopped = false;

  constructor() {
    this.#ended = new Promise<never>((_, reject) => (this.#giveUp = reject));
    this.#ended.catch(() => undefined);
  }

  /** It was ended on purpose. */
  get stopped(): boolean {
    return this.#stopped;
  }

  race<T>(answer: Promise<T>): Promise<T> {
    return Promise.race([answer, this.#ended]);
  }

  broke(why: string): void {
    this.#giveUp(new Error(why));
  }

  stop(): void {
    this.#stopped = true;
    this.#giveUp(new Error('the worker was ended'));
  }
}
