// The whole memory of a platform as one JSON document, and back: for a stub that is started again, for pages and for tests. It holds secrets.
// Connections are not part of it: after a restart every device is offline.
import * as v from 'valibot';
import type { Core } from './core.ts';
import type { Device, Product } from './state.ts';

export const SNAPSHOT_FORMAT = 'muster-platform';
export const SNAPSHOT_VERSION = 1;

const time = v.optional(v.number());
const CLIENT_ID = v.strictObject({
  clientId: v.string(),
  deviceToken: v.string(),
  createdAt: v.number(),
  firstConnectedAt: time,
  forbidden: v.boolean(),
});
const DEVICE = v.strictObject({
  deviceName: v.string(),
  iotId: v.string(),
  createdAt: v.number(),
  nickname: v.string(),
  credential: v.picklist(['secret', 'token']),
  deviceSecret: v.string(),
  registration: v.picklist(['unregistered', 'issued', 'registered']),
  activatedAt: time,
  disabled: v.boolean(),
  wasDisabled: v.boolean(),
  pinned: v.boolean(),
  secretIsStale: v.boolean(),
  clientIds: v.array(CLIENT_ID),
  secretsIssued: v.number(),
  clientIdsIssued: v.number(),
  inheritedSlots: v.number(),
  onlineAt: time,
  offlineAt: time,
});
const PRODUCT = v.strictObject({
  productKey: v.string(),
  productSecret: v.string(),
  productName: v.string(),
  description: v.string(),
  createdAt: v.number(),
  predecessors: v.number(),
  attributes: v.record(v.string(), v.string()),
  dynamicRegistration: v.boolean(),
  verificationsSent: v.number(),
  devices: v.array(DEVICE),
  buried: v.array(v.strictObject({ deviceName: v.string(), deviceSecret: v.string(), incarnations: v.number(), slots: v.number() })),
});
const SNAPSHOT = v.strictObject({
  format: v.literal(SNAPSHOT_FORMAT),
  version: v.literal(SNAPSHOT_VERSION),
  /** When it was taken, milliseconds. */
  savedAt: v.number(),
  products: v.array(PRODUCT),
  productsMade: v.number(),
  deletedProducts: v.record(v.string(), v.number()),
});

export type Snapshot = v.InferOutput<typeof SNAPSHOT>;
type SavedDevice = v.InferOutput<typeof DEVICE>;

export type ReadSnapshot =
  | { readonly ok: true; readonly snapshot: Snapshot }
  /** `newer`: written by a later version of this program. */
  | { readonly ok: false; readonly why: 'damaged' | 'newer'; readonly message: string };

export function takeSnapshot(core: Core, now: number): Snapshot {
  const products = [...core.state.products.values()].map((product) => ({
    ...pick(product, ['productKey', 'productSecret', 'productName', 'description', 'createdAt', 'predecessors', 'attributes']),
    ...pick(product, ['dynamicRegistration', 'verificationsSent']),
    devices: [...product.devices.values()].map((device) => saved(device, now)),
    buried: [...product.buried].map(([deviceName, one]) => ({ deviceName, ...one })),
  }));
  return {
    format: SNAPSHOT_FORMAT,
    version: SNAPSHOT_VERSION,
    savedAt: now,
    products,
    productsMade: core.state.productsMade,
    deletedProducts: Object.fromEntries(core.state.deletedProducts),
  };
}

/** Reads the text of a snapshot. Values are not repeated in messages: some are secrets. */
export function readSnapshot(text: string): ReadSnapshot {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { ok: false, why: 'damaged', message: 'it is not JSON' };
  }
  const head = v.safeParse(v.object({ format: v.literal(SNAPSHOT_FORMAT), version: v.number() }), json);
  if (!head.success) return { ok: false, why: 'damaged', message: 'it is not the state of a platform' };
  const { version } = head.output;
  if (version > SNAPSHOT_VERSION) {
    return { ok: false, why: 'newer', message: `it has version ${version}, and this program reads up to ${SNAPSHOT_VERSION}` };
  }
  const parsed = v.safeParse(SNAPSHOT, json);
  if (parsed.success) return { ok: true, snapshot: parsed.output };
  return { ok: false, why: 'damaged', message: `${v.getDotPath(parsed.issues[0]) ?? 'the document'} is not what belongs there` };
}

/** Puts a snapshot in the place of what the platform knew. There must be no connections. */
export function restoreSnapshot(core: Core, snapshot: Snapshot): void {
  const { products, deletedProducts } = core.state;
  products.clear();
  deletedProducts.clear();
  core.state.productsMade = snapshot.productsMade;
  for (const [key, count] of Object.entries(snapshot.deletedProducts)) deletedProducts.set(key, count);
  for (const { devices, buried, ...product } of snapshot.products) {
    const restored: Product = {
      ...product,
      verification: undefined,
      devices: new Map(),
      buried: new Map(buried.map(({ deviceName, ...one }) => [deviceName, one])),
      randoms: new Set(),
    };
    for (const device of devices) restored.devices.set(device.deviceName, revived(product.productKey, device));
    products.set(product.productKey, restored);
  }
}

function saved(device: Device, now: number): SavedDevice {
  const { activatedAt, onlineAt, offlineAt, sessions, clientIds } = device;
  return {
    ...pick(device, ['deviceName', 'iotId', 'createdAt', 'nickname', 'credential', 'deviceSecret', 'registration', 'disabled']),
    ...pick(device, ['wasDisabled', 'pinned', 'secretIsStale', 'secretsIssued', 'clientIdsIssued', 'inheritedSlots']),
    clientIds: clientIds.map((one) => ({ ...one })),
    activatedAt,
    onlineAt,
    // Who is online now will have been until the moment of the snapshot.
    offlineAt: sessions.size > 0 ? now : offlineAt,
  };
}

function revived(productKey: string, device: SavedDevice): Device {
  return {
    ...device,
    productKey,
    activatedAt: device.activatedAt,
    onlineAt: device.onlineAt,
    offlineAt: device.offlineAt,
    clientIds: device.clientIds.map((one) => ({ ...one, firstConnectedAt: one.firstConnectedAt })),
    attempts: 0,
    connects: 0,
    address: undefined,
    recentConnects: [],
    sessions: new Set(),
  };
}

function pick<T, K extends keyof T>(from: T, keys: readonly K[]): Pick<T, K> {
  return Object.fromEntries(keys.map((key) => [key, from[key]])) as Pick<T, K>;
}
