import { platformMutant } from '../mutant.ts';

// The activation of the deleted device is taken for that of the new one.
export default platformMutant({ id: 're-added-name-is-active', rule: 'RULE-33', replace: () => 'already-active' as const });
