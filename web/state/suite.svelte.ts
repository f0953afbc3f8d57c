// The conformance suite as the page runs it: one case after the other in a cell worker with a platform of its own, judged here.
import { releaseProxy, wrap, type Remote } from 'comlink';
import { PACE_MS } from '../../scenarios/engine/pace.ts';
import { messageOf } from '../../kernel/errors.ts';
import { DEFAULT_EDITION } from '../../protocol/editions.ts';
import type { Report, ReportCase } from '../../report/model.ts';
import { CASES } from '../../scenarios/engine/cases.ts';
import type { CellAgent } from '../../scenarios/engine/cell-agent.ts';
import type { CaseDefinition } from '../../scenarios/engine/case.ts';
import type { CaseRun } from '../../scenarios/engine/suite.ts';
import type { Direction } from '../../scenarios/engine/requirements.ts';
import type { Rule } from '../../scenarios/rules/catalogue.ts';
import type { RunContext } from '../../scenarios/judge/results.ts';
import type { CaseRecord } from '../../scenarios/judge/record.ts';
import type { Verdict } from '../../scenarios/judge/verdict.ts';
import { both, language, t } from '../i18n/t.svelte.ts';
import { VERSION } from './version.ts';
import { log } from './log.svelte.ts';

export const DIRECTIONS: readonly Direction[] = ['platform', 'firmware'];

/** What the in-page platform offers: all but HTTPS, which a page cannot serve. */
const PROFILES = ['prereg', 'nwl', 'operator'] as const;

/** A verdict, or how far a case is on its way to one. */
export type CaseStatus = Verdict | 'idle' | 'running' | 'waiting';

/** What the reports of this page say of the run: everything is on a virtual clock. */
function pageContext(direction: Direction): RunContext {
  const [name, kind] =
    direction === 'platform' ? ([t('target.stub'), 'embedded-stub'] as const) : ([t('target.reference'), 'reference-device'] as const);
  return {
    subject: { name, kind, endpoints: [], administrator: 'stub', paceMs: PACE_MS, destructiveAllowed: true },
    environment: () => ({ runner: 'browser', runtime: navigator.userAgent, system: '', jobs: 1, startedAt: null, endedAt: null }),
    attestations: () => [],
  };
}

export const casesOf = (direction: Direction): CaseDefinition[] => CASES.filter((one) => one.direction === direction);

class SuiteRun {
  running = $state(false);
  statuses: Readonly<Record<string, CaseStatus>> = $state.raw({});
  results: Readonly<Record<string, ReportCase>> = $state.raw({});
  reports: Partial<Record<Direction, Report>> = $state.raw({});
  failure: string | null = $state(null);

  readonly counts = $derived.by(() => {
    const counts: Partial<Record<CaseStatus, number>> = {};
    for (const { id } of CASES) {
      const status = this.statuses[id] ?? 'idle';
      counts[status] = (counts[status] ?? 0) + 1;
    }
    return counts;
  });

  #records = new Map<string, CaseRecord>();
  #ruleOf: ((id: string) => Rule | undefined) | undefined;
  #worker: Worker | null = null;
  #proxy: Remote<CellAgent> | null = null;
  #abort: (why: Error) => void = () => undefined;

  /** The evidence of a case that ran. */
  record(id: string): CaseRecord | undefined {
    return this.#records.get(id);
  }

  /** What a rule of a case that ran is called. */
  titleOf(rule: string): string {
    return this.#ruleOf?.(rule)?.title[language()] ?? rule;
  }

  /** Runs all cases of both directions, or one. */
  async run(seed: string, only?: CaseDefinition): Promise<void> {
    if (this.running) return;
    this.running = true;
    this.failure = null;
    const chosen = only ? [only] : CASES;
    this.statuses = { ...this.statuses, ...Object.fromEntries(chosen.map(({ id }) => [id, 'waiting' as const])) };
    log.say(only ? t('log.case', { id: only.id }) : t('log.suite', { count: CASES.length }));
    const broken = new Promise<never>((_, reject) => (this.#abort = reject));
    broken.catch(() => undefined);
    try {
      const cell = this.#hire();
      // Reading the rules takes a while: not before they are needed.
      const [{ runSuite }, { ruleOf }] = await Promise.all([
        import('../../scenarios/engine/suite.ts'),
        import('../../scenarios/rules/catalogue.ts'),
      ]);
      this.#ruleOf = ruleOf;
      const [{ makeReport }, { transcriptOf }] = await Promise.all([import('../../report/model.ts'), import('../../report/transcript.ts')]);
      for (const direction of DIRECTIONS) {
        const cases = chosen.filter((one) => one.direction === direction);
        if (cases.length === 0) continue;
        const { findings, records } = await runSuite({
          direction,
          cases,
          partial: only !== undefined,
          profiles: PROFILES,
          context: pageContext(direction),
          edition: DEFAULT_EDITION,
          seed,
          namespace: '0',
          version: VERSION,
          jobs: 1,
          run: (definition) => this.#carryOut(definition, seed, cell, broken),
          onCase: (one) => this.#finished(one),
        });
        const report = makeReport(findings, transcriptOf(findings.about, records));
        // A single case decides nothing about the target: the report of the last whole run stands.
        if (!only) {
          this.reports = { ...this.reports, [direction]: report };
          const { conformance } = report.result;
          const passed = report.cases.filter((one) => one.verdict === 'pass').length;
          const words = { target: report.target, conformance: t(`suite.${conformance}`), passed, total: report.cases.length };
          log.say(t('log.concluded', words), conformance === 'conformant' ? 'good' : conformance === 'undetermined' ? 'info' : 'bad');
        }
      }
    } catch (error) {
      this.failure = messageOf(error);
      log.say(t('log.broken', { why: this.failure }), 'bad');
    } finally {
      this.#dismiss();
      const waiting = chosen.filter(({ id }) => this.statuses[id] === 'waiting' || this.statuses[id] === 'running');
      this.statuses = { ...this.statuses, ...Object.fromEntries(waiting.map(({ id }) => [id, 'idle' as const])) };
      this.running = false;
    }
  }

  /** Ends the run; what was not judged is not run. */
  stop(): void {
    this.#abort(new Error(t('suite.stopped')));
    this.#dismiss();
  }

  async #carryOut(definition: CaseDefinition, seed: string, cell: Remote<CellAgent>, broken: Promise<never>): Promise<CaseRun> {
    if (definition.direction === 'platform' && definition.needs === 'sockets') return { kind: 'not-run', why: both('suite.noSockets') };
    if (this.#proxy !== cell) return { kind: 'not-run', why: both('suite.stopped') };
    this.statuses = { ...this.statuses, [definition.id]: 'running' };
    try {
      const record = await Promise.race([cell.run({ caseId: definition.id, seed, namespace: '0', edition: DEFAULT_EDITION }), broken]);
      this.#records.set(definition.id, record);
      return { kind: 'ran', record, clock: 'virtual' };
    } catch (error) {
      if (this.#proxy !== cell) return { kind: 'not-run', why: both('suite.stopped') };
      throw error;
    }
  }

  #finished(one: ReportCase): void {
    if (one.clock === null) this.#records.delete(one.id);
    this.results = { ...this.results, [one.id]: one };
    this.statuses = { ...this.statuses, [one.id]: one.verdict };
    if (one.verdict !== 'pass')
      log.say(t('log.verdict', { id: one.id, verdict: t(`verdict.${one.verdict}`) }), one.verdict === 'not_run' ? 'info' : 'bad');
  }

  #hire(): Remote<CellAgent> {
    const worker = new Worker(new URL('../workers/cell.worker.ts', import.meta.url), { type: 'module' });
    worker.onerror = (event) => this.#abort(new Error(event.message || 'the cell worker could not be loaded'));
    this.#worker = worker;
    this.#proxy = wrap<CellAgent>(worker);
    return this.#proxy;
  }

  #dismiss(): void {
    this.#worker?.terminate();
    this.#proxy?.[releaseProxy]();
    this.#worker = null;
    this.#proxy = null;
  }
}

export const suite = new SuiteRun();
