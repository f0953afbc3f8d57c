import { platformMutant } from '../mutant.ts';

// A name that was deleted once never registers again.
export default platformMutant({ id: 're-added-name-stays-closed', rule: 'RULE-33', replace: () => 'closed-name' as const });
