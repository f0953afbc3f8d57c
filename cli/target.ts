// Which platform a command is about: the embedded stub, a target file, or a URL with a product beside it.
import { dirname, resolve } from 'node:path';
import { UserError } from '../kernel/errors.ts';
import { described, mentionVariable } from '../kernel/mention.ts';
import type { Target } from '../kernel/target.ts';
import { DEFAULT_EDITION, type EditionName } from '../protocol/editions.ts';
import { CONNECTS_PER_ACCOUNT_PER_SECOND, CONNECTS_PER_DEVICE } from '../protocol/limits.ts';
import { isProductKey } from '../protocol/names.ts';
import { findStub } from '../platform-stub/node/run-file.node.ts';
import { operatorUrl } from '../platform-stub/node/target-file.node.ts';
import { openInventory, type Inventory } from '../scenarios/engine/inventory.node.ts';
import { paceMsOf } from '../scenarios/engine/pacing.ts';
import { knownPace } from '../worker/fleet/pace.ts';
import type { TcpTransportOptions } from '../worker/transport/tcp.node.ts';
import { promptSecret } from './ask.ts';
import { readNamed, readText } from './files.ts';
import { readTargetFile } from './target-file.ts';

export interface TargetOptions {
  readonly target?: string;
  readonly productKey?: string;
  readonly productSecret?: string;
  readonly ca?: string;
  /** Which revision of the documents a target follows that has no file to say so. */
  readonly edition?: EditionName;
  /** Devices have credentials already: a target URL needs no product. */
  readonly anyBroker?: boolean;
  /** Says what is wrong with a target whose words stand in a document; one of the command line is named by its option. */
  readonly complain?: (what: string, remedy: string) => UserError;
}

/** Of a product that no platform needs to know. */
const ANY_PRODUCT = { productKey: 'a1Muster0001', productSecret: 'no-platform-asks-for-it' };

/** How to reach the operator of a stub process. */
export interface StubAdministrator {
  readonly kind: 'stub';
  readonly url: string;
  readonly token: string;
  /** Where the token lies, for a ledger; of a stub that was found by its port, that port. */
  readonly from: { readonly tokenFile: string } | { readonly port: number };
}

/** Who administers the target. */
export type Administrator =
  | StubAdministrator
  | Extract<Target['administrator'], { readonly kind: 'alicloud' }>
  | Extract<Target['administrator'], { readonly kind: 'human' }>;

/** A platform reached over sockets. */
export interface RemoteTarget {
  readonly kind: 'remote';
  readonly name: string;
  readonly sockets: Omit<TcpTransportOptions, 'clock' | 'timeouts'>;
  /** Where devices register over HTTPS. */
  readonly https: string | undefined;
  readonly productKey: string;
  readonly productSecret: string;
  readonly instanceId: string | undefined;
  readonly edition: Target['edition'];
  readonly profiles: Target['profiles'];
  readonly administrator: Administrator | undefined;
  /** DeviceNames that were added beforehand. */
  readonly inventory: Inventory | undefined;
  /** Connections a second, over all cases; undefined where no limit is declared. */
  readonly perSecond: number | undefined;
  /** Attempts of one device that the target takes within any minute; undefined where no limit is declared. */
  readonly perDevicePerMinute: number | undefined;
  /** Milliseconds that keeping to it takes, about; 0 where no limit is declared. */
  readonly paceMs: number;
}

export type ChosenTarget = { readonly kind: 'stub' } | RemoteTarget;

const SCHEMES = ['mqtt', 'mqtts', 'ws', 'wss'] as const;
const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);
const USUAL_PORTS = { mqtt: 1883, mqtts: 8883, ws: 80, wss: 443 } as const;

/** Reads what `--target` and its companions name. UserErrors say what is wrong and where. */
export function chooseTarget(options: TargetOptions): ChosenTarget {
  const { target } = options;
  if (target === undefined || target === 'stub') {
    for (const [name, value] of [
      ['--product-key', options.productKey],
      ['--product-secret', options.productSecret],
      ['--ca', options.ca],
    ] as const) {
      if (value !== undefined)
        throw new UserError(
          `${name} needs a --target that is reached over sockets`,
          'the embedded stub makes its own product; leave the option out',
        );
    }
    return { kind: 'stub' };
  }
  if (target === '') throw new UserError('--target is empty', 'give stub, a target file, or a URL such as mqtts://HOST:PORT');
  const scheme = SCHEMES.find((one) => target.startsWith(`${one}://`));
  if (!scheme && /^[a-z][a-z0-9+.-]*:\/\//i.test(target))
    throw complaintOf(options)(
      `${target.split('/', 1)[0] ?? ''}//... is of no scheme that devices speak`,
      `write it as mqtts://HOST:PORT or wss://HOST/PATH`,
    );
  return scheme ? fromUrl(target, scheme, options) : fromFile(target, options);
}

function complaintOf({ complain }: TargetOptions): NonNullable<TargetOptions['complain']> {
  return complain ?? ((what, remedy) => new UserError(`--target ${what}`, remedy));
}

function fromUrl(target: string, scheme: (typeof SCHEMES)[number], options: TargetOptions): RemoteTarget {
  if (!URL.canParse(target) || new URL(target).hostname === '')
    throw complaintOf(options)(`${target.includes('@') ? `${scheme}://...` : target} is not a URL`, `write it as ${scheme}://HOST:PORT`);
  const url = new URL(target);
  const port = url.port === '' ? USUAL_PORTS[scheme] : Number(url.port);
  const stub = LOOPBACK.has(url.hostname) ? findStub(port) : undefined;
  if (url.username !== '' || url.password !== '')
    throw complaintOf(options)(
      `${scheme}://${url.host} carries a name or a password`,
      'leave them out: every device has credentials of its own',
    );
  const productKey =
    options.productKey ??
    (process.env.MUSTER_PRODUCT_KEY || stub?.products[0]?.productKey || (options.anyBroker ? ANY_PRODUCT.productKey : undefined));
  if (productKey === undefined) throw new UserError('a target URL needs a ProductKey', 'give --product-key, or set MUSTER_PRODUCT_KEY');
  requireProductKey(productKey, options.productKey === undefined ? 'MUSTER_PRODUCT_KEY' : '--product-key');
  // A broker that is asked for no product is not the vendor's platform: its limits do not hold there.
  const unlimited = stub !== undefined || productKey === ANY_PRODUCT.productKey;
  return {
    kind: 'remote',
    name: `${scheme}://${url.host}`,
    sockets: { endpoints: { [scheme]: target }, ...(options.ca ? { ca: readText(options.ca, '--ca') } : {}) },
    https: undefined,
    productKey,
    productSecret: options.anyBroker ? ANY_PRODUCT.productSecret : secretFrom(options, () => undefined),
    instanceId: undefined,
    edition: options.edition ?? DEFAULT_EDITION,
    profiles: undefined,
    administrator: stub && { kind: 'stub', url: operatorUrl(stub.ports), token: stub.operatorToken, from: { port } },
    inventory: undefined,
    perSecond: unlimited ? undefined : CONNECTS_PER_ACCOUNT_PER_SECOND,
    ...paceOf(unlimited ? 'none' : CONNECTS_PER_DEVICE),
  };
}

function fromFile(path: string, options: TargetOptions): RemoteTarget {
  if (options.edition !== undefined)
    throw new UserError(
      `--edition is for the embedded stub or a URL, and --target ${path} is a file`,
      `write \`edition: ${options.edition}\` into it`,
    );
  const target = readTargetFile(path);
  const named = (name: string, what: string, key: string): string =>
    readNamed(resolve(dirname(path), name), what, name, `target file ${path}, ${key}`);
  const productKey = options.productKey ?? target.product.key;
  requireProductKey(productKey, `${path}, product.key`);
  const { administrator, pace } = target;
  const makesProducts = administrator?.kind === 'stub' || (administrator?.kind === 'alicloud' && administrator.createProducts);
  if (target.inventory !== undefined && makesProducts) {
    throw new UserError(
      `target file ${path}: the inventory holds names of product ${productKey}, but its administrator makes a product for each case`,
      'leave one of them out, or set administrator.createProducts to false',
    );
  }
  const { mqtt, mqtts, ws, wss } = target.endpoints;
  return {
    kind: 'remote',
    name: target.name,
    sockets: {
      endpoints: { ...(mqtt && { mqtt }), ...(mqtts && { mqtts }), ...(ws && { ws }), ...(wss && { wss }) },
      ...(options.ca ? { ca: readText(options.ca, '--ca') } : target.tls.ca ? { ca: named(target.tls.ca, 'CA file', 'tls.ca') } : {}),
      ...(target.tls.serverName ? { serverName: target.tls.serverName } : {}),
      ...(target.tls.insecure ? { insecure: true } : {}),
    },
    https: target.endpoints.https,
    productKey,
    productSecret: secretFrom(options, () => secretOf(target.product, path, named)),
    instanceId: target.product.instanceId,
    edition: target.edition,
    profiles: target.profiles,
    administrator: administrator?.kind === 'stub' ? stubOf(administrator, path, named) : administrator,
    inventory: target.inventory === undefined ? undefined : inventoryIn(path, target.inventory, named),
    perSecond: knownPace(pace).perSecond,
    ...paceOf(pace.perDevicePerMinute),
  };
}

function paceOf(perMinute: number | 'none'): Pick<RemoteTarget, 'perDevicePerMinute' | 'paceMs'> {
  return perMinute === 'none'
    ? { perDevicePerMinute: undefined, paceMs: 0 }
    : { perDevicePerMinute: perMinute, paceMs: paceMsOf(perMinute) };
}

/** Reads a file that a target file names: by its name there, what it is, and the key. */
type ReadBeside = (name: string, what: string, key: string) => string;

function stubOf(
  { url, tokenFile }: Extract<Target['administrator'], { readonly kind: 'stub' }>,
  path: string,
  named: ReadBeside,
): StubAdministrator {
  const token = named(tokenFile, 'token file', 'administrator.tokenFile').trim();
  return { kind: 'stub', url, token, from: { tokenFile: resolve(dirname(path), tokenFile) } };
}

function inventoryIn(path: string, inventory: string, named: ReadBeside): Inventory {
  return openInventory(resolve(dirname(path), inventory), named(inventory, 'inventory', 'inventory'));
}

function requireProductKey(key: string, where: string): void {
  if (!isProductKey(key)) throw new UserError(`${where}: a ProductKey is 1-20 letters and digits`, 'copy it from the console');
}

/** @param ofFile the secret of a target file, where there is one; it says what is wrong with the names in it */
function secretFrom(options: TargetOptions, ofFile: () => string | undefined): string {
  if (options.productSecret !== undefined) {
    process.stderr.write('muster: --product-secret is visible to other users of this machine; MUSTER_PRODUCT_SECRET is not\n');
    return options.productSecret;
  }
  return ofFile() ?? secretIn('MUSTER_PRODUCT_SECRET');
}

/** Undefined where the file names neither a variable nor a file. */
function secretOf({ secretFile, secretEnv }: Target['product'], path: string, named: ReadBeside): string | undefined {
  if (secretFile !== undefined) return named(secretFile, 'secret file', 'product.secretFile').trim();
  if (secretEnv === undefined) return undefined;
  // The secret itself is what is most often written there by mistake.
  if (mentionVariable(secretEnv) === undefined && !process.env[secretEnv])
    throw new UserError(
      `target file ${path}, product.secretEnv: there is no environment variable of that name (${described(secretEnv)})`,
      'the name of a variable belongs there, such as MUSTER_PRODUCT_SECRET, not the secret',
    );
  return secretIn(secretEnv);
}

function secretIn(name: string): string {
  const secret = process.env[name] || promptSecret('ProductSecret: ');
  if (secret === undefined || secret === '')
    throw new UserError(
      `no ProductSecret: the environment variable ${name} is not set`,
      `set ${name}, or give product.secretFile in a target file`,
    );
  return secret;
}
