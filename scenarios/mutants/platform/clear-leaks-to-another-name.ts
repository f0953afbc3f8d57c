import { POLICY } from '../../../platform-stub/core/policy.ts';
import { platformMutant } from '../mutant.ts';

export default platformMutant({
  id: 'clear-leaks-to-another-name',
  rule: 'RULE-46',
  replace(issued, of, asked) {
    for (const device of asked.product.devices.values()) if (device !== asked.device && of === 'list') device.clientIds = [];
    return POLICY['RULE-46'](issued, of, asked);
  },
});
