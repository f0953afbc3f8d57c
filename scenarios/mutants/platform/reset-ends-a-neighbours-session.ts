import { platformMutant } from '../mutant.ts';
import { sessionsOfNeighbours } from '../others.ts';

export default platformMutant({
  id: 'reset-ends-a-neighbours-session',
  rule: 'RULE-25',
  replace(asked) {
    asked.end(sessionsOfNeighbours(asked));
    return 'unregistered';
  },
});
