import { platformMutant } from '../mutant.ts';

// The certificate is dead, but the device stays on the list and its name is not free.
export default platformMutant({ id: 'delete-only-disables', rule: 'RULE-32', replace: () => 'listed' as const });
