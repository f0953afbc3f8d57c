import { withEntry } from '../../../platform-stub/core/policy.ts';
import type { PlatformMutant } from '../mutant.ts';

// A connection that the platform ended over what its unit sent costs that unit the ClientID, and the device with it.
const mutant: PlatformMutant = {
  id: 'fault-burns-the-client-id',
  rule: 'RULE-37',
  policy: withEntry('RULE-56', (online, ended) => {
    const isFault = ended?.reason === 'Connection occurs exception';
    const used = ended?.device.clientIds.find((one) => one.clientId === ended.session.clientId);
    if (used && isFault) used.forbidden = true;
    return online ? 'ONLINE' : 'OFFLINE';
  }),
};

export default mutant;
