import { platformMutant } from '../mutant.ts';

// Reads the row beside the right one.
export default platformMutant({
  id: 'secret-of-another-device',
  rule: 'RULE-18',
  replace: (device, product) =>
    [...product.devices.values()].find((other) => other !== device && other.credential === 'secret') ?? 'last-delivered',
});
