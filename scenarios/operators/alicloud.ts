// The vendor's cloud API as an operator: which call each action is. How a call is signed and sent is alicloud.node.ts; operations and
// codes are section 6 of the protocol.
import { pause, type Clock } from '../../kernel/clock.ts';
import { codeOf, messageOf } from '../../kernel/errors.ts';
import { ALPHANUMERIC, seededRandom } from '../../kernel/random.ts';
import { NotDone, OperatorFault, type CaseProduct, type Operator } from '../engine/operator.ts';
import { oneProduct } from './shared.ts';

export interface CloudParameters {
  readonly [name: string]: string | number | boolean | undefined;
}

export interface CloudAnswer {
  readonly [field: string]: unknown;
}

/** Sends one call; operation, parameters and answer as the documents spell them. A failure is an error with `code`. */
export type CloudCall = (action: string, parameters: CloudParameters) => Promise<CloudAnswer>;

export interface CloudOptions {
  readonly call: CloudCall;
  readonly clock: Clock;
  readonly seed: string;
  readonly namespace: string;
  /** Required by instances that have an id. */
  readonly instanceId?: string | undefined;
  /** Lent to every case; undefined to make a product for each. */
  readonly product: CaseProduct | undefined;
  /** Turns the switch, for which the vendor has no call: a person. */
  readonly console?: Pick<Operator, 'setDynamicRegistration'> | undefined;
  /** The endpoint is a bundled stub, which has a call of its own for the switch. */
  readonly stub: boolean;
}

const SWITCH_CALL = 'X-SetDynamicRegistration';
const NAME_LENGTH = 12;
const FIRST_WAIT_MS = 1_000;
/** A call that is throttled is sent again this often, each time after twice the wait. */
const TRIES = 6;
const UNKNOWN_DEVICE = 'iot.device.NotExistedDevice';

/** ProductName that a run gives the product of a case; it says nothing, the description does. */
export function productName(seed: string, namespace: string, label: string): string {
  return `muster_${seededRandom('product-name', seed, namespace, label).text(NAME_LENGTH, ALPHANUMERIC)}`;
}

/** The operator behind `call`. */
export function alicloudOperator(options: CloudOptions): Operator {
  const { clock, seed, namespace } = options;
  const scope = options.instanceId === undefined ? {} : { IotInstanceId: options.instanceId };

  async function send(action: string, parameters: CloudParameters): Promise<CloudAnswer> {
    for (let tries = 1, wait = FIRST_WAIT_MS; ; tries++, wait *= 2) {
      try {
        const answer = await options.call(action, { ...scope, ...parameters });
        // Business failures come as an answer (section 6.2).
        if (answer['Success'] === false) throw businessFault(action, answer);
        return answer;
      } catch (error) {
        if (!isThrottled(error) || tries === TRIES) throw cloudFault(action, error);
        await pause(clock, wait);
      }
    }
  }
  const done = async (action: string, parameters: CloudParameters): Promise<void> => {
    await send(action, parameters);
  };
  const named = (ProductKey: string, DeviceName: string): CloudParameters => ({ ProductKey, DeviceName });
  /** Operations on ClientIDs know IotId only. */
  const iotId = async (productKey: string, deviceName: string): Promise<{ IotId: string }> => ({
    IotId: field(await send('QueryDeviceInfo', named(productKey, deviceName)), 'IotId'),
  });
  const listed = async (productKey: string, deviceName: string): Promise<readonly CloudAnswer[]> => {
    const data = dataOf(await send('QueryClientIds', await iotId(productKey, deviceName)));
    const list = data['DynamicRegClientIds'];
    // Older gateways wrap the list once more (section 6.3).
    const inner = isRecord(list) ? list['DynamicRegClientId'] : list;
    return Array.isArray(inner) ? inner.filter(isRecord) : [];
  };

  async function setDynamicRegistration(productKey: string, on: boolean): Promise<void> {
    if (options.stub) return done(SWITCH_CALL, { ProductKey: productKey, DynamicRegistration: on });
    if (options.console) return options.console.setDynamicRegistration(productKey, on);
    throw new NotDone({
      en: 'the cloud API has no call for the Dynamic Registration switch, and no person is there to turn it',
      'zh-CN': '云端 API 没有动态注册开关的接口，且没有人可以操作控制台',
    });
  }

  async function makeProduct(label: string): Promise<CaseProduct> {
    const answer = await send('CreateProduct', {
      ProductName: productName(seed, namespace, label),
      NodeType: 0,
      DataFormat: 1,
      AuthType: 'secret',
      NetType: 'WIFI',
      AliyunCommodityCode: 'iothub_senior',
      Description: `Muster run ${namespace}, ${label}`,
    });
    const product = { productKey: field(answer, 'ProductKey'), productSecret: field(answer, 'ProductSecret') };
    // New products start with the switch off (RULE-14).
    await setDynamicRegistration(product.productKey, true);
    return product;
  }

  return {
    provideProduct: options.product ? oneProduct(options.product) : makeProduct,
    deleteProduct: (ProductKey) => done('DeleteProduct', { ProductKey }),
    setDynamicRegistration,
    addDevice: (pk, name, secret) =>
      secret === undefined ? done('RegisterDevice', named(pk, name)) : done('ImportDevice', { ...named(pk, name), DeviceSecret: secret }),
    deleteDevice: (pk, name) => done('DeleteDevice', named(pk, name)),
    resetThing: (pk, name) => done('ResetThing', named(pk, name)),
    disable: (pk, name) => done('DisableThing', named(pk, name)),
    enable: (pk, name) => done('EnableThing', named(pk, name)),
    async readDevice(pk, name) {
      let data: CloudAnswer;
      try {
        data = dataOf(await send('QueryDeviceDetail', named(pk, name)));
      } catch (error) {
        if (error instanceof OperatorFault && codeOf(error) === UNKNOWN_DEVICE) return undefined;
        throw error;
      }
      const at = typeof data['UtcActive'] === 'string' && data['UtcActive'] !== '' ? Date.parse(data['UtcActive']) : Number.NaN;
      const reading = { status: String(data['Status']), activated: !Number.isNaN(at) };
      return reading.activated ? { ...reading, activatedAt: at } : reading;
    },
    clientIds: async (pk, name) => (await listed(pk, name)).map((one) => String(one['ClientId'])),
    clientIdTimes: async (pk, name) => (await listed(pk, name)).map((one) => Number(one['CreateTime'])),
    switchClientId: async (pk, name, ClientId) => done('TransformClientId', { ...(await iotId(pk, name)), ClientId }),
    clearClientIds: async (pk, name) => done('DeleteClientIds', await iotId(pk, name)),
    setProperty: (pk, name, items) => done('SetDeviceProperty', { ...named(pk, name), Items: JSON.stringify(items) }),
  };
}

/** The platform said no: that can be what a case is about, so it has a class of its own. */
class Refusal extends OperatorFault {
  readonly code: string;

  constructor(action: string, code: string, message: string) {
    super(`${action}: ${message} (${code})`);
    this.code = code;
  }
}

function businessFault(action: string, answer: CloudAnswer): OperatorFault {
  return new Refusal(action, textOf(answer['Code']), textOf(answer['ErrorMessage'] ?? answer['Message']));
}

/** A call that the gateway did not let through, or that never arrived, says nothing of the platform. */
function cloudFault(action: string, error: unknown): Error {
  if (error instanceof OperatorFault) return error;
  const code = codeOf(error);
  if (code?.startsWith('iot.')) return new Refusal(action, code, firstLine(messageOf(error)));
  return new Error(`${action} did not succeed: ${firstLine(messageOf(error))}${code === undefined ? '' : ` (${code})`}`, { cause: error });
}

function isThrottled(error: unknown): boolean {
  return codeOf(error)?.startsWith('Throttling') === true;
}

function isRecord(value: unknown): value is CloudAnswer {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function dataOf(answer: CloudAnswer): CloudAnswer {
  const data = answer['Data'];
  if (!isRecord(data)) throw new Error('the cloud API answered without Data');
  return data;
}

function field(answer: CloudAnswer, name: string): string {
  const value = dataOf(answer)[name];
  if (typeof value !== 'string' || value === '') throw new Error(`the cloud API answered without ${name}`);
  return value;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '?';
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
