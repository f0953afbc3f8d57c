// The one canonical report of a conformance run. Every other format is a function of it; no secret ever enters it.
import type { Outcome } from '../kernel/trace/outcome.ts';
import type { CheckResult } from '../scenarios/judge/judge.ts';
import type { CaseRecord, SpanVerb } from '../scenarios/judge/record.ts';
import type { Conformance, JudgedCase, RequiredRule, RuleVerdict } from '../scenarios/judge/rollup.ts';
import type { Verdict } from '../scenarios/judge/verdict.ts';

export const REPORT_FORMAT = 'muster-report/1';

export interface ReportStep {
  readonly name: string;
  readonly unit: string | null;
  readonly verb: SpanVerb;
  readonly outcome: Outcome | null;
  /** How long it took, milliseconds of the clock the case ran on. */
  readonly ms: number;
}

export interface ReportCase {
  readonly id: string;
  readonly title: string;
  readonly verdict: Verdict;
  /** Virtual: the figures are exact and say nothing about speed. */
  readonly clock: 'virtual' | 'wall' | null;
  readonly steps: readonly ReportStep[];
  readonly checks: readonly CheckResult[];
  /** Why it has no steps, or why driving it ended early. */
  readonly note: string | null;
}

export interface ReportAbout {
  readonly version: string;
  readonly direction: 'platform' | 'firmware';
  /** Name of the target, never a secret or a token. */
  readonly target: string;
  readonly edition: string;
  readonly profiles: readonly string[];
  readonly seed: string;
  readonly namespace: string;
  readonly requirementSet: string;
}

export interface Report extends ReportAbout {
  readonly format: typeof REPORT_FORMAT;
  readonly result: {
    readonly conformance: Conformance;
    readonly partial: boolean;
    readonly headline: string;
    readonly reasons: readonly string[];
  };
  readonly rules: readonly (RuleVerdict & { readonly title: string })[];
  readonly notCovered: readonly (RequiredRule & { readonly title: string })[];
  readonly cases: readonly ReportCase[];
  readonly outOfScope: readonly string[];
}

/** What no version of the suite judges (design, introduction). */
export const OUT_OF_SCOPE = ['MQTT 5', 'gateway sub-devices', 'X.509 client certificates', 'TLS-PSK', 'the legacy /auth/devicename login'] as const;

/** The steps of a record. */
export function stepsOf(record: CaseRecord): ReportStep[] {
  return record.spans.map(({ name, unit, verb, outcome, startedAt, endedAt }) => ({ name, unit, verb, outcome, ms: Math.round(endedAt - startedAt) }));
}

/** One sentence that says what the run found, naming the profiles. */
export function headline(about: ReportAbout, conformance: Conformance, cases: readonly JudgedCase[]): string {
  const passed = cases.filter((one) => one.verdict === 'pass').length;
  const words = { conformant: 'conformant', 'not-conformant': 'not conformant', undetermined: 'undetermined' }[conformance];
  return `${about.target} is ${words} with ${about.requirementSet}: ${passed} of ${cases.length} cases passed`;
}
