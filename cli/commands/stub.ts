// `muster stub`: the platform stub alone, as a process of its own. What it serves and how is in platform-stub/; here are the options, what
// is printed, and when it ends.
import { hostname, networkInterfaces } from 'node:os';
import { isIP } from 'node:net';
import type { Command } from 'commander';
import { ambientClock } from '../../kernel/clock.ts';
import { codeOf, EXIT, UserError, type ExitCode } from '../../kernel/errors.ts';
import { ALPHANUMERIC, secureRandom } from '../../kernel/random.ts';
import { DEFAULT_EDITION, EDITIONS, isEditionName, type EditionName } from '../../protocol/editions.ts';
import type { Policy } from '../../platform-stub/core/policy.ts';
import { createMqttFront } from '../../platform-stub/front/mqtt.ts';
import { DEFAULT_CONFIG, readStubConfig, type ProductConfig, type StubConfig } from '../../platform-stub/node/config.node.ts';
import { DEFAULT_PORTS, LOOPBACK, startStub, STUB_PORTS, type StubPorts } from '../../platform-stub/node/listen.node.ts';
import { writeRunFile } from '../../platform-stub/node/run-file.node.ts';
import { openStateDir } from '../../platform-stub/node/state-dir.node.ts';
import { endpointsOf, operatorUrl, writeTargetFile } from '../../platform-stub/node/target-file.node.ts';
import { DEFAULT_NAMES } from '../../platform-stub/node/tls.node.ts';
import { Platform } from '../../platform-stub/platform.ts';

/** The options as commander gives them. */
export interface StubOptions {
  readonly config?: string;
  readonly state?: string;
  readonly host?: string;
  readonly ports?: string;
  readonly mutant?: string;
  readonly seed?: string;
  readonly edition?: string;
  readonly json?: boolean;
}

/** What this command needs from the program it is part of. */
export interface StubContext {
  /** The policy of a mutant; a UserError for an id that names none. */
  readonly policyOf: (id: string) => Policy | Promise<Policy>;
  /** Told the exit code when the stub has ended. */
  readonly exit: (code: ExitCode) => void;
}

/** A stub that serves, with the files that describe it. */
export interface OpenStub {
  readonly ports: StubPorts;
  readonly config: StubConfig;
  readonly caPath: string;
  /** The target file. */
  readonly target: string;
  readonly host: string;
  /** Removes the files of this run; synchronous, for a process that exits. */
  removeFiles(): void;
  /** Ends all connections, frees the ports, removes the files. */
  close(): Promise<void>;
}

/** The same seed gives the same secrets, so a device that registered before a restart still connects after it. */
const DEFAULT_SEED = 'muster';
const TOKEN_LENGTH = 32;
/** Addresses that stand for all of this machine. */
const ANY = new Set(['0.0.0.0', '::']);
const LOOPBACKS = new Set([LOOPBACK, '::1', 'localhost']);
const PARENT_CHECK_MS = 500;

/** Starts a stub as the options say, without a word and without touching the process. */
export async function openStub(options: StubOptions, context: Pick<StubContext, 'policyOf'>): Promise<OpenStub> {
  const config = options.config === undefined ? DEFAULT_CONFIG : readStubConfig(options.config);
  const edition = editionOf(options.edition) ?? config.edition ?? DEFAULT_EDITION;
  const ports = portsOf(options, config);
  const host = options.host ?? LOOPBACK;
  const policy = options.mutant === undefined ? undefined : await context.policyOf(options.mutant);
  const clock = ambientClock();
  const platform = new Platform({ clock, seed: options.seed ?? DEFAULT_SEED, edition, ...(policy ? { policy } : {}) });
  for (const product of config.products) addProduct(platform, product);

  const dir = await openStateDir(options.state, [...DEFAULT_NAMES, ...namesOf(host)]);
  const operatorToken = secureRandom().text(TOKEN_LENGTH, ALPHANUMERIC);
  const undo: (() => unknown)[] = [() => dir.remove()];
  try {
    const front = await createMqttFront(platform);
    const { ports: opened, close } = await startStub({
      platform,
      front,
      host,
      ports,
      certificates: dir.certificates,
      operatorToken,
      clock,
    });
    undo.unshift(close);
    const dialled = ANY.has(host) ? LOOPBACK : host;
    const product = config.products[0] as ProductConfig;
    const target = writeTargetFile(dir, { host: dialled, ports: opened, product, edition, operatorToken });
    const products = config.products.map(({ productKey }) => ({ productKey }));
    const removeRunFile = writeRunFile({ pid: process.pid, ports: opened, operatorToken, caPath: dir.caPath, products });
    const removeFiles = (): void => {
      removeRunFile();
      dir.remove();
    };
    const closeStub = async (): Promise<void> => {
      await close();
      removeFiles();
    };
    return { ports: opened, config, caPath: dir.caPath, target, host: dialled, removeFiles, close: closeStub };
  } catch (error) {
    for (const step of undo) await step();
    throw error;
  }
}

function addProduct(platform: Platform, product: ProductConfig): void {
  const { productKey, productSecret, dynamicRegistration, devices } = product;
  platform.operate({ action: 'CreateProduct', productKey, productSecret, dynamicRegistration });
  // The config was checked: a refusal here would be a fault of ours.
  for (const device of devices) {
    const added = platform.operate({ action: 'AddDevice', productKey, ...device });
    if (!added.ok) throw new Error(`device ${device.deviceName} was not added: ${added.message}`);
  }
}

function editionOf(name: string | undefined): EditionName | undefined {
  if (name === undefined || isEditionName(name)) return name;
  throw new UserError(`--edition ${name} is no edition`, `give one of ${Object.keys(EDITIONS).join(', ')}`);
}

/** A port of the config counts always; the others are free ones with `--json` or `--ports auto`, else the usual ones. */
function portsOf({ ports, json }: StubOptions, config: StubConfig): StubPorts {
  if (ports !== undefined && ports !== 'auto')
    throw new UserError(`--ports ${ports} is not "auto"`, 'give --ports auto, or list ports in the config file');
  const free = ports === 'auto' || json === true;
  const chosen: { -readonly [name in keyof StubPorts]: number } = { ...DEFAULT_PORTS };
  for (const name of STUB_PORTS) chosen[name] = config.ports[name] ?? (free ? 0 : DEFAULT_PORTS[name]);
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

/** The one line that scripts read: exactly these keys first (design, section 7). */
function readyLine(stub: OpenStub): string {
  const { mqtt, mqtts, ws, wss, https, api } = stub.ports;
  return JSON.stringify({ ready: true, mqtt, mqtts, ws, wss, https, api, ca: stub.caPath, target: stub.target });
}

function description(stub: OpenStub, options: StubOptions): string {
  const { ports, config } = stub;
  const lines = ['The Muster stub is ready; Ctrl-C stops it.', ''];
  for (const [name, url] of Object.entries(endpointsOf(stub.host, ports))) lines.push(`  ${name.padEnd(10)} ${url}`);
  lines.push(`  ${'operator'.padEnd(10)} ${operatorUrl(ports)}`, '');
  for (const product of config.products) {
    const devices = product.devices.length === 1 ? '1 device' : `${product.devices.length} devices`;
    lines.push(
      `  ${'product'.padEnd(10)} ${product.productKey}, dynamic registration ${product.dynamicRegistration ? 'on' : 'off'}, ${devices} added`,
    );
  }
  if (options.mutant !== undefined) lines.push(`  ${'mutant'.padEnd(10)} ${options.mutant}: it misbehaves on purpose`);
  lines.push(`  ${'CA'.padEnd(10)} ${stub.caPath}`, `  ${'target'.padEnd(10)} ${stub.target}`, '');
  return lines.join('\n');
}

/** Waits for somebody who wants the process to end. A second signal ends it the hard way. */
export function watchForStop(): { readonly stopped: Promise<ExitCode>; ignore(): void } {
  let stop: (code: ExitCode) => void = () => undefined;
  const stopped = new Promise<ExitCode>((resolve) => (stop = resolve));
  const end = (code: ExitCode): void => {
    ignore();
    stop(code);
  };
  const interrupted = (): void => end(EXIT.interrupted);
  const asked = (): void => end(EXIT.asked);
  process.on('SIGINT', interrupted);
  process.on('SIGTERM', asked);
  process.on('SIGHUP', asked);
  // A killed `npx` or `npm start` leaves its child behind, which notices by its parent. Started any other way the parent may be a shell
  // that ends as planned: `muster stub &` in one step of a pipeline has to serve the next.
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.env.npm_command !== undefined && process.ppid !== parent) asked();
  }, PARENT_CHECK_MS);
  watch.unref();
  const ignore = (): void => {
    process.removeListener('SIGINT', interrupted);
    process.removeListener('SIGTERM', asked);
    process.removeListener('SIGHUP', asked);
    clearInterval(watch);
  };
  return { stopped, ignore };
}

/** Serves until a signal: 130 after SIGINT, 0 after SIGTERM. Mistakes of the user are UserErrors, thrown before anything is printed. */
export async function stubCommand(options: StubOptions, context: Pick<StubContext, 'policyOf'>): Promise<ExitCode> {
  // From now on: a signal that comes while the stub starts must not leave its directory behind.
  const { stopped, ignore } = watchForStop();
  const stub = await openStub(options, context).catch((error: unknown) => {
    ignore();
    throw error;
  });
  process.on('exit', stub.removeFiles);
  process.stdout.on('error', (error) => {
    // The reader of our one line has gone (`| head -1`); the devices have not.
    if (codeOf(error) !== 'EPIPE') throw error;
  });
  process.stdout.write(options.json ? `${readyLine(stub)}\n` : description(stub, options));
  if (!LOOPBACKS.has(options.host ?? LOOPBACK)) {
    process.stderr.write(
      `The device ports listen on ${options.host}: everybody on that network can reach them. The operator API stays on ${LOOPBACK}.\n`,
    );
  }
  const code = await stopped;
  await stub.close();
  process.removeListener('exit', stub.removeFiles);
  return code;
}

const EXAMPLES = `
Examples:
  $ muster stub                          on the usual ports of this machine
  $ muster stub --json --ports auto      for a script: the first line says where everything is
  $ muster stub --state ./stub --host 0.0.0.0
                                         for devices on the network; they trust ./stub/ca.pem
  $ muster stub --config stub.yaml

A config file:
  products:
    - { productKey: a1Muster0001, productSecret: ps0123456789abcd, dynamicRegistration: true, devices: [unit-0001] }
`;

/** Adds `stub` to the program. */
export function registerStub(program: Command, context: StubContext): void {
  program
    .command('stub')
    .description('run the platform stub: a platform for devices to register at, with nothing installed')
    .option('--config <file>', 'products, devices and ports (YAML or JSON)')
    .option('--state <dir>', 'keep the test authority there, so that devices need to trust it only once')
    .option('--host <address>', 'address of the device ports', LOOPBACK)
    .option('--ports <auto>', 'free ports instead of 1883, 8883, 8083, 8084, 8443, 8480')
    .option('--mutant <id>', 'misbehave on purpose')
    .option('--seed <text>', 'what issued secrets and tokens follow from', DEFAULT_SEED)
    .option('--edition <name>', `documents to follow: ${Object.keys(EDITIONS).join(', ')}`)
    .option('--json', 'print one line for scripts; ports are free ones unless the config file names them')
    .addHelpText('after', EXAMPLES)
    .action(async (options: StubOptions) => context.exit(await stubCommand(options, context)));
}
