// From the record of a case to its verdicts: pure, so that the runner, a stored report and a page say the same.
import { unlessBroken } from './broken.ts';
import { faultSaid } from './fault.ts';
import { expected, spansNamed } from './oracles/expected.ts';
import { ORACLES, type OracleArgs, type OracleName } from './oracles/index.ts';
import type { CaseRecord } from './record.ts';
import { Spans } from './spans.ts';
import { worst, type Finding, type Said, type Verdict } from './verdict.ts';

/** One judgement of a case, as data. */
export type Check = {
  readonly [Name in OracleName]: {
    /** Unique within the case. */
    readonly id: string;
    /** The rule it speaks of. */
    readonly rule: string;
    readonly oracle: Name;
    readonly on: OracleArgs[Name];
    /** Measured and reported, never judged. */
    readonly reading?: true;
  };
}[OracleName];

export type JudgedRuleClass = 'M' | 'S' | 'R';

export interface CheckResult extends Pick<Finding, 'proofs' | 'reading'> {
  readonly id: string;
  readonly rule: string;
  readonly verdict: Verdict;
  /** Weighed as a reading: measured and reported, never judged. */
  readonly kind: 'judged' | 'reading';
  /** What the oracle asks for. */
  readonly expected: string;
  /** What was seen: one sentence with the facts it rests on. */
  readonly because: string;
  readonly zh: { readonly expected: string; readonly because: string };
  /** Spans of the evidence that it looked at; of a crowd the first and the last. */
  readonly evidence: readonly string[];
}

export interface CaseVerdict {
  readonly verdict: Verdict;
  readonly checks: readonly CheckResult[];
}

/**
 * Judges a record.
 * @param classOf class of a rule; a broken SHOULD is a warning, a reading is never worse than a pass
 */
export function judgeCase(record: CaseRecord, checks: readonly Check[], classOf: (rule: string) => JudgedRuleClass): CaseVerdict {
  const spans = new Spans(record);
  const results = checks.map((check): CheckResult => {
    const oracle = ORACLES[check.oracle] as (spans: Spans, args: unknown) => Finding;
    const ruleClass = check.reading ? 'R' : classOf(check.rule);
    // What was not recorded is no evidence: a case may end before a span, or need fewer than its check names.
    const evidence = spansNamed(check).filter((name) => spans.get(name) !== undefined);
    const { because, ...finding } = unlessBroken(spans, oracle(spans, check.on), evidence);
    return { ...unjudged(check, ruleClass, evidence), ...finding, verdict: weigh(finding.verdict, ruleClass), ...said(check, because) };
  });
  if (record.fault !== null) {
    const { en, 'zh-CN': zh } = faultSaid(record.fault);
    const faulted = results.map((result) =>
      result.verdict === 'inconclusive' ? { ...result, verdict: 'error' as const, because: en, zh: { ...result.zh, because: zh } } : result,
    );
    return { verdict: worst(['error', ...faulted.map((result) => result.verdict)], 'error'), checks: faulted };
  }
  return {
    verdict: worst(
      results.map((result) => result.verdict),
      'inconclusive',
    ),
    checks: results,
  };
}

/** A check of a case that did not run. */
export function withoutEvidence(check: Check, ruleClass: JudgedRuleClass, verdict: Verdict, because: Said): CheckResult {
  return { ...unjudged(check, check.reading ? 'R' : ruleClass, []), verdict, ...said(check, because) };
}

function unjudged(
  { id, rule }: Check,
  ruleClass: JudgedRuleClass,
  evidence: readonly string[],
): Pick<CheckResult, 'id' | 'rule' | 'kind' | 'evidence'> {
  return { id, rule, kind: ruleClass === 'R' ? 'reading' : 'judged', evidence };
}

function said(check: Check, because: Said): Pick<CheckResult, 'expected' | 'because' | 'zh'> {
  const wanted = expected(check);
  return { expected: wanted.en, because: because.en, zh: { expected: wanted['zh-CN'], because: because['zh-CN'] } };
}

function weigh(verdict: Finding['verdict'], ruleClass: JudgedRuleClass): Verdict {
  if (ruleClass === 'M') return verdict;
  if (ruleClass === 'S') return verdict === 'fail' ? 'warn' : verdict;
  return verdict === 'inconclusive' ? 'inconclusive' : 'pass';
}
