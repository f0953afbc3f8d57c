import { platformMutant } from '../mutant.ts';

// Refuses new connections only.
export default platformMutant({
  id: 'disable-keeps-the-session',
  rule: 'RULE-36',
  replace: (device) => !device.disabled || device.sessions.size > 0,
});
