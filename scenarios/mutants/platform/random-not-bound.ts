import type { Product } from '../../../platform-stub/core/state.ts';
import { platformMutant } from '../mutant.ts';

const seen = new WeakMap<Product, Set<string>>();

// Remembers signatures that were right, and takes each of them again with whatever random it comes.
export default platformMutant({
  id: 'random-not-bound',
  rule: 'RULE-01',
  replace(isVerified, { product, deviceName, mode, signature }) {
    const known = seen.get(product) ?? new Set<string>();
    seen.set(product, known);
    const key = `${mode} ${deviceName} ${signature.toLowerCase()}`;
    if (isVerified) known.add(key);
    return known.has(key);
  },
});
