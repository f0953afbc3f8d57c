import type { Device } from '../../../platform-stub/core/state.ts';
import { platformMutant } from '../mutant.ts';

/** How far the copy lags behind, milliseconds. */
const LAG_MS = 50;
const copies = new WeakMap<Device, { readonly at: number; readonly counted: number }>();

// Counts in a copy that is a moment old: units that come one by one meet the cap, units that come together do not.
export default platformMutant({
  id: 'cap-read-from-a-copy',
  rule: 'RULE-39',
  replace({ device, counted, now }) {
    const copy = copies.get(device);
    if (copy && now - copy.at < LAG_MS) return Math.min(copy.counted, counted) < 5;
    copies.set(device, { at: now, counted });
    return counted < 5;
  },
});
