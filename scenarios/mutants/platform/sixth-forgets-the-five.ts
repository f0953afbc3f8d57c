import { platformMutant } from '../mutant.ts';

export default platformMutant({ id: 'sixth-forgets-the-five', rule: 'RULE-40', replace: () => 'forgotten' as const });
