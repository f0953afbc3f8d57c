// Files the command reads and writes for a user. What is written is whole or absent; what cannot be read is said in one line.
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { codeOf, UserError } from '../kernel/errors.ts';

const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EACCES: 'is not readable for this user',
  EISDIR: 'is a directory',
  ENOTDIR: 'lies below something that is no directory',
};

/** The text of a file the user named. */
export function readText(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    throw new UserError(`${what} ${path} ${WHY[code] ?? `cannot be read (${code})`}`, 'check the path');
  }
}

/** Refuses a place where a file could not be written, before anything is run for it. */
export function requireWritable(path: string, option: string): void {
  const folder = statSync(dirname(resolve(path)), { throwIfNoEntry: false });
  if (!folder?.isDirectory()) throw new UserError(`${option} ${path}: its folder does not exist`, 'create the folder, or give another path');
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw new UserError(`${option} ${path} is a directory`, 'give the path of a file');
}

/** Writes beside the file and renames, so that a reader finds the old or the new one. */
export function writeWhole(path: string, text: string): void {
  const draft = `${path}.${process.pid}.new`;
  try {
    writeFileSync(draft, text);
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    const code = codeOf(error);
    if (code === undefined) throw error;
    throw new UserError(`${path} cannot be written (${code})`, 'give a path that this user may write to');
  }
}

/** Makes the folder of `--out`. */
export function requireFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    throw new UserError(`--out ${path} cannot be made a directory (${code})`, 'give another path');
  }
}
