import { platformMutant } from '../mutant.ts';

export default platformMutant({ id: 'no-cap', rule: 'RULE-39', replace: () => true });
