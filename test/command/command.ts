// The built command as another process sees it. `npm test` builds it first; alone: `node tools/build.mjs --if-older cli`.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll } from 'vitest';

const CHECKOUT = join(import.meta.dirname, '../..');
export const COMMAND = join(CHECKOUT, 'dist/cli/muster.js');

/** Ledgers of the runs of this process. */
const STATE = mkdtempSync(join(tmpdir(), 'muster-test-state-'));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Commands that run: those of a test that was given up must not outlive its file. */
const running = new Set<ChildProcess>();

// Not when the process exits: vitest ends the processes of its files without telling them.
afterAll(async () => {
  const ended = [...running].map((child) => once(child, 'close'));
  for (const child of running) child.kill('SIGKILL');
  await Promise.all(ended);
  rmSync(STATE, { recursive: true, force: true });
});

function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    env: { ...process.env, NO_COLOR: '1', XDG_STATE_HOME: STATE, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  child.once('close', () => running.delete(child));
  return child;
}

/** Runs the command to its end. */
export async function muster(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Ended> {
  const child = start(args, env);
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

/** What `muster stub --json` says first. */
export interface Ready {
  readonly mqtt: number;
  readonly mqtts: number;
  readonly ws: number;
  readonly wss: number;
  readonly api: number;
  readonly ca: string;
  readonly target: string;
}

/** A stub in another process while `use` runs. */
export async function withStub<T>(args: readonly string[], use: (ready: Ready) => Promise<T>): Promise<T> {
  const child = start(['stub', '--json', ...args]);
  const ended = once(child, 'close');
  try {
    if (!child.stdout) throw new Error('the stub has no stdout');
    const line = await createInterface(child.stdout)[Symbol.asyncIterator]().next();
    if (line.done) throw new Error('the stub ended without a word');
    return await use(JSON.parse(line.value) as Ready);
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
}

/** The app with its stub while `use` runs with its URL. */
export async function withServer<T>(use: (url: string) => Promise<T>): Promise<T> {
  const child = start(['serve', '--port', '0']);
  const ended = once(child, 'close');
  try {
    if (!child.stdout) throw new Error('the server has no stdout');
    const line = await createInterface(child.stdout)[Symbol.asyncIterator]().next();
    if (line.done) throw new Error('the server ended without a word');
    return await use(line.value);
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
}
