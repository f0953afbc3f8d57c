import { platformMutant } from '../mutant.ts';

export default platformMutant({
  id: 'reset-touches-a-neighbour',
  rule: 'RULE-25',
  replace({ product }) {
    for (const device of product.devices.values()) if (device.activatedAt !== undefined) device.registration = 'unregistered';
    return 'unregistered';
  },
});
