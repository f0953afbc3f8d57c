import { platformMutant } from '../mutant.ts';

// Refuses one of the two modes only.
export default platformMutant({
  id: 'switch-spares-regnwl',
  rule: 'RULE-11',
  replace: (product, { mode }) => product.dynamicRegistration || mode === 'regnwl',
});
