import type { Product } from '../../../platform-stub/core/state.ts';
import { platformMutant } from '../mutant.ts';

const seenOff = new WeakSet<Product>();

// Who asked while registration was off has closed the product for good.
export default platformMutant({
  id: 'switch-stays-off',
  rule: 'RULE-11',
  replace(product) {
    if (!product.dynamicRegistration) seenOff.add(product);
    return !seenOff.has(product);
  },
});
