import { platformMutant } from '../mutant.ts';

export default platformMutant({ id: 'older-connection-wins', rule: 'RULE-57', replace: () => 'older-wins' as const });
