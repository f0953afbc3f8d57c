import { platformMutant } from '../mutant.ts';

// Ends every session as the switch goes off; who comes back is let in.
export default platformMutant({
  id: 'switch-drops-sessions-once',
  rule: 'RULE-12',
  replace: (product, device) => product.dynamicRegistration || device.sessions.size === 0,
});
