// `muster stub`: the platform stub alone, as a process of its own: its options, what is printed, and when it ends.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { codeOf, EXIT, UserError, type ExitCode } from '../../kernel/errors.ts';
import { LOOPBACK } from '../../platform-stub/node/listen.node.ts';
import { findAnyStub } from '../../platform-stub/node/run-file.node.ts';
import { endpointsOf, operatorUrl } from '../../platform-stub/node/target-file.node.ts';
import { EDITIONS } from '../../protocol/editions.ts';
import { policyOfMutant } from '../mutants.ts';
import { DEFAULT_SEED, LOOPBACKS, openStub, type OpenStub, type StubContext, type StubOptions } from '../open-stub.ts';

const PARENT_CHECK_MS = 500;
/** Two signals within this time are one that came on two ways. */
const TWICE_MS = 100;

/** The one line that scripts read: exactly these keys first (design, section 7). */
function readyLine(stub: OpenStub): string {
  const { mqtt, mqtts, ws, wss, https, api } = stub.ports;
  return JSON.stringify({ ready: true, mqtt, mqtts, ws, wss, https, api, ca: stub.caPath, target: stub.target });
}

function description(stub: OpenStub, options: StubOptions): string {
  const { ports, platform } = stub;
  const lines = ['The Muster stub is ready; Ctrl-C stops it.', ''];
  for (const [name, url] of Object.entries(endpointsOf(stub.host, ports))) lines.push(`  ${name.padEnd(10)} ${url}`);
  lines.push(`  ${'operator'.padEnd(10)} ${operatorUrl(ports, stub.operatorHost)}`, '');
  for (const { productKey, dynamicRegistration, devices } of platform.state.products.values()) {
    const count = devices.size === 1 ? '1 device' : `${devices.size} devices`;
    lines.push(`  ${'product'.padEnd(10)} ${productKey}, dynamic registration ${dynamicRegistration ? 'on' : 'off'}, ${count}`);
  }
  if (options.mutant !== undefined) lines.push(`  ${'mutant'.padEnd(10)} ${options.mutant}: it misbehaves on purpose`);
  lines.push(`  ${'CA'.padEnd(10)} ${stub.caPath}`, `  ${'target'.padEnd(10)} ${stub.target}`, '');
  return lines.join('\n');
}

/**
 * Waits for somebody who wants the process to end, and listens until it has. A second signal ends it at once, with what
 * `process.on('exit')` does; npm and a terminal may send the same Ctrl-C twice, which is one.
 */
export function watchForStop(): Promise<ExitCode> {
  let stop: (code: ExitCode) => void = () => undefined;
  const stopped = new Promise<ExitCode>((resolve) => (stop = resolve));
  let firstAt: number | undefined;
  const end = (code: ExitCode): void => {
    const now = performance.now();
    if (firstAt !== undefined && now - firstAt > TWICE_MS) process.exit(code);
    firstAt ??= now;
    stop(code);
  };
  const interrupted = (): void => end(EXIT.interrupted);
  const asked = (): void => end(EXIT.asked);
  const parentGone = (): void => {
    if (process.env.npm_command !== undefined && process.ppid !== parent) stop(EXIT.asked);
  };
  process.on('SIGINT', interrupted);
  process.on('SIGTERM', asked);
  process.on('SIGHUP', asked);
  // A killed `npx` or `npm start` leaves its child behind, which notices by its parent. Started any other way the parent may be a shell
  // that ends as planned: `muster stub &` in one step of a pipeline has to serve the next.
  const parent = process.ppid;
  const watch = setInterval(parentGone, PARENT_CHECK_MS);
  watch.unref();
  return stopped;
}

/** Serves until a signal: 130 after SIGINT, 0 after SIGTERM. Mistakes of the user are UserErrors, thrown before anything is printed. */
export async function stubCommand(options: StubOptions, context: StubContext): Promise<ExitCode> {
  // From now on: a signal that comes while the stub starts must not leave its directory behind.
  const stopped = watchForStop();
  let removeFiles: () => void = () => undefined;
  const atExit = (): void => removeFiles();
  process.on('exit', atExit);
  const stub = await openStub(options, { ...context, holds: (remove) => (removeFiles = remove) });
  process.stdout.on('error', (error) => {
    // The reader of our one line has gone (`| head -1`); the devices have not.
    if (codeOf(error) !== 'EPIPE') throw error;
  });
  process.stdout.write(options.json ? `${readyLine(stub)}\n` : description(stub, options));
  if (!LOOPBACKS.has(options.host ?? LOOPBACK)) {
    process.stderr.write(
      `The device ports listen on ${options.host}: everybody on that network can reach them. The operator API is on ${options.operatorHost ?? LOOPBACK}.\n`,
    );
  }
  if (!LOOPBACKS.has(options.operatorHost ?? LOOPBACK)) {
    process.stderr.write(
      `The operator and cloud API listen on ${options.operatorHost}, unencrypted: whoever has the token operates this stub.\n`,
    );
  }
  const code = await stopped;
  await stub.close();
  process.removeListener('exit', atExit);
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

/** `muster stub ca`: the certificate that devices have to trust, on stdout. */
function printAuthority({ state }: { readonly state?: string }): ExitCode {
  if (state !== undefined) {
    const file = join(state, 'ca.pem');
    if (!existsSync(file)) throw new UserError(`${state} holds no authority yet`, 'start a stub with that --state first', EXIT.unreachable);
    process.stdout.write(readFileSync(file, 'utf8'));
    return EXIT.asked;
  }
  const running = findAnyStub();
  if (!running) throw new UserError('no stub of yours is running', 'start one, or name its directory with --state', EXIT.unreachable);
  process.stdout.write(readFileSync(running.caPath, 'utf8'));
  return EXIT.asked;
}

/** Adds `stub` to the program. */
export function registerStub(program: Command, exit: (code: ExitCode) => void): void {
  const context: StubContext = { policyOf: policyOfMutant };
  const stub = program
    .command('stub')
    .description('run the platform stub: a platform for devices to register at, with nothing installed')
    .option('--config <file>', 'products, devices, options, access keys and ports (YAML or JSON)')
    .option('--state <dir>', 'keep everything there: the test authority, products, devices and what they were issued')
    .option('--host <address>', 'address of the device ports', LOOPBACK)
    .option('--operator-host <address>', 'address of the operator and cloud API', LOOPBACK)
    .option('--ports <auto>', 'free ports instead of 1883, 8883, 8083, 8084, 8443, 8480')
    .option('--mutant <id>', 'misbehave on purpose')
    .option('--seed <text>', 'what issued secrets and tokens follow from', DEFAULT_SEED)
    .option('--edition <name>', `documents to follow: ${Object.keys(EDITIONS).join(', ')}`)
    .option('--option <name=value>', 'how to read what the documents leave open; may be repeated', gather)
    .option('--json', 'print one line for scripts; ports are free ones unless the config file names them')
    .addHelpText('after', EXAMPLES)
    .action(async (options: StubOptions) => exit(await stubCommand(options, context)));
  stub
    .command('ca')
    .description('print the certificate of the test authority (PEM), for devices to trust')
    .option('--state <dir>', 'of the stub that keeps its state there; of the running one unless told')
    .action((_own: unknown, command: Command) => exit(printAuthority(command.optsWithGlobals())));
}

const gather = (one: string, before: readonly string[] = []): readonly string[] => [...before, one];
