// Which rules this version judges, and which it does not: from the cases and the catalogue, never from a list kept by hand.
import { RULES, type Profile } from '../rules/catalogue.ts';
import type { JudgedRuleClass } from '../judge/judge.ts';
import type { RequiredRule } from '../judge/rollup.ts';
import type { CaseDefinition } from './case.ts';
import { CASES } from './cases.ts';

export type Direction = CaseDefinition['direction'];

const ACTOR = { platform: 'platform', firmware: 'device' } as const;

/** How a rule is judged; rules that can only be attested or not be seen at all are never judged. */
export function judgedClass(rule: string): JudgedRuleClass {
  const found = RULES.find((one) => one.id === rule);
  if (!found) throw new Error(`no rule ${rule} in the catalogue`);
  return found.class === 'M' || found.class === 'S' ? found.class : 'R';
}

export interface RequirementSet {
  readonly rules: readonly RequiredRule[];
  /** Rules of the claimed profiles that could be judged, but are not by any case of this version. */
  readonly notCovered: readonly RequiredRule[];
}

/** The requirement set of a direction for a target that claims `profiles`. */
export function requirementSet(
  direction: Direction,
  profiles: readonly Profile[],
  cases: readonly CaseDefinition[] = CASES,
): RequirementSet {
  const judged = new Set(
    cases
      .filter((one) => one.direction === direction)
      .flatMap((one) => one.checks)
      .filter((check) => !check.reading)
      .map((check) => check.rule),
  );
  const claimed = RULES.filter((rule) => rule.actor === ACTOR[direction] && claims(rule.profiles, profiles));
  const required = claimed.filter((rule) => rule.class === 'M' || rule.class === 'S').map(({ id }) => ({ id, class: judgedClass(id) }));
  return {
    rules: required.filter((rule) => judged.has(rule.id)),
    notCovered: required.filter((rule) => !judged.has(rule.id)),
  };
}

/** A rule belongs to a target that claims one of its modes, and `operator` where the rule needs one. */
export function claims(needed: readonly Profile[], claimed: readonly Profile[]): boolean {
  if (needed.includes('operator') && !claimed.includes('operator')) return false;
  const modes = needed.filter((profile) => profile !== 'operator');
  return modes.length === 0 || modes.some((profile) => claimed.includes(profile));
}

/** Which of the claimed profiles some case of a direction needs: only of these may a result speak. */
export function judgedProfiles(direction: Direction, claimed: readonly Profile[]): Profile[] {
  const needed = new Set(CASES.filter((one) => one.direction === direction).flatMap((one) => one.profiles));
  return claimed.filter((profile) => needed.has(profile));
}

/** A case applies when every profile it needs is claimed. */
export function applies(definition: CaseDefinition, claimed: readonly Profile[]): boolean {
  return definition.profiles.every((profile) => claimed.includes(profile));
}
