import { POLICY } from '../../../platform-stub/core/policy.ts';
import { platformMutant } from '../mutant.ts';

// Looks a token up in the whole product: a unit of one name comes online as another.
export default platformMutant({
  id: 'token-of-another-name',
  rule: 'RULE-55',
  replace: (issued, token, device, product) =>
    POLICY['RULE-55'](issued, token, device, product) ??
    [...product.devices.values()]
      .flatMap((other) => other.clientIds)
      .find((one) => one.deviceToken === token && device.clientIds.length > 0),
});
