import { withEntry } from '../../../platform-stub/core/policy.ts';
import type { Product } from '../../../platform-stub/core/state.ts';
import { sameSignature } from '../../../protocol/sign.ts';
import type { PlatformMutant } from '../mutant.ts';

const seen = new WeakMap<Product, Set<string>>();

// A signature that was right once is right wherever it comes: a recorded registration signs its device in.
const mutant: PlatformMutant = {
  id: 'registration-signature-signs-in',
  rule: 'RULE-20',
  policy: withEntry('RULE-04', (presented, expected, { purpose, product }) => {
    const known = seen.get(product) ?? new Set<string>();
    seen.set(product, known);
    const isSame = sameSignature(presented, expected);
    if (isSame && purpose === 'registration') known.add(presented.toLowerCase());
    return isSame || (purpose === 'sign-in' && known.has(presented.toLowerCase()));
  }),
};

export default mutant;
