import { POLICY } from '../../../platform-stub/core/policy.ts';
import { platformMutant } from '../mutant.ts';

// Draws a new DeviceSecret before it finds out that it must not deliver one.
export default platformMutant({
  id: 'refusal-rotates-secret',
  rule: 'RULE-21',
  replace: (device, asked) => {
    const permitted = POLICY['RULE-21'](device, asked);
    if (!permitted) device.deviceSecret = [...device.deviceSecret].reverse().join('');
    return permitted;
  },
});
