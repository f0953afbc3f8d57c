// Sends cloud calls through the vendor's own client, which is no part of the bundle: whoever administers by it installs it.
import { createRequire } from 'node:module';
import { codeOf, UserError } from '../../kernel/errors.ts';
import type { CloudAnswer, CloudCall, CloudParameters } from './alicloud.ts';

export interface CloudAddress {
  readonly region?: string | undefined;
  /** `host:port`, or a URL; made of the region where it is not given. */
  readonly endpoint?: string | undefined;
}

export interface AccessKey {
  readonly id: string;
  readonly secret: string;
}

/** As much of the client as is used here. */
interface Client {
  readonly [method: string]: ((request: unknown, runtime: unknown) => Promise<{ body: { toMap(): CloudAnswer } }>) | undefined;
}
interface Vendor {
  readonly default: new (config: unknown) => Client;
  readonly [model: string]: (new (map: object) => unknown) & { names?: () => Record<string, string> };
}
type Make = new (map: object) => unknown;

const PACKAGE = '@alicloud/iot20180120';
const VERSION = '2018-01-20';
const PATIENCE_MS = 15_000;
const require = createRequire(import.meta.url);

/** Host of the API, and whether it is asked in clear: only on this machine. */
export function cloudHost({ region = '', endpoint }: CloudAddress): {
  readonly host: string;
  readonly protocol: 'HTTP' | 'HTTPS';
  readonly loopback: boolean;
} {
  const text = endpoint ?? `iot.${region}.aliyuncs.com`;
  const host = text.replace(/^https?:\/\//, '');
  const loopback = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(host);
  if (text.startsWith('http://') && !loopback)
    throw new UserError(`administrator.endpoint ${text} is not encrypted`, 'write it as https://HOST, or as HOST alone');
  return { host, protocol: loopback && !text.startsWith('https://') ? 'HTTP' : 'HTTPS', loopback };
}

/** A way to send calls. The package is loaded here: a UserError where it is not installed. */
export function cloudCalls(address: CloudAddress, key: AccessKey): CloudCall {
  const { host, protocol } = cloudHost(address);
  const iot = load(PACKAGE, require) as Vendor;
  const inner = createRequire(require.resolve(PACKAGE));
  const { Config, OpenApiRequest, Params } = load('@alicloud/openapi-client', inner) as Record<
    'Config' | 'OpenApiRequest' | 'Params',
    Make
  >;
  const { RuntimeOptions } = load('@alicloud/tea-util', inner) as Record<'RuntimeOptions', Make>;
  const client = new iot.default(
    new Config({
      accessKeyId: key.id,
      accessKeySecret: key.secret,
      endpoint: host,
      protocol,
      ...(address.region ? { regionId: address.region } : {}),
    }),
  );
  const runtime = new RuntimeOptions({ readTimeout: PATIENCE_MS, connectTimeout: PATIENCE_MS });
  return async (action, parameters) => {
    const method = client[`${action.charAt(0).toLowerCase()}${action.slice(1)}WithOptions`];
    const Model = iot[`${action}Request`];
    if (method && Model) return (await method.call(client, new Model(fieldsOf(Model, parameters)), runtime)).body.toMap();
    // A call that the vendor does not have: a stub's own.
    const call = { action, version: VERSION, protocol, pathname: '/', method: 'POST', authType: 'AK', style: 'RPC', bodyType: 'json' };
    const callApi = client['callApi'] as unknown as (params: unknown, request: unknown, runtime: unknown) => Promise<{ body: CloudAnswer }>;
    return (
      await callApi.call(
        client,
        new Params({ ...call, reqBodyType: 'formData' }),
        new OpenApiRequest({ query: written(parameters) }),
        runtime,
      )
    ).body;
  };
}

/** Parameters under the names that the client's model has for them. */
function fieldsOf(Model: { names?: () => Record<string, string> }, parameters: CloudParameters): object {
  const fields = Object.entries(Model.names?.() ?? {});
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => {
      const field = fields.find(([, wire]) => wire === name)?.[0];
      if (field === undefined) throw new Error(`${PACKAGE} does not know the parameter ${name}`);
      return [field, value];
    }),
  );
}

function written(parameters: CloudParameters): Record<string, string> {
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, String(value)]));
}

function load(name: string, from: NodeJS.Require): unknown {
  try {
    return from(name);
  } catch (error) {
    if (codeOf(error) !== 'MODULE_NOT_FOUND') throw error;
    throw new UserError(
      `an administrator of kind alicloud needs the package ${name}, which is not installed`,
      `run \`npm install ${PACKAGE}\``,
    );
  }
}
