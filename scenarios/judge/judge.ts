// From the record of a case to its verdicts: pure, so that the runner, a stored report and a page say the same.
import { ORACLES, type OracleArgs, type OracleName } from './oracles/index.ts';
import type { CaseRecord } from './record.ts';
import { Spans } from './spans.ts';
import { worst, type Finding, type Verdict } from './verdict.ts';

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

export interface CheckResult extends Omit<Finding, 'verdict'> {
  readonly id: string;
  readonly rule: string;
  readonly verdict: Verdict;
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
    const finding = oracle(spans, check.on);
    const verdict = weigh(finding.verdict, check.reading ? 'R' : classOf(check.rule));
    return { ...finding, id: check.id, rule: check.rule, verdict };
  });
  if (record.fault !== null) {
    const faulted = results.map((result) =>
      result.verdict === 'inconclusive' ? { ...result, verdict: 'error' as const, because: record.fault ?? '' } : result,
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

function weigh(verdict: Finding['verdict'], ruleClass: JudgedRuleClass): Verdict {
  if (ruleClass === 'M') return verdict;
  if (ruleClass === 'S') return verdict === 'fail' ? 'warn' : verdict;
  return verdict === 'inconclusive' ? 'inconclusive' : 'pass';
}
