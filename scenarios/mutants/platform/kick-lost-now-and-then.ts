import { platformMutant } from '../mutant.ts';

const EACH = 200;

// Every two hundredth kick of a device is lost, and both connections live on.
export default platformMutant({
  id: 'kick-lost-now-and-then',
  rule: 'RULE-57',
  replace: (device) => (device.connects % EACH === 0 ? 'keep-both' : 'kick-older'),
});
