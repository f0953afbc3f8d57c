import { platformMutant } from '../mutant.ts';

// Ends the sessions and lets them come back.
export default platformMutant({ id: 'clear-only-kicks', rule: 'RULE-46', replace: (issued, of) => (of === 'list' ? [...issued] : []) });
