// DeviceNames that somebody added beforehand, where nobody can add any during the run: `DeviceName[,DeviceSecret]`, one a line, as a
// console exports them. Which are used is kept in a ledger beside the file (inventory.node.ts).
import { isDeviceName } from '../../protocol/names.ts';

export interface InventoryName {
  readonly deviceName: string;
  /** Where the list tells it; a run hides it. */
  readonly deviceSecret: string | undefined;
}

export type ParsedInventory =
  { readonly ok: true; readonly names: readonly InventoryName[] } | { readonly ok: false; readonly line: number; readonly why: string };

/** Reads the list. What is wrong is said without the line's own words: a DeviceSecret may be among them. */
export function parseInventory(text: string): ParsedInventory {
  const names: InventoryName[] = [];
  const seen = new Map<string, number>();
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  for (const [i, line] of lines.entries()) {
    const [deviceName = '', deviceSecret = '', ...more] = line.split(',').map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
    if (deviceName === '' && deviceSecret === '') continue;
    if (i === 0 && /^device ?name$/i.test(deviceName)) continue;
    const at = { ok: false, line: i + 1 } as const;
    if (more.some((cell) => cell !== '')) return { ...at, why: 'has more than DeviceName and DeviceSecret' };
    if (!isDeviceName(deviceName)) return { ...at, why: 'does not begin with a DeviceName: 4-32 letters, digits or - _ . @ :' };
    const before = seen.get(deviceName);
    if (before !== undefined) return { ...at, why: `has the DeviceName of line ${before}` };
    seen.set(deviceName, i + 1);
    names.push({ deviceName, deviceSecret: deviceSecret === '' ? undefined : deviceSecret });
  }
  return { ok: true, names };
}

/** Names of the list that no run has used. */
export function unused(names: readonly InventoryName[], used: ReadonlySet<string>): InventoryName[] {
  return names.filter(({ deviceName }) => !used.has(deviceName));
}
