// Runs after `npm ci` in a checkout (and before each `npx muster` of npm 10): the command is there at once. The page is built when it is
// first served.
import { mkdirSync, renameSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { buildIfOlder, checkout } from './build.mjs';

const require = createRequire(import.meta.url);
try {
  require.resolve('vite/package.json');
} catch {
  console.error('muster: development dependencies are left out, so nothing is built.');
  process.exit(0);
}

await buildIfOlder(['cli']);

if (process.platform !== 'win32') {
  // With this link `npx muster` takes the checkout's own command. Without it npx installs the checkout into its cache, which takes
  // seconds, runs this script again, and goes stale when the command moves.
  const bin = join(checkout, 'node_modules/.bin');
  mkdirSync(bin, { recursive: true });
  const link = join(bin, `.muster-${process.pid}`);
  symlinkSync('../../bin/muster.mjs', link);
  renameSync(link, join(bin, 'muster'));
}
