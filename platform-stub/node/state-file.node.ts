// The platform's memory on disk: read when a stub starts, written when something changed. Whole files only, one stub a directory.
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock, Timer } from '../../kernel/clock.ts';
import { codeOf, EXIT, messageOf, UserError } from '../../kernel/errors.ts';
import { readSnapshot, type Snapshot } from '../core/snapshot.ts';
import type { Platform } from '../platform.ts';

const STATE_FILE = 'state.json';
const LOCK_FILE = 'lock';
const PRIVATE_FILE = 0o600;
/** Least time between two writes; a large memory is written less often, so that writing takes a twentieth of the time at most. */
const SAVE_MS = 1000;
const SHARE = 20;

/** Takes a directory for this process; the function returned gives it back. Another live stub in it is a UserError (exit 3). */
export function lockStateDir(path: string): () => void {
  const file = join(path, LOCK_FILE);
  const take = (): boolean => {
    try {
      const handle = openSync(file, 'wx', PRIVATE_FILE);
      writeFileSync(handle, `${process.pid} ${startOf(process.pid) ?? ''}\n`);
      closeSync(handle);
      return true;
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false;
      throw new UserError(
        `the state directory ${path} cannot be written to (${messageOf(error)})`,
        'give --state a directory you may write to',
        EXIT.unreachable,
      );
    }
  };
  if (!take()) {
    const owner = ownerOf(file);
    if (owner !== undefined)
      throw new UserError(
        `the state directory ${path} is in use by process ${owner}`,
        'stop that stub, or give --state another directory',
        EXIT.unreachable,
      );
    // Whoever held it is gone.
    rmSync(file, { force: true });
    if (!take()) throw new UserError(`the state directory ${path} is in use`, 'try again, or give --state another', EXIT.unreachable);
  }
  return () => {
    if (ownerOf(file) === process.pid) rmSync(file, { force: true });
  };
}

/** The live process that holds a lock. */
function ownerOf(file: string): number | undefined {
  try {
    const [pidText = '', start = ''] = readFileSync(file, 'utf8').trim().split(' ');
    const pid = Number(pidText);
    if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
    // In a container every stub may have the same number: another process of it is another start.
    const alive = startOf(pid);
    if (alive !== undefined && start !== '' && alive !== start) return undefined;
    return isAlive(pid) ? pid : undefined;
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
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

/** When a process started, in the system's own ticks; undefined where there is no /proc. */
function startOf(pid: number): string | undefined {
  try {
    // The second field is a name in brackets, which may hold anything.
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')[19];
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    return undefined;
  }
}

/** What a stub left there; undefined where there is nothing yet. A damaged or newer file is a UserError (exit 3), and stays as it is. */
export function readState(path: string): Snapshot | undefined {
  const file = join(path, STATE_FILE);
  if (!existsSync(file)) return undefined;
  const refuse = (why: string, remedy: string): UserError =>
    new UserError(`the state in ${file} cannot be used: ${why}`, remedy, EXIT.unreachable);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw refuse(messageOf(error), 'make it readable');
  }
  const read = readSnapshot(text);
  if (read.ok) return read.snapshot;
  if (read.why === 'newer') throw refuse(read.message, 'use that version of Muster, or give --state another directory');
  throw refuse(read.message, 'it was left as it is: mend it, or move it away to start with an empty platform');
}

export interface StateKeeper {
  /** Writes now. A UserError (exit 3) when that fails. */
  save(): void;
  /** No more writes by itself. */
  stop(): void;
}

/**
 * Keeps the platform's memory in the directory from now on.
 * @param failed told once of a write that did not succeed; the next one is tried all the same
 */
export function keepState(path: string, platform: Platform, clock: Clock, failed: (why: string) => void): StateKeeper {
  const file = join(path, STATE_FILE);
  let timer: Timer | undefined;
  let isDirty = false;
  let told = false;
  let restMs = SAVE_MS;
  const save = (): void => {
    isDirty = false;
    const startedAt = clock.now();
    writeWhole(file, JSON.stringify(platform.snapshot()));
    restMs = Math.max(SAVE_MS, SHARE * (clock.now() - startedAt));
  };
  const arm = (): void => {
    timer ??= clock.after(restMs, () => {
      timer = undefined;
      try {
        if (isDirty) save();
      } catch (error) {
        if (!told) failed(messageOf(error));
        told = true;
      }
    });
  };
  const stopListening = platform.log.listen((entry) => {
    if (entry.type === 'uplink' || entry.type === 'downlink') return;
    isDirty = true;
    arm();
  });
  return {
    save() {
      try {
        save();
      } catch (error) {
        throw new UserError(
          `the state could not be written to ${file} (${messageOf(error)})`,
          'what changed since it was last written is lost',
          EXIT.unreachable,
        );
      }
    },
    stop() {
      timer?.cancel();
      stopListening();
    },
  };
}

/** A reader finds the old file or the new one, also after a power cut. */
function writeWhole(file: string, text: string): void {
  const draft = `${file}.new`;
  try {
    const handle = openSync(draft, 'w', PRIVATE_FILE);
    try {
      // Not writeSync, which may write a part and say nothing.
      writeFileSync(handle, text);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}
