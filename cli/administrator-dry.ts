// What a run would ask of the vendor's cloud API, without asking: the actions of the forecast, through the same operator, to calls that
// are only written down. Secrets are hidden.
import { ambientClock } from '../kernel/clock.ts';
import { UserError } from '../kernel/errors.ts';
import { ALPHANUMERIC, seededRandom } from '../kernel/random.ts';
import type { CaseDefinition } from '../scenarios/engine/case.ts';
import { forecastOf, readAction } from '../scenarios/engine/forecast.ts';
import { NotDone, type Operator } from '../scenarios/engine/operator.ts';
import type { CloudAnswer, CloudCall } from '../scenarios/operators/alicloud.ts';
import { openAdministration } from './administrator.ts';
import type { RemoteTarget } from './target.ts';

export interface DryRunOptions {
  readonly seed: string;
  readonly namespace: string;
}

/** What is not known before a call is made. */
const LATER = {
  ProductKey: 'PRODUCTKEY',
  ProductSecret: 'PRODUCTSECRET',
  DeviceSecret: 'DEVICESECRET',
  IotId: 'IOTID',
  Status: 'STATUS',
  ClientId: 'CLIENTID',
};
const SECRETS = /secret|token/i;
const NAME_TAG = 6;

/** The lines of a dry run: each case, then its calls in their order. */
export async function dryRun(target: RemoteTarget, cases: readonly CaseDefinition[], options: DryRunOptions): Promise<string[]> {
  if (target.administrator?.kind !== 'alicloud')
    throw new UserError('a dry run prints the calls of an administrator of kind alicloud', 'name one in the target file');
  const lines: string[] = [];
  const call: CloudCall = (action, parameters) => {
    const written = Object.entries(parameters).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}=${SECRETS.test(name) ? '***' : JSON.stringify(value)}`],
    );
    lines.push(`  ${[action, ...written].join(' ')}`);
    return Promise.resolve<CloudAnswer>({ Success: true, Data: { ...LATER, DynamicRegClientIds: [] } });
  };
  const administration = openAdministration(
    { ...target, administrator: { ...target.administrator, console: 'nobody' } },
    { ...options, clock: ambientClock(), call },
  );
  for (const { id } of cases) {
    lines.push(id);
    const tag = seededRandom('name', options.seed, options.namespace, id).text(NAME_TAG, ALPHANUMERIC);
    const operator = administration.operatorOf(id);
    let productKey = target.productKey;
    for (const one of forecastOf(id)?.actions ?? []) {
      const { action, of, times } = readAction(one);
      try {
        if (action === 'provideProduct') {
          const made = await operator.provideProduct(of === 'other' ? `${id} other` : id);
          if (of !== 'other') productKey = made.productKey;
        } else await act(operator, action, productKey, of, tag);
      } catch (error) {
        if (!(error instanceof NotDone)) throw error;
        lines.push(`  (by hand) ${one}: ${error.message}`);
        if (action === 'provideProduct' && of !== 'other') productKey = LATER.ProductKey;
      }
      if (times > 1) lines.push(`  … ${times - 1} more of these`);
    }
  }
  return lines;
}

async function act(operator: Operator, action: string, productKey: string, of: string, tag: string): Promise<void> {
  const [label = '', secret] = of.split(' ');
  const deviceName = `${label}-${tag}`;
  if (action === 'setDynamicRegistration') return operator.setDynamicRegistration(productKey, of === 'on');
  if (action === 'addDevice') return operator.addDevice(productKey, deviceName, secret && LATER.DeviceSecret);
  if (action === 'switchClientId') return operator.switchClientId(productKey, deviceName, LATER.ClientId);
  if (action === 'setProperty') return operator.setProperty?.(productKey, deviceName, {});
  await (operator as unknown as Record<string, ((...args: string[]) => Promise<unknown>) | undefined>)[action]?.(productKey, deviceName);
}
