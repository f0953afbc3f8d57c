// A DeviceName in each state that a platform could give away to somebody who has no ProductSecret.
import type { Drive } from '../../engine/case.ts';

const FIVE = [1, 2, 3, 4, 5] as const;
/** Labels of the names: `full` has its five ClientIDs, `unknown` was never heard of. */
export const STATES = ['added', 'activated', 'disabled', 'full', 'unknown'] as const;

/** Brings the names into their states; spans: `added-…`, `boots-…`, `leaves-…`, `disable`, `register-full-1` to `-5`. */
export async function namesInEachState(t: Drive): Promise<void> {
  for (const state of ['added', 'activated', 'disabled'] as const) await t.operator.addDevice(`added-${state}`, t.name(state));
  for (const state of ['activated', 'disabled'] as const) {
    const unit = t.unit(state, { mode: 'register', deviceName: t.name(state) });
    await unit.boot(`boots-${state}`);
    await unit.disconnect(`leaves-${state}`);
  }
  await t.operator.disable('disable', t.name('disabled'));
  for (const n of FIVE) {
    await t.unit(`full-${n}`, { mode: 'regnwl', deviceName: t.name('full') }).register(`register-full-${n}`);
    await t.pace();
  }
}
