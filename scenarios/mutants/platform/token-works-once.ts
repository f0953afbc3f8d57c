import { POLICY, withEntry } from '../../../platform-stub/core/policy.ts';
import type { PlatformMutant } from '../mutant.ts';

// Takes the credentials for a ticket: who leaves does not come back.
const mutant: PlatformMutant = {
  id: 'token-works-once',
  rule: 'RULE-38',
  policy: withEntry('RULE-55', (issued, token, device, product) =>
    issued?.firstConnectedAt === undefined ? POLICY['RULE-55'](issued, token, device, product) : undefined,
  ),
};

export default mutant;
