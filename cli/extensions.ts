// Cases from a folder of the user's: every `*.case.mjs` in it, read before anything runs.
import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { messageOf, UserError } from '../kernel/errors.ts';
import { CASES } from '../scenarios/engine/cases.ts';
import { readExtension, type Extension } from '../scenarios/engine/extension.ts';

/** A user's case and where it was read. */
export interface LoadedExtension extends Extension {
  /** `file:` URL of the module, for a thread that imports it again. */
  readonly url: string;
}

const SUFFIX = '.case.mjs';
const EXAMPLE = 'see docs/write-a-case.md';

/** Reads the cases of `--cases DIR`. @throws UserError that names the file, the place in it and what is wrong */
export async function loadExtensions(dir: string): Promise<LoadedExtension[]> {
  if (!statSync(dir, { throwIfNoEntry: false })?.isDirectory())
    throw new UserError(`--cases ${dir} is not a directory`, 'give the directory that holds the *.case.mjs files');
  const files = readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(SUFFIX) && !name.includes('node_modules'))
    .sort();
  if (files.length === 0) throw new UserError(`--cases ${dir} holds no ${SUFFIX} file`, EXAMPLE);
  const loaded: LoadedExtension[] = [];
  const ids = new Map<string, string>(CASES.map((one) => [one.id, 'Muster']));
  for (const name of files) {
    const path = join(dir, name);
    const url = pathToFileURL(resolve(path)).href;
    const read = readExtension(await importDefault(url, path));
    if (!read.ok) throw new UserError(`${path}, ${read.place} ${read.why}`, EXAMPLE);
    const { id } = read.extension.definition;
    const owner = ids.get(id);
    if (owner !== undefined) throw new UserError(`${path}: the id ${id} belongs to ${owner} already`, 'give it another id');
    ids.set(id, path);
    loaded.push({ ...read.extension, url });
  }
  return loaded;
}

async function importDefault(url: string, path: string): Promise<unknown> {
  try {
    const module = (await import(url)) as { default?: unknown };
    return module.default;
  } catch (error) {
    throw new UserError(`${path} cannot be loaded: ${messageOf(error)}`, EXAMPLE);
  }
}
