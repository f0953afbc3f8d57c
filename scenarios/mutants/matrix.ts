// The kill matrix: which check of which case finds which wrong platform or firmware. A suite is as good as what it catches, so a mutant
// that survives, that only another rule's check finds, or that no check tells from another mutant is a fault of the suite.
import type { CheckResult } from '../judge/judge.ts';
import type { Verdict } from '../judge/verdict.ts';
import type { CaseDefinition } from '../engine/case.ts';
import { judgedClass } from '../engine/requirements.ts';
import { EQUIVALENT } from './equivalent.ts';
import type { FirmwareMutant, PlatformMutant } from './mutant.ts';
import { SIDE_EFFECTS } from './side-effects.ts';

/** What one case said of one mutant. */
export interface MutantCase {
  readonly case: string;
  readonly verdict: Verdict;
  readonly checks: readonly Pick<CheckResult, 'id' | 'rule' | 'verdict'>[];
}

export interface MatrixRow {
  readonly mutant: string;
  readonly rule: string;
  readonly class: 'M' | 'S';
  /** Checks of the mutant's own rule that found it: `case#check`. */
  readonly killers: readonly string[];
  /** Checks of other rules that found it too. */
  readonly others: readonly string[];
  /** Cases that do not speak of its rule and changed their verdict without a reason in side-effects.ts. */
  readonly unexplained: readonly string[];
}

/** Of a row, what is needed to find the mutant again. */
export type Killed = Pick<MatrixRow, 'mutant' | 'class' | 'killers'>;

/** What found a mutant over TLS: `case#check`. */
export interface TlsRow {
  readonly mutant: string;
  readonly by: string;
}

export interface MatrixProblem {
  readonly mutant: string;
  readonly what: string;
}

/** Does a mutant have to meet this case? Crowds meet only mutants of the rules that they speak of: they cost seconds each. */
export function meets(definition: CaseDefinition, rule: string): boolean {
  return !definition.id.startsWith('platform/scale/') || speaksOf(definition, rule);
}

function speaksOf(definition: CaseDefinition, rule: string): boolean {
  return definition.checks.some((check) => check.rule === rule && !check.reading);
}

/** The row of a mutant, from what the cases said of it. A MUST is broken by a fail, a SHOULD by a warning. */
export function rowOf(
  mutant: PlatformMutant | FirmwareMutant,
  cases: readonly CaseDefinition[],
  verdicts: readonly MutantCase[],
): MatrixRow {
  const ruleClass = judgedClass(mutant.rule) === 'S' ? 'S' : 'M';
  const found = verdicts.flatMap((one) =>
    one.checks
      .filter((check) => check.verdict === 'fail' || (check.verdict === 'warn' && ruleClass === 'S'))
      .map((check) => ({ name: `${one.case}#${check.id}`, own: check.rule === mutant.rule })),
  );
  const listed = SIDE_EFFECTS[mutant.id] ?? {};
  const silent = new Set(cases.filter((one) => !speaksOf(one, mutant.rule)).map((one) => one.id));
  const unexplained = verdicts.filter(
    (one) => silent.has(one.case) && one.verdict !== 'pass' && listed[one.case] === undefined && listed['*'] === undefined,
  );
  return {
    mutant: mutant.id,
    rule: mutant.rule,
    class: ruleClass,
    killers: found.filter((check) => check.own).map((check) => check.name),
    others: found.filter((check) => !check.own).map((check) => check.name),
    unexplained: unexplained.map((one) => `${one.case} is ${one.verdict}`),
  };
}

/** What is wrong with the suite, by its matrix. */
export function problemsOf(rows: readonly MatrixRow[]): MatrixProblem[] {
  const problems: MatrixProblem[] = [];
  const seen = new Map<string, string>();
  for (const row of rows) {
    const say = (what: string): void => void problems.push({ mutant: row.mutant, what });
    const equivalent = EQUIVALENT[row.mutant];
    if (equivalent !== undefined && row.killers.length > 0) say('is listed as equivalent, but a check finds it');
    if (equivalent === undefined && row.killers.length === 0)
      say(row.others.length > 0 ? `is found by checks of other rules only: ${row.others.join(', ')}` : 'survives');
    for (const one of row.unexplained) say(`${one}, and side-effects.ts gives no reason`);
    if (row.killers.length === 0) continue;
    const key = [...row.killers, ...row.others].sort().join('\n');
    const twin = seen.get(key);
    if (twin !== undefined && !isGenerated(twin, row.mutant)) say(`is found by the very same checks as ${twin}`);
    else seen.set(key, row.mutant);
  }
  return problems;
}

/** A mutant may do what `off:RULE-nn` does under the name that the field knows it by. */
function isGenerated(one: string, other: string): boolean {
  return one.startsWith('off:') !== other.startsWith('off:');
}

/** The case of `case#check`. */
export function caseOf(name: string): string {
  return name.split('#', 1)[0] ?? '';
}
