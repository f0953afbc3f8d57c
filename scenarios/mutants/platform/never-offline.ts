import { platformMutant } from '../mutant.ts';

export default platformMutant({ id: 'never-offline', rule: 'RULE-56', replace: () => 'ONLINE' as const });
