// What the console shows and does: products, the switch behind its code, lists, notices, times (RULE-14, 42, 43, 44).
import { describe, expect, it } from 'vitest';
import { Bench, DN, PK, type Credentials } from '../bench.testkit.ts';
import type { OperatorCommand, OperatorResult } from './operate.ts';
import type { DeviceFilter } from './query.ts';

const list = (bench: Bench, filter: Omit<DeviceFilter, 'productKey'> = {}): string[] => {
  const result = bench.operate({ action: 'QueryDevices', productKey: PK, ...filter });
  return result.ok && result.kind === 'devices' ? result.devices.map((one) => one.deviceName) : ['failed'];
};
const product = (bench: Bench): Record<string, unknown> => {
  const result = bench.operate({ action: 'QueryProducts' });
  return result.ok && result.kind === 'products' ? { ...result.products[0] } : {};
};
const turn = (bench: Bench, on: boolean, verificationCode?: string): OperatorResult =>
  bench.operate({
    action: 'X-TurnDynamicRegistration',
    productKey: PK,
    on,
    ...(verificationCode === undefined ? {} : { verificationCode }),
  });
const send = (bench: Bench): string => {
  const result = bench.operate({ action: 'X-SendVerificationCode', productKey: PK });
  return result.ok && result.kind === 'verification' ? result.code : '';
};
const why = (result: OperatorResult): string => (result.ok ? 'ok' : result.code);

describe('the switch as the console turns it (RULE-14)', () => {
  it('new products start with it off, and turning it on needs the code that was sent', () => {
    const bench = new Bench();
    const created = bench.operate({ action: 'CreateProduct' });
    expect(created).toMatchObject({
      ok: true,
      kind: 'created',
      productKey: expect.stringMatching(/^a1\w{9}$/) as string,
      productSecret: expect.stringMatching(/^\w{16}$/) as string,
    });
    const products = bench.operate({ action: 'QueryProducts' });
    expect(products.ok && products.kind === 'products' && products.products[1]?.dynamicRegistration).toBe(false);

    expect(why(turn(bench, false))).toBe('ok');
    expect(why(turn(bench, true))).toBe('X-VerificationRequired');
    const code = send(bench);
    expect(code).toMatch(/^\d{6}$/);
    expect(why(turn(bench, true, code === '000000' ? '000001' : '000000'))).toBe('X-VerificationFailed');
    expect(product(bench)['dynamicRegistration']).toBe(false);
    expect(why(turn(bench, true, code))).toBe('ok');
    expect(product(bench)['dynamicRegistration']).toBe(true);
    expect(why(turn(bench, true, code))).toBe('X-VerificationRequired');
  });

  it('a code dies after five minutes, after three wrong answers, and when another is sent', () => {
    const bench = new Bench();
    const late = send(bench);
    bench.clock.advance(5 * 60_000);
    expect(why(turn(bench, true, late))).toBe('X-VerificationRequired');
    const first = send(bench);
    const second = send(bench);
    expect(why(turn(bench, true, first))).toBe('X-VerificationFailed');
    for (let i = 0; i < 2; i++) turn(bench, true, 'wrong');
    expect(why(turn(bench, true, second))).toBe('X-VerificationRequired');
  });
});

describe('lists', () => {
  const names = Array.from({ length: 45 }, (_, i) => `meter-${String(i).padStart(4, '0')}`);

  it('pages, searches and filters by status', () => {
    const bench = new Bench().add(...names);
    bench.operate({ action: 'AddDevice', productKey: PK, deviceName: 'named-one', nickname: 'The Boiler' });
    expect(list(bench)).toEqual(names.slice(0, 20));
    expect(list(bench, { page: 3, pageSize: 20 })).toEqual([...names.slice(40), 'named-one']);
    expect(list(bench, { search: 'METER-000' })).toHaveLength(10);
    expect(list(bench, { search: 'boiler' })).toEqual(['named-one']);
    bench.signIn(bench.issue('register', 'meter-0003'), 'meter-0003');
    bench.on('DisableThing', 'meter-0004');
    expect(list(bench, { status: 'ONLINE' })).toEqual(['meter-0003']);
    expect(list(bench, { status: 'DISABLE' })).toEqual(['meter-0004']);
    expect(list(bench, { status: 'UNACTIVE', pageSize: 200 })).toHaveLength(44);
    expect(product(bench)).toMatchObject({ deviceCount: 46, activeCount: 1, onlineCount: 1 });
  });

  it('notices devices with more than one ClientID (RULE-42), names the one of the connection (RULE-43), and keeps both times (RULE-44)', () => {
    const bench = new Bench();
    const first = bench.issue('regnwl') as Extract<Credentials, { clientId: string }>;
    expect(product(bench)['multipleClientIds']).toBe(0);
    bench.clock.advance(1000);
    const second = bench.issue('regnwl') as Extract<Credentials, { clientId: string }>;
    bench.issue('regnwl', 'single-one');
    expect(product(bench)['multipleClientIds']).toBe(1);
    expect(list(bench, { multipleClientIds: true })).toEqual([DN]);
    expect(list(bench, { multipleClientIds: false })).toEqual(['single-one']);
    expect(list(bench, { search: second.clientId })).toEqual([DN]);
    bench.clock.advance(1000);
    bench.signIn(second);
    expect(bench.detail()).toMatchObject({ clientId: second.clientId, clientIdCount: 2, credential: 'token', status: 'ONLINE' });
    const start = bench.clock.now() - 2000;
    const result = bench.operate({ action: 'QueryClientIds', productKey: PK, deviceName: DN });
    expect(result.ok && result.kind === 'client-ids' && result.clientIds).toEqual([
      { clientId: first.clientId, createdAt: start, registeredAt: start, firstConnectedAt: null, forbidden: false, online: false },
      {
        clientId: second.clientId,
        createdAt: start + 1000,
        registeredAt: start + 1000,
        firstConnectedAt: start + 2000,
        forbidden: false,
        online: true,
      },
    ]);
  });
});

describe('products', () => {
  it('are renamed, and deleted only when empty', () => {
    const bench = new Bench().add(DN);
    bench.operate({ action: 'UpdateProduct', productKey: PK, productName: 'Meters', description: 'in cellars' });
    expect(product(bench)).toMatchObject({ productName: 'Meters', description: 'in cellars' });
    expect(why(bench.operate({ action: 'CreateProduct', productName: 'Meters' }))).toBe('iot.prod.AlreadyExistedProductName');
    expect(why(bench.operate({ action: 'DeleteProduct', productKey: PK }))).toBe('iot.prod.DeleteProductFailed');
    bench.on('DeleteDevice');
    expect(why(bench.operate({ action: 'DeleteProduct', productKey: PK }))).toBe('ok');
  });

  it('keys that the platform draws never meet, whatever was deleted before', () => {
    const bench = new Bench();
    const seen = new Set<string>();
    for (let round = 0; round < 20; round++) {
      const made = bench.operate({ action: 'CreateProduct' });
      if (!made.ok || made.kind !== 'created') throw new Error('not created');
      seen.add(made.productKey);
      if (round % 2 === 0) bench.operate({ action: 'DeleteProduct', productKey: made.productKey });
    }
    expect(seen.size).toBe(20);
    bench.operate({ action: 'CreateProduct', productName: 'Taken' });
    expect(why(bench.operate({ action: 'UpdateProduct', productKey: PK, productName: 'Taken' }))).toBe(
      'iot.prod.AlreadyExistedProductName',
    );
    expect(why(bench.operate({ action: 'UpdateProduct', productKey: PK, productName: PK }))).toBe('ok');
  });

  it.each<OperatorCommand>([
    { action: 'QueryDevices', productKey: 'nobody' },
    { action: 'QueryClientIds', productKey: PK, deviceName: 'nobody-1' },
    { action: 'UpdateProduct', productKey: 'nobody' },
    { action: 'SetDeviceProperty', productKey: PK, deviceName: 'nobody-1', items: {} },
  ])('what does not exist is said so: $action', (command) => {
    expect(why(new Bench().operate(command))).toMatch(/^iot\.(prod|device)\.NotExisted/);
  });

  it('every action of an operator is in the audit log, with what was wrong about it', () => {
    const bench = new Bench().add(DN);
    bench.on('DisableThing');
    bench.on('ResetThing', 'nobody-1');
    const seen = bench.platform.log.query({ book: 'audit', type: 'operator' }).map((one) => [one.operation, one.code, one.deviceName]);
    expect(seen).toEqual([
      ['ResetThing', 460, 'nobody-1'],
      ['DisableThing', 200, DN],
      ['AddDevices', 200, ''],
      ['CreateProduct', 200, ''],
    ]);
  });
});
