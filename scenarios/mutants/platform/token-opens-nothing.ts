import { platformMutant } from '../mutant.ts';

// Issues tokens and forgets them.
export default platformMutant({ id: 'token-opens-nothing', rule: 'RULE-55', replace: () => undefined });
