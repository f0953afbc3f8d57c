// Undoing a run from its ledger: what is to be removed, by the run's own administrator, and what only a person can. Removing twice is
// harmless: what is gone is noted, and what is noted is left alone.
import { messageOf } from '../../kernel/errors.ts';
import { NotDone, OperatorFault, type Operator } from './operator.ts';
import type { Append, LedgerAdministrator, LedgerEntry } from './ledger.ts';

export interface Leftovers {
  readonly run: string;
  readonly target: string;
  readonly administrator: LedgerAdministrator;
  /** Products that the run made, still there as far as is known. */
  readonly products: readonly string[];
  /** Devices that it made, by adding them or by registering without. */
  readonly devices: readonly { readonly productKey: string; readonly deviceName: string }[];
  /** Products that are not the run's own, whose switch it left off. */
  readonly switchedOff: readonly string[];
  /** Sentences about what no administrator can take back. */
  readonly forGood: readonly string[];
}

/** What the entries say is left; undefined where no run begins in them. */
export function leftovers(entries: readonly LedgerEntry[]): Leftovers | undefined {
  const runs = entries.filter((one) => one.what === 'run');
  const run = runs.at(-1);
  if (!run) return undefined;
  const made = new Set<string>();
  const pending = new Set<string>();
  const devices = new Map<string, { productKey: string; deviceName: string }>();
  const taken = new Map<string, { productKey: string; deviceName: string }>();
  const switches = new Map<string, boolean>();
  const clientIds = new Map<string, number>();
  for (const entry of entries) {
    if (entry.what === 'run') continue;
    const key = 'deviceName' in entry ? `${entry.productKey} ${entry.deviceName ?? ''}` : '';
    switch (entry.what) {
      case 'product':
        pending.add(entry.case);
        break;
      case 'product-is':
        pending.delete(entry.case);
        made.add(entry.productKey);
        break;
      case 'taken':
        taken.set(key, entry);
        break;
      case 'device':
        devices.set(key, entry);
        break;
      case 'registers':
        // Only without pre-registration does a registration make a device (RULE-37).
        if (entry.mode === 'regnwl' && !taken.has(key)) devices.set(key, entry);
        break;
      case 'client-id':
        clientIds.set(key, (clientIds.get(key) ?? 0) + 1);
        break;
      case 'switch':
        switches.set(entry.productKey, entry.on);
        break;
      case 'switched-back':
        switches.delete(entry.productKey);
        break;
      case 'removed':
        if (entry.deviceName === undefined) made.delete(entry.productKey);
        else {
          devices.delete(key);
          clientIds.delete(key);
        }
        break;
      case 'acts':
        break;
    }
  }
  return {
    run: run.run,
    target: run.target,
    administrator: run.administrator,
    products: [...made],
    devices: [...devices.values()].map(({ productKey, deviceName }) => ({ productKey, deviceName })),
    switchedOff: [...switches].flatMap(([productKey, on]) => (on || made.has(productKey) ? [] : [productKey])),
    forGood: [
      ...[...pending].map((label) => `a product may have been made for ${label}: the run ended before it knew its ProductKey`),
      ...[...taken.values()].map(
        ({ productKey, deviceName }) => `${deviceName} of product ${productKey} was used, and registers again only after ResetThing`,
      ),
      ...[...clientIds].map(([key, count]) => {
        const [productKey = '', deviceName = ''] = key.split(' ');
        return `${deviceName} of product ${productKey} holds ${count} ClientID${count === 1 ? '' : 's'} of this run; Clear or deleting the device takes them`;
      }),
    ],
  };
}

export interface Cleaned {
  readonly done: readonly string[];
  /** What is left, with the reason. */
  readonly left: readonly string[];
}

/** Gone already: that is what was wanted. */
const GONE = /NotExisted(Device|Product)|InvalidIoTId/;

/** Removes what `what` lists through `operator`; `append` notes each thing that is gone. */
export async function cleanUp(what: Leftovers, operator: Operator, append: Append): Promise<Cleaned> {
  const done: string[] = [];
  const left: string[] = [];
  const attempt = async (thing: string, entry: LedgerEntry, action: () => Promise<void>): Promise<void> => {
    try {
      await action();
    } catch (error) {
      if (!(error instanceof OperatorFault)) throw error;
      if (error instanceof NotDone || !GONE.test(error.message)) {
        left.push(`${thing} (${messageOf(error)})`);
        return;
      }
    }
    append(entry);
    done.push(thing);
  };
  for (const { productKey, deviceName } of what.devices) {
    await attempt(`device ${deviceName} of product ${productKey}`, { what: 'removed', productKey, deviceName }, () =>
      operator.deleteDevice(productKey, deviceName),
    );
  }
  for (const productKey of what.products) {
    await attempt(`product ${productKey}`, { what: 'removed', productKey }, async () => {
      if (!operator.deleteProduct) throw new NotDone({ en: 'nobody here can delete a product', 'zh-CN': '此处无人能删除产品' });
      await operator.deleteProduct(productKey);
    });
  }
  for (const productKey of what.switchedOff) {
    await attempt(`Dynamic Registration of product ${productKey}, on again`, { what: 'switched-back', productKey }, () =>
      operator.setDynamicRegistration(productKey, true),
    );
  }
  return { done, left };
}

/** Everything that is left, for whoever has to remove it by hand. */
export function listOf(what: Leftovers): string[] {
  return [
    ...what.devices.map(({ productKey, deviceName }) => `device ${deviceName} of product ${productKey}`),
    ...what.products.map((productKey) => `product ${productKey}`),
    ...what.switchedOff.map((productKey) => `Dynamic Registration of product ${productKey} is off`),
  ];
}
