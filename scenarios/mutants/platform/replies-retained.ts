import { platformMutant } from '../mutant.ts';

// Published to the topic tree and kept there: the last reply of each mode waits for whoever subscribes later.
export default platformMutant({ id: 'replies-retained', rule: 'RULE-05', replace: () => 'retained' as const });
