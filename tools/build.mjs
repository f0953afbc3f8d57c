// Builds dist: `node tools/build.mjs [--if-older] [cli] [web]`; both without a name. With `--if-older` only what is older than its sources.
// Not here: what is built and how (vite.config.ts).
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const checkout = resolve(fileURLToPath(new URL('..', import.meta.url)));

/** @typedef {'cli' | 'web'} Part */

const SHARED = [
  'kernel',
  'protocol',
  'platform-stub',
  'worker',
  'scenarios',
  'report',
  'tools/vite',
  'vite.config.ts',
  'package-lock.json',
  'package.json',
];

/** What each part is made of. @type {Readonly<Record<Part, readonly string[]>>} */
const SOURCES = { cli: [...SHARED, 'cli'], web: [...SHARED, 'web'] };

/** How vite.config.ts names it. @type {Readonly<Record<Part, string>>} */
const ENVIRONMENT = { cli: 'cli', web: 'client' };

/** Its time is that of the start of the build: a file saved meanwhile is newer. */
const STAMP = '.built';

/**
 * Newest change under a path, milliseconds; folders count, so that a deleted file does.
 * @param {string} path
 * @returns {number}
 */
function newest(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return 0;
  const inside = stat.isDirectory() ? readdirSync(path).map((name) => newest(join(path, name))) : [];
  return Math.max(stat.mtimeMs, ...inside);
}

/**
 * Is a part missing, or older than what it is made of?
 * @param {Part} part
 */
function older(part) {
  const stamp = statSync(join(checkout, 'dist', part, STAMP), { throwIfNoEntry: false });
  return !stamp || SOURCES[part].some((source) => newest(join(checkout, source)) > stamp.mtimeMs);
}

/**
 * Puts `folder` where `place` is. Two builds may do so at once (npm 10 prepares before each `npx`); the later one wins.
 * @param {string} place
 * @param {string} folder
 * @param {string} former where the old one goes meanwhile
 */
function replace(place, folder, former) {
  for (;;) {
    try {
      renameSync(place, former);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
    try {
      renameSync(folder, place);
      return;
    } catch (error) {
      if (!['ENOTEMPTY', 'EEXIST'].includes(codeOf(error))) throw error;
    }
    rmSync(former, { recursive: true, force: true });
  }
}

/** @param {unknown} error */
function codeOf(error) {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/**
 * Builds parts, each into a folder of its own that takes its place when it is whole: a command may be running meanwhile.
 * @param {readonly Part[]} parts
 */
async function build(parts) {
  const started = new Date();
  const { createBuilder } = await import('vite');
  const dist = join(checkout, 'dist');
  mkdirSync(dist, { recursive: true });
  const made = parts.map((part) => ({
    part,
    folder: join(dist, `.${part}-${process.pid}`),
    former: join(dist, `.${part}-${process.pid}-former`),
  }));
  try {
    const builder = await createBuilder({
      configFile: join(checkout, 'vite.config.ts'),
      logLevel: 'warn',
      environments: Object.fromEntries(made.map(({ part, folder }) => [ENVIRONMENT[part], { build: { outDir: folder } }])),
    });
    if (parts.length === Object.keys(SOURCES).length) await builder.buildApp();
    else {
      for (const part of parts) {
        const environment = builder.environments[ENVIRONMENT[part]];
        if (environment) await builder.build(environment);
      }
    }
    for (const { part, folder, former } of made) {
      writeFileSync(join(folder, STAMP), '');
      utimesSync(join(folder, STAMP), started, started);
      replace(join(dist, part), folder, former);
    }
  } finally {
    for (const { folder, former } of made) for (const rest of [folder, former]) rmSync(rest, { recursive: true, force: true });
  }
}

/**
 * Builds those parts that are missing or older than their sources.
 * @param {readonly Part[]} parts
 */
export async function buildIfOlder(parts) {
  // The licence notices are of both parts, so whoever asks for both gets them built together.
  const whole = parts.length === Object.keys(SOURCES).length;
  const stale = parts.filter(older);
  const wanted = whole && (stale.length > 0 || !existsSync(join(checkout, 'dist/THIRD-PARTY-NOTICES.txt'))) ? parts : stale;
  if (wanted.length === 0) return;
  console.error(`muster: building ${wanted.join(' and ')}`);
  await build(wanted);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const words = process.argv.slice(2);
  const named = words.filter((word) => word === 'cli' || word === 'web');
  const parts = /** @type {Part[]} */ (named.length > 0 ? named : Object.keys(SOURCES));
  await (words.includes('--if-older') ? buildIfOlder(parts) : build(parts));
}
