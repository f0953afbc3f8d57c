// Files the command reads and writes for a user. What is written is whole or absent; what cannot be read is said in one line.
import { closeSync, mkdirSync, openSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { codeOf, UserError } from '../kernel/errors.ts';
import { described, mentionPath } from '../kernel/mention.ts';

const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EACCES: 'is not readable for this user',
  EISDIR: 'is a directory',
  ENOTDIR: 'lies below something that is no directory',
  EEXIST: 'there is a file of that name',
  ENAMETOOLONG: 'is longer than a path can be',
};

/** A file's text, or why it cannot be read. */
type Read = { readonly text: string } | { readonly why: string };

/** Reads a file. @throws only what is no fault of the file */
export function tryRead(path: string): Read {
  try {
    return { text: readFileSync(path, 'utf8') };
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    return { why: WHY[code] ?? `cannot be read (${code})` };
  }
}

/** The text of a file the user named on the command line. */
export function readText(path: string, what: string): string {
  const read = tryRead(path);
  if ('why' in read) throw new UserError(`${what} ${path} ${read.why}`, 'check the path');
  return read.text;
}

/**
 * The text of a file that a document names. A word there that looks like no path is not repeated: it may be the secret itself.
 * @param path    where the file is
 * @param written what the document says
 * @param by      the file and the key that say so
 */
export function readNamed(path: string, what: string, written: string, by: string): string {
  const read = tryRead(path);
  if ('text' in read) return read.text;
  if (mentionPath(written) !== undefined) throw new UserError(`${what} ${path} ${read.why}`, `check the path that ${by} gives`);
  throw new UserError(`${by}: ${what} (${described(written)}) ${read.why}`, 'the path of a file belongs there, not what is in it');
}

/** Refuses a place where a file could not be written, before anything is run for it. */
export function requireWritable(path: string, option: string): void {
  if (path === '') throw new UserError(`${option} names no file`, 'give a path');
  const folder = statSync(dirname(resolve(path)), { throwIfNoEntry: false });
  if (!folder?.isDirectory())
    throw new UserError(`${option} ${path}: its folder does not exist`, 'create the folder, or give another path');
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory())
    throw new UserError(`${option} ${path} is a directory`, 'give the path of a file');
  const place = placeOf(path);
  if (!place.whole) return;
  const draft = draftOf(place.path);
  // Permissions do not tell all: a file system can be read-only.
  orSay(path, () => closeSync(openSync(draft, 'w')));
  rmSync(draft, { force: true });
}

/** Writes beside the file and renames, so that a reader finds the old or the new one. */
export function writeWhole(path: string, text: string): void {
  const place = placeOf(path);
  if (!place.whole) return orSay(path, () => writeFileSync(place.path, text));
  const draft = draftOf(place.path);
  try {
    orSay(path, () => {
      writeFileSync(draft, text);
      renameSync(draft, place.path);
    });
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Makes the folder of `--out` and refuses one in which nothing can be written. */
export function requireFolder(path: string): void {
  if (path === '') throw new UserError('--out names no directory', 'give a path');
  try {
    makeFolder(resolve(path));
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    throw new UserError(`--out ${path} cannot be made a directory (${WHY[code] ?? code})`, 'give another path');
  }
  requireWritable(join(path, 'report.json'), '--out');
}

/** As `mkdir -p`. Node 20's own never returns where the system answers ENOENT below a folder that exists, as /proc does. */
function makeFolder(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
    const parent = dirname(path);
    if (codeOf(error) !== 'ENOENT' || statSync(parent, { throwIfNoEntry: false }) !== undefined) throw error;
    makeFolder(parent);
    mkdirSync(path);
  }
}

/** Where a path leads. A device or a pipe, such as /dev/null, is written to: a rename would put a file in its place. */
function placeOf(path: string): { readonly path: string; readonly whole: boolean } {
  const existing = statSync(path, { throwIfNoEntry: false });
  if (existing === undefined) return { path, whole: true };
  // Only a file has a place of its own: behind /proc/self/fd the name is no path.
  return existing.isFile() ? { path: realpathSync(path), whole: true } : { path, whole: false };
}

function draftOf(path: string): string {
  return `${path}.${process.pid}.new`;
}

function orSay(path: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    throw new UserError(`${path} cannot be written (${code})`, 'give a path that this user may write to');
  }
}
