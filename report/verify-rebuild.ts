// A report made once more from its evidence: every case judged again, everything added up again. What it says differently was not found by
// the run.
import { faultSaid } from '../scenarios/judge/fault.ts';
import { judgeCase, withoutEvidence, type Check, type JudgedRuleClass } from '../scenarios/judge/judge.ts';
import { stepsOf, type CaseResult, type RunFindings } from '../scenarios/judge/results.ts';
import { everLetThrough, neverAccepted, NEVER_ACCEPTED, rollUp, type JudgedCase, type RequiredRule } from '../scenarios/judge/rollup.ts';
import { worst } from '../scenarios/judge/verdict.ts';
import type { Profile, Words } from '../scenarios/rules/catalogue.ts';
import { makeReport, type Report, type ReportCase } from './model.ts';
import type { StoredCase } from './transcript.ts';

/** A case as far as judging goes. */
export interface JudgedDefinition {
  readonly id: string;
  readonly title: Words;
  readonly direction: Report['direction'];
  readonly profiles: readonly Profile[];
  readonly checks: readonly Check[];
}

/** A case of the user's with the classes of its rules, as its module says now. */
export interface OwnCase {
  readonly definition: JudgedDefinition;
  readonly classes: ReadonlyMap<string, JudgedRuleClass>;
}

/** What a version judges with: the engine's, which a report may not import. */
export interface JudgingVersion {
  readonly version: string;
  readonly cases: readonly JudgedDefinition[];
  readonly classOf: (rule: string) => JudgedRuleClass;
  /** Cases that the user gave along, by their id; others of the report are added up only. */
  readonly own?: ReadonlyMap<string, OwnCase>;
  readonly requirementSet: (
    direction: Report['direction'],
    profiles: readonly Profile[],
  ) => { readonly rules: readonly RequiredRule[]; readonly notCovered: readonly RequiredRule[] };
  readonly judgedProfiles: (direction: Report['direction'], claimed: readonly Profile[]) => readonly Profile[];
}

/** The report as the evidence and this version give it. What only the run could know is taken as it is said. */
export function rebuild(
  report: Report,
  evidence: readonly StoredCase[],
  lines: { readonly lines: number; readonly sha256: string },
  judging: JudgingVersion,
): Report {
  const same = report.version === judging.version;
  const stored = new Map(evidence.map((one) => [one.record.case, one]));
  const cases = report.cases.map((one) => {
    const definition = same ? judging.cases.find(({ id }) => id === one.id) : undefined;
    return definition ? judgedAgain(one, definition, stored.get(one.id), judging.classOf) : addedUp(one, stored.get(one.id));
  });
  const records = report.cases.flatMap((one) => stored.get(one.id)?.record ?? []);
  const dead = records.length > 0 && !everLetThrough(records);
  // The rewriting of a run in which nothing was let through comes after judging. Of another version it is done already.
  const judged: JudgedCase[] = dead && same ? neverAccepted(cases) : cases;
  const claimed = [...report.profiles, ...report.profilesNotJudged] as Profile[];
  const profiles = same ? judging.judgedProfiles(report.direction, claimed) : (report.profiles as Profile[]);
  const set = same ? judging.requirementSet(report.direction, profiles) : { rules: report.rules, notCovered: report.notCovered };
  const rolled = rollUp(
    judged,
    set.rules.map(({ id, class: ruleClass }) => ({ id, class: ruleClass })),
    report.result.partial,
  );
  const findings: RunFindings = {
    about: {
      version: report.version,
      direction: report.direction,
      target: report.subject.name,
      edition: report.edition,
      profiles,
      seed: report.seed,
      namespace: report.namespace,
      requirementSet: `muster-${report.version}/${report.edition}/${profiles.join('+')}`,
    },
    subject: report.subject,
    environment: report.environment,
    attestations: report.attestations,
    conformance: dead ? 'undetermined' : rolled.conformance,
    partial: report.result.partial,
    reasons: dead ? [NEVER_ACCEPTED, ...rolled.reasons] : rolled.reasons,
    cases: cases.map((one, at) => ({ ...one, ...judged[at] })),
    extensions: report.extensions.map((one) => {
      const own = same ? judging.own?.get(one.id) : undefined;
      const classOf = (rule: string): JudgedRuleClass => own?.classes.get(rule) ?? 'R';
      return own ? judgedAgain(one, own.definition, stored.get(one.id), classOf) : addedUp(one, stored.get(one.id));
    }),
    rules: rolled.rules,
    notCovered: set.notCovered.map(({ id, class: ruleClass }) => ({ id, class: ruleClass })),
    profilesNotJudged: claimed.filter((profile) => !profiles.includes(profile)),
  };
  return makeReport(findings, { text: '', ...lines }, report.asked);
}

function judgedAgain(
  one: ReportCase,
  { title, checks, direction: _, id }: JudgedDefinition,
  stored: StoredCase | undefined,
  classOf: JudgingVersion['classOf'],
): CaseResult {
  const words = { id, title: title.en, zh: { title: title['zh-CN'], note: one.zh.note } };
  if (stored) {
    const note = stored.record.fault;
    const { verdict, checks: results } = judgeCase(stored.record, checks, classOf);
    const zhNote = note === null ? null : faultSaid(note)['zh-CN'];
    return {
      ...words,
      zh: { ...words.zh, note: zhNote },
      verdict,
      clock: stored.clock,
      steps: stepsOf(stored.record),
      checks: results,
      note,
    };
  }
  // Why it did not run is known to the run alone; that nothing was found is not.
  const why = { en: one.note ?? '', 'zh-CN': one.zh.note ?? '' };
  const verdict = WITHOUT_EVIDENCE.has(one.verdict) ? one.verdict : 'not_run';
  const results = checks.map((check) => withoutEvidence(check, classOf(check.rule), verdict, why));
  return { ...words, verdict, clock: null, steps: [], checks: results, note: one.note };
}

const WITHOUT_EVIDENCE: ReadonlySet<CaseResult['verdict']> = new Set(['not_applicable', 'not_run', 'error']);

/** A case that cannot be judged here: its checks are taken as they are said, the rest follows from them. */
function addedUp(one: ReportCase, stored: StoredCase | undefined): CaseResult {
  if (!stored) return { ...one, clock: null, steps: [] };
  const { fault } = stored.record;
  const said = one.checks.map((check) => check.verdict);
  return {
    ...one,
    clock: stored.clock,
    steps: stepsOf(stored.record),
    note: fault,
    verdict: fault === null ? worst(said, 'inconclusive') : worst(['error', ...said], 'error'),
  };
}
