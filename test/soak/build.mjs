// Bundles the programs of the soak, since Node 20 reads no TypeScript. In a process of its own: vite would be most of the memory measured.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const out = join(here, '../../node_modules/.cache/muster-soak');

/**
 * Where a built program is.
 * @param {'arena' | 'stub' | 'load' | 'fleet'} name
 */
export const program = (name) => join(out, `${name}.js`);

/**
 * Its exports.
 * @param {'arena' | 'load'} name
 * @returns {Promise<unknown>}
 */
export const load = (name) => import(pathToFileURL(program(name)).href);

/** Builds all of them. */
export function build() {
  const child = spawnSync(process.execPath, [fileURLToPath(import.meta.url)], { stdio: ['ignore', 'inherit', 'inherit'] });
  if (child.status !== 0) throw new Error(`building the soak's programs ended with ${child.status}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const vite = await import('vite');
  await vite.build({ configFile: join(here, 'vite.config.ts'), logLevel: 'warn' });
}
