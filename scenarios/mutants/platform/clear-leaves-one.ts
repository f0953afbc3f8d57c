import { platformMutant } from '../mutant.ts';

export default platformMutant({ id: 'clear-leaves-one', rule: 'RULE-46', replace: (issued) => issued.slice(0, 1) });
