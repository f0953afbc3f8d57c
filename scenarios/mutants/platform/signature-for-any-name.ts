import type { Product } from '../../../platform-stub/core/state.ts';
import { platformMutant } from '../mutant.ts';

const seen = new WeakMap<Product, Set<string>>();

// Remembers signatures that were right, and takes each of them again from whoever sends it.
export default platformMutant({
  id: 'signature-for-any-name',
  rule: 'RULE-01',
  replace(isVerified, { product, signature }) {
    const known = seen.get(product) ?? new Set<string>();
    seen.set(product, known);
    if (isVerified) known.add(signature.toLowerCase());
    return known.has(signature.toLowerCase());
  },
});
