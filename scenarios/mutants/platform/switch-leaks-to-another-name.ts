import { POLICY } from '../../../platform-stub/core/policy.ts';
import { platformMutant } from '../mutant.ts';

export default platformMutant({
  id: 'switch-leaks-to-another-name',
  rule: 'RULE-45',
  replace(issued, kept, of, asked) {
    for (const device of asked.product.devices.values()) if (device !== asked.device && of === 'list') device.clientIds = [];
    return POLICY['RULE-45'](issued, kept, of, asked);
  },
});
