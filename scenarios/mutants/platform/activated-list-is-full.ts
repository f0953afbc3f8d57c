import { platformMutant } from '../mutant.ts';

/** Sessions the platform has ever had when its list of activated devices is full. */
const FULL = 400;

// Of a device that connected after so many others the platform does not remember that it is active, and its name is given away again.
export default platformMutant({
  id: 'activated-list-is-full',
  rule: 'RULE-21',
  replace: (device) =>
    !(device.registration === 'registered' && device.activatedAt !== undefined) || [...device.sessions].some(({ id }) => id > FULL),
});
