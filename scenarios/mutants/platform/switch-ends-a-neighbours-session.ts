import { POLICY } from '../../../platform-stub/core/policy.ts';
import { platformMutant } from '../mutant.ts';
import { sessionsOfNeighbours } from '../others.ts';

export default platformMutant({
  id: 'switch-ends-a-neighbours-session',
  rule: 'RULE-45',
  replace(issued, kept, of, asked) {
    asked.end(sessionsOfNeighbours(asked));
    return POLICY['RULE-45'](issued, kept, of, asked);
  },
});
