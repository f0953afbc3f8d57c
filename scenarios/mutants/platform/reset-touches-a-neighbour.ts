import { reachingMutant } from '../neighbours.ts';

export default reachingMutant({
  id: 'reset-touches-a-neighbour',
  rule: 'RULE-25',
  replace: (devices) => () => {
    for (const device of devices()) if (device.activatedAt !== undefined) device.registration = 'unregistered';
    return 'unregistered';
  },
});
