import { withEntry } from '../../../platform-stub/core/policy.ts';
import { sameSignature } from '../../../protocol/sign.ts';
import type { PlatformMutant } from '../mutant.ts';

// Verifies a sign-in by the name that C SDKs write in front of the client identifier, and lets in the one of the user name.
const mutant: PlatformMutant = {
  id: 'name-from-the-identifier',
  rule: 'RULE-20',
  policy: withEntry('RULE-04', (presented, expected, { product, deviceName, clientPart, content, signedBy }) => {
    if (sameSignature(presented, expected)) return true;
    const other = product.devices.get(clientPart?.slice(product.productKey.length + 1) ?? '');
    if (!other || other.deviceName === deviceName) return false;
    const theirs = content.replace(`deviceName${deviceName}`, `deviceName${other.deviceName}`);
    return sameSignature(presented, signedBy(other.deviceSecret, theirs));
  }),
};

export default mutant;
