import { platformMutant } from '../mutant.ts';

// A request that was refused counts as if it had been answered.
export default platformMutant({ id: 'attempts-spend-slots', rule: 'RULE-39', replace: ({ device }) => device.attempts <= 5 });
