import { platformMutant } from '../mutant.ts';

const MANY = 200;

// Spares only the devices that were activated first when the switch is turned off.
export default platformMutant({
  id: 'switch-forgets-the-many',
  rule: 'RULE-12',
  replace(product, device) {
    if (product.dynamicRegistration || product.devices.size <= MANY) return true;
    let before = 0;
    for (const other of product.devices.values()) {
      if (other === device) return true;
      if (other.activatedAt !== undefined && ++before >= MANY) return false;
    }
    return true;
  },
});
