import { platformMutant } from '../mutant.ts';
import { sameSignature } from '../../../protocol/sign.ts';

// Also takes a signature over the names alone, which is good for ever and for any random.
export default platformMutant({
  id: 'random-left-out',
  rule: 'RULE-01',
  replace: (isVerified, { product, deviceName, signature, signedBy }) =>
    isVerified || sameSignature(signature, signedBy(product.productSecret, `deviceName${deviceName}productKey${product.productKey}`)),
});
