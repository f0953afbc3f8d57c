import { platformMutant } from '../mutant.ts';

// Refuses one of the two modes only.
export default platformMutant({
  id: 'switch-spares-register',
  rule: 'RULE-11',
  replace: (product, { mode }) => product.dynamicRegistration || mode === 'register',
});
