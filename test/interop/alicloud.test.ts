// The administrator of kind alicloud: the vendor's own client against the cloud API of a stub that listens on this machine. What is not the
// vendor's (signatures, envelope, operations) is judged in cloud.test.ts.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dryRun } from '../../cli/administrator-dry.ts';
import { openAdministration } from '../../cli/administrator.ts';
import { openStub, type OpenStub } from '../../cli/open-stub.ts';
import { remoteRunner } from '../../cli/runners.ts';
import { chooseTarget, type RemoteTarget } from '../../cli/target.ts';
import { readLedger } from '../../cli/ledger.ts';
import { ambientClock } from '../../kernel/clock.ts';
import { casesMatching } from '../../scenarios/engine/cases.ts';
import { cleanUp, leftovers } from '../../scenarios/engine/ledger-cleanup.ts';
import { OperatorFault, type Operator } from '../../scenarios/engine/operator.ts';
import { judgeCase } from '../../scenarios/judge/judge.ts';
import { judgedClass } from '../../scenarios/engine/requirements.ts';
import { cloudHost } from '../../scenarios/operators/alicloud.node.ts';

const KEY = { id: 'testid', secret: 'testsecret-hush' };
const LONG = 90_000;
const folder = mkdtempSync(join(tmpdir(), 'muster-alicloud-'));
const kept = { ...process.env };
let stub: OpenStub;
let throttled: OpenStub;

beforeAll(async () => {
  Object.assign(process.env, { XDG_STATE_HOME: folder, MUSTER_ACCESS_KEY_ID: KEY.id, MUSTER_ACCESS_KEY_SECRET: KEY.secret });
  const open = (options: readonly string[]): Promise<OpenStub> => {
    const config = join(folder, `stub-${options.length}.yaml`);
    const product = '{ productKey: a1Muster0001, productSecret: ps0123456789abcd, dynamicRegistration: true, devices: [] }';
    writeFileSync(config, `products: [${product}]\naccessKeys: [{ id: ${KEY.id}, secret: ${KEY.secret} }]\n`);
    return openStub({ json: true, config, option: options }, { policyOf: () => Promise.reject(new Error('no mutant')) });
  };
  stub = await open([]);
  throttled = await open(['limits=vendor']);
});
afterAll(async () => {
  await stub.close();
  await throttled.close();
  for (const name of ['XDG_STATE_HOME', 'MUSTER_ACCESS_KEY_ID', 'MUSTER_ACCESS_KEY_SECRET']) delete process.env[name];
  Object.assign(process.env, kept);
  rmSync(folder, { recursive: true });
});

/** The stub as a target that is administered by its cloud API. */
function target(at: OpenStub, more = 'createProducts: true'): RemoteTarget {
  const own = readFileSync(at.target, 'utf8').replace(
    /^administrator:[\s\S]*?(?=^\w)/m,
    `administrator: { kind: alicloud, endpoint: 127.0.0.1:${at.ports.api}, ${more} }\n`,
  );
  const file = join(folder, `target-${at.ports.api}.yaml`);
  writeFileSync(file, own);
  const chosen = chooseTarget({ target: file });
  if (chosen.kind !== 'remote') throw new Error('no target');
  return chosen;
}

function operatorAt(at: OpenStub, more?: string): Operator {
  return openAdministration(target(at, more), { clock: ambientClock(), seed: '1', namespace: 'test' }).operatorOf('platform/x');
}

describe('the operator', () => {
  test('makes a product with the switch on, and follows a device through its life', async () => {
    const operator = operatorAt(stub);
    const { productKey, productSecret } = await operator.provideProduct('platform/life');
    const product = stub.platform.state.products.get(productKey);
    expect(product).toMatchObject({ productSecret, dynamicRegistration: true });
    expect(await operator.readDevice(productKey, 'unit-0001')).toBeUndefined();
    await operator.addDevice(productKey, 'unit-0001');
    await operator.addDevice(productKey, 'unit-0002', '0f48121e8cb55c65efba7e03f7000000');
    expect(product?.devices.get('unit-0002')?.deviceSecret).toBe('0f48121e8cb55c65efba7e03f7000000');
    expect(await operator.readDevice(productKey, 'unit-0001')).toEqual({ status: 'UNACTIVE', activated: false });
    await operator.disable(productKey, 'unit-0001');
    expect(await operator.readDevice(productKey, 'unit-0001')).toMatchObject({ status: 'DISABLE' });
    await operator.enable(productKey, 'unit-0001');
    await operator.setDynamicRegistration(productKey, false);
    expect(product?.dynamicRegistration).toBe(false);
    for (const name of ['unit-0001', 'unit-0002']) await operator.deleteDevice(productKey, name);
    await operator.deleteProduct?.(productKey);
    expect(stub.platform.state.products.has(productKey)).toBe(false);
  });

  test('a refusal of the platform is a fault with its code, a key that is wrong is not', async () => {
    await expect(operatorAt(stub).deleteDevice('a1Muster0001', 'nobody-0001')).rejects.toThrow(OperatorFault);
    await expect(operatorAt(stub).deleteDevice('a1Muster0001', 'nobody-0001')).rejects.toThrow(
      /^DeleteDevice: .*nobody-0001.*iot\.device\.NotExistedDevice/,
    );
    process.env.MUSTER_ACCESS_KEY_SECRET = 'another';
    const wrong = operatorAt(stub).deleteDevice('a1Muster0001', 'nobody-0001');
    process.env.MUSTER_ACCESS_KEY_SECRET = KEY.secret;
    const error = await wrong.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).not.toBeInstanceOf(OperatorFault);
    expect(String(error)).toMatch(/^Error: DeleteDevice did not succeed: .*SignatureDoesNotMatch/);
  });

  test('a call that is throttled is sent again until it gets through', async () => {
    const operator = operatorAt(throttled);
    const { productKey } = await operator.provideProduct('platform/throttled');
    await operator.addDevice(productKey, 'unit-0001');
    const asked = await Promise.all(Array.from({ length: 25 }, () => operator.clientIds(productKey, 'unit-0001')));
    expect(asked).toEqual(Array.from({ length: 25 }, () => []));
    // Ten a second are let through: without sending again most would have failed.
  }, 30_000);

  test('without leave to make products it lends the one of the target, once', async () => {
    const operator = operatorAt(stub, 'createProducts: false');
    expect(await operator.provideProduct('platform/x')).toEqual({ productKey: 'a1Muster0001', productSecret: 'ps0123456789abcd' });
    await expect(operator.provideProduct('platform/x other')).rejects.toThrow(/one product/);
  });

  test('the switch needs a person where the endpoint is the vendor', async () => {
    const calls: string[] = [];
    const vendor = {
      ...target(stub),
      administrator: { kind: 'alicloud', region: 'cn-shanghai', createProducts: false, console: 'nobody' },
    } as const;
    const administration = openAdministration(vendor, {
      clock: ambientClock(),
      seed: '1',
      namespace: 'test',
      call: (action) => {
        calls.push(action);
        return Promise.resolve({ Success: true });
      },
    });
    await expect(administration.operatorOf('platform/x').setDynamicRegistration('a1', false)).rejects.toThrow(/no call for the Dynamic/);
    expect(calls).toEqual([]);
  });

  test('a business failure that comes as an answer is a fault as well', async () => {
    const administration = openAdministration(target(stub), {
      clock: ambientClock(),
      seed: '1',
      namespace: 'test',
      call: () => Promise.resolve({ Success: false, Code: 'iot.device.InactiveDevice', ErrorMessage: 'inactive' }),
    });
    await expect(administration.operatorOf('platform/x').resetThing('a1', 'unit-0001')).rejects.toThrow(
      /^ResetThing: inactive \(iot\.device\.InactiveDevice\)$/,
    );
  });

  test('keys are asked for by name, and the API of a vendor is never asked in clear', () => {
    delete process.env.MUSTER_ACCESS_KEY_ID;
    expect(() => operatorAt(stub)).toThrow(/MUSTER_ACCESS_KEY_ID is not set/);
    process.env.MUSTER_ACCESS_KEY_ID = KEY.id;
    expect(cloudHost({ region: 'cn-shanghai' })).toEqual({ host: 'iot.cn-shanghai.aliyuncs.com', protocol: 'HTTPS', loopback: false });
    expect(() => cloudHost({ endpoint: 'http://iot.example.com' })).toThrow(/not encrypted/);
  });
});

describe('a run', () => {
  test(
    'of cases passes, leaves a ledger, and cleanup leaves nothing of it',
    async () => {
      const before = [...stub.platform.state.products.keys()];
      const runner = await remoteRunner(target(stub), { seed: '1', delayTurns: 0, namespace: 'cloud-run', allowDestructive: true });
      expect(runner.subject).toMatchObject({ kind: 'platform', administrator: 'alicloud', destructiveAllowed: true });
      for (const glob of ['platform/operator/switch-and-clear', 'platform/operator/delete-and-add', 'platform/switch/toggled']) {
        for (const definition of casesMatching(glob)) {
          const run = await runner.run(definition);
          if (run.kind !== 'ran') throw new Error(`${definition.id}: ${run.why.en}`);
          expect([definition.id, run.record.fault, judgeCase(run.record, definition.checks, judgedClass).verdict]).toEqual([
            definition.id,
            null,
            'pass',
          ]);
        }
      }
      await runner.close();
      const { entries, append } = readLedger('cloud-run');
      const what = leftovers(entries);
      expect(what?.products).toHaveLength(3);
      expect(what?.devices.length).toBeGreaterThan(3);
      if (!what) throw new Error('no run');
      const operator = operatorAt(stub);
      expect((await cleanUp(what, operator, append)).left).toEqual([]);
      expect([...stub.platform.state.products.keys()].filter((key) => !before.includes(key))).toEqual([]);
      // A second time there is nothing to do, and what was done twice by mistake is no fault.
      expect(leftovers(readLedger('cloud-run').entries)).toMatchObject({ products: [], devices: [], switchedOff: [], forGood: [] });
      expect((await cleanUp(what, operator, append)).left).toEqual([]);
    },
    LONG,
  );

  test('that is dry names the calls in their order, hides secrets, and makes none', async () => {
    const before = stub.platform.state.products.size;
    const lines = await dryRun(target(stub), casesMatching('platform/operator/delete-and-add'), { seed: '1', namespace: 'dry' });
    expect(lines[0]).toBe('platform/operator/delete-and-add');
    expect(lines.slice(1).map((line) => line.trim().split(' ')[0])).toEqual([
      ...['CreateProduct', 'X-SetDynamicRegistration', 'RegisterDevice', 'RegisterDevice', 'DeleteDevice', 'RegisterDevice'],
      ...['QueryDeviceDetail', 'QueryDeviceDetail'],
    ]);
    expect(lines[4]).toMatch(/RegisterDevice ProductKey="PRODUCTKEY" DeviceName="reused-\w{6}"/);
    const imported = await dryRun(target(stub), casesMatching('platform/prereg/console-secret'), { seed: '1', namespace: 'dry' });
    expect(imported.join('\n')).toMatch(/ImportDevice ProductKey="PRODUCTKEY" DeviceName="\S+" DeviceSecret=\*\*\*\n/);
    expect(stub.platform.state.products.size).toBe(before);
  });
});
