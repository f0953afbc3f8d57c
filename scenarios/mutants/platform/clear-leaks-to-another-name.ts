import { POLICY } from '../../../platform-stub/core/policy.ts';
import { reachingMutant } from '../neighbours.ts';

export default reachingMutant({
  id: 'clear-leaks-to-another-name',
  rule: 'RULE-46',
  replace: (devices) => (issued) => {
    for (const device of devices()) if (device.clientIds !== issued) device.clientIds = [];
    return POLICY['RULE-46'](issued);
  },
});
