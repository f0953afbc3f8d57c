// A stub as its options say, opened and closed as a whole. What it serves and how is in platform-stub/; who starts it is in commands/.
import { hostname, networkInterfaces } from 'node:os';
import { isIP } from 'node:net';
import { ambientClock } from '../kernel/clock.ts';
import { UserError } from '../kernel/errors.ts';
import { ALPHANUMERIC, secureRandom } from '../kernel/random.ts';
import { isOptionName, isOptionValue, OPTION_NAMES, OPTIONS, type Options } from '../platform-stub/core/options.ts';
import type { Policy } from '../platform-stub/core/policy.ts';
import { createCloudApi } from '../platform-stub/front/cloud-api.ts';
import { createMqttFront } from '../platform-stub/front/mqtt.ts';
import { DEFAULT_CONFIG, readStubConfig, type ProductConfig, type StubConfig } from '../platform-stub/node/config.node.ts';
import { DEFAULT_PORTS, LOOPBACK, startStub, STUB_PORTS, type StubPorts } from '../platform-stub/node/listen.node.ts';
import { writeRunFile } from '../platform-stub/node/run-file.node.ts';
import { openStateDir } from '../platform-stub/node/state-dir.node.ts';
import { keepState, lockStateDir, readState } from '../platform-stub/node/state-file.node.ts';
import { writeTargetFile } from '../platform-stub/node/target-file.node.ts';
import { DEFAULT_NAMES } from '../platform-stub/node/tls.node.ts';
import { Platform } from '../platform-stub/platform.ts';
import { DEFAULT_EDITION, EDITIONS, isEditionName, type EditionName } from '../protocol/editions.ts';

/** The options as commander gives them. */
export interface StubOptions {
  readonly config?: string;
  readonly state?: string;
  readonly host?: string;
  readonly operatorHost?: string;
  readonly ports?: string;
  readonly mutant?: string;
  readonly seed?: string;
  readonly edition?: string;
  /** `name=value`, each. */
  readonly option?: readonly string[];
  readonly json?: boolean;
}

/** What opening a stub needs from the program that it is part of. */
export interface StubContext {
  /** The policy of a mutant; a UserError for an id that names none. */
  readonly policyOf: (id: string) => Policy | Promise<Policy>;
  /** Given what removes the files of this stub, before there are any: for a process that exits in the middle. Synchronous. */
  readonly holds?: (removeFiles: () => void) => void;
}

/** A stub that serves, with the files that describe it. */
export interface OpenStub {
  readonly ports: StubPorts;
  readonly config: StubConfig;
  readonly caPath: string;
  /** The target file. */
  readonly target: string;
  readonly host: string;
  /** Address of the operator and cloud API, as one has to dial it. */
  readonly operatorHost: string;
  readonly platform: Platform;
  readonly operatorToken: string;
  /** Removes the files of this run; synchronous, for a process that exits. */
  removeFiles(): void;
  /** Ends all connections, frees the ports, removes the files. */
  close(): Promise<void>;
}

/** The same seed gives the same secrets, so a device that registered before a restart still connects after it. */
export const DEFAULT_SEED = 'muster';
const TOKEN_LENGTH = 32;
/** How long a client that does not read may hold up its own messages. */
const DRAIN_MS = 10_000;
/** Addresses that stand for all of this machine. */
const ANY = new Set(['0.0.0.0', '::']);
export const LOOPBACKS = new Set([LOOPBACK, '::1', 'localhost']);

/** Starts a stub as the options say, without a word and without touching the process. */
export async function openStub(options: StubOptions, context: StubContext): Promise<OpenStub> {
  const config = options.config === undefined ? DEFAULT_CONFIG : readStubConfig(options.config);
  const edition = editionOf(options.edition) ?? config.edition ?? DEFAULT_EDITION;
  const ports = portsOf(options, config);
  const host = addressOf('--host', options.host);
  const operatorHost = addressOf('--operator-host', options.operatorHost);
  const policy = options.mutant === undefined ? undefined : await context.policyOf(options.mutant);
  const clock = ambientClock();
  const platform = new Platform({
    clock,
    seed: options.seed ?? DEFAULT_SEED,
    edition,
    options: { ...config.options, ...optionsOf(options.option ?? []) },
    ...(config.instanceId === undefined ? {} : { instanceId: config.instanceId }),
    ...(policy ? { policy } : {}),
  });

  // Newest last; undone from the end.
  const held: (() => unknown)[] = [];
  const removeFiles = (): void => {
    for (const step of held.splice(0).reverse()) step();
  };
  // For a process that is ended the hard way.
  let saveState: () => void = () => undefined;
  context.holds?.(() => {
    saveState();
    removeFiles();
  });
  let close: () => Promise<void> = () => Promise.resolve();
  try {
    const dir = await openStateDir(options.state, [...DEFAULT_NAMES, ...namesOf(host)], (path) => held.push(lockStateDir(path)));
    held.push(() => dir.remove());
    const kept = options.state === undefined ? undefined : readState(dir.path);
    if (kept) platform.restore(kept);
    for (const product of config.products) addProduct(platform, product, dir.path);
    const keeper = options.state === undefined ? undefined : keepState(dir.path, platform, clock, warnOfState);
    keeper?.save();
    if (keeper) saveState = () => keeper.save();

    const operatorToken = secureRandom().text(TOKEN_LENGTH, ALPHANUMERIC);
    const front = await createMqttFront(platform, { drainTimeoutMs: DRAIN_MS });
    const running = await startStub({
      platform,
      front,
      host,
      operatorHost,
      operatorNames: namesOf(operatorHost).map((name) => (name.includes(':') ? `[${name}]` : name)),
      ports,
      certificates: dir.certificates,
      operatorToken,
      cloud: createCloudApi(platform, { accessKeys: config.accessKeys, instanceId: config.instanceId }).answer,
      clock,
      ...(config.capacity === undefined ? {} : { capacity: config.capacity }),
    });
    close = () => running.close();
    const opened = running.ports;
    const dialled = ANY.has(host) ? LOOPBACK : host;
    const apiHost = ANY.has(operatorHost) ? LOOPBACK : operatorHost;
    // What is, not what was asked for: a state that was kept wins over the config.
    const products = [...platform.state.products.values()];
    const product = products[0] ?? (config.products[0] as ProductConfig);
    const target = writeTargetFile(dir, { host: dialled, operatorHost: apiHost, ports: opened, product, edition, operatorToken });
    const keys = products.map(({ productKey }) => ({ productKey }));
    held.push(writeRunFile({ pid: process.pid, ports: opened, operatorToken, caPath: dir.caPath, products: keys }));
    return {
      ports: opened,
      config,
      caPath: dir.caPath,
      target,
      host: dialled,
      operatorHost: apiHost,
      platform,
      operatorToken,
      removeFiles,
      async close() {
        keeper?.stop();
        await close();
        try {
          keeper?.save();
        } finally {
          saveState = () => undefined;
          removeFiles();
        }
      },
    };
  } catch (error) {
    await close();
    removeFiles();
    throw error;
  }
}

function warnOfState(why: string): void {
  process.stderr.write(`The state could not be written (${why}); it is tried again with the next change.\n`);
}

/** Adds what the config declares and the kept state does not know; what an operator changed or deleted stays so. */
function addProduct(platform: Platform, product: ProductConfig, dir: string): void {
  const { productKey, productSecret, dynamicRegistration, devices } = product;
  if (!platform.state.products.has(productKey)) {
    if (platform.state.deletedProducts.has(productKey)) return;
    platform.operate({ action: 'CreateProduct', productKey, productSecret, dynamicRegistration });
  }
  const known = platform.state.products.get(productKey);
  if (known?.productSecret !== productSecret) {
    process.stderr.write(`Product ${productKey} has another ProductSecret in ${dir} than in the config; the one that was kept counts.\n`);
  }
  // The config was checked: a refusal here would be a fault of ours.
  for (const device of devices) {
    if (known?.devices.has(device.deviceName) || known?.buried.has(device.deviceName)) continue;
    const added = platform.operate({ action: 'AddDevice', productKey, ...device });
    if (!added.ok) throw new Error(`device ${device.deviceName} was not added: ${added.message}`);
  }
}

/** An empty address would be every address. */
function addressOf(option: string, given = LOOPBACK): string {
  if (given.trim() !== '') return given;
  throw new UserError(`${option} is empty`, 'give an address of this machine, or 0.0.0.0 for all');
}

function editionOf(name: string | undefined): EditionName | undefined {
  if (name === undefined || isEditionName(name)) return name;
  throw new UserError(`--edition ${name} is no edition`, `give one of ${Object.keys(EDITIONS).join(', ')}`);
}

function optionsOf(given: readonly string[]): Partial<Options> {
  const chosen: Record<string, string> = {};
  for (const one of given) {
    const equals = one.indexOf('=');
    const [name, value] = [one.slice(0, Math.max(equals, 0)), one.slice(equals + 1)];
    if (!isOptionName(name))
      throw new UserError(`--option ${one} names no option`, `write name=value; names are ${OPTION_NAMES.join(', ')}`);
    if (!isOptionValue(name, value))
      throw new UserError(`--option ${name} has no value "${value}"`, `give one of ${OPTIONS[name].values.join(', ')}`);
    chosen[name] = value;
  }
  return chosen;
}

/** A port of the config counts always; the others are free ones with `--json` or `--ports auto`, else the usual ones. */
function portsOf({ ports, json }: StubOptions, config: StubConfig): StubPorts {
  if (ports !== undefined && ports !== 'auto')
    throw new UserError(`--ports ${ports} is not "auto"`, 'give --ports auto, or list ports in the config file');
  const free = ports === 'auto' || json === true;
  const chosen: { -readonly [name in keyof StubPorts]: number } = { ...DEFAULT_PORTS };
  for (const name of STUB_PORTS) chosen[name] = config.ports[name] ?? (free ? 0 : DEFAULT_PORTS[name]);
  for (const [i, name] of STUB_PORTS.entries()) {
    const other = STUB_PORTS.slice(0, i).find((one) => chosen[name] !== 0 && chosen[one] === chosen[name]);
    if (other)
      throw new UserError(`port ${chosen[name]} is to be both ${other} and ${name}`, 'give one of them another in the config file');
  }
  return chosen;
}

/** Names under which this machine is reached when the device ports are open to a network. */
function namesOf(host: string): string[] {
  if (LOOPBACKS.has(host)) return [];
  if (!ANY.has(host)) return [host];
  const addresses = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  const names = addresses.filter((one) => !one.internal).map((one) => one.address);
  const own = hostname();
  if (/^[a-z0-9-]+(\.[a-z0-9-]+)*$/i.test(own) && !isIP(own)) names.push(own);
  return [...new Set(names)];
}
