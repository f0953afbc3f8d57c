import { platformMutant } from '../mutant.ts';
import { sameSignature } from '../../../protocol/sign.ts';

// A ProductSecret of the account is good for all of its products.
export default platformMutant({
  id: 'any-products-secret',
  rule: 'RULE-01',
  replace: (isVerified, { products, signature, signedBy }) =>
    isVerified || [...products].some(({ productSecret }) => sameSignature(signature, signedBy(productSecret))),
});
