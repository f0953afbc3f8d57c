import { platformMutant } from '../mutant.ts';
import { sessionsOfNeighbours } from '../others.ts';

export default platformMutant({
  id: 'delete-ends-a-neighbours-session',
  rule: 'RULE-32',
  replace(asked) {
    asked.end(sessionsOfNeighbours(asked));
    return 'dead';
  },
});
