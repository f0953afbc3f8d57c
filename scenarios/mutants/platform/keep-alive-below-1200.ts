import { platformMutant } from '../mutant.ts';

export default platformMutant({
  id: 'keep-alive-below-1200',
  rule: 'RULE-58',
  replace: (keepAlive) => keepAlive >= 30 && keepAlive < 1200,
});
