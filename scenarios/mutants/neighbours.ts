// Wrong platforms whose operator's action reaches further than the device it names: their policy remembers the product that it was last
// asked about.
import { POLICY, type Policy, type PolicyRule } from '../../platform-stub/core/policy.ts';
import type { Device, Product } from '../../platform-stub/core/state.ts';
import type { PlatformMutant } from './mutant.ts';

/** A platform with one entry replaced by one that can reach all devices of the product. */
export function reachingMutant<R extends PolicyRule>(definition: {
  id: string;
  rule: R;
  replace: (devices: () => readonly Device[]) => Policy[R];
}): PlatformMutant {
  let product: Product | undefined;
  const remember = (asked: Product): boolean => {
    product = asked;
    return POLICY['RULE-11'](asked);
  };
  const replaced = definition.replace(() => [...(product?.devices.values() ?? [])]);
  return { id: definition.id, rule: definition.rule, policy: { ...POLICY, 'RULE-11': remember, [definition.rule]: replaced } };
}
