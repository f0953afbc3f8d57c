// Who serves here? A running stub leaves a file in this user's runtime directory, as Jupyter's servers do, so that a fleet pointed at a
// loopback URL can add its names beforehand and count activations. No ProductSecret is in it.
import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { codeOf } from '../../kernel/errors.ts';

const port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535));

/** Further keys are let pass: a newer stub may write them. */
const RUN_ENTRY = v.object({
  pid: v.number(),
  ports: v.object({ mqtt: port, mqtts: port, ws: port, wss: port, https: port, api: port }),
  operatorToken: v.string(),
  caPath: v.string(),
  products: v.array(v.object({ productKey: v.string() })),
});

/** What a running stub says of itself. */
export type RunEntry = v.InferOutput<typeof RUN_ENTRY>;

const FILE = /^stub-(\d+)\.json$/;

/** `$XDG_RUNTIME_DIR/muster`, else a directory of this user's under the system's temporary one. */
export function runDir(): string {
  const runtime = process.env.XDG_RUNTIME_DIR;
  return runtime ? join(runtime, 'muster') : join(tmpdir(), `muster-${userInfo().uid}`);
}

/**
 * Is the directory this user's alone? Under /tmp anybody could have made one of that name, and a token in it would be theirs, or a
 * found one a trap.
 */
function isOurs(dir: string): boolean {
  const stat = lstatSync(dir, { throwIfNoEntry: false });
  if (!stat?.isDirectory()) return false;
  return process.platform === 'win32' || (stat.uid === userInfo().uid && (stat.mode & 0o077) === 0);
}

/**
 * Writes the file of this process and returns what removes it (also callable while the process exits). Where the directory is not
 * this user's alone or cannot be written to, nothing is written: the stub works without.
 */
export function writeRunFile(entry: RunEntry, dir: string = runDir()): () => void {
  const file = join(dir, `stub-${entry.pid}.json`);
  const draft = `${file}.new`;
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    if (!isOurs(dir)) return () => undefined;
    writeFileSync(draft, `${JSON.stringify(entry)}\n`, { mode: 0o600 });
    chmodSync(draft, 0o600);
    // A reader finds the whole file or none.
    renameSync(draft, file);
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    return () => undefined;
  }
  return () => rmSync(file, { force: true });
}

/** The stub of this user that serves devices on `devicePort` of this machine. Files of processes that are gone are removed. */
export function findStub(devicePort: number, dir: string = runDir()): RunEntry | undefined {
  return runningStubs(dir).find(({ ports: { api: _api, ...devicePorts } }) => Object.values(devicePorts).includes(devicePort));
}

/** A stub of this user that serves, whichever. */
export function findAnyStub(dir: string = runDir()): RunEntry | undefined {
  return runningStubs(dir)[0];
}

function runningStubs(dir: string): RunEntry[] {
  if (!isOurs(dir)) return [];
  const running: RunEntry[] = [];
  for (const name of readdirSync(dir)) {
    const pid = Number(FILE.exec(name)?.[1]);
    if (!Number.isSafeInteger(pid)) continue;
    if (!isAlive(pid)) {
      rmSync(join(dir, name), { force: true });
      continue;
    }
    const entry = readEntry(join(dir, name));
    if (entry) running.push(entry);
  }
  return running;
}

function readEntry(file: string): RunEntry | undefined {
  try {
    const parsed = v.safeParse(RUN_ENTRY, JSON.parse(readFileSync(file, 'utf8')));
    return parsed.success ? parsed.output : undefined;
  } catch (error) {
    // Another program's file, or one that went away meanwhile.
    if (!(error instanceof SyntaxError) && codeOf(error) === undefined) throw error;
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Not permitted: it lives, as another user's.
    return codeOf(error) === 'EPERM';
  }
}
