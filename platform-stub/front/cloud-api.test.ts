// Whom the cloud API answers, and what each operation does and says. The vendor's own clients are in test/interop/cloud.test.ts.
import * as fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  ACS3,
  acs3Signature,
  bodyHash,
  parseParameters,
  percentEncode,
  rpcSignature,
  type CloudParameter,
} from '../../protocol/cloud-sign.ts';
import { CLOUD_CALLS_PER_SECOND, DEVICES_PER_PRODUCT } from '../../protocol/limits.ts';
import { Bench, brief, DN, PK, PS } from '../bench.testkit.ts';
import { createCloudApi, type CloudApi, type CloudRequest } from './cloud-api.ts';
import { BATCH_OPERATIONS } from './cloud-batches.ts';
import { DEVICE_OPERATIONS } from './cloud-operations.ts';
import { PRODUCT_OPERATIONS } from './cloud-products.ts';
import { OPERATOR_BODY_MAX } from './operator.ts';

const KEY = { id: 'testid', secret: 'testsecret' };
const VERSION = '2018-01-20';
type Params = Record<string, string | number>;
type Json = Record<string, any>; // eslint-disable-line @typescript-eslint/no-explicit-any -- read as a client without types reads it

let bench: Bench;
let api: CloudApi;
let nonce = 0;

function start(options: ConstructorParameters<typeof Bench>[0] = {}): void {
  bench = new Bench(options);
  api = createCloudApi(bench.platform, { accessKeys: [KEY, { id: 'other', secret: 'other-secret' }], instanceId: options.instanceId });
}
beforeEach(() => start());

const iso = (offsetMs = 0): string => new Date(bench.clock.now() + offsetMs).toISOString().replace(/\.\d+Z$/, 'Z');
const query = (parameters: readonly CloudParameter[]): string =>
  parameters.map(([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`).join('&');
const textual = (params: Params): CloudParameter[] => Object.entries(params).map(([name, value]) => [name, `${value}`]);
const send = (request: Partial<CloudRequest>): [status: number, json: Json] => {
  const answer = api.answer({ method: 'GET', path: '/', headers: {}, body: '', ...request });
  expect(answer.headers).toMatchObject({
    'Content-Type': 'application/json;charset=utf-8',
    'Content-Length': `${Buffer.byteLength(answer.body)}`,
  });
  return [answer.status, JSON.parse(answer.body) as Json];
};

interface RpcBent {
  readonly method?: string;
  readonly secret?: string;
  /** What is changed after signing; GONE leaves a parameter out. */
  readonly after?: Params;
}

/** An RPC request, rightly signed; `bent` changes parameters before that. */
function rpc(action: string, params: Params = {}, bent: Params = {}, { method = 'GET', secret = KEY.secret, after = {} }: RpcBent = {}) {
  const common = { AccessKeyId: KEY.id, Action: action, Format: 'JSON', Version: VERSION, Timestamp: iso() };
  const signing = { SignatureMethod: 'HMAC-SHA1', SignatureVersion: '1.0', SignatureNonce: `n${nonce++}` };
  const signed = textual({ ...common, ...signing, ...params, ...bent });
  const sent = { ...Object.fromEntries(signed), Signature: rpcSignature(secret, method, signed), ...after };
  const text = query(textual(sent).filter(([, value]) => value !== 'GONE'));
  return method === 'GET'
    ? { method, path: `/?${text}` }
    : { method, path: '/', body: text, headers: { 'content-type': 'application/x-www-form-urlencoded' } };
}

/** An ACS3 request, rightly signed but for `bent` headers; `unsigned` names are left out of the list. */
function acs3(
  action: string,
  params: Params = {},
  bent: Record<string, string> = {},
  { body = '', secret = KEY.secret, unsigned = '' } = {},
) {
  const headers: Record<string, string> = {
    host: '127.0.0.1:8480',
    'x-acs-action': action,
    'x-acs-content-sha256': bodyHash(body),
    'x-acs-credentials-provider': 'static_ak',
    'x-acs-date': iso(),
    'x-acs-signature-nonce': `n${nonce++}`,
    'x-acs-version': VERSION,
    ...bent,
  };
  const list = textual(params);
  const signedHeaders = Object.keys(headers).filter((name) => name !== unsigned);
  const signature = acs3Signature(secret, {
    ...{ method: 'POST', path: '/', query: list, headers: new Map(Object.entries(headers)), signedHeaders },
    payloadHash: headers['x-acs-content-sha256'] ?? '',
  });
  const authorization = `${ACS3} Credential=${KEY.id},SignedHeaders=${signedHeaders.join(';')},Signature=${signature}`;
  return { method: 'POST', path: `/?${query(list)}`, headers: { ...headers, authorization } as Record<string, string>, body };
}

/** What a call is answered with; fails unless it is a success. */
function call(action: string, params: Params = {}): Json {
  const [status, json] = send(rpc(action, params));
  expect([action, status, json.Code, json.Success]).toEqual([action, 200, 'Success', true]);
  return json;
}

/** The status and code of a call that is refused. */
function refused(action: string, params: Params = {}): string {
  const [status, json] = send(rpc(action, params));
  expect(json).toMatchObject({ Success: false, Message: expect.stringMatching(/./) as string, ErrorMessage: json.Message as string });
  return `${status} ${json.Code as string}`;
}

const codeOf = (request: Partial<CloudRequest>): string => {
  const [status, json] = send(request);
  return `${status} ${json.Code as string}`;
};
const device = { ProductKey: PK, DeviceName: DN };
const iotId = (dn = DN): string => bench.detail(dn)?.iotId ?? 'none';

describe('signatures', () => {
  const status = (request: Partial<CloudRequest>): string => codeOf(request);

  it.each(['GET', 'POST'])('RPC over %s is answered, and its parameters are what was signed', (method) => {
    bench.add(DN);
    expect(send(rpc('QueryDeviceInfo', device, {}, { method }))[1]).toMatchObject({ Success: true, Data: { DeviceName: DN } });
  });

  it('takes RPC parameters from query and form together, as the newer client in its old mode sends them', () => {
    bench.add(DN);
    const { path } = rpc('QueryDeviceInfo', device);
    const all = parseParameters(path.slice(2)).filter(([name]) => name !== 'Signature');
    const signature = rpcSignature(KEY.secret, 'POST', all);
    const [form, rest] = [all.slice(0, 3), [...all.slice(3), ['Signature', signature] as const]];
    const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
    expect(status({ method: 'POST', path: `/?${query(rest)}`, body: query(form), headers })).toBe('200 Success');
  });

  it('ACS3 is verified over the headers that it says it signed, and takes a signed form', () => {
    bench.add(DN);
    expect(status(acs3('QueryDeviceInfo', device))).toBe('200 Success');
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const request = acs3('QueryDeviceInfo', {}, form, { body: `ProductKey=${PK}&DeviceName=${DN}` });
    expect(status(request)).toBe('200 Success');
  });

  it.each<[string, string, () => Partial<CloudRequest>]>([
    ['nothing', '400 MissingParameter', () => ({ path: '/' })],
    ['no AccessKeyId', '400 MissingParameter', () => rpc('QueryDeviceInfo', device, {}, { after: { AccessKeyId: 'GONE' } })],
    ['no Signature', '400 MissingParameter', () => rpc('QueryDeviceInfo', device, {}, { after: { Signature: 'GONE' } })],
    ['no nonce', '400 MissingParameter', () => rpc('QueryDeviceInfo', device, {}, { after: { SignatureNonce: 'GONE' } })],
    ['an unknown key', '404 InvalidAccessKeyId.NotFound', () => rpc('QueryDeviceInfo', device, { AccessKeyId: 'nobody' })],
    ['the secret of another key', '400 SignatureDoesNotMatch', () => rpc('QueryDeviceInfo', device, {}, { secret: 'other-secret' })],
    ['a parameter changed', '400 SignatureDoesNotMatch', () => rpc('QueryDeviceInfo', device, {}, { after: { DeviceName: 'meter-0002' } })],
    ['a parameter added', '400 SignatureDoesNotMatch', () => rpc('QueryDeviceInfo', device, {}, { after: { IotId: 'x' } })],
    ['the action changed', '400 SignatureDoesNotMatch', () => rpc('QueryDeviceInfo', device, {}, { after: { Action: 'DeleteDevice' } })],
    ['a parameter twice', '400 InvalidParameter', () => ({ path: `${rpc('QueryDeviceInfo', device).path}&DeviceName=meter-0002` })],
    ['HMAC-SHA256', '400 InvalidParameter', () => rpc('QueryDeviceInfo', device, { SignatureMethod: 'HMAC-SHA256' })],
    ['XML', '400 InvalidParameter', () => rpc('QueryDeviceInfo', device, { Format: 'XML' })],
    ['an old time', '400 InvalidTimeStamp.Expired', () => rpc('QueryDeviceInfo', device, { Timestamp: iso(-901_000) })],
    ['a time to come', '400 InvalidTimeStamp.Expired', () => rpc('QueryDeviceInfo', device, { Timestamp: iso(902_000) })],
    ['no time', '400 InvalidTimeStamp.Format', () => rpc('QueryDeviceInfo', device, { Timestamp: 'yesterday' })],
    ['another version', '400 InvalidVersion', () => rpc('QueryDeviceInfo', device, { Version: '2017-04-20' })],
    ['an unknown action', '404 InvalidAction.NotFound', () => rpc('Explode', device)],
    ['an action of Object', '404 InvalidAction.NotFound', () => rpc('constructor', device)],
    ['broken encoding', '400 InvalidParameter', () => ({ path: '/?Action=%E4%A' })],
    ['another path', '404 InvalidAction.NotFound', () => ({ path: '/api' })],
    ['another method', '405 UnsupportedHTTPMethod', () => ({ method: 'PUT' })],
    ['a huge body', '413 RequestTooLarge', () => ({ method: 'POST', body: 'x'.repeat(OPERATOR_BODY_MAX + 1) })],
    [
      'a body that is no form',
      '400 InvalidParameter',
      () => ({ method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } }),
    ],
    ['a bearer token', '400 IncompleteSignature', () => ({ path: '/', headers: { authorization: 'Bearer x' } })],
    ['ACS3: the wrong secret', '400 SignatureDoesNotMatch', () => acs3('QueryDeviceInfo', device, {}, { secret: 'x' })],
    ['ACS3: no nonce', '400 MissingParameter', () => acs3('QueryDeviceInfo', device, { 'x-acs-signature-nonce': '' })],
    ['ACS3: an old date', '400 InvalidTimeStamp.Expired', () => acs3('QueryDeviceInfo', device, { 'x-acs-date': iso(-901_000) })],
    ['ACS3: another action', '404 InvalidAction.NotFound', () => acs3('Explode', device)],
    [
      'ACS3: a body that the signed hash is not of',
      '400 SignatureDoesNotMatch',
      () => ({
        ...acs3('QueryDeviceInfo', {}, { 'content-type': 'application/x-www-form-urlencoded' }, { body: 'ProductKey=a' }),
        body: 'ProductKey=b',
      }),
    ],
  ])('%s: %s', (_, expected, request) => {
    bench.add(DN);
    expect(status(request())).toBe(expected);
  });

  it.each(['host', 'x-acs-action', 'x-acs-content-sha256', 'x-acs-date', 'x-acs-signature-nonce', 'x-acs-version'])(
    'ACS3 has to sign %s',
    (unsigned) => {
      bench.add(DN);
      expect(status(acs3('QueryDeviceInfo', device, {}, { unsigned }))).toBe('400 IncompleteSignature');
    },
  );

  it('ACS3 may not sign a header that is not sent', () => {
    const { headers, ...request } = acs3('QueryDeviceInfo', device, { 'x-acs-extra': '' });
    const { 'x-acs-extra': _, ...sent } = headers;
    expect(status({ ...request, headers: sent })).toBe('400 IncompleteSignature');
  });

  it('a nonce serves once, whatever the scheme, and is remembered as long as it could serve again', () => {
    bench.add(DN);
    const early = rpc('QueryDeviceInfo', device, { Timestamp: iso(900_000) });
    expect([status(early), status(early)]).toEqual(['200 Success', '400 SignatureNonceUsed']);
    bench.clock.advance(1_799_000);
    expect(status(early)).toBe('400 SignatureNonceUsed');
    bench.clock.advance(3_000);
    expect(status(early)).toBe('400 InvalidTimeStamp.Expired');
    expect(status(acs3('QueryDeviceInfo', device, { 'x-acs-signature-nonce': 'shared' }))).toBe('200 Success');
    expect(status(rpc('QueryDeviceInfo', device, { SignatureNonce: 'shared' }))).toBe('400 SignatureNonceUsed');
  });

  it('a nonce under a wrong signature is not spent', () => {
    bench.add(DN);
    expect(status(rpc('QueryDeviceInfo', device, { SignatureNonce: 'mine' }, { secret: 'guess' }))).toBe('400 SignatureDoesNotMatch');
    expect(status(rpc('QueryDeviceInfo', device, { SignatureNonce: 'mine' }))).toBe('200 Success');
  });

  it('a refused call changes nothing', () => {
    bench.add(DN);
    const before = JSON.stringify(bench.platform.snapshot());
    send(rpc('DeleteDevice', device, {}, { secret: 'guess' }));
    send(acs3('DeleteDevice', device, {}, { secret: 'guess' }));
    send(rpc('DeleteDevice', device, { Timestamp: iso(-1_000_000) }));
    expect(JSON.stringify(bench.platform.snapshot())).toBe(before);
  });
});

describe('the envelope', () => {
  it('has a RequestId of its own each time, the same in every run', () => {
    const ids = (): string[] => [1, 2, 3].map(() => send({})[1].RequestId as string);
    const first = ids();
    expect(new Set(first).size).toBe(3);
    expect(first[0]).toMatch(/^[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}$/);
    start();
    expect(ids()).toEqual(first);
  });

  it('names the parameter that is missing', () => {
    expect(send(rpc('QueryProduct'))[1]).toMatchObject({
      Code: 'MissingParameter',
      Message: expect.stringContaining('"ProductKey"') as string,
    });
    expect(send(rpc('QueryDeviceDetail', { ProductKey: PK }))[1].Message).toContain('"DeviceName"');
    expect(send(rpc('QueryDeviceDetail', { DeviceName: DN }))[1].Message).toContain('"ProductKey"');
    expect(send(rpc('QueryDeviceDetail'))[1].Message).toContain('"IotId"');
    expect(send(rpc('TransformClientId', device))[1].Message).toContain('"IotId"');
  });

  it('wants the instance of the stub where both have one', () => {
    expect(call('QueryProduct', { ProductKey: PK, IotInstanceId: 'iot-any' }).Success).toBe(true);
    start({ instanceId: 'iot-test0001' });
    expect(call('QueryProduct', { ProductKey: PK, IotInstanceId: 'iot-test0001' }).Success).toBe(true);
    expect(call('QueryProduct', { ProductKey: PK }).Success).toBe(true);
    expect(refused('QueryProduct', { ProductKey: PK, IotInstanceId: 'iot-other' })).toBe('200 iot.Sre.IotInstanceNotFound');
  });

  it('enforces the published calls a second where limits are on, for each operation alone', () => {
    start({ options: { limits: 'vendor' } });
    bench.add(DN);
    const ask = (): string => codeOf(rpc('QueryClientIds', { IotId: iotId() }));
    const limit = CLOUD_CALLS_PER_SECOND.QueryClientIds as number;
    expect(Array.from({ length: limit + 1 }, ask)).toEqual([...Array<string>(limit).fill('200 Success'), '400 Throttling.User']);
    expect(codeOf(rpc('GetDeviceStatus', device))).toBe('200 Success');
    bench.clock.advance(1000);
    expect(ask()).toBe('200 Success');
    start();
    bench.add(DN);
    expect(Array.from({ length: limit + 1 }, ask).at(-1)).toBe('200 Success');
  });
});

describe('products', () => {
  it('are made, read, changed, listed and deleted', () => {
    const made = call('CreateProduct', {
      ProductName: 'Meters_2',
      NodeType: 0,
      DataFormat: 0,
      NetType: 'CELLULAR',
      Description: 'of water',
    });
    const key = made.ProductKey as string;
    expect(made.Data).toMatchObject({ ProductKey: key, ProductName: 'Meters_2', NodeType: 0, DataFormat: 0, AuthType: 'secret' });
    expect(made.Data.ProductSecret).toBe(bench.platform.state.products.get(key)?.productSecret);
    expect(bench.platform.state.products.get(key)?.dynamicRegistration).toBe(false);
    call('UpdateProduct', { ProductKey: key, ProductName: 'Meters_3' });
    expect(call('QueryProduct', { ProductKey: key }).Data).toMatchObject({
      ...{ ProductName: 'Meters_3', Description: 'of water', DeviceCount: 0, NetType: 6, GmtCreate: bench.clock.now() },
      ...{ ProductSecret: made.Data.ProductSecret as string, Owner: true, ProductStatus: 'DEVELOPMENT_STATUS' },
    });
    const list = call('QueryProductList', { CurrentPage: 1, PageSize: 1 }).Data;
    expect(list).toMatchObject({ CurrentPage: 1, PageCount: 2, PageSize: 1, Total: 2, List: { ProductInfo: [{ ProductKey: key }] } });
    expect(call('QueryProductList', { CurrentPage: 2, PageSize: 1 }).Data.List.ProductInfo[0].ProductKey).toBe(PK);
    bench.add(DN);
    expect(refused('DeleteProduct', { ProductKey: PK })).toBe('200 iot.prod.DeleteProductFailed');
    call('DeleteProduct', { ProductKey: key });
    expect(refused('QueryProduct', { ProductKey: key })).toBe('200 iot.prod.NotExistedProduct');
  });

  it.each<[string, string, Params]>([
    ['CreateProduct', '400 MissingParameter', { ProductName: 'Meters' }],
    ['CreateProduct', '200 iot.prod.InvalidFormattedProductName', { ProductName: 'abc', NodeType: 0 }],
    ['CreateProduct', '200 iot.prod.InvalidFormattedProductName', { ProductName: '<script>', NodeType: 0 }],
    ['CreateProduct', '200 iot.prod.InvalidFormattedProductName', { ProductName: '水'.repeat(16), NodeType: 0 }],
    ['CreateProduct', '200 iot.common.InvalidFormattedParameter', { ProductName: 'Meters', NodeType: 7 }],
    ['CreateProduct', '200 iot.prod.AlreadyExistedProductName', { ProductName: PK, NodeType: 0 }],
    ['QueryProductList', '200 iot.common.InvalidPageParams', { CurrentPage: 0, PageSize: 10 }],
    ['QueryProductList', '200 iot.common.InvalidPageParams', { CurrentPage: 1, PageSize: 201 }],
    ['QueryProductList', '200 iot.common.InvalidPageParams', { CurrentPage: 'x', PageSize: 10 }],
    ['QueryProductList', '400 MissingParameter', { CurrentPage: 1 }],
  ])('%s: %s', (action, expected, params) => {
    expect(refused(action, params)).toBe(expected);
  });

  it('may not take the name of another', () => {
    const { ProductKey } = call('CreateProduct', { ProductName: 'Meters', NodeType: 0 });
    expect(refused('UpdateProduct', { ProductKey: ProductKey as string, ProductName: PK })).toBe('200 iot.prod.AlreadyExistedProductName');
    call('UpdateProduct', { ProductKey: ProductKey as string, ProductName: 'Meters', Description: 'same' });
  });

  it('are listed by commodity code', () => {
    const total = (AliyunCommodityCode: string): number =>
      call('QueryProductList', { CurrentPage: 1, PageSize: 10, AliyunCommodityCode }).Data.Total as number;
    expect([total('iothub_senior'), total('iothub')]).toEqual([1, 0]);
  });

  it('have a switch under a name that is not the vendor’s (section 6.5)', () => {
    call('X-SetDynamicRegistration', { ProductKey: PK, DynamicRegistration: 'false' });
    bench.add(DN);
    expect(brief(bench.register())).toBe('4 switch-off');
    call('X-SetDynamicRegistration', { ProductKey: PK, DynamicRegistration: 'true' });
    expect(brief(bench.register())).toBe('registered');
    expect(refused('X-SetDynamicRegistration', { ProductKey: PK, DynamicRegistration: '1' })).toBe(
      '200 iot.common.InvalidFormattedParameter',
    );
  });
});

describe('one device', () => {
  it('is registered under the given name or an invented one, and imported with a given secret', () => {
    const { Data } = call('RegisterDevice', { ...device, Nickname: 'cellar' });
    expect(Data).toEqual({ ...device, DeviceSecret: expect.stringMatching(/^\w{32}$/) as string, IotId: iotId(), Nickname: 'cellar' });
    const names = [1, 2].map(() => call('RegisterDevice', { ProductKey: PK }).Data.DeviceName as string);
    expect(names.every((name) => /^[A-Za-z0-9]{20}$/.test(name)) && names[0] !== names[1]).toBe(true);
    expect(call('RegisterDevice', { ProductKey: PK, DeviceName: '' }).Data.DeviceName).toMatch(/^\w{20}$/);
    // Another API begins its inventions anew, as after a restart of the stub, and has to pass over what is there.
    api = createCloudApi(bench.platform, { accessKeys: [KEY] });
    expect(names).not.toContain(call('RegisterDevice', { ProductKey: PK }).Data.DeviceName);
    const imported = { ProductKey: PK, DeviceName: 'meter-0009', DeviceSecret: '0f48121e8cb55c65', Nickname: 'roof' };
    expect(call('ImportDevice', { ...imported, Sn: 'sn-9' }).Data).toEqual({ ...imported, IotId: iotId('meter-0009'), Sn: 'sn-9' });
    expect(call('QueryDeviceInfo', { IotId: iotId('meter-0009') }).Data).toEqual({ ...imported, IotId: iotId('meter-0009') });
  });

  it.each<[string, string, Params]>([
    ['RegisterDevice', '200 iot.prod.NotExistedProduct', { ProductKey: 'a1Nothing', DeviceName: DN }],
    ['RegisterDevice', '200 iot.device.AlreadyExistedDeviceName', device],
    ['RegisterDevice', '200 iot.device.InvalidFormattedDeviceName', { ProductKey: PK, DeviceName: 'x' }],
    ['ImportDevice', '400 MissingParameter', { ProductKey: PK, DeviceName: 'meter-0009' }],
    [
      'ImportDevice',
      '200 iot.device.InvalidFormattedDeviceSecret',
      { ProductKey: PK, DeviceName: 'meter-0009', DeviceSecret: 'tell"nobody' },
    ],
    [
      'ImportDevice',
      '200 iot.device.InvalidFormattedDeviceSecret',
      { ProductKey: PK, DeviceName: 'meter-0009', DeviceSecret: 'to nobody' },
    ],
    ['QueryDeviceDetail', '200 iot.device.NotExistedDevice', { ProductKey: PK, DeviceName: 'meter-0009' }],
    ['QueryDeviceDetail', '200 iot.device.InvalidIoTId', { ...device, IotId: 'nothing' }],
    ['SetDeviceProperty', '200 iot.common.InvalidFormattedParameter', { ...device, Items: '[1]' }],
    ['SetDeviceProperty', '200 iot.common.InvalidFormattedParameter', { ...device, Items: '{' }],
    ['SetDeviceProperty', '400 MissingParameter', device],
  ])('%s: %s', (action, expected, params) => {
    bench.add(DN);
    const answer = JSON.stringify(send(rpc(action, params)));
    expect(refused(action, params)).toBe(expected);
    expect(answer).not.toContain('nobody');
  });

  it('is told in detail, with times as the vendor writes them', () => {
    bench.add(DN);
    const unused = call('QueryDeviceDetail', device).Data;
    expect(unused).toMatchObject({
      ...device,
      Status: 'UNACTIVE',
      GmtActive: '',
      UtcActive: '',
      GmtOnline: '',
      UtcOnline: '',
      NodeType: 0,
    });
    expect(unused).toMatchObject({ UtcCreate: '2023-11-14T22:13:20.000Z', GmtCreate: '2023-11-15 06:13:20', Region: 'cn-shanghai' });
    expect(call('GetDeviceStatus', device).Data).toEqual({ Status: 'UNACTIVE' });
    bench.clock.advance(1000);
    bench.signIn(bench.issue());
    expect(call('QueryDeviceDetail', device).Data).toMatchObject({
      Status: 'ONLINE',
      UtcActive: '2023-11-14T22:13:21.000Z',
      ProductName: PK,
    });
    expect(call('GetDeviceStatus', device).Data).toEqual({ Status: 'ONLINE', Timestamp: bench.clock.now() });
    const state = { DeviceName: DN, IotId: iotId(), DeviceId: iotId(), Status: 'ONLINE', LastOnlineTime: '2023-11-14T22:13:21.000Z' };
    expect(call('BatchGetDeviceState', { ProductKey: PK, 'DeviceName.1': DN, 'DeviceName.2': 'nobody' }).DeviceStatusList).toMatchObject({
      DeviceStatus: [state],
    });
    expect(call('BatchGetDeviceState', { 'IotId.1': iotId() }).DeviceStatusList.DeviceStatus).toMatchObject([state]);
    expect(refused('BatchGetDeviceState', { ProductKey: PK })).toBe('400 MissingParameter');
    bench.clock.advance(1000);
    bench.hangUp();
    expect(call('GetDeviceStatus', { IotId: iotId() }).Data).toEqual({ Status: 'OFFLINE', Timestamp: bench.clock.now() });
  });

  it('is meant by its IotId, which wins and dies with it (RULE-32)', () => {
    bench.add(DN, 'meter-0002');
    const second = iotId('meter-0002');
    expect(call('QueryDeviceInfo', { ...device, IotId: second }).Data.DeviceName).toBe('meter-0002');
    call('DeleteDevice', { ...device, IotId: second });
    expect([bench.status(), bench.status('meter-0002')]).toEqual(['UNACTIVE', undefined]);
    bench.add('meter-0002');
    expect(refused('QueryDeviceInfo', { IotId: second })).toBe('200 iot.device.InvalidIoTId');
    expect(call('QueryDeviceInfo', { IotId: iotId('meter-0002') }).Data.DeviceName).toBe('meter-0002');
  });

  it('is disabled, enabled and reset', () => {
    bench.add(DN);
    const credentials = bench.issue();
    bench.signIn(credentials);
    call('DisableThing', device);
    expect([call('GetDeviceStatus', device).Data.Status, bench.closed.at(-1)?.reason]).toEqual(['DISABLE', 'disabled']);
    call('EnableThing', { IotId: iotId() });
    expect(brief(bench.signIn(credentials))).toBe('online');
    expect(brief(bench.register())).toBe('4 activated');
    call('ResetThing', device);
    expect(brief(bench.register())).toBe('registered');
  });

  it('is sent a property, under the id that the answer names', () => {
    bench.add(DN);
    const sent: unknown[] = [];
    bench.platform.onDownlink(({ topic, payload }) => {
      sent.push([topic, JSON.parse(payload)]);
      return 'sent';
    });
    const { MessageId } = call('SetDeviceProperty', { ...device, Items: '{"light":1}' }).Data as { MessageId: string };
    const payload = { id: MessageId, params: { light: 1 } };
    expect(sent).toMatchObject([[`/sys/${PK}/${DN}/thing/service/property/set`, payload]]);
  });

  it('has its ClientIDs told, switched and cleared', () => {
    const [first, second] = [bench.issue('regnwl'), bench.issue('regnwl')] as { clientId: string; deviceToken: string }[];
    const ids = { IotId: iotId() };
    const list = call('QueryClientIds', ids).Data;
    const at = bench.clock.now();
    expect(list).toEqual({
      ...ids,
      DynamicRegClientIds: [first, second].map((one) => ({ ClientId: one?.clientId, CreateTime: at })),
    });
    expect(refused('TransformClientId', { ...ids, ClientId: 'unknown' })).toBe('200 iot.device.NotExistedDevice');
    expect(refused('TransformClientId', ids)).toBe('400 MissingParameter');
    call('TransformClientId', { ...ids, ClientId: second?.clientId ?? '' });
    expect(bench.clientIds()).toEqual([second?.clientId]);
    call('DeleteClientIds', ids);
    expect(call('QueryClientIds', ids).Data.DynamicRegClientIds).toEqual([]);
    // It signs in with a token, so there is no secret to tell.
    expect(call('QueryDeviceInfo', ids).Data.DeviceSecret).toBe('');
  });
});

describe('many devices', () => {
  const names = Array.from({ length: 120 }, (_, i) => `unit-${String(i).padStart(4, '0')}`);
  const numbered = (list: readonly string[], rest = ''): Params =>
    Object.fromEntries(list.map((name, i) => [`${rest ? 'DeviceNameList' : 'DeviceName'}.${i + 1}${rest}`, name]));

  it('are checked, registered and read page by page', () => {
    const check = call('BatchCheckDeviceNames', { ProductKey: PK, ...numbered(names) }).Data;
    expect(check).toEqual({ ApplyId: expect.any(Number) as number });
    const batch = { ProductKey: PK, ApplyId: check.ApplyId as number };
    expect(call('QueryBatchRegisterDeviceStatus', batch).Data).toEqual({
      ...{ Status: 'CHECK_SUCCESS', ValidList: { Name: names }, InvalidList: { Name: [] } },
    });
    expect(call('QueryPageByApplyId', batch).Total).toBe(0);
    expect(call('BatchRegisterDeviceWithApplyId', batch).Data).toEqual({ ApplyId: check.ApplyId as number });
    expect(call('QueryBatchRegisterDeviceStatus', batch).Data).toMatchObject({ Status: 'CREATE_SUCCESS', ValidList: { Name: names } });
    const pages = [1, 2, 3, 4].map((CurrentPage) => call('QueryPageByApplyId', { ApplyId: check.ApplyId, CurrentPage, PageSize: 50 }));
    expect(pages[0]).toMatchObject({ Page: 1, PageCount: 3, PageSize: 50, Total: 120 });
    const all = pages.flatMap((one) => one.ApplyDeviceList.ApplyDeviceInfo as Json[]);
    expect(all.map((one) => one.DeviceName as string)).toEqual(names);
    const one = bench.platform.state.products.get(PK)?.devices.get('unit-0007');
    expect(all[7]).toMatchObject({ DeviceSecret: one?.deviceSecret, IotId: one?.iotId });
    expect(refused('BatchRegisterDeviceWithApplyId', batch)).toBe('200 iot.device.IncorrentDeviceApplyInfo');
  });

  it('may have nicknames', () => {
    const list = { ...numbered(names.slice(0, 2), '.DeviceName'), 'DeviceNameList.2.DeviceNickname': 'cellar' };
    const { ApplyId } = call('BatchCheckDeviceNames', { ProductKey: PK, ...list }).Data as { ApplyId: number };
    call('BatchRegisterDeviceWithApplyId', { ProductKey: PK, ApplyId });
    expect(['unit-0000', 'unit-0001'].map((name) => bench.detail(name)?.nickname)).toEqual(['', 'cellar']);
  });

  it('are told apart when some names will not do, and none is registered', () => {
    bench.add('unit-0001');
    const given = numbered(['unit-0000', 'unit-0001', 'x', 'unit-0000']);
    const check = call('BatchCheckDeviceNames', { ProductKey: PK, ...given }).Data;
    expect(check.InvalidDeviceNameList.InvalidDeviceName).toEqual(['x', 'unit-0001', 'unit-0000']);
    const batch = { ProductKey: PK, ApplyId: check.ApplyId as number };
    expect(call('QueryBatchRegisterDeviceStatus', batch).Data.Status).toBe('CHECK_FAILED');
    expect(refused('BatchRegisterDeviceWithApplyId', batch)).toBe('200 iot.device.IncorrentDeviceApplyInfo');
    expect(bench.status('unit-0000')).toBeUndefined();
  });

  it('that were taken between check and registration are told as invalid', () => {
    const { ApplyId } = call('BatchCheckDeviceNames', { ProductKey: PK, ...numbered(['unit-0000', 'unit-0001']) }).Data as Json;
    bench.add('unit-0001');
    call('BatchRegisterDeviceWithApplyId', { ProductKey: PK, ApplyId: ApplyId as number });
    expect(call('QueryBatchRegisterDeviceStatus', { ProductKey: PK, ApplyId: ApplyId as number }).Data).toEqual({
      ...{ Status: 'CREATE_SUCCESS', ValidList: { Name: ['unit-0000'] }, InvalidList: { Name: ['unit-0001'] } },
    });
  });

  it('that were all taken since are a batch that failed; what was only checked is never read as registered', () => {
    const { ApplyId } = call('BatchCheckDeviceNames', { ProductKey: PK, ...numbered(['unit-0000']) }).Data as { ApplyId: number };
    bench.add('unit-0000');
    expect(call('QueryPageByApplyId', { ApplyId }).Total).toBe(0);
    call('BatchRegisterDeviceWithApplyId', { ProductKey: PK, ApplyId });
    expect(call('QueryBatchRegisterDeviceStatus', { ProductKey: PK, ApplyId }).Data.Status).toBe('CREATE_FAILED');
  });

  it('are a batch of their product only, and of the last thousand', () => {
    const { ApplyId } = call('BatchRegisterDevice', { ProductKey: PK, Count: 1 }).Data as { ApplyId: number };
    const { ProductKey } = call('CreateProduct', { ProductName: 'Others', NodeType: 0 }) as { ProductKey: string };
    expect(refused('QueryBatchRegisterDeviceStatus', { ProductKey, ApplyId })).toBe('200 iot.device.DeviceApplyIsNotFound');
    for (let i = 0; i < 999; i++) call('BatchRegisterDevice', { ProductKey, Count: 1 });
    expect(call('QueryPageByApplyId', { ApplyId }).Total).toBe(1);
    call('BatchRegisterDevice', { ProductKey, Count: 1 });
    expect(refused('QueryPageByApplyId', { ApplyId })).toBe('200 iot.device.DeviceApplyIsNotFound');
  });

  it('that a product has no room for are refused together, where limits are on', () => {
    start({ options: { limits: 'vendor' } });
    const devices = bench.platform.state.products.get(PK)?.devices;
    if (devices) Object.defineProperty(devices, 'size', { value: DEVICES_PER_PRODUCT - 1 });
    const list = { ...numbered(['unit-0000', 'unit-0001'], '.DeviceName'), 'DeviceNameList.1.DeviceNickname': 'cellar' };
    const { ApplyId } = call('BatchCheckDeviceNames', { ProductKey: PK, ...list }).Data as { ApplyId: number };
    expect(refused('BatchRegisterDeviceWithApplyId', { ProductKey: PK, ApplyId })).toBe('200 iot.device.DeviceCountExceeded');
    expect(bench.status('unit-0000')).toBeUndefined();
  });

  it('get invented names where only their count is given', () => {
    const { ApplyId } = call('BatchRegisterDevice', { ProductKey: PK, Count: 30 }).Data as { ApplyId: number };
    expect(call('QueryPageByApplyId', { ApplyId, PageSize: 50 })).toMatchObject({ Total: 30 });
    expect(bench.platform.state.products.get(PK)?.devices.size).toBe(30);
  });

  it('are imported with their secrets, all or none', () => {
    const list = { 'DeviceList.1.DeviceName': 'unit-0000', 'DeviceList.1.DeviceSecret': '0f48121e8cb55c65', 'DeviceList.1.Sn': 'sn' };
    const bad = { 'DeviceList.2.DeviceName': 'unit-0001', 'DeviceList.2.DeviceSecret': 'tell"nobody' };
    const failed = call('BatchImportDevice', { ProductKey: PK, ...list, ...bad });
    expect(failed.Data.InvalidDeviceSecretList.InvalidDeviceSecret).toEqual(['unit-0001']);
    expect([JSON.stringify(failed).includes('nobody'), bench.status('unit-0000')]).toEqual([false, undefined]);
    const { Data } = call('BatchImportDevice', { ProductKey: PK, ...list });
    expect(call('QueryBatchRegisterDeviceStatus', { ProductKey: PK, ApplyId: Data.ApplyId as number }).Data.Status).toBe('CREATE_SUCCESS');
    expect(call('QueryDeviceInfo', { ProductKey: PK, DeviceName: 'unit-0000' }).Data.DeviceSecret).toBe('0f48121e8cb55c65');
  });

  it.each<[string, string, Params]>([
    ['BatchCheckDeviceNames', '200 iot.device.NoneDeviceNameElement', { ProductKey: PK }],
    ['BatchRegisterDevice', '200 iot.device.ApplyManyDevicesFailed', { ProductKey: PK, Count: 10_001 }],
    ['BatchRegisterDevice', '200 iot.common.InvalidFormattedParameter', { ProductKey: PK, Count: -1 }],
    ['BatchRegisterDeviceWithApplyId', '200 iot.device.DeviceApplyIsNotFound', { ProductKey: PK, ApplyId: 7 }],
    ['QueryPageByApplyId', '200 iot.device.InvalidFormattedApplyId', { ApplyId: 'x' }],
    ['QueryPageByApplyId', '400 MissingParameter', {}],
    ['BatchImportDevice', '400 MissingParameter', { ProductKey: PK }],
    ['QueryDevice', '200 iot.common.InvalidPageParams', { ProductKey: PK, PageSize: 51 }],
    ['BatchGetDeviceState', '200 iot.common.InvalidFormattedParameter', { ProductKey: PK, ...numbered(names.slice(0, 51)) }],
    ['QueryDevice', '200 iot.common.InvalidPageParams', { ProductKey: PK, NextToken: 'forged' }],
    ['QueryDeviceByStatus', '200 iot.common.InvalidFormattedParameter', { ProductKey: PK, Status: 2 }],
  ])('%s: %s', (action, expected, params) => {
    expect(refused(action, params)).toBe(expected);
  });

  it('are listed newest first, by page or by token, and a walk survives deletions', () => {
    bench.add(...names);
    const listed = (params: Params): Json => call('QueryDevice', { ProductKey: PK, PageSize: 50, ...params });
    const namesOf = (json: Json): string[] => (json.Data.DeviceInfo as Json[]).map((one) => one.DeviceName as string);
    expect(listed({ CurrentPage: 3 })).toMatchObject({ Page: 3, PageCount: 3, PageSize: 50, Total: 120 });
    expect([1, 2, 3, 4].flatMap((CurrentPage) => namesOf(listed({ CurrentPage })))).toEqual(names.toReversed());
    const [info] = listed({}).Data.DeviceInfo as Json[];
    expect(info).toMatchObject({ DeviceName: 'unit-0119', DeviceStatus: 'UNACTIVE', UtcCreate: '2023-11-14T22:13:20.000Z' });
    const walked: string[] = [];
    for (let token: string | undefined = ''; token !== undefined;) {
      const page: Json = listed(token === '' ? {} : { NextToken: token });
      walked.push(...namesOf(page));
      for (const name of namesOf(page)) call('DeleteDevice', { ProductKey: PK, DeviceName: name });
      token = page.NextToken as string | undefined;
    }
    expect(walked).toEqual(names.toReversed());
  });

  it('are listed beyond ten thousand by token only, where limits are on', () => {
    const far = { ProductKey: PK, CurrentPage: 201, PageSize: 50 };
    expect(call('QueryDevice', far)).toMatchObject({ Page: 201, Total: 0, Data: { DeviceInfo: [] } });
    start({ options: { limits: 'vendor' } });
    expect(refused('QueryDevice', far)).toBe('200 iot.common.InvalidPageParams');
    expect(call('QueryDevice', { ...far, CurrentPage: 200 })).toMatchObject({ Page: 200 });
  });

  it('are counted, and found by status', () => {
    bench.add('unit-0000', 'unit-0001', 'unit-0002');
    bench.signIn(bench.issue('register', 'unit-0000'), 'unit-0000');
    bench.on('DisableThing', 'unit-0002');
    const byStatus = (Status: number): string[] =>
      (call('QueryDeviceByStatus', { ProductKey: PK, Status }).Data.SimpleDeviceInfo as Json[]).map((one) => one.DeviceName as string);
    expect([0, 1, 3, 8].map(byStatus)).toEqual([['unit-0001'], ['unit-0000'], [], ['unit-0002']]);
    const counted = { deviceCount: 3, onlineCount: 1, activeCount: 1 };
    expect([call('QueryDeviceStatistics', { ProductKey: PK }).Data, call('QueryDeviceStatistics').Data]).toEqual([counted, counted]);
  });
});

describe('secrets', () => {
  it('are in no refusal and in no log', () => {
    bench.add(DN);
    const secrets = [PS, KEY.secret, bench.platform.state.products.get(PK)?.devices.get(DN)?.deviceSecret ?? 'none', 'chosen-secret-0001'];
    const own = { ...device, DeviceSecret: 'chosen-secret-0001' };
    const said = [
      rpc('ImportDevice', own),
      rpc('ImportDevice', own, {}, { secret: 'guess' }),
      rpc('ImportDevice', own, { Timestamp: iso(-1_000_000) }),
      rpc('ImportDevice', { ...own, IotInstanceId: 'x', DeviceName: 'x' }),
      acs3('ImportDevice', own, {}, { secret: 'guess' }),
    ].map((request) => JSON.stringify(send(request)));
    const log = JSON.stringify(bench.platform.log.query({}));
    for (const text of [...said, log]) for (const secret of secrets) expect(text).not.toContain(secret);
  });
});

describe('whatever is sent', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('', '0', '1', '-1', '1e9', '9'.repeat(20), 'null', '[]', '__proto__'),
  );
  const name = fc.oneof(
    fc.constantFrom('ProductKey', 'DeviceName', 'IotId', 'ApplyId', 'ClientId', 'Count', 'Status', 'Items', 'CurrentPage', 'PageSize'),
    fc.constantFrom('NextToken', 'NodeType', 'ProductName', 'DataFormat', 'DeviceSecret', 'DeviceName.1', 'DeviceList.1.DeviceName'),
    text,
  );

  it('unsigned is refused, and never with a success', () => {
    const headers = fc.dictionary(fc.constantFrom('authorization', 'host', 'content-type', 'x-acs-action', 'x-acs-date'), text);
    const authorization = fc.constantFrom(ACS3, `${ACS3} `, `${ACS3} Credential=testid,SignedHeaders=host;;,Signature=00`, 'Basic x');
    fc.assert(
      fc.property(
        fc.constantFrom('GET', 'POST', 'HEAD'),
        text,
        text,
        headers,
        fc.option(authorization),
        (method, tail, body, given, auth) => {
          const [status, json] = send({
            method,
            path: `/?${tail}`,
            body,
            headers: auth === null ? given : { ...given, authorization: auth },
          });
          expect([status >= 400, json.Success]).toEqual([true, false]);
        },
      ),
    );
  });

  it('rightly signed is answered by every operation', () => {
    bench.add(DN);
    const actions = [...PRODUCT_OPERATIONS.keys(), ...DEVICE_OPERATIONS.keys(), ...BATCH_OPERATIONS.keys()];
    const known = fc.record({ ProductKey: fc.constant(PK), DeviceName: fc.constant(DN) }, { requiredKeys: [] });
    fc.assert(
      fc.property(fc.constantFrom(...actions), fc.dictionary(name, text), known, (action, params, own) => {
        fc.pre(Object.keys(params).every((one) => !['Action', 'AccessKeyId', 'Signature', ''].includes(one)));
        const [status, json] = send(rpc(action, { ...params, ...own }));
        expect([200, 400]).toContain(status);
        expect(json.Code).not.toBe('SignatureDoesNotMatch');
      }),
      { numRuns: 1000 },
    );
  });
});
