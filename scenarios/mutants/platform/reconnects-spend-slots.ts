import { platformMutant } from '../mutant.ts';

export default platformMutant({ id: 'reconnects-spend-slots', rule: 'RULE-39', replace: ({ device }) => device.connects < 5 });
