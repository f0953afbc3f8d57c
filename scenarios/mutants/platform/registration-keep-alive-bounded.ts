import { platformMutant } from '../mutant.ts';

// Has a registration keep to the upper bound of an ordinary connection.
export default platformMutant({ id: 'registration-keep-alive-bounded', rule: 'RULE-03', replace: (keepAlive) => keepAlive <= 1200 });
