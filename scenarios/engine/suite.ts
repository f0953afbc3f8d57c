// A run of the suite: which cases, in what order, and what their records say together. How a case is carried out is the caller's: in a
// cell of this thread, in another worker, or over sockets.
import { messageOf } from '../../kernel/errors.ts';
import { faultSaid } from '../judge/fault.ts';
import { judgeCase, withoutEvidence, type CaseVerdict, type JudgedRuleClass } from '../judge/judge.ts';
import type { CaseRecord } from '../judge/record.ts';
import type { Said } from '../judge/verdict.ts';
import {
  everLetThrough,
  NEVER_ACCEPTED,
  neverAccepted,
  rollUp,
  selectionConformance,
  type Conformance,
  type JudgedCase,
} from '../judge/rollup.ts';
import { stepsOf, type CaseResult, type RunAbout, type RunContext, type RunFindings } from '../judge/results.ts';
import type { Profile } from '../rules/catalogue.ts';
import type { CaseDefinition } from './case.ts';
import { Deafness } from './deafness.ts';
import type { Extension } from './extension.ts';
import { applies, judgedClass, judgedProfiles, requirementSet, type Direction } from './requirements.ts';

/** Carries out one case. `not-run` says why this runner cannot. */
export type CaseRunner = (definition: CaseDefinition) => Promise<CaseRun>;

export type CaseRun =
  /** `judged`: by judgeCase, where the thread that ran it has judged it already. */
  | { readonly kind: 'ran'; readonly record: CaseRecord; readonly clock: 'virtual' | 'wall'; readonly judged?: CaseVerdict }
  | { readonly kind: 'not-run'; readonly why: Said }
  /** What was declared of the target before the first packet leaves it out. */
  | { readonly kind: 'not-applicable'; readonly why: Said };

export interface SuiteOptions {
  readonly direction: Direction;
  readonly cases: readonly CaseDefinition[];
  /** Cases of the user's, with the classes of their rules: judged like ours, counted apart. */
  readonly extensions?: readonly Extension[];
  /** `cases` are a selection of the direction's. */
  readonly partial: boolean;
  readonly profiles: readonly Profile[];
  /** What the report says of the target, the machine and the settings. */
  readonly context: RunContext;
  readonly edition: string;
  readonly seed: string;
  readonly namespace: string;
  readonly version: string;
  /** Cases under way at once. */
  readonly jobs: number;
  readonly run: CaseRunner;
  readonly onCase?: (one: CaseResult, done: number, total: number) => void;
  /** Asked between cases; true ends the run with what there is. */
  readonly stopped?: () => boolean;
}

export interface SuiteResult {
  readonly findings: RunFindings;
  readonly records: readonly { readonly record: CaseRecord; readonly clock: 'virtual' | 'wall' }[];
  /** What the exit code speaks of: the target, or the selection. */
  readonly exit: Conformance;
}

interface Finished {
  readonly definition: CaseDefinition;
  readonly judged: JudgedCase;
  readonly run: Extract<CaseRun, { kind: 'ran' }> | undefined;
  readonly note: Said | null;
}

/** Runs cases and judges them. */
export async function runSuite(options: SuiteOptions): Promise<SuiteResult> {
  const finished: Finished[] = [];
  const deafness = new Deafness();
  const queue = [...options.cases, ...(options.extensions ?? []).map((one) => one.definition)];
  const total = queue.length;
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const why = options.stopped?.() ? STOPPED : deafness.proven ? DEAF : undefined;
      const one = why ? skipped(next, options, why) : await carryOut(next, options);
      finished.push(one);
      if (one.run) deafness.note(one.run.record);
      options.onCase?.(caseResult(one, one.judged), finished.length, total);
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, options.jobs) }, work));
  finished.sort((a, b) => (a.definition.id < b.definition.id ? -1 : 1));
  return conclude(finished, options);
}

const STOPPED: Said = { en: 'the run was stopped', 'zh-CN': '运行已被停止' };
const DEAF: Said = {
  en: 'the target had answered nothing at all by then, so the run ended early',
  'zh-CN': '目标至此未作任何回答，运行提前结束',
};

/** How the rules of a case are judged: ours by the catalogue, a user's by what the module says. */
function classesOf({ id }: CaseDefinition, { extensions = [] }: SuiteOptions): (rule: string) => JudgedRuleClass {
  const own = extensions.find((one) => one.definition.id === id)?.classes;
  return own ? (rule) => own.get(rule) ?? 'R' : judgedClass;
}

async function carryOut(definition: CaseDefinition, options: SuiteOptions): Promise<Finished> {
  if (!applies(definition, options.profiles)) {
    const missing = definition.profiles.filter((profile) => !options.profiles.includes(profile));
    return withVerdict(definition, options, 'not_applicable', {
      en: `the target does not claim ${missing.join(', ')}`,
      'zh-CN': `目标未声明 ${missing.join('、')}`,
    });
  }
  try {
    const run = await options.run(definition);
    if (run.kind !== 'ran') return withVerdict(definition, options, run.kind === 'not-run' ? 'not_run' : 'not_applicable', run.why);
    const verdict = run.judged ?? judgeCase(run.record, definition.checks, classesOf(definition, options));
    const judged = { id: definition.id, ...verdict };
    return { definition, judged, run, note: run.record.fault === null ? null : faultSaid(run.record.fault) };
  } catch (error) {
    return withVerdict(definition, options, 'error', faultSaid(messageOf(error)));
  }
}

function skipped(definition: CaseDefinition, options: SuiteOptions, why: Said): Finished {
  return withVerdict(definition, options, 'not_run', why);
}

function withVerdict(
  definition: CaseDefinition,
  options: SuiteOptions,
  verdict: 'not_applicable' | 'not_run' | 'error',
  why: Said,
): Finished {
  const checks = definition.checks.map((check) => withoutEvidence(check, classesOf(definition, options)(check.rule), verdict, why));
  return { definition, judged: { id: definition.id, verdict, checks }, run: undefined, note: why };
}

function caseResult(one: Finished, judged: JudgedCase): CaseResult {
  return {
    id: one.definition.id,
    title: one.definition.title.en,
    zh: { title: one.definition.title['zh-CN'], note: one.note?.['zh-CN'] ?? null },
    verdict: judged.verdict,
    clock: one.run?.clock ?? null,
    steps: one.run ? stepsOf(one.run.record) : [],
    checks: judged.checks,
    note: one.note?.en ?? null,
  };
}

/** What a run is about: known before its first case. */
export function aboutOf(options: Omit<SuiteOptions, 'run'>): RunAbout {
  const profiles = judgedProfiles(options.direction, options.profiles);
  return {
    version: options.version,
    direction: options.direction,
    target: options.context.subject.name,
    edition: options.edition,
    profiles,
    seed: options.seed,
    namespace: options.namespace,
    requirementSet: `muster-${options.version}/${options.edition}/${profiles.join('+')}`,
  };
}

function conclude(all: readonly Finished[], options: SuiteOptions): SuiteResult {
  const theirs = new Set((options.extensions ?? []).map((one) => one.definition.id));
  const finished = all.filter((one) => !theirs.has(one.definition.id));
  const extensions = all.filter((one) => theirs.has(one.definition.id));
  const records = finished.flatMap(recordOf);
  const dead = records.length > 0 && !everLetThrough(records.map(({ record }) => record));
  const judged = dead ? neverAccepted(finished.map((one) => one.judged)) : finished.map((one) => one.judged);
  const profiles = judgedProfiles(options.direction, options.profiles);
  const set = requirementSet(options.direction, profiles);
  const rolled = rollUp(judged, set.rules, options.partial);
  // Where only cases of the user's were selected, they are what the exit code speaks of.
  const chosen = finished.length > 0 ? judged : extensions.map((one) => one.judged);
  const selected = options.partial ? selectionConformance(chosen) : rolled.conformance;
  const ours = dead ? 'undetermined' : selected;
  return {
    findings: {
      about: aboutOf(options),
      subject: options.context.subject,
      environment: options.context.environment(),
      attestations: options.context.attestations(),
      conformance: dead ? 'undetermined' : rolled.conformance,
      partial: options.partial,
      reasons: dead ? [NEVER_ACCEPTED, ...rolled.reasons] : rolled.reasons,
      cases: finished.map((one, i) => caseResult(one, judged[i] ?? one.judged)),
      extensions: extensions.map((one) => caseResult(one, one.judged)),
      rules: rolled.rules,
      notCovered: set.notCovered,
      profilesNotJudged: options.profiles.filter((profile) => !profiles.includes(profile)),
    },
    records: [...records, ...extensions.flatMap(recordOf)],
    exit: extensions.some((one) => one.judged.verdict === 'fail') ? 'not-conformant' : ours,
  };
}

function recordOf({ run }: Finished): { record: CaseRecord; clock: 'virtual' | 'wall' }[] {
  return run ? [{ record: run.record, clock: run.clock }] : [];
}
