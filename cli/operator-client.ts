// The operator of a stub in another process, over its operator API on loopback.
import { EXIT, messageOf, UserError } from '../kernel/errors.ts';
import type { OperatorCommand, OperatorResult } from '../platform-stub/core/operate.ts';
import type { OperatorRequest } from '../scenarios/operators/stub.ts';
import type { StubAdministrator } from './target.ts';

/** Names added in one request: well inside what the operator API takes. */
const BATCH = 1_000;
/** Devices added at the same time: a request for each. */
const AT_ONCE = 32;
const UNAUTHORIZED = 401;
/** Codes of the operator API. */
const DEVICE_EXISTS = 'iot.device.AlreadyExistedDeviceName';
const PRODUCT_UNKNOWN = 'iot.prod.NotExistedProduct';

export function operatorClient({ url, token }: Pick<StubAdministrator, 'url' | 'token'>): OperatorRequest {
  return async (command) => {
    let answer: Response;
    try {
      answer = await fetch(url, {
        method: 'POST',
        // A connection that is kept may be closed by the stub just as it is used again.
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', connection: 'close' },
        body: JSON.stringify(command),
      });
    } catch (error) {
      throw new UserError(
        `the operator of the stub does not answer at ${url} (${messageOf(error)})`,
        'is the stub still running?',
        EXIT.unreachable,
      );
    }
    if (answer.status === UNAUTHORIZED)
      throw new UserError(
        `the operator of the stub at ${url} refused the token`,
        'take the target file of the stub that is running',
        EXIT.unreachable,
      );
    if (!answer.ok) throw new Error(`the operator API answered ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as OperatorResult;
  };
}

/** A device to add; the platform makes a DeviceSecret where none is given. */
interface DeviceToAdd {
  readonly deviceName: string;
  readonly deviceSecret?: string;
}

/** Adds devices one by one, several at a time. One that is there is the same one: an earlier run of the same plan has added it. */
export async function addDevices(request: OperatorRequest, productKey: string, devices: readonly DeviceToAdd[]): Promise<void> {
  const add = async (device: DeviceToAdd): Promise<void> => {
    const result = await request({ action: 'AddDevice', productKey, ...device });
    if (result.ok || result.code === DEVICE_EXISTS) return;
    throw new UserError(
      `the platform did not add device ${device.deviceName}: ${result.message}`,
      'check the ProductKey',
      EXIT.unreachable,
    );
  };
  for (let at = 0; at < devices.length; at += AT_ONCE) await Promise.all(devices.slice(at, at + AT_ONCE).map(add));
}

/**
 * Adds names in batches; the first refusal is a fault.
 * @param known an earlier run of the same plan may have added some of them
 */
export async function addNames(request: OperatorRequest, productKey: string, names: readonly string[], known = false): Promise<void> {
  for (let at = 0; at < names.length; at += BATCH) {
    const deviceNames = names.slice(at, at + BATCH);
    const command: OperatorCommand = { action: 'AddDevices', productKey, deviceNames };
    const result = await request(command);
    if (result.ok) continue;
    if (known && result.code === DEVICE_EXISTS) {
      await addDevices(
        request,
        productKey,
        deviceNames.map((deviceName) => ({ deviceName })),
      );
      continue;
    }
    const remedy = result.code === PRODUCT_UNKNOWN ? 'check the ProductKey' : 'use a fresh --namespace';
    throw new UserError(`the platform did not add the DeviceNames: ${result.message}`, remedy, EXIT.unreachable);
  }
}

/** Devices of the product that have activated, of those whose DeviceNames begin with `prefix`. */
export async function activeCount(request: OperatorRequest, productKey: string, prefix: string): Promise<number> {
  const result = await request({ action: 'QueryDeviceStatistics', productKey, prefix });
  if (!result.ok || result.kind !== 'statistics')
    throw new UserError(`the platform has no product ${productKey}`, 'check the ProductKey', EXIT.unreachable);
  return result.statistics.activeCount;
}
