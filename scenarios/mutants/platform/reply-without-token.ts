import { platformMutant } from '../mutant.ts';

export default platformMutant({ id: 'reply-without-token', rule: 'RULE-38', replace: () => 'without-token' as const });
