import { POLICY } from '../../../platform-stub/core/policy.ts';
import { reachingMutant } from '../neighbours.ts';

export default reachingMutant({
  id: 'switch-leaks-to-another-name',
  rule: 'RULE-45',
  replace: (devices) => (issued, kept) => {
    for (const device of devices()) if (device.clientIds !== issued) device.clientIds = [];
    return POLICY['RULE-45'](issued, kept);
  },
});
