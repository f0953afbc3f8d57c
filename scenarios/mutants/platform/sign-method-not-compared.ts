import { withEntry } from '../../../platform-stub/core/policy.ts';
import { sameSignature } from '../../../protocol/sign.ts';
import type { PlatformMutant } from '../mutant.ts';

const HEX = /^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})$/i;

// Lets a signature through that is as long as one by another method than the one that was named.
const mutant: PlatformMutant = {
  id: 'sign-method-not-compared',
  rule: 'RULE-01',
  policy: withEntry(
    'RULE-04',
    (presented, expected) => (HEX.test(presented) && presented.length !== expected.length) || sameSignature(presented, expected),
  ),
};
export default mutant;
