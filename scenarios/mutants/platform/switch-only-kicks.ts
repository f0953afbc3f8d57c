import { POLICY } from '../../../platform-stub/core/policy.ts';
import { platformMutant } from '../mutant.ts';

// Ends the sessions of the other ClientIDs and lets them come back.
export default platformMutant({
  id: 'switch-only-kicks',
  rule: 'RULE-45',
  replace: (issued, kept, of, asked) => (of === 'list' ? [...issued] : POLICY['RULE-45'](issued, kept, of, asked)),
});
