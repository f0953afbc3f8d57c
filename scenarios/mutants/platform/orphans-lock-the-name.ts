import { platformMutant } from '../mutant.ts';

// No further ClientID while one was issued and never used: a unit that lost its reply stays out.
export default platformMutant({
  id: 'orphans-lock-the-name',
  rule: 'RULE-39',
  replace: ({ device }) => device.clientIds.length < 5 && device.clientIds.every((one) => one.firstConnectedAt !== undefined),
});
