import { POLICY, withEntry } from '../../../platform-stub/core/policy.ts';
import type { PlatformMutant } from '../mutant.ts';

// A DeviceSecret in clear opens the device where a token belongs.
const mutant: PlatformMutant = {
  id: 'secret-is-a-token',
  rule: 'RULE-20',
  policy: withEntry('RULE-55', (issued, token, device, product) =>
    token === device.deviceSecret
      ? { clientId: device.deviceName, deviceToken: token, createdAt: device.createdAt, firstConnectedAt: undefined, forbidden: false }
      : POLICY['RULE-55'](issued, token, device, product),
  ),
};

export default mutant;
