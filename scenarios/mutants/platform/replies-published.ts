import { platformMutant } from '../mutant.ts';

// The reply travels through the topic tree, where others may listen.
export default platformMutant({ id: 'replies-published', rule: 'RULE-05', replace: () => 'published' as const });
