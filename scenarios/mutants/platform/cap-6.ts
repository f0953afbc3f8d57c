import { platformMutant } from '../mutant.ts';

export default platformMutant({ id: 'cap-6', rule: 'RULE-39', replace: ({ device }) => device.clientIds.length < 6 });
