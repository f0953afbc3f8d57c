import { platformMutant } from '../mutant.ts';

export default platformMutant({ id: 'keep-alive-from-60', rule: 'RULE-58', replace: (keepAlive) => keepAlive >= 60 });
