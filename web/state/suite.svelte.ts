// The conformance suite as the page runs it: all of it or a selection, in cells or against a platform elsewhere. Judged here.
import { messageOf } from '../../kernel/errors.ts';
import type { Outcome } from '../../kernel/trace/outcome.ts';
import { DEFAULT_EDITION } from '../../protocol/editions.ts';
import type { Report, ReportCase } from '../../report/model.ts';
import type { StoredCase, Transcript } from '../../report/transcript.ts';
import { CASES } from '../../scenarios/engine/cases.ts';
import type { CaseDefinition } from '../../scenarios/engine/case.ts';
import type { Direction } from '../../scenarios/engine/requirements.ts';
import type { CaseRecord } from '../../scenarios/judge/record.ts';
import type { Verdict } from '../../scenarios/judge/verdict.ts';
import type { Profile } from '../../scenarios/rules/catalogue.ts';
import { t } from '../i18n/t.svelte.ts';
import { Unreachable, type Claims, type PageRunner } from './case-runner.ts';
import { openCells } from './cell-runner.ts';
import { log } from './log.svelte.ts';
import type { Left } from './page-limits.ts';
import { IN_CELLS, type Reach } from './page-reach.ts';
import { breath, inSlices } from './slices.ts';
import { VERSION } from './version.ts';

/** A verdict, or how far a case is on its way to one. */
export type CaseStatus = Verdict | 'idle' | 'running' | 'waiting';

/** What cases are run against. */
export interface SuiteTarget extends Claims {
  /** Two runs with one label are of one platform. */
  readonly label: string;
  readonly directions: readonly Direction[];
  /** Profiles of the platform, those that no page can judge included. */
  readonly claims: readonly Profile[];
  readonly reach: Reach;
  readonly open: (seed: string, started: (caseId: string) => void, quit: () => void) => PageRunner | Promise<PageRunner>;
}

/** What a run found in one direction, with the evidence it rests on. */
export interface Found {
  readonly report: Report;
  readonly evidence: readonly StoredCase[];
  /** Cases that a page could not run there. */
  readonly left: readonly Left[];
  readonly transcript: Transcript;
}

/** The stub in this page: all but HTTPS, which a page cannot serve. */
export const IN_PAGE: SuiteTarget = {
  label: 'page',
  edition: DEFAULT_EDITION,
  profiles: ['prereg', 'nwl', 'operator'],
  claims: ['prereg', 'nwl', 'operator', 'https'],
  reach: IN_CELLS,
  directions: ['platform', 'firmware'],
  open: (seed, started) => openCells(seed, DEFAULT_EDITION, started),
};

export const casesOf = (direction: Direction): CaseDefinition[] => CASES.filter((one) => one.direction === direction);

class SuiteRun {
  running = $state(false);
  /** Of the platform that was run against last. */
  directions: readonly Direction[] = $state.raw(IN_PAGE.directions);
  statuses: Readonly<Record<string, CaseStatus>> = $state.raw({});
  results: Readonly<Record<string, ReportCase>> = $state.raw({});
  /** Of the last run of all cases. */
  whole: Partial<Record<Direction, Found>> = $state.raw({});
  /** Of a selection that ran since: it decides nothing about the target. */
  selection: Partial<Record<Direction, Found>> = $state.raw({});
  failure: string | null = $state(null);
  /** The address that no connection could be opened to, and what the relay found there. */
  unreachable: { readonly url: string; readonly found: Outcome | undefined } | null = $state.raw(null);

  readonly counts = $derived.by(() => {
    const counts: Partial<Record<CaseStatus, number>> = {};
    for (const { id } of CASES) {
      const status = this.statuses[id] ?? 'idle';
      counts[status] = (counts[status] ?? 0) + 1;
    }
    return counts;
  });

  #records = new Map<string, CaseRecord>();
  #runner: PageRunner | null = null;
  #label = IN_PAGE.label;
  #stopped = false;

  /** The evidence of a case that ran. */
  record(id: string): CaseRecord | undefined {
    return this.#records.get(id);
  }

  /** Runs all cases of a target, or some. */
  async run(seed: string, target: SuiteTarget = IN_PAGE, only?: readonly CaseDefinition[]): Promise<void> {
    if (this.running) return;
    this.running = true;
    this.failure = null;
    this.unreachable = null;
    this.#stopped = false;
    const applicable = CASES.filter((one) => target.directions.includes(one.direction));
    const chosen = only ? applicable.filter((one) => only.includes(one)) : applicable;
    if (!only || target.label !== this.#label) this.#forget();
    this.#label = target.label;
    this.directions = target.directions;
    this.#mark(chosen, 'waiting');
    log.say(only?.length === 1 ? t('log.case', { id: only[0]?.id ?? '' }) : t('log.suite', { count: chosen.length }));
    const startedAt = new Date().toISOString();
    try {
      const runner = await target.open(
        seed,
        (id) => (this.statuses = { ...this.statuses, [id]: 'running' }),
        () => this.stop(),
      );
      // Stopped while it was opening.
      if (this.#stopped) return runner.end();
      this.#runner = runner;
      for (const direction of target.directions) {
        const cases = chosen.filter((one) => one.direction === direction);
        if (cases.length > 0) await this.#runOne({ runner, direction, cases, partial: only !== undefined, seed, startedAt, target });
      }
    } catch (error) {
      if (error instanceof Unreachable) this.unreachable = error;
      else this.failure = messageOf(error);
      log.say(t('log.broken', { why: messageOf(error) }), 'bad');
    } finally {
      this.#runner?.end();
      this.#runner = null;
      this.#mark(
        chosen.filter(({ id }) => this.statuses[id] === 'waiting' || this.statuses[id] === 'running'),
        'idle',
      );
      this.running = false;
    }
  }

  /** Ends the run; what was not judged is not run. */
  stop(): void {
    this.#stopped = true;
    this.#runner?.end();
  }

  async #runOne(options: {
    readonly runner: PageRunner;
    readonly direction: Direction;
    readonly cases: readonly CaseDefinition[];
    readonly partial: boolean;
    readonly seed: string;
    readonly startedAt: string;
    readonly target: SuiteTarget;
  }): Promise<void> {
    const { runner, direction, cases, partial, seed, startedAt, target } = options;
    // Reading the rules takes a while: not before they are needed.
    const [{ runSuite }, { makeReport }, { transcriptSteps }, { leftToCommand }] = await Promise.all([
      import('../../scenarios/engine/suite.ts'),
      import('../../report/model.ts'),
      import('../../report/transcript.ts'),
      import('./page-limits.ts'),
    ]);
    const { namespace, repeatable, jobs } = runner;
    const { findings, records } = await runSuite({
      direction,
      cases,
      partial,
      profiles: target.profiles,
      context: {
        subject: runner.subject(direction),
        environment: () => ({
          runner: 'browser',
          runtime: navigator.userAgent,
          system: '',
          jobs,
          startedAt: repeatable ? null : startedAt,
          endedAt: repeatable ? null : new Date().toISOString(),
        }),
        attestations: runner.attestations,
      },
      edition: target.edition,
      seed,
      namespace,
      version: VERSION,
      jobs,
      run: async (definition) => {
        const run = await runner.run(definition);
        if (run.kind === 'ran') this.#records.set(definition.id, run.record);
        return run;
      },
      onCase: (one) => this.#finished(one),
      stopped: () => this.#stopped,
    });
    const transcript = await inSlices(transcriptSteps(findings.about, records));
    await breath();
    const report = makeReport(findings, transcript);
    await breath();
    // A run of nothing that was accepted says so of every case, afterwards.
    this.results = { ...this.results, ...Object.fromEntries(report.cases.map((one) => [one.id, one])) };
    this.statuses = { ...this.statuses, ...Object.fromEntries(report.cases.map((one) => [one.id, one.verdict])) };
    const left = leftToCommand(cases, target.reach, target.claims);
    const found: Found = { report, evidence: records, left, transcript };
    if (partial) {
      this.selection = { ...this.selection, [direction]: found };
      return;
    }
    this.whole = { ...this.whole, [direction]: found };
    const { conformance, counts } = report.result;
    const words = { target: report.target, conformance: t(`suite.${conformance}`), passed: counts.pass, total: report.cases.length };
    log.say(t('log.concluded', words), conformance === 'conformant' ? 'good' : conformance === 'undetermined' ? 'info' : 'bad');
  }

  #finished(one: ReportCase): void {
    if (one.clock === null) this.#records.delete(one.id);
    this.results = { ...this.results, [one.id]: one };
    this.statuses = { ...this.statuses, [one.id]: one.verdict };
    if (one.verdict !== 'pass' && one.verdict !== 'not_applicable')
      log.say(t('log.verdict', { id: one.id, verdict: t(`verdict.${one.verdict}`) }), one.verdict === 'not_run' ? 'info' : 'bad');
  }

  #mark(cases: readonly CaseDefinition[], status: CaseStatus): void {
    this.statuses = { ...this.statuses, ...Object.fromEntries(cases.map(({ id }) => [id, status])) };
  }

  /** Another platform, or all of it anew: nothing of what was found before stands. */
  #forget(): void {
    this.statuses = {};
    this.results = {};
    this.whole = {};
    this.selection = {};
    this.#records.clear();
  }
}

export const suite = new SuiteRun();
