import { platformMutant } from '../mutant.ts';

export default platformMutant({ id: 'never-activates', rule: 'RULE-20', replace: () => 'never' as const });
