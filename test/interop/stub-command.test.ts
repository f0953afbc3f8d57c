// `muster stub` as a process: what it prints, what it leaves behind, how it ends. It is bundled first, since Node 20 reads no TypeScript.
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ambientClock } from '../../kernel/clock.ts';
import { seededRandom } from '../../kernel/random.ts';
import { findStub } from '../../platform-stub/node/run-file.node.ts';
import { openReferenceSession } from '../../worker/session/reference.ts';
import { DEFAULT_TIMEOUTS } from '../../worker/session/session.ts';
import { tcpTransport, type Endpoints } from '../../worker/transport/tcp.node.ts';
import { yamlAsData } from '../../tools/vite/yaml.ts';
import { Unit } from '../../worker/unit/unit.ts';

const root = mkdtempSync(join(tmpdir(), 'muster-command-'));
const run = join(root, 'run');
const program = join(root, 'dist', 'program.mjs');
const clock = ambientClock();

/** The program around the command, reduced to what the command needs; it never calls process.exit. */
const PROGRAM = `
import { Command } from 'commander';
import { registerStub } from ${JSON.stringify(join(import.meta.dirname, '../../cli/commands/stub.ts'))};
import { UserError } from ${JSON.stringify(join(import.meta.dirname, '../../kernel/errors.ts'))};
const program = new Command('muster');
registerStub(program, (code) => { process.exitCode = code; });
program.parseAsync().catch((error) => {
  if (!(error instanceof UserError)) throw error;
  process.stderr.write(error.message + '. ' + error.remedy + '\\n');
  process.exitCode = error.exit;
});
`;

interface Stub {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  readonly ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
  /** Its temporary directory. */
  readonly tmp: string;
  /** What stdout said up to the first match. */
  until(pattern: RegExp): Promise<string>;
}

const running = new Set<Stub>();

function start(args: string[], env: NodeJS.ProcessEnv = {}, command: string[] = [process.execPath]): Stub {
  const [file = '', ...before] = command;
  const tmp = mkdtempSync(join(root, 'tmp-'));
  const child = spawn(file, [...before, program, 'stub', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: tmp, XDG_RUNTIME_DIR: run, npm_command: undefined, ...env },
  });
  const text = { stdout: '', stderr: '' };
  const waiting = new Set<() => void>();
  child.stdout.on('data', (chunk: Buffer) => {
    text.stdout += chunk.toString();
    for (const look of waiting) look();
  });
  child.stderr.on('data', (chunk: Buffer) => (text.stderr += chunk.toString()));
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) =>
    child.once('close', (code) => {
      for (const look of waiting) look();
      running.delete(stub);
      resolve({ code, ...text });
    }),
  );
  const stub: Stub = {
    child,
    tmp,
    ended,
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (pattern.test(text.stdout)) resolve(text.stdout);
          else if (child.exitCode !== null) reject(new Error(`ended with ${child.exitCode}: ${text.stderr}`));
        };
        waiting.add(look);
        look();
      }),
  };
  running.add(stub);
  return stub;
}

interface Ready {
  readonly mqtt: number;
  readonly mqtts: number;
  readonly ws: number;
  readonly wss: number;
  readonly https: number;
  readonly api: number;
  readonly ca: string;
  readonly target: string;
}

async function ready(stub: Stub): Promise<Ready> {
  return JSON.parse((await stub.until(/\n/)).split('\n', 1)[0] as string) as Ready;
}

function unit(endpoints: Endpoints, ca: string, deviceName: string, productSecret = 'ps0123456789abcd'): Unit {
  const transport = tcpTransport({ endpoints, ca: readFileSync(ca, 'utf8'), clock, timeouts: DEFAULT_TIMEOUTS });
  const random = seededRandom('unit', deviceName);
  return new Unit(
    { unitId: deviceName, mode: 'regnwl', productKey: 'a1Muster0001', productSecret, deviceName },
    {
      clock,
      random,
      transport,
      openSession: openReferenceSession,
      timeouts: DEFAULT_TIMEOUTS,
      edition: 'doc2020',
      signMethod: 'hmacsha256',
    },
  );
}

beforeAll(async () => {
  mkdirSync(run, { mode: 0o700 });
  writeFileSync(join(root, 'program.ts'), PROGRAM);
  await build({
    root,
    configFile: false,
    logLevel: 'error',
    plugins: [yamlAsData()],
    // The program lies outside the checkout, its libraries do not.
    resolve: { alias: { commander: join(import.meta.dirname, '../../node_modules/commander/esm.mjs') } },
    ssr: { noExternal: true },
    build: {
      ssr: join(root, 'program.ts'),
      outDir: join(root, 'dist'),
      target: 'node20',
      minify: false,
      rolldownOptions: { output: { entryFileNames: '[name].mjs' } },
    },
  });
}, 60_000);
afterEach(async () => {
  for (const stub of [...running]) {
    stub.child.kill('SIGKILL');
    await stub.ended;
  }
});
afterAll(() => rmSync(root, { recursive: true }));

describe('muster stub --json', () => {
  it('says where everything is in one line, serves, and leaves nothing behind at SIGTERM', async () => {
    const stub = start(['--json']);
    const line = await ready(stub);
    expect(Object.keys(line)).toEqual(['ready', 'mqtt', 'mqtts', 'ws', 'wss', 'https', 'api', 'ca', 'target']);
    expect(existsSync(line.ca)).toBe(true);

    const target = parse(readFileSync(line.target, 'utf8')) as Record<string, Record<string, string>>;
    expect(statSync(line.target).mode & 0o777).toBe(0o600);
    expect(target).toMatchObject({
      name: 'muster-stub',
      endpoints: {
        mqtt: `mqtt://127.0.0.1:${line.mqtt}`,
        mqtts: `mqtts://127.0.0.1:${line.mqtts}`,
        ws: `ws://127.0.0.1:${line.ws}/mqtt`,
        wss: `wss://127.0.0.1:${line.wss}/mqtt`,
        https: `https://127.0.0.1:${line.https}/auth/register/device`,
      },
      product: { key: 'a1Muster0001' },
      tls: { ca: line.ca },
      edition: 'doc2020',
      profiles: ['prereg', 'nwl', 'operator', 'https'],
      administrator: { kind: 'stub', url: `http://127.0.0.1:${line.api}/operator` },
      pace: { perDevicePerMinute: 'none' },
    });
    const [secretFile, tokenFile] = [target.product?.secretFile ?? '', target.administrator?.tokenFile ?? ''];
    for (const file of [secretFile, tokenFile]) expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(secretFile, 'utf8')).toBe('ps0123456789abcd');

    const { mqtts, wss } = target.endpoints as { mqtts: string; wss: string };
    expect(await unit({ mqtts }, line.ca, 'unit-0001').boot()).toMatchObject({ kind: 'accepted' });
    const online = unit({ wss }, line.ca, 'unit-0002');
    expect(await online.boot()).toMatchObject({ kind: 'accepted' });

    const found = findStub(line.mqtts, join(run, 'muster'));
    expect(found).toMatchObject({ pid: stub.child.pid, caPath: line.ca, products: [{ productKey: 'a1Muster0001' }] });
    const response = await fetch(target.administrator?.url ?? '', {
      method: 'POST',
      headers: { authorization: `Bearer ${readFileSync(tokenFile, 'utf8')}` },
      body: JSON.stringify({ action: 'QueryDeviceStatistics', productKey: 'a1Muster0001' }),
    });
    expect(await response.json()).toMatchObject({ statistics: { deviceCount: 2, activeCount: 2, onlineCount: 2 } });
    expect(found?.operatorToken).toBe(readFileSync(tokenFile, 'utf8'));

    stub.child.kill('SIGTERM');
    const { code, stdout, stderr } = await stub.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n')).toHaveLength(2);
    expect(stdout).not.toContain('ps0123456789abcd');
    expect(stdout).not.toContain(found?.operatorToken);
    expect(readdirSync(stub.tmp)).toEqual([]);
    expect(readdirSync(join(run, 'muster'))).toEqual([]);
    await expect.poll(() => online.state).toBe('offline');
  }, 20_000);

  it('takes ports, devices and secrets from its config, and keeps its authority in --state', async () => {
    const config = join(root, 'stub.yaml');
    const port = await freePort();
    writeFileSync(
      config,
      `products: [{ productKey: a1Muster0001, productSecret: another0secret, devices: [unit-0001] }]\nports: { mqtts: ${port} }\n`,
    );
    const state = join(root, 'state');
    const first = start(['--json', '--config', config, '--state', state]);
    const line = await ready(first);
    expect(line.mqtts).toBe(port);
    expect(line.ca).toBe(join(state, 'ca.pem'));
    const ca = readFileSync(line.ca, 'utf8');
    expect(await unit({ mqtts: `mqtts://localhost:${port}` }, line.ca, 'unit-9999', 'another0secret').register()).toMatchObject({
      kind: 'issued',
    });

    // The port is taken now.
    const second = await start(['--json', '--config', config]).ended;
    expect(second).toMatchObject({
      code: 3,
      stdout: '',
      stderr: expect.stringMatching(new RegExp(`port ${port} \\(mqtts\\).*--ports auto`)) as string,
    });

    first.child.kill('SIGINT');
    expect((await first.ended).code).toBe(130);
    const third = start(['--json', '--state', state]);
    expect(readFileSync((await ready(third)).ca, 'utf8')).toBe(ca);
  }, 20_000);

  it('serves on when the reader of its line has gone', async () => {
    const stub = start(['--json']);
    const line = await ready(stub);
    stub.child.stdout.destroy();
    expect(await unit({ mqtts: `mqtts://localhost:${line.mqtts}` }, line.ca, 'unit-0001').register()).toMatchObject({ kind: 'issued' });
    stub.child.kill('SIGTERM');
    expect((await stub.ended).code).toBe(0);
  }, 20_000);

  it('ends when the npx that started it is killed, and outlives a shell that is done', async () => {
    // A second process between us and the stub, as npx is.
    const shell = ['sh', '-c', '"$0" "$@" & echo $! >&2; wait'];
    const inShell = async (env: NodeJS.ProcessEnv): Promise<{ stub: Stub; line: Ready; pid: number }> => {
      const stub = start(['--json'], env, [...shell, process.execPath]);
      const line = await ready(stub);
      return { stub, line, pid: findStub(line.mqtts, join(run, 'muster'))?.pid as number };
    };
    const [npx, background] = [await inShell({ npm_command: 'exec' }), await inShell({})];
    background.stub.child.kill('SIGKILL');
    npx.stub.child.kill('SIGKILL');
    // Its output closes when the last process that holds it has gone; a zombie would still answer to a signal.
    await npx.stub.ended;
    expect(readdirSync(npx.stub.tmp)).toEqual([]);
    const { mqtts, ca } = background.line;
    expect(await unit({ mqtts: `mqtts://localhost:${mqtts}` }, ca, 'unit-0001').register()).toMatchObject({ kind: 'issued' });
    process.kill(background.pid, 'SIGTERM');
    await background.stub.ended;
    expect(readdirSync(background.stub.tmp)).toEqual([]);
  }, 20_000);

  it('misbehaves on purpose with --mutant', async () => {
    const line = await ready(start(['--json', '--mutant', 'off:RULE-01']));
    const device = unit({ mqtts: `mqtts://localhost:${line.mqtts}` }, line.ca, 'unit-0001', 'a wrong secret');
    expect(await device.register()).toMatchObject({ kind: 'issued' });
  }, 20_000);
});

describe('muster stub', () => {
  it('lists for people, without a secret', async () => {
    const stub = start(['--ports', 'auto']);
    const text = await stub.until(/target +\S+\n/);
    for (const part of ['mqtts://127.0.0.1:', 'wss://127.0.0.1:', 'https://127.0.0.1:', 'a1Muster0001', 'ca.pem', 'Ctrl-C'])
      expect(text).toContain(part);
    expect(text).not.toContain('ps0123456789abcd');
  }, 20_000);

  it.each([
    [['--ports', '1883'], 64, /--ports/],
    [['--edition', 'doc1999'], 64, /doc2020/],
    [['--mutant', 'nobody'], 64, /nobody/],
    [['--config', '/no/such.yaml'], 64, /no\/such\.yaml/],
    [['--host', '192.0.2.1', '--ports', 'auto'], 3, /192\.0\.2\.1.*--host/],
    [['--state', '/dev/null/x'], 3, /--state/],
  ])(
    'refuses %j with exit code %i and one line',
    async (args, code, said) => {
      const stub = start(args);
      const ended = await stub.ended;
      expect(ended).toMatchObject({ code, stdout: '' });
      expect(ended.stderr).toMatch(said);
      expect(ended.stderr.trimEnd()).not.toContain('\n');
      expect(readdirSync(stub.tmp)).toEqual([]);
    },
    20_000,
  );
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
