// The vendor's own npm clients against the cloud API, over HTTP on this machine: both of them, in every way that they sign.
// A package that is missing fails here; it is never skipped.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ambientClock } from '../../kernel/clock.ts';
import { credentialsOf, registration, signIn, type Connect, type Credentials } from '../../platform-stub/bench.testkit.ts';
import type { ConnectDecision } from '../../platform-stub/core/core.ts';
import { createCloudApi } from '../../platform-stub/front/cloud-api.ts';
import { Platform } from '../../platform-stub/platform.ts';

type Json = Record<string, any>; // eslint-disable-line @typescript-eslint/no-explicit-any -- read as a client without types reads it
/** One vendor client: operation and parameters as the documents spell them, the answer likewise. */
type Call = (action: string, params?: Json) => Promise<Json>;

interface Key {
  readonly id: string;
  readonly secret: string;
}

const KEY: Key = { id: 'testid', secret: 'testsecret' };
const PATIENCE_MS = 15_000;
const INSTANCE = 'iot-test0001';
/** As the API server of the stub has it: the newer client puts everything into the URL. */
const HEADER_MAX = 512 * 1024;
const require = createRequire(import.meta.url);

let platform: Platform;
let server: Server;
let port: number;
/** What the server saw of each request. */
const seen: { method: string; form: boolean; authorization: boolean; longest: number }[] = [];

beforeAll(async () => {
  platform = new Platform({ clock: ambientClock(), seed: 'test', instanceId: INSTANCE });
  const api = createCloudApi(platform, { accessKeys: [KEY], instanceId: INSTANCE });
  server = createServer({ maxHeaderSize: HEADER_MAX }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const body = Buffer.concat(chunks).toString('utf8');
      seen.push({ method, form: body !== '', authorization: headers.authorization !== undefined, longest: url.length + body.length });
      const answer = api.answer({ method, path: url, headers, body });
      response.writeHead(answer.status, answer.headers).end(answer.body);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});

afterAll(async () => {
  platform.stop();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

interface PopCore {
  readonly RPCClient: new (config: Json) => { request: (action: string, params: Json, options: Json) => Promise<Json> };
}

/** A client without a key signs nothing. */
function popCore(method: 'GET' | 'POST', key: Key | undefined): Call {
  const { RPCClient } = require('@alicloud/pop-core') as PopCore;
  const credentialsProvider = {
    getCredentials: () => Promise.resolve(key ? { accessKeyId: key.id, accessKeySecret: key.secret } : {}),
  };
  const client = new RPCClient({ credentialsProvider, endpoint: `http://127.0.0.1:${port}`, apiVersion: '2018-01-20' });
  // Its own default is 3 s, which a busy machine can miss.
  return (action, params = {}) => client.request(action, params, { method, timeout: PATIENCE_MS });
}

/** Operations that the client has a method for go through it, ours and unsigned ones through what its methods call. */
function openApi(signatureAlgorithm: 'v2' | undefined, key: Key | undefined): Call {
  const iot = require('@alicloud/iot20180120') as Json;
  const inner = createRequire(require.resolve('@alicloud/iot20180120'));
  const { Config, OpenApiRequest, Params } = inner('@alicloud/openapi-client') as Json;
  const { RuntimeOptions } = inner('@alicloud/tea-util') as Json;
  const { id, secret } = key ?? KEY;
  const config = { accessKeyId: id, accessKeySecret: secret, endpoint: `127.0.0.1:${port}`, protocol: 'HTTP', signatureAlgorithm };
  const client = new iot.default(new Config(config));
  const runtime = new RuntimeOptions({ readTimeout: PATIENCE_MS, connectTimeout: PATIENCE_MS });
  return async (action, params = {}) => {
    if (key && !action.startsWith('X-')) {
      const method = `${action.charAt(0).toLowerCase()}${action.slice(1)}WithOptions`;
      const { body } = await client[method](modelOf(iot[`${action}Request`], params), runtime);
      // What its models do not know is lost, as it is for its users.
      return (body.toMap as () => Json)();
    }
    const call = { action, version: '2018-01-20', protocol: 'HTTP', pathname: '/', method: 'POST', style: 'RPC', bodyType: 'json' };
    const { body } = await client.callApi(
      new Params({ ...call, authType: key ? 'AK' : 'Anonymous' }),
      new OpenApiRequest({ query: params }),
      runtime,
    );
    return body as Json;
  };
}

/** The client's own model of a request, which names fields in lower camel case. */
function modelOf(Model: Json, params: Json): Json {
  const names = Object.entries(Model.names() as Record<string, string>);
  const types = Model.types() as Record<string, { readonly itemType?: unknown } | string>;
  const fields = names.map(([field, name]) => {
    const value: unknown = params[name];
    const type = types[field];
    const item = typeof type === 'object' && typeof type.itemType === 'function' ? type.itemType : undefined;
    return [field, item && Array.isArray(value) ? value.map((one: Json) => modelOf(item, one)) : value];
  });
  return new (Model as unknown as new (map: Json) => Json)(Object.fromEntries(fields) as Json);
}

const CLIENTS: [name: string, open: (key?: Key) => Call][] = [
  ['pop-core, GET', (key) => popCore('GET', key)],
  ['pop-core, POST', (key) => popCore('POST', key)],
  ['iot20180120, ACS3', (key) => openApi(undefined, key)],
  ['iot20180120, v2', (key) => openApi('v2', key)],
];

/** A device as far as the platform sees it: a CONNECT on a connection of its own. */
function connect(request: Connect): { decision: ConnectDecision; hangUp: () => void; isClosed: () => boolean } {
  let closed = false;
  const session = platform.open(() => {
    closed = true;
    platform.closed(session);
  });
  const decision = platform.connect({ ...request, session });
  return { decision, hangUp: () => platform.closed(session), isClosed: () => closed };
}

describe.each(CLIENTS)('%s', (name, open) => {
  let call: Call;
  let product: { ProductKey: string; ProductSecret: string };
  const scope = { IotInstanceId: INSTANCE };
  beforeAll(async () => {
    call = open(KEY);
    const made = await call('CreateProduct', { ...scope, ProductName: `P_${CLIENTS.findIndex(([one]) => one === name)}_x`, NodeType: 0 });
    expect(made).toMatchObject({ Success: true, Data: { ProductSecret: expect.any(String) as string } });
    product = made.Data as typeof product;
    expect(made.ProductKey).toBe(product.ProductKey);
  });
  const own = (params: Json = {}): Json => ({ ...scope, ProductKey: product.ProductKey, ...params });
  /** Registers over the wire, and leaves. */
  const issue = (mode: 'register' | 'regnwl', dn: string): Credentials => {
    const { decision, hangUp } = connect(registration(mode, dn, { pk: product.ProductKey, ps: product.ProductSecret }));
    hangUp();
    return credentialsOf(decision);
  };

  it('makes a product, finds it, and changes it', async () => {
    await call('UpdateProduct', own({ ProductName: `${product.ProductKey}_b`, Description: 'a * b + c & d/ü (水)' }));
    expect((await call('QueryProduct', own())).Data).toMatchObject({
      ...{
        ProductName: `${product.ProductKey}_b`,
        Description: 'a * b + c & d/ü (水)',
        ProductSecret: product.ProductSecret,
        DeviceCount: 0,
      },
    });
    const list = await call('QueryProductList', { ...scope, CurrentPage: 1, PageSize: 200 });
    expect((list.Data.List.ProductInfo as Json[]).map((one) => one.ProductKey as string)).toContain(product.ProductKey);
  });

  it('adds a thousand devices in one batch and reads them page by page', async () => {
    const names = Array.from({ length: 1000 }, (_, i) => `batch.device@${String(i).padStart(5, '0')}:muster`);
    const check = await call('BatchCheckDeviceNames', own({ DeviceName: names }));
    expect(check).toMatchObject({ Success: true, Data: { ApplyId: expect.any(Number) as number } });
    expect(seen.at(-1)?.longest).toBeGreaterThan(30_000);
    const batch = own({ ApplyId: check.Data.ApplyId as number });
    expect((await call('QueryBatchRegisterDeviceStatus', batch)).Data.Status).toBe('CHECK_SUCCESS');
    expect((await call('BatchRegisterDeviceWithApplyId', batch)).Data.ApplyId).toBe(check.Data.ApplyId);
    const status = await call('QueryBatchRegisterDeviceStatus', batch);
    expect(status.Data).toMatchObject({ Status: 'CREATE_SUCCESS', ValidList: { Name: names } });
    const read: Json[] = [];
    for (let page = 1; page === 1 || read.length < 1000; page++) {
      const answer = await call('QueryPageByApplyId', { ...scope, ApplyId: check.Data.ApplyId as number, CurrentPage: page, PageSize: 50 });
      expect(answer).toMatchObject({ Page: page, PageCount: 20, Total: 1000 });
      read.push(...(answer.ApplyDeviceList.ApplyDeviceInfo as Json[]));
    }
    expect(read.map((one) => one.DeviceName as string)).toEqual(names);
    const device = platform.state.products.get(product.ProductKey)?.devices.get(names[999] ?? '');
    expect(read[999]).toMatchObject({ DeviceSecret: device?.deviceSecret, IotId: device?.iotId });
    const first = await call('QueryDevice', own({ PageSize: 50 }));
    expect(first).toMatchObject({ Total: 1000, PageCount: 20, NextToken: expect.any(String) as string });
    const second = await call('QueryDevice', own({ PageSize: 50, NextToken: first.NextToken as string }));
    expect((second.Data.DeviceInfo as Json[]).map((one) => one.DeviceName as string)).toEqual(names.slice(900, 950).toReversed());
    expect((await call('QueryDeviceStatistics', own())).Data).toEqual({ deviceCount: 1000, onlineCount: 0, activeCount: 0 });
  });

  it('follows a device through its life: disabled, enabled, reset, deleted', async () => {
    await call('X-SetDynamicRegistration', own({ DynamicRegistration: true }));
    const registered = await call('RegisterDevice', own({ DeviceName: 'unit-0001', Nickname: 'cellar' }));
    const { IotId, DeviceSecret } = registered.Data as Record<string, string>;
    const byName = own({ DeviceName: 'unit-0001' });
    const byId = { ...scope, IotId };
    expect(issue('register', 'unit-0001')).toEqual({ deviceSecret: DeviceSecret });
    const unit = (): Connect => signIn({ deviceSecret: DeviceSecret ?? '' }, 'unit-0001', { pk: product.ProductKey });
    const session = connect(unit());
    expect(session.decision.kind).toBe('online');
    const detail = (await call('QueryDeviceDetail', byName)).Data;
    expect(detail).toMatchObject({ IotId, DeviceSecret, Nickname: 'cellar', Status: 'ONLINE', Owner: true, NodeType: 0 });
    expect(detail.UtcCreate).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect((await call('BatchGetDeviceState', own({ DeviceName: ['unit-0001'] }))).DeviceStatusList.DeviceStatus[0]).toMatchObject({
      ...{ IotId, Status: 'ONLINE' },
    });
    expect(Math.abs(Date.now() - ((await call('GetDeviceStatus', byId)).Data.Timestamp as number))).toBeLessThan(60_000);

    const messages: unknown[] = [];
    const stop = platform.onDownlink(({ payload }) => {
      messages.push(JSON.parse(payload));
      return 'sent';
    });
    const { MessageId } = (await call('SetDeviceProperty', { ...byName, Items: '{"light":1}' })).Data as { MessageId: string };
    stop();
    expect(messages).toMatchObject([{ id: MessageId, params: { light: 1 } }]);

    await call('DisableThing', byName);
    expect([session.isClosed(), connect(unit()).decision.kind]).toEqual([true, 'refused']);
    expect((await call('QueryDeviceByStatus', own({ Status: 8, CurrentPage: 1 }))).Data.SimpleDeviceInfo).toMatchObject([{ IotId }]);
    await call('EnableThing', byId);
    expect(connect(unit()).decision.kind).toBe('online');

    const again = (): string =>
      connect(registration('register', 'unit-0001', { pk: product.ProductKey, ps: product.ProductSecret })).decision.kind;
    expect(again()).toBe('refused');
    await call('ResetThing', byName);
    expect(again()).toBe('registered');

    await call('DeleteDevice', byId);
    expect(connect(unit()).decision.kind).toBe('refused');
    expect(platform.state.products.get(product.ProductKey)?.devices.has('unit-0001')).toBe(false);
  });

  it('lists the ClientIDs of a device that nobody added, switches to one and clears them', async () => {
    await call('X-SetDynamicRegistration', own({ DynamicRegistration: true }));
    const [first, second] = [issue('regnwl', 'free-0001'), issue('regnwl', 'free-0001')] as Record<string, string>[];
    const online = [first, second].map((one) => () => connect(signIn(one as Credentials, 'free-0001', { pk: product.ProductKey })));
    const { IotId } = (await call('QueryDeviceInfo', own({ DeviceName: 'free-0001' }))).Data as Record<string, string>;
    const ids = { ...scope, IotId };
    const listed = async (): Promise<string[]> =>
      ((await call('QueryClientIds', ids)).Data.DynamicRegClientIds as Json[]).map((one) => one.ClientId as string);
    expect(await listed()).toEqual([first?.clientId, second?.clientId]);
    expect((await call('QueryClientIds', ids)).Data.DynamicRegClientIds[0].CreateTime).toBeGreaterThan(1_700_000_000_000);
    const forbidden = online[0]?.();
    expect(forbidden?.decision.kind).toBe('online');
    expect(await call('TransformClientId', { ...ids, ClientId: second?.clientId })).toMatchObject({ Success: true, Code: 'Success' });
    expect([await listed(), forbidden?.isClosed()]).toEqual([[second?.clientId], true]);
    expect(online.map((one) => one().decision.kind)).toEqual(['refused', 'online']);
    expect(await call('DeleteClientIds', ids)).toMatchObject({ Success: true, Code: 'Success' });
    expect(await listed()).toEqual([]);
    expect(online.map((one) => one().decision.kind)).toEqual(['refused', 'refused']);
  });

  it('imports a device with a secret of its own', async () => {
    const list = [{ DeviceName: 'import-0001', DeviceSecret: '0f48121e8cb55c65efba7e03f7000000', Sn: 'sn-1' }];
    const { Data } = await call('BatchImportDevice', own({ DeviceList: list }));
    expect((await call('QueryBatchRegisterDeviceStatus', own({ ApplyId: Data.ApplyId as number }))).Data.Status).toBe('CREATE_SUCCESS');
    expect((await call('QueryDeviceInfo', own({ DeviceName: 'import-0001' }))).Data.DeviceSecret).toBe(list[0]?.DeviceSecret);
  });

  it('hears of a business failure in its own way', async () => {
    const asked = call('QueryDeviceDetail', own({ DeviceName: 'nobody-0001' }));
    const code = 'iot.device.NotExistedDevice';
    if (name.startsWith('pop'))
      await expect(asked).rejects.toMatchObject({ code, message: expect.stringContaining('nobody-0001') as string });
    else expect(await asked).toMatchObject({ Success: false, Code: code, ErrorMessage: expect.stringContaining('nobody-0001') as string });
    const elsewhere = call('QueryProduct', own({ IotInstanceId: 'iot-other' }));
    if (name.startsWith('pop')) await expect(elsewhere).rejects.toMatchObject({ code: 'iot.Sre.IotInstanceNotFound' });
    else expect(await elsewhere).toMatchObject({ Code: 'iot.Sre.IotInstanceNotFound' });
  });

  it('throws when it signs wrongly, does not sign, or lacks a parameter, and nothing happens', async () => {
    const params = own({ DeviceName: 'never-0001' });
    const missed = call('QueryDeviceDetail', scope);
    await expect(missed).rejects.toMatchObject({ code: 'MissingParameter', message: expect.stringContaining('IotId') as string });
    await expect(open({ ...KEY, secret: 'guess' })('RegisterDevice', params)).rejects.toMatchObject({ code: 'SignatureDoesNotMatch' });
    await expect(open({ ...KEY, id: 'nobody' })('RegisterDevice', params)).rejects.toMatchObject({ code: 'InvalidAccessKeyId.NotFound' });
    await expect(open()('RegisterDevice', params)).rejects.toMatchObject({ code: 'MissingParameter' });
    expect(platform.state.products.get(product.ProductKey)?.devices.has('never-0001')).toBe(false);
  });
});

it('every way of signing went over the wire as it should', () => {
  const ways = new Set(
    seen.map(({ method, form, authorization }) => `${method} ${form ? 'form' : 'query'} ${authorization ? 'ACS3' : 'RPC'}`),
  );
  expect([...ways].sort()).toEqual(['GET query RPC', 'POST form RPC', 'POST query ACS3', 'POST query RPC']);
});
