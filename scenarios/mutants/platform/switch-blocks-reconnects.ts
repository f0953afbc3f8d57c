import { platformMutant } from '../mutant.ts';

// Sessions live on while the switch is off, but who leaves does not come back.
export default platformMutant({
  id: 'switch-blocks-reconnects',
  rule: 'RULE-12',
  replace: (product, device) => product.dynamicRegistration || device.sessions.size > 0,
});
