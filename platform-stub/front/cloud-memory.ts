// What the cloud API remembers between calls: batches by their ApplyId, names it invented, and which device an IotId means.
// None of it is the platform's: a stub that is started again has forgotten the batches, not the devices.
import { ALPHANUMERIC, seededRandom } from '../../kernel/random.ts';
import type { Platform } from '../platform.ts';
import type { Device, Product } from '../core/state.ts';

/** One batch of devices, from the check of their names on (section 6.3). */
export interface Batch {
  readonly applyId: number;
  readonly productKey: string;
  status: 'CHECK_SUCCESS' | 'CHECK_FAILED' | 'CREATE_SUCCESS' | 'CREATE_FAILED';
  /** By DeviceName. */
  valid: readonly BatchDevice[];
  invalid: readonly string[];
}

export interface BatchDevice {
  readonly deviceName: string;
  readonly nickname?: string | undefined;
  readonly deviceSecret?: string | undefined;
}

const FIRST_APPLY_ID = 1_000_001;
/** Batches that are remembered; an older one is not found any more. */
const BATCHES_MAX = 1000;
const NAME_LENGTH = 20;

export class CloudMemory {
  readonly #batches = new Map<number, Batch>();
  readonly #devices = new Map<string, Device>();
  #applies = 0;
  #names = 0;

  addBatch(batch: Omit<Batch, 'applyId'>): Batch {
    const applyId = FIRST_APPLY_ID + this.#applies++;
    const added = { ...batch, applyId };
    this.#batches.set(applyId, added);
    this.#batches.delete(applyId - BATCHES_MAX);
    return added;
  }

  batch(applyId: number): Batch | undefined {
    return this.#batches.get(applyId);
  }

  /** A DeviceName that the product does not have. */
  inventName(product: Product): string {
    for (;;) {
      const name = seededRandom('cloud-device-name', product.productKey, this.#names++).text(NAME_LENGTH, ALPHANUMERIC);
      if (!product.devices.has(name)) return name;
    }
  }

  /** The living device with this IotId (RULE-32: a deleted one has none). */
  deviceOf(iotId: string, platform: Platform): Device | undefined {
    const known = this.#devices.get(iotId);
    if (known && isAlive(known, platform)) return known;
    // Devices come and go without us: the index is made anew when it does not help.
    this.#devices.clear();
    for (const product of platform.state.products.values())
      for (const device of product.devices.values()) this.#devices.set(device.iotId, device);
    return this.#devices.get(iotId);
  }
}

function isAlive(device: Device, platform: Platform): boolean {
  return platform.state.products.get(device.productKey)?.devices.get(device.deviceName) === device;
}
