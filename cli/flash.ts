// What units keep over a power cut, in a file: `--flash`. It holds DeviceSecrets and DeviceTokens, so only its owner may read it.
import { chmodSync, closeSync, existsSync, openSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import * as v from 'valibot';
import { codeOf, UserError } from '../kernel/errors.ts';
import type { Credentials } from '../worker/unit/flash.ts';
import { readText } from './files.ts';

const OWNER_ONLY = 0o600;
/** Permission bits of everybody else. */
const OTHERS = 0o077;

const text = v.pipe(v.string(), v.nonEmpty());
const FLASH = v.object({
  format: v.literal('muster-flash-1'),
  productKey: text,
  seed: v.string(),
  namespace: text,
  devices: v.record(
    v.string(),
    v.variant('kind', [
      v.object({ kind: v.literal('secret'), deviceSecret: text }),
      v.object({ kind: v.literal('token'), clientId: text, deviceToken: text }),
    ]),
  ),
});

export interface FlashContent {
  readonly productKey: string;
  /** Of the run that made it: another run of the same has the same units. */
  readonly seed: string;
  readonly namespace: string;
  readonly devices: Readonly<Record<string, Credentials>>;
}

/** The content of a flash file; undefined where there is none yet. */
export function readFlash(path: string): FlashContent | undefined {
  if (path === '') throw new UserError('--flash names no file', 'give a path');
  if (!existsSync(path)) return undefined;
  const content = readText(path, 'flash file');
  let document: unknown;
  try {
    document = JSON.parse(content);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  const parsed = v.safeParse(FLASH, document);
  // What is wrong is not quoted: it may be a secret.
  if (!parsed.success) throw new UserError(`--flash ${path} is not a flash file of muster`, 'give another path: the file is kept as it is');
  if (statSync(path).mode & OTHERS)
    process.stderr.write(`muster: others may read ${path}, and it holds secrets; it will be for you alone when it is written\n`);
  return parsed.output;
}

/** Refuses, before anything is run for it, a place where the file could not be written. */
export function requireFlashWritable(path: string): void {
  const draft = draftOf(placeOf(path));
  orSay(path, () => closeSync(openSync(draft, 'w', OWNER_ONLY)));
  rmSync(draft, { force: true });
}

/** Writes the file, whole or not at all, for its owner alone. */
export function writeFlash(path: string, content: FlashContent): void {
  const place = placeOf(path);
  const draft = draftOf(place);
  try {
    orSay(path, () => {
      rmSync(draft, { force: true });
      writeFileSync(draft, `${JSON.stringify({ format: 'muster-flash-1', ...content }, null, 1)}\n`, { mode: OWNER_ONLY, flag: 'wx' });
      // Whatever the umask says.
      chmodSync(draft, OWNER_ONLY);
      renameSync(draft, place);
    });
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Where a link leads: a rename would put a file in its place. */
function placeOf(path: string): string {
  return existsSync(path) ? realpathSync(path) : path;
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
    throw new UserError(`--flash ${path} cannot be written (${code})`, 'give a path in a folder that this user may write to');
  }
}
