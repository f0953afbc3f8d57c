// `muster relay`: frees a page, or any program that speaks Wisp 2, from WebSockets: TCP and TLS to listed targets, and to nobody else.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { ambientClock } from '../../kernel/clock.ts';
import { EXIT, UserError, type ExitCode } from '../../kernel/errors.ts';
import { ALPHANUMERIC, secureRandom } from '../../kernel/random.ts';
import { LOOPBACK } from '../../platform-stub/node/listen.node.ts';
import { findAnyStub } from '../../platform-stub/node/run-file.node.ts';
import { endpointsOf } from '../../platform-stub/node/target-file.node.ts';
import { readText } from '../files.ts';
import { wholeNumber } from '../numbers.ts';
import { descriptorsOf } from '../preflight.ts';
import { originOf, RELAY_PATH } from '../relay/access.ts';
import { listenOnLoopback } from '../relay/listen.ts';
import { createRelay } from '../relay/relay.ts';
import { roomFor } from '../relay/room.ts';
import { listed, STUB_PACE, targetFromFile, targetOf, withUniqueIds, type RelayTarget } from '../relay/targets.ts';
import { watchForStop } from './stub.ts';

interface RelayOptions {
  readonly target?: readonly string[];
  readonly port?: number;
  readonly origin?: readonly string[];
  readonly json?: boolean;
}

const DEFAULT_PORT = 8490;
const PORT_MAX = 65_535;
const TOKEN_LENGTH = 32;

/** Serves until a signal. Mistakes of the user are UserErrors, thrown before anything is printed. */
async function relayCommand(options: RelayOptions): Promise<ExitCode> {
  const stopped = watchForStop();
  const targets = withUniqueIds(options.target?.map(targetFromFile) ?? [runningStub()]);
  const origins = (options.origin ?? []).map(originOf);
  const token = secureRandom().text(TOKEN_LENGTH, ALPHANUMERIC);
  const server = createServer((_request, response) => {
    response.writeHead(426, { 'Content-Type': 'text/plain; charset=utf-8', Upgrade: 'websocket' });
    response.end(`This is Muster's relay; a client of Wisp 2 connects to ${RELAY_PATH}.\n`);
  });
  const port = (): number => (server.address() as AddressInfo).port;
  const { streams, note } = roomFor(descriptorsOf());
  if (note !== undefined) process.stderr.write(`muster: ${note}\n`);
  const relay = createRelay({ clock: ambientClock(), targets, limits: { streams }, access: () => ({ token, port: port(), origins }) });
  server.on('upgrade', (request, socket, head) => relay.upgrade(request, socket, head));
  await listenOnLoopback(server, options.port ?? (options.json ? 0 : DEFAULT_PORT));

  const folder = mkdtempSync(join(tmpdir(), 'muster-relay-'));
  const removeFolder = (): void => rmSync(folder, { recursive: true, force: true });
  process.on('exit', removeFolder);
  const tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, token, { mode: 0o600 });
  const url = `ws://${LOOPBACK}:${port()}${RELAY_PATH}`;
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ ready: true, relay: url, tokenFile, targets: targets.map(listed) })}\n`
      : describe(url, tokenFile, targets),
  );
  const code = await stopped;
  relay.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  removeFolder();
  process.removeListener('exit', removeFolder);
  return code;
}

function describe(url: string, tokenFile: string, targets: readonly RelayTarget[]): string {
  const lines = ['The relay is ready; Ctrl-C stops it.', '', `  ${'relay'.padEnd(8)} ${url}`, `  ${'token'.padEnd(8)} in ${tokenFile}`, ''];
  for (const { id, endpoints } of targets)
    for (const [key, { host, port }] of Object.entries(endpoints)) lines.push(`  ${`${id}/${key}`.padEnd(24)} ${key}://${host}:${port}`);
  return `${lines.join('\n')}\n`;
}

/** The stub that this user runs. */
function runningStub(): RelayTarget {
  const stub = findAnyStub();
  if (!stub)
    throw new UserError('no stub of yours is running', 'name whom to reach with --target FILE, or start `muster stub`', EXIT.unreachable);
  const { mqtt, mqtts } = endpointsOf(LOOPBACK, stub.ports);
  const productKey = stub.products[0]?.productKey ?? '';
  return targetOf(
    { name: 'stub', productKey, pace: STUB_PACE },
    { mqtt, mqtts },
    { ca: readText(stub.caPath, 'CA file') },
    'the running stub',
  );
}

const EXAMPLES = `
Examples:
  $ muster relay                            to the stub that runs here
  $ muster relay --target staging.yaml --target lab.yaml
  $ muster relay --target staging.yaml --json
                                            for a script: the first line says where it is and which targets it has
`;

/** Adds `relay` to the program. */
export function registerRelay(program: Command, exit: (code: ExitCode) => void): void {
  program
    .command('relay')
    .description('carry many devices of a page over one WebSocket to TCP and TLS of listed targets; loopback only')
    .option('--target <file>', 'target file of a platform that may be reached; may be repeated', gather)
    .option('--port <n>', `port on this machine; ${DEFAULT_PORT} unless told, 0 for a free one`, wholeNumber(0, PORT_MAX))
    .option('--origin <url>', 'origin of a page elsewhere that may use it; may be repeated', gather)
    .option('--json', 'print one line for scripts; the port is a free one unless given')
    .addHelpText('after', EXAMPLES)
    .action(async (options: RelayOptions) => exit(await relayCommand(options)));
}

const gather = (one: string, before: readonly string[] = []): readonly string[] => [...before, one];
