// `muster serve`: the app on loopback, and a stub beside it that real devices can reach.
import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import sirv from 'sirv';
import { codeOf, EXIT, UserError, type ExitCode } from '../../kernel/errors.ts';
import { answerWith } from '../../platform-stub/front/http-register.ts';
import { OPERATOR_PATH, refuseForeign } from '../../platform-stub/front/operator.ts';
import { createOperatorHandler, type OperatorHandler } from '../../platform-stub/node/http.node.ts';
import { LOOPBACK } from '../../platform-stub/node/listen.node.ts';
import { isForeignUser } from '../../platform-stub/node/peer-user.node.ts';
import { wholeNumber } from '../numbers.ts';
import { openStub, type OpenStub } from '../open-stub.ts';
import { watchForStop } from './stub.ts';
import { policyOfMutant } from '../mutants.ts';

interface ServeOptions {
  readonly port: number;
  readonly stub: boolean;
}

const DEFAULT_PORT = 8080;
const PORT_MAX = 65_535;

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
  const stopped = watchForStop();
  let stub: OpenStub | undefined;
  let removeFiles: () => void = () => undefined;
  const atExit = (): void => removeFiles();
  process.on('exit', atExit);
  const server = await listen(folder, options.port, () => stub);
  try {
    if (options.stub) stub = await openStub({ ports: 'auto' }, { policyOf: policyOfMutant, holds: (remove) => (removeFiles = remove) });
  } catch (error) {
    server.close();
    throw error;
  }
  process.stdout.write(`http://${LOOPBACK}:${(server.address() as AddressInfo).port}/\n`);
  if (stub) {
    const { mqtts, wss } = stub.ports;
    process.stderr.write(
      `Devices reach the stub beside it on port ${mqtts} (MQTT over TLS) and ${wss} (WSS); its target file is ${stub.target}\n`,
    );
  }
  process.stderr.write('Ctrl-C stops it.\n');
  const code = await stopped;
  server.closeAllConnections();
  await Promise.all([new Promise((resolve) => server.close(resolve)), stub?.close()]);
  process.removeListener('exit', atExit);
  return code;
}

/** Tells the page how to operate the stub beside it; only a page of this server can read the answer. */
const SESSION_PATH = '/session';

/**
 * The stub's operator API on the app's own origin, and what the page needs for it; false for any other request. Without a stub the page is
 * told so, and there is nothing to operate.
 * @param port of the app, which the Host header has to name
 */
function operates(stub: () => OpenStub | undefined, port: () => number): OperatorHandler {
  let handle: OperatorHandler | undefined;
  return (request, response) => {
    const open = stub();
    const access = { token: open?.operatorToken ?? '', port: port() };
    if (request.url !== SESSION_PATH) {
      if (open) handle ??= createOperatorHandler(open.platform, () => access);
      return handle?.(request, response) ?? false;
    }
    const { host, origin } = request.headers;
    const site = request.headers['sec-fetch-site'];
    const isOurs = (site === undefined || site === 'same-origin') && !isForeignUser(request.socket);
    const refused = refuseForeign({ host, origin }, access) ?? (isOurs ? undefined : FORBIDDEN);
    const session = open
      ? { operator: { path: OPERATOR_PATH, token: access.token }, stub: { mqtts: open.ports.mqtts, wss: open.ports.wss } }
      : { operator: null, stub: null };
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

function listen(folder: string, port: number, stub: () => OpenStub | undefined): Promise<Server> {
  const files = sirv(folder, {
    etag: true,
    setHeaders(response) {
      response.setHeader('Content-Security-Policy', POLICY);
      response.setHeader('X-Content-Type-Options', 'nosniff');
      response.setHeader('Referrer-Policy', 'no-referrer');
      response.setHeader('Cache-Control', 'no-cache');
    },
  });
  const operator = operates(stub, () => (server.address() as AddressInfo).port);
  const server = createServer((request, response) => {
    if (operator(request, response)) return;
    files(request, response, () => {
      response.writeHead(404, { 'Content-Type': 'text/plain' });
      response.end('not found\n');
    });
  });
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      if (codeOf(error) !== 'EADDRINUSE' && codeOf(error) !== 'EACCES') return reject(error);
      const why = codeOf(error) === 'EACCES' ? 'may not be used by this user' : 'is in use';
      reject(new UserError(`port ${port} ${why}`, 'give another with --port, or --port 0 for a free one', EXIT.unreachable));
    });
    server.listen(port, LOOPBACK, () => resolve(server));
  });
}

/** Adds `serve` to the program. */
export function registerServe(program: Command, exit: (code: ExitCode) => void): void {
  program
    .command('serve')
    .description('serve the app on this machine, with a stub beside it; prints one URL')
    .option('--port <n>', 'port of the app; 0 for a free one', wholeNumber(0, PORT_MAX), DEFAULT_PORT)
    .option('--no-stub', 'the app alone')
    .addHelpText('after', '\nExamples:\n  $ muster serve\n  $ muster serve --port 0 --no-stub\n')
    .action(async (options: ServeOptions) => exit(await serveCommand(options)));
}
