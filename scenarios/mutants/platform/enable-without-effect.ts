import { platformMutant } from '../mutant.ts';

// Whatever was disabled once cannot connect any more.
export default platformMutant({
  id: 'enable-without-effect',
  rule: 'RULE-36',
  replace: (device, _asked, during) => !device.disabled && !(device.wasDisabled && during === 'sign-in'),
});
