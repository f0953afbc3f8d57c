// From the verdicts of cases to what a run says of each rule and of the target. Nothing here looks at evidence again.
import type { CheckResult, JudgedRuleClass } from './judge.ts';
import type { CaseRecord } from './record.ts';
import { letThrough } from './proofs.ts';
import { sawAcceptance } from './spans.ts';
import { worst, type Said, type Verdict } from './verdict.ts';
import { VERDICT_ZH } from './words.ts';

export interface JudgedCase {
  readonly id: string;
  readonly verdict: Verdict;
  readonly checks: readonly CheckResult[];
}

/** A rule of the requirement set, with how it is judged. */
export interface RequiredRule {
  readonly id: string;
  readonly class: JudgedRuleClass;
}

export interface RuleVerdict extends RequiredRule {
  readonly verdict: Verdict;
  /** Checks that spoke of it: `case#check`. */
  readonly checks: readonly string[];
}

export type Conformance = 'conformant' | 'not-conformant' | 'undetermined';

export interface Rollup {
  readonly rules: readonly RuleVerdict[];
  readonly conformance: Conformance;
  /** Why the run decides nothing, where it does not. */
  readonly reasons: readonly Said[];
}

/** Did any attempt of the whole run ever succeed, on whichever side it was seen? If not, a refusal says nothing about any rule. */
export function everLetThrough(records: readonly CaseRecord[]): boolean {
  return records.some((record) => record.spans.some((span) => letThrough(span) || sawAcceptance(span)));
}

/** Positive cases of a run in which nothing was ever let through are inconclusive: something below the contract is broken. */
export function neverAccepted(cases: readonly JudgedCase[]): JudgedCase[] {
  return cases.map((one) => {
    const checks = one.checks.map((check) =>
      check.verdict === 'fail'
        ? {
            ...check,
            verdict: 'inconclusive' as const,
            because: `never-accepted: ${check.because}`,
            zh: { ...check.zh, because: `never-accepted：${check.zh.because}` },
          }
        : check,
    );
    return {
      ...one,
      checks,
      verdict: worst(
        // A case that the harness could not drive to its end stays one, whatever its checks say.
        [...checks.map((check) => check.verdict), ...(one.verdict === 'error' ? (['error'] as const) : [])],
        one.verdict,
      ),
    };
  });
}

/**
 * Adds up.
 * @param partial the run is of a selection: whatever it found, it decides nothing about the target
 */
export function rollUp(cases: readonly JudgedCase[], required: readonly RequiredRule[], partial: boolean): Rollup {
  const rules = required.map((rule): RuleVerdict => {
    const spoke = cases.flatMap((one) => one.checks.filter((check) => check.rule === rule.id).map((check) => ({ one, check })));
    return {
      ...rule,
      verdict: worst(
        spoke.map(({ check }) => check.verdict),
        'not_run',
      ),
      checks: spoke.map(({ one, check }) => `${one.id}#${check.id}`),
    };
  });
  const must = rules.filter((rule) => rule.class === 'M' && rule.verdict !== 'not_applicable');
  const failed = must.filter((rule) => rule.verdict === 'fail');
  const open = must.filter((rule) => rule.verdict !== 'pass' && rule.verdict !== 'fail' && rule.verdict !== 'warn');
  const reasons: Said[] = [];
  if (partial) reasons.push({ en: 'only a selection of the cases ran', 'zh-CN': '只运行了一部分用例' });
  if (open.length > 0 && !partial) reasons.push(notDecided(open));
  if (must.length === 0) reasons.push({ en: 'no rule was judged', 'zh-CN': '没有判定任何规则' });
  if (partial) return { rules, conformance: 'undetermined', reasons };
  if (failed.length > 0) return { rules, conformance: 'not-conformant', reasons };
  return { rules, conformance: reasons.length > 0 ? 'undetermined' : 'conformant', reasons };
}

function notDecided(rules: readonly RuleVerdict[]): Said {
  return {
    en: `not decided: ${rules.map((rule) => `${rule.id} (${rule.verdict})`).join(', ')}`,
    'zh-CN': `尚未判定：${rules.map((rule) => `${rule.id}（${VERDICT_ZH[rule.verdict]}）`).join('、')}`,
  };
}

/** Why a run decides nothing in which no attempt was ever let through. */
export const NEVER_ACCEPTED: Said = {
  en: 'never-accepted: no attempt of the whole run succeeded',
  'zh-CN': 'never-accepted：整个运行中没有一次尝试成功',
};

/** Verdict of a selection of cases: its exit code speaks of what was selected. */
export function selectionConformance(cases: readonly JudgedCase[]): Conformance {
  const verdict = worst(
    cases.map((one) => one.verdict),
    'not_run',
  );
  if (verdict === 'fail') return 'not-conformant';
  return verdict === 'pass' || verdict === 'warn' || verdict === 'not_applicable' ? 'conformant' : 'undetermined';
}
