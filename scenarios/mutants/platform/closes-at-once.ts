import { platformMutant } from '../mutant.ts';

export default platformMutant({ id: 'closes-at-once', rule: 'RULE-06', replace: () => 1_000 });
