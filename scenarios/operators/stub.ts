// The operator of a bundled platform: in this thread, or behind its operator API in another process.
import { ALPHANUMERIC, LOWER_HEX, seededRandom } from '../../kernel/random.ts';
import type { OperatorCommand, OperatorResult } from '../../platform-stub/core/operate.ts';
import { OperatorFault, type Operator } from '../engine/operator.ts';

/** Carries one command to the platform. */
export type OperatorRequest = (command: OperatorCommand) => Promise<OperatorResult>;

const SECRET_LENGTH = 16;
const KEY_LENGTH = 8;
const UNKNOWN_DEVICE = 'iot.device.NotExistedDevice';

/**
 * @param seed      product keys and secrets follow from it and from the namespace
 * @param namespace keeps products of two runs against one process apart
 */
export function stubOperator(request: OperatorRequest, seed: string, namespace: string): Operator {
  const demand = async (command: OperatorCommand): Promise<OperatorResult & { ok: true }> => {
    const result = await request(command);
    if (!result.ok) throw new OperatorFault(`${command.action}: ${result.message} (${result.code})`);
    return result;
  };
  const done = async (command: OperatorCommand): Promise<void> => {
    await demand(command);
  };
  return {
    async provideProduct(label) {
      const draw = seededRandom('product', seed, namespace, label);
      const productKey = `a1${draw.text(KEY_LENGTH, ALPHANUMERIC)}`;
      const productSecret = draw.text(SECRET_LENGTH, LOWER_HEX);
      await demand({ action: 'CreateProduct', productKey, productSecret, dynamicRegistration: true });
      return { productKey, productSecret };
    },
    deleteProduct: (productKey) => done({ action: 'DeleteProduct', productKey }),
    setDynamicRegistration: (productKey, on) => done({ action: 'X-SetDynamicRegistration', productKey, on }),
    addDevice: (productKey, deviceName, deviceSecret) =>
      done({ action: 'AddDevice', productKey, deviceName, ...(deviceSecret === undefined ? {} : { deviceSecret }) }),
    deleteDevice: (productKey, deviceName) => done({ action: 'DeleteDevice', productKey, deviceName }),
    resetThing: (productKey, deviceName) => done({ action: 'ResetThing', productKey, deviceName }),
    disable: (productKey, deviceName) => done({ action: 'DisableThing', productKey, deviceName }),
    enable: (productKey, deviceName) => done({ action: 'EnableThing', productKey, deviceName }),
    async readDevice(productKey, deviceName) {
      const result = await request({ action: 'QueryDeviceDetail', productKey, deviceName });
      if (!result.ok && result.code === UNKNOWN_DEVICE) return undefined;
      if (!result.ok || result.kind !== 'device')
        throw new OperatorFault(`QueryDeviceDetail: ${result.ok ? 'unexpected answer' : result.message}`);
      const { status, activatedAt } = result.device;
      return { status, activated: activatedAt !== null, ...(activatedAt === null ? {} : { activatedAt }) };
    },
    async clientIds(productKey, deviceName) {
      const result = await demand({ action: 'QueryClientIds', productKey, deviceName });
      return result.kind === 'client-ids' ? result.clientIds.map((one) => one.clientId) : [];
    },
    async clientIdTimes(productKey, deviceName) {
      const result = await demand({ action: 'QueryClientIds', productKey, deviceName });
      return result.kind === 'client-ids' ? result.clientIds.map((one) => one.createdAt) : [];
    },
    switchClientId: (productKey, deviceName, clientId) => done({ action: 'TransformClientId', productKey, deviceName, clientId }),
    clearClientIds: (productKey, deviceName) => done({ action: 'DeleteClientIds', productKey, deviceName }),
    setProperty: (productKey, deviceName, items) => done({ action: 'SetDeviceProperty', productKey, deviceName, items }),
  };
}
