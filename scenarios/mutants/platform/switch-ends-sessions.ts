import { platformMutant } from '../mutant.ts';

export default platformMutant({ id: 'switch-ends-sessions', rule: 'RULE-12', replace: (product) => product.dynamicRegistration });
