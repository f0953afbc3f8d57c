import { platformMutant } from '../mutant.ts';

export default platformMutant({ id: 'closes-after-8-s', rule: 'RULE-06', replace: () => 8_000 });
