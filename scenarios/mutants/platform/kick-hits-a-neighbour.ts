import { platformMutant } from '../mutant.ts';

// Pushes out whoever of the product came last besides the older connection itself.
export default platformMutant({
  id: 'kick-hits-a-neighbour',
  rule: 'RULE-57',
  replace({ deviceName, productKey, sessions }, live) {
    if (sessions.size === 0) return [];
    const others = [...live].filter((one) => one.role === 'device' && one.productKey === productKey && one.deviceName !== deviceName);
    return [...sessions, ...others.slice(-1)];
  },
});
