import { platformMutant } from '../mutant.ts';

// A request that was refused counts against the device: whoever forges one keeps it from registering again.
export default platformMutant({
  id: 'forgeries-lock-the-name',
  rule: 'RULE-19',
  replace: (device) => device.attempts <= device.secretsIssued + 1,
});
