import { platformMutant } from '../mutant.ts';

// Counts the ClientIDs of all names of the product.
export default platformMutant({
  id: 'cap-per-product',
  rule: 'RULE-39',
  replace: ({ product }) => [...product.devices.values()].reduce((sum, device) => sum + device.clientIds.length, 0) < 5,
});
