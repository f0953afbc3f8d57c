import { withEntry } from '../../../platform-stub/core/policy.ts';
import type { PlatformMutant } from '../mutant.ts';

// Every connect moves the time of activation: the entry that sees the device then is that of RULE-12.
const mutant: PlatformMutant = {
  id: 'activation-stamped-anew',
  rule: 'RULE-56',
  policy: withEntry('RULE-12', (_product, device) => {
    if (device.activatedAt !== undefined) device.activatedAt += 1;
    return true;
  }),
};

export default mutant;
