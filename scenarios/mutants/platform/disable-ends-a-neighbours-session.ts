import { POLICY } from '../../../platform-stub/core/policy.ts';
import { platformMutant } from '../mutant.ts';
import { sessionsOfNeighbours } from '../others.ts';

export default platformMutant({
  id: 'disable-ends-a-neighbours-session',
  rule: 'RULE-36',
  replace(device, asked, during) {
    if (asked && during === 'action') asked.end(sessionsOfNeighbours(asked));
    return POLICY['RULE-36'](device, asked, during);
  },
});
