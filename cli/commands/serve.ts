// `muster serve`: the app on loopback, a stub beside it that real devices can reach, and a relay that takes the page's devices to it and to
// the targets named.
import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import sirv from 'sirv';
import { ambientClock } from '../../kernel/clock.ts';
import { EXIT, UserError, type ExitCode } from '../../kernel/errors.ts';
import { ALPHANUMERIC, secureRandom } from '../../kernel/random.ts';
import { answerWith } from '../../platform-stub/front/http-register.ts';
import { OPERATOR_PATH, refuseForeign } from '../../platform-stub/front/operator.ts';
import { createOperatorHandler, type OperatorHandler } from '../../platform-stub/node/http.node.ts';
import { LOOPBACK } from '../../platform-stub/node/listen.node.ts';
import { isForeignUser } from '../../platform-stub/node/peer-user.node.ts';
import { endpointsOf } from '../../platform-stub/node/target-file.node.ts';
import { readText } from '../files.ts';
import { wholeNumber } from '../numbers.ts';
import { openStub, type OpenStub } from '../open-stub.ts';
import { policyOfMutant } from '../mutants.ts';
import { descriptorsOf } from '../preflight.ts';
import { RELAY_PATH } from '../relay/access.ts';
import { listenOnLoopback } from '../relay/listen.ts';
import { createRelay, type Relay } from '../relay/relay.ts';
import { roomFor } from '../relay/room.ts';
import { listed, STUB_PACE, targetFromFile, targetOf, withUniqueIds, type RelayTarget } from '../relay/targets.ts';
import { watchForStop } from './stub.ts';

interface ServeOptions {
  readonly port: number;
  readonly stub: boolean;
  readonly target?: readonly string[];
}

/** What serves beside the app, once it does. */
interface Beside {
  stub?: OpenStub;
  relay?: { readonly relay: Relay; readonly token: string; readonly targets: readonly RelayTarget[]; readonly streams: number } | undefined;
}

const DEFAULT_PORT = 8080;
const PORT_MAX = 65_535;
const TOKEN_LENGTH = 32;

/** Nothing but our own files runs; devices may be reached wherever the user says. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self' data:",
  "worker-src 'self'",
  "connect-src 'self' ws: wss:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Serves until a signal. stdout carries one URL; everything else is on stderr. */
export async function serveCommand(options: ServeOptions): Promise<ExitCode> {
  const folder = fileURLToPath(new URL('../web', import.meta.url));
  if (!existsSync(`${folder}/index.html`)) throw new UserError('the app has not been built', 'run `npm run build`', EXIT.ownError);
  const named = (options.target ?? []).map(targetFromFile);
  const stopped = watchForStop();
  const beside: Beside = {};
  let removeFiles: () => void = () => undefined;
  const atExit = (): void => removeFiles();
  process.on('exit', atExit);
  const server = await listen(folder, options.port, beside);
  const port = (): number => (server.address() as AddressInfo).port;
  try {
    if (options.stub)
      beside.stub = await openStub({ ports: 'auto' }, { policyOf: policyOfMutant, holds: (remove) => (removeFiles = remove) });
    beside.relay = openRelay([...(beside.stub ? [relayedStub(beside.stub)] : []), ...named], port, beside.stub !== undefined);
  } catch (error) {
    server.close();
    await beside.stub?.close();
    throw error;
  }
  process.stdout.write(`http://${LOOPBACK}:${port()}/\n`);
  const { stub } = beside;
  if (stub) {
    const { mqtts, wss } = stub.ports;
    process.stderr.write(
      `Devices reach the stub beside it on port ${mqtts} (MQTT over TLS) and ${wss} (WSS); its target file is ${stub.target}\n`,
    );
  }
  process.stderr.write('Ctrl-C stops it.\n');
  const code = await stopped;
  beside.relay?.relay.close();
  server.closeAllConnections();
  await Promise.all([new Promise((resolve) => server.close(resolve)), stub?.close()]);
  process.removeListener('exit', atExit);
  return code;
}

function openRelay(named: readonly RelayTarget[], port: () => number, stubHere: boolean): Beside['relay'] {
  if (named.length === 0) return undefined;
  const { streams, note } = roomFor(descriptorsOf(), stubHere ? 2 : 1);
  if (note !== undefined) process.stderr.write(`muster: ${note}\n`);
  const targets = withUniqueIds(named);
  const token = secureRandom().text(TOKEN_LENGTH, ALPHANUMERIC);
  const relay = createRelay({ clock: ambientClock(), targets, limits: { streams }, access: () => ({ token, port: port() }) });
  return { relay, token, targets, streams };
}

function relayedStub({ ports, caPath, config }: OpenStub): RelayTarget {
  const { mqtt, mqtts } = endpointsOf(LOOPBACK, ports);
  const productKey = config.products[0]?.productKey ?? '';
  return targetOf({ name: 'stub', productKey, pace: STUB_PACE }, { mqtt, mqtts }, { ca: readText(caPath, 'CA file') }, 'the stub');
}

/** Tells the page how to operate the stub beside it; only a page of this server can read the answer. */
const SESSION_PATH = '/session';

/**
 * The stub's operator API on the app's own origin, and what the page needs for it; false for any other request. Without a stub the page is
 * told so, and there is nothing to operate.
 * @param port of the app, which the Host header has to name
 */
function operates(beside: Beside, port: () => number): OperatorHandler {
  let handle: OperatorHandler | undefined;
  return (request, response) => {
    const open = beside.stub;
    const access = { token: open?.operatorToken ?? '', port: port() };
    if (request.url !== SESSION_PATH) {
      if (open) handle ??= createOperatorHandler(open.platform, () => access);
      return handle?.(request, response) ?? false;
    }
    const { host, origin } = request.headers;
    const site = request.headers['sec-fetch-site'];
    const isOurs = (site === undefined || site === 'same-origin') && !isForeignUser(request.socket);
    const refused = refuseForeign({ host, origin }, access) ?? (isOurs ? undefined : FORBIDDEN);
    const operator = open
      ? { operator: { path: OPERATOR_PATH, token: access.token }, stub: { mqtts: open.ports.mqtts, wss: open.ports.wss } }
      : { operator: null, stub: null };
    const relay = beside.relay && {
      path: RELAY_PATH,
      token: beside.relay.token,
      targets: beside.relay.targets.map(listed),
      streams: beside.relay.streams,
    };
    const session = { ...operator, relay: relay ?? null };
    const answer = refused ?? answerWith(200, 'application/json', JSON.stringify(session), { 'Cache-Control': 'no-store' });
    response.writeHead(answer.status, answer.headers);
    response.end(answer.body);
    return true;
  };
}

const FORBIDDEN = answerWith(
  403,
  'text/plain; charset=utf-8',
  'Only pages of this server, in a browser of the user that started it, may operate this stub.\n',
);

async function listen(folder: string, port: number, beside: Beside): Promise<Server> {
  const files = sirv(folder, {
    etag: true,
    setHeaders(response) {
      response.setHeader('Content-Security-Policy', POLICY);
      response.setHeader('X-Content-Type-Options', 'nosniff');
      response.setHeader('Referrer-Policy', 'no-referrer');
      response.setHeader('Cache-Control', 'no-cache');
    },
  });
  const operator = operates(beside, () => (server.address() as AddressInfo).port);
  const server = createServer((request, response) => {
    if (operator(request, response)) return;
    files(request, response, () => {
      response.writeHead(404, { 'Content-Type': 'text/plain' });
      response.end('not found\n');
    });
  });
  server.on('upgrade', (request, socket, head) => {
    if (beside.relay) beside.relay.relay.upgrade(request, socket, head);
    else socket.destroy();
  });
  await listenOnLoopback(server, port);
  return server;
}

/** Adds `serve` to the program. */
export function registerServe(program: Command, exit: (code: ExitCode) => void): void {
  program
    .command('serve')
    .description('serve the app on this machine, with a stub beside it; prints one URL')
    .option('--port <n>', 'port of the app; 0 for a free one', wholeNumber(0, PORT_MAX), DEFAULT_PORT)
    .option('--no-stub', 'the app alone')
    .option('--target <file>', 'target file of a platform that devices of the page may reach through the relay; may be repeated', gather)
    .addHelpText('after', '\nExamples:\n  $ muster serve\n  $ muster serve --port 0 --no-stub\n  $ muster serve --target staging.yaml\n')
    .action(async (options: ServeOptions) => exit(await serveCommand(options)));
}

const gather = (one: string, before: readonly string[] = []): readonly string[] => [...before, one];
