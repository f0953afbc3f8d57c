import { platformMutant } from '../mutant.ts';

export default platformMutant({
  id: 'switch-forbids-the-chosen',
  rule: 'RULE-45',
  replace: (issued, kept) => issued.filter((one) => one.clientId !== kept),
});
