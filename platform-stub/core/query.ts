// What an operator can read: products, devices, ClientIDs and the logs. Nothing here changes anything, and nothing tells a secret.
import { CLIENT_IDS_WARNING } from '../../protocol/limits.ts';
import type { Core } from './core.ts';
import type { LogEntry, LogFilter } from './log.ts';
import type { Device, DeviceStatus, Product } from './state.ts';

export type QueryCommand =
  | { readonly action: 'QueryProducts' }
  | ({ readonly action: 'QueryDevices' } & DeviceFilter)
  | { readonly action: 'QueryDeviceDetail' | 'QueryClientIds'; readonly productKey: string; readonly deviceName: string }
  /** Of the whole product, or of the DeviceNames that begin with `prefix`. */
  | { readonly action: 'QueryDeviceStatistics'; readonly productKey: string; readonly prefix?: string }
  | ({ readonly action: 'QueryLog' } & LogFilter);

export interface DeviceFilter {
  readonly productKey: string;
  /** From 1. */
  readonly page?: number;
  /** At most 200. */
  readonly pageSize?: number;
  /** Anywhere in DeviceName, nickname or a ClientID, without case. */
  readonly search?: string;
  readonly status?: DeviceStatus;
  /** Only devices with more than one ClientID: what the notice of the product page links to (RULE-42). */
  readonly multipleClientIds?: boolean;
}

export interface ProductSummary extends DeviceStatistics {
  readonly productKey: string;
  readonly productName: string;
  readonly description: string;
  readonly createdAt: number;
  readonly dynamicRegistration: boolean;
  /** Devices with more than one ClientID (RULE-42). */
  readonly multipleClientIds: number;
}

export interface DeviceDetail {
  readonly deviceName: string;
  readonly nickname: string;
  readonly iotId: string;
  readonly status: DeviceStatus;
  /** How it signs in. */
  readonly credential: 'secret' | 'token';
  readonly registration: Device['registration'];
  readonly createdAt: number;
  readonly activatedAt: number | null;
  readonly onlineAt: number | null;
  readonly offlineAt: number | null;
  /** ClientID of the current connection (RULE-43). */
  readonly clientId: string | null;
  readonly clientIdCount: number;
}

export interface ClientIdDetail {
  readonly clientId: string;
  /** When it was issued, or first connected: the option `clientIdTime` (RULE-44). */
  readonly createdAt: number;
  readonly registeredAt: number;
  readonly firstConnectedAt: number | null;
  readonly forbidden: boolean;
  readonly online: boolean;
}

export interface DeviceStatistics {
  readonly deviceCount: number;
  readonly activeCount: number;
  readonly onlineCount: number;
}

export type QueryResult =
  | { readonly ok: true; readonly kind: 'products'; readonly products: readonly ProductSummary[] }
  | {
      readonly ok: true;
      readonly kind: 'devices';
      readonly devices: readonly DeviceDetail[];
      /** Of all pages. */
      readonly total: number;
      readonly page: number;
      readonly pageSize: number;
    }
  | { readonly ok: true; readonly kind: 'device'; readonly device: DeviceDetail }
  | { readonly ok: true; readonly kind: 'client-ids'; readonly clientIds: readonly ClientIdDetail[] }
  | { readonly ok: true; readonly kind: 'statistics'; readonly statistics: DeviceStatistics }
  | { readonly ok: true; readonly kind: 'log'; readonly entries: readonly LogEntry[] };

type Failure = { readonly ok: false; readonly code: string; readonly message: string };

export const PAGE_SIZE_MAX = 200;
const PAGE_SIZE = 20;

/** Answers a query; undefined for a command that is none. */
export function query(core: Core, command: { readonly action: string }): QueryResult | Failure | undefined {
  const asked = command as QueryCommand;
  switch (asked.action) {
    case 'QueryProducts':
      return { ok: true, kind: 'products', products: [...core.state.products.values()].map((product) => summaryOf(product)) };
    case 'QueryLog':
      return { ok: true, kind: 'log', entries: core.log.query(asked) };
    case 'QueryDevices':
    case 'QueryDeviceDetail':
    case 'QueryClientIds':
    case 'QueryDeviceStatistics':
      break;
    default:
      return undefined;
  }
  const product = core.state.products.get(asked.productKey);
  if (!product) return { ok: false, code: 'iot.prod.NotExistedProduct', message: `no product ${asked.productKey}` };
  if (asked.action === 'QueryDevices') return list(core, product, asked);
  if (asked.action === 'QueryDeviceStatistics') return { ok: true, kind: 'statistics', statistics: statistics(product, asked.prefix) };
  const device = product.devices.get(asked.deviceName);
  if (!device) {
    return { ok: false, code: 'iot.device.NotExistedDevice', message: `no device ${asked.deviceName} in product ${asked.productKey}` };
  }
  return asked.action === 'QueryDeviceDetail'
    ? { ok: true, kind: 'device', device: detailOf(core, device) }
    : { ok: true, kind: 'client-ids', clientIds: device.clientIds.map((one) => clientIdDetail(core, device, one)) };
}

export function statusOf(core: Core, device: Device): DeviceStatus {
  if (!core.policy['RULE-36'](device)) return 'DISABLE';
  if (device.activatedAt !== undefined) return core.policy['RULE-56'](device.sessions.size > 0);
  return core.options.enabledStatus === 'offline' && device.wasDisabled ? 'OFFLINE' : 'UNACTIVE';
}

function detailOf(core: Core, device: Device): DeviceDetail {
  const { deviceName, nickname, iotId, credential, registration, createdAt, activatedAt, onlineAt, offlineAt, clientIds } = device;
  const current = [...device.sessions].at(-1);
  return {
    deviceName,
    nickname,
    iotId,
    status: statusOf(core, device),
    credential,
    registration,
    createdAt,
    activatedAt: activatedAt ?? null,
    onlineAt: onlineAt ?? null,
    offlineAt: offlineAt ?? null,
    clientId: current?.clientId ?? null,
    clientIdCount: clientIds.length,
  };
}

function clientIdDetail(core: Core, device: Device, one: Device['clientIds'][number]): ClientIdDetail {
  const { clientId, createdAt, firstConnectedAt, forbidden } = one;
  return {
    clientId,
    createdAt: core.options.clientIdTime === 'registered' ? createdAt : (firstConnectedAt ?? createdAt),
    registeredAt: createdAt,
    firstConnectedAt: firstConnectedAt ?? null,
    forbidden,
    online: [...device.sessions].some((session) => session.clientId === clientId),
  };
}

function list(core: Core, product: Product, filter: DeviceFilter): QueryResult {
  const page = Math.max(1, Math.floor(filter.page ?? 1));
  const pageSize = Math.min(PAGE_SIZE_MAX, Math.max(1, Math.floor(filter.pageSize ?? PAGE_SIZE)));
  const found: Device[] = [];
  for (const device of product.devices.values()) if (isWanted(core, device, filter)) found.push(device);
  const devices = found.slice((page - 1) * pageSize, page * pageSize).map((device) => detailOf(core, device));
  return { ok: true, kind: 'devices', devices, total: found.length, page, pageSize };
}

function isWanted(core: Core, device: Device, { search, status, multipleClientIds }: DeviceFilter): boolean {
  if (multipleClientIds !== undefined && hasMultipleClientIds(device) !== multipleClientIds) return false;
  if (status !== undefined && statusOf(core, device) !== status) return false;
  const wanted = search?.trim().toLowerCase() ?? '';
  if (wanted === '') return true;
  const texts = [device.deviceName, device.nickname, ...device.clientIds.map((one) => one.clientId)];
  return texts.some((text) => text.toLowerCase().includes(wanted));
}

/** RULE-42: the product page warns of these. */
function hasMultipleClientIds(device: Device): boolean {
  return device.clientIds.length >= CLIENT_IDS_WARNING;
}

function summaryOf(product: Product): ProductSummary {
  const { productKey, productName, description, createdAt, dynamicRegistration, devices } = product;
  let multipleClientIds = 0;
  for (const device of devices.values()) if (hasMultipleClientIds(device)) multipleClientIds += 1;
  return { productKey, productName, description, createdAt, dynamicRegistration, multipleClientIds, ...statistics(product) };
}

function statistics(product: Product, prefix = ''): DeviceStatistics {
  let deviceCount = 0;
  let activeCount = 0;
  let onlineCount = 0;
  for (const device of product.devices.values()) {
    if (!device.deviceName.startsWith(prefix)) continue;
    deviceCount += 1;
    if (device.activatedAt !== undefined) activeCount += 1;
    if (device.sessions.size > 0) onlineCount += 1;
  }
  return { deviceCount, activeCount, onlineCount };
}
