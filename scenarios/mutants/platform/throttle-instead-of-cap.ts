import { platformMutant } from '../mutant.ts';

const WINDOW_MS = 60_000;

// Refuses whoever registers soon after another unit of the name, and forgets about it a minute later.
export default platformMutant({
  id: 'throttle-instead-of-cap',
  rule: 'RULE-39',
  replace: ({ device, now }) => device.clientIds.filter((one) => now - one.createdAt < WINDOW_MS).length < 5,
});
