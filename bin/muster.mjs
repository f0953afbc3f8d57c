#!/usr/bin/env node
// The command. It is committed, not built: a built file would lose its mode, and `npx muster` would be refused.
import { existsSync } from 'node:fs';

const built = new URL('../dist/cli/muster.js', import.meta.url);
if (existsSync(built)) {
  await import(built.href);
} else {
  console.error('muster: this checkout has not been built yet. Run `npm ci` or `npm run build`.');
  process.exitCode = 4;
}
