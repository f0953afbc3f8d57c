import { platformMutant } from '../mutant.ts';

const MANY = 100;

// Asks no more whether registration is on once a product has more devices than fit a page of the console.
export default platformMutant({
  id: 'switch-cached-for-many',
  rule: 'RULE-11',
  replace: (product) => product.dynamicRegistration || product.devices.size > MANY,
});
