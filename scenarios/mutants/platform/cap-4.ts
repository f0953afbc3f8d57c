import { platformMutant } from '../mutant.ts';

export default platformMutant({ id: 'cap-4', rule: 'RULE-39', replace: ({ device }) => device.clientIds.length < 4 });
