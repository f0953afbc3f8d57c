import { withEntry } from '../../../platform-stub/core/policy.ts';
import { sameSignature } from '../../../protocol/sign.ts';
import type { PlatformMutant } from '../mutant.ts';

const SHA256_DIGITS = 64;

// Takes every request for one by HmacSHA256, whatever it names.
const mutant: PlatformMutant = {
  id: 'sign-method-ignored',
  rule: 'RULE-01',
  policy: withEntry('RULE-04', (presented, expected) => expected.length === SHA256_DIGITS && sameSignature(presented, expected)),
};
export default mutant;
