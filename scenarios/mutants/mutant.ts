// A lie: a platform or a firmware that is right but for one entry. The judge never learns its name.
import { OFF, POLICY, POLICY_RULES, withEntry, type Policy, type PolicyRule } from '../../platform-stub/core/policy.ts';
import { HABITS, type Habits } from '../../worker/unit/habits.ts';

export interface PlatformMutant {
  readonly id: string;
  readonly rule: PolicyRule;
  readonly policy: Policy;
}

export interface FirmwareMutant {
  readonly id: string;
  /** Device rule that it breaks. */
  readonly rule: string;
  readonly habits: Habits;
}

/** A platform with one entry of its policy replaced. */
export function platformMutant<R extends PolicyRule>(definition: { id: string; rule: R; replace: Policy[R] }): PlatformMutant {
  return { id: definition.id, rule: definition.rule, policy: withEntry(definition.rule, definition.replace) };
}

/** A firmware with some of its habits replaced. */
export function firmwareMutant(definition: { id: string; rule: string; replace: Partial<Habits> }): FirmwareMutant {
  return { id: definition.id, rule: definition.rule, habits: { ...HABITS, ...definition.replace } };
}

/** `off:RULE-nn` for each entry of the policy: a platform that does not know the rule. */
export function generatedMutants(): PlatformMutant[] {
  return POLICY_RULES.map((rule) => ({ id: `off:${rule}`, rule, policy: { ...POLICY, [rule]: OFF[rule] } }));
}
