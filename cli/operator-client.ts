// The operator of a stub in another process, over its operator API on loopback.
import { EXIT, messageOf, UserError } from '../kernel/errors.ts';
import type { OperatorCommand, OperatorResult } from '../platform-stub/core/operate.ts';
import type { OperatorRequest } from '../scenarios/operators/stub.ts';
import type { StubAdministrator } from './target.ts';

/** Names added in one request: well inside what the operator API takes. */
const BATCH = 1_000;
const UNAUTHORIZED = 401;
/** Code of the operator API for a product that does not exist. */
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

/** Adds names in batches; the first refusal is a fault. */
export async function addNames(request: OperatorRequest, productKey: string, names: readonly string[]): Promise<void> {
  for (let at = 0; at < names.length; at += BATCH) {
    const command: OperatorCommand = { action: 'AddDevices', productKey, deviceNames: names.slice(at, at + BATCH) };
    const result = await request(command);
    if (result.ok) continue;
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
