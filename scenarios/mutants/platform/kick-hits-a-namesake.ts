import { platformMutant } from '../mutant.ts';

// Looks for the older connection by DeviceName alone, in every product.
export default platformMutant({
  id: 'kick-hits-a-namesake',
  rule: 'RULE-57',
  replace: ({ deviceName }, live) => [...live].filter((one) => one.role === 'device' && one.deviceName === deviceName),
});
