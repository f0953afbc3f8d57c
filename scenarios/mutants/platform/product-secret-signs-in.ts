import { withEntry } from '../../../platform-stub/core/policy.ts';
import { sameSignature } from '../../../protocol/sign.ts';
import type { PlatformMutant } from '../mutant.ts';

// The secret of the product opens each of its devices, registered or not.
const mutant: PlatformMutant = {
  id: 'product-secret-signs-in',
  rule: 'RULE-20',
  policy: withEntry(
    'RULE-04',
    (presented, expected, { product, signedBy }) =>
      sameSignature(presented, expected) || sameSignature(presented, signedBy(product.productSecret)),
  ),
};

export default mutant;
