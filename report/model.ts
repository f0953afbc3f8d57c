// The one canonical report of a conformance run. Every other format is a function of it; no secret ever enters it.
import type { CaseResult, RunAbout, RunFindings } from '../scenarios/judge/results.ts';
import type { Conformance, RequiredRule, RuleVerdict } from '../scenarios/judge/rollup.ts';
import { ruleOf } from '../scenarios/rules/catalogue.ts';

export const REPORT_FORMAT = 'muster-report/1';

export type ReportCase = CaseResult;

export interface Report extends RunAbout {
  readonly format: typeof REPORT_FORMAT;
  readonly result: {
    readonly conformance: Conformance;
    readonly partial: boolean;
    readonly headline: string;
    readonly reasons: readonly string[];
  };
  readonly rules: readonly (RuleVerdict & { readonly title: string })[];
  readonly notCovered: readonly (RequiredRule & { readonly title: string })[];
  readonly profilesNotJudged: readonly string[];
  readonly cases: readonly ReportCase[];
  readonly outOfScope: readonly string[];
}

/** What no version of the suite judges (design, introduction). */
const OUT_OF_SCOPE = [
  'MQTT 5',
  'gateway sub-devices',
  'X.509 client certificates',
  'TLS-PSK',
  'the legacy /auth/devicename login',
] as const;

const WORDS: Readonly<Record<Conformance, string>> = {
  conformant: 'conformant',
  'not-conformant': 'not conformant',
  undetermined: 'undetermined',
};

/** The report of what a run found. */
export function makeReport({ about, conformance, partial, reasons, cases, rules, notCovered, profilesNotJudged }: RunFindings): Report {
  return {
    format: REPORT_FORMAT,
    ...about,
    result: { conformance, partial, headline: headline(about, conformance, cases), reasons },
    rules: rules.map((rule) => ({ ...rule, title: titleOf(rule.id) })),
    notCovered: notCovered.map((rule) => ({ ...rule, title: titleOf(rule.id) })),
    profilesNotJudged,
    cases,
    outOfScope: OUT_OF_SCOPE,
  };
}

/** What the report is about, without what was found. */
export function aboutOf({ version, direction, target, edition, profiles, seed, namespace, requirementSet }: Report): RunAbout {
  return { version, direction, target, edition, profiles, seed, namespace, requirementSet };
}

/** One sentence that says what the run found, naming the profiles. */
function headline(about: RunAbout, conformance: Conformance, cases: readonly CaseResult[]): string {
  const passed = cases.filter((one) => one.verdict === 'pass').length;
  return `${about.target} is ${WORDS[conformance]} with ${about.requirementSet}: ${passed} of ${cases.length} cases passed`;
}

function titleOf(id: string): string {
  return ruleOf(id)?.title.en ?? id;
}
