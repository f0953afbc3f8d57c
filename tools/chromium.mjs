// Where Chromium is, and how tests start it. `node tools/chromium.mjs` installs one when there is none and prints its path.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome', 'microsoft-edge'];
const APPLICATIONS = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

export const isRoot = process.getuid?.() === 0;
export const hasApt = existsSync('/etc/debian_version') && onPath('apt-get') !== undefined;

/** A quiet Chromium that asks nothing of the network by itself. Its sandbox does not work for root. */
export const chromiumFlags = [
  ...(isRoot ? ['--no-sandbox'] : []),
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** @param {string} path */
function executable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * The program of that name on PATH.
 * @param {string} name
 */
export function onPath(name) {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => join(folder, name))
    .find(executable);
}

/**
 * Runs a command whose output is only of interest to who watches; true when it succeeded.
 * @param {string} command
 * @param {readonly string[]} args
 */
export function succeeds(command, args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return spawnSync(command, args, { stdio: ['ignore', 2, 2], env }).status === 0;
}

/** The one that Playwright downloaded, if it did. */
async function playwrightsOwn() {
  const { chromium } = await import('@playwright/test');
  return [chromium.executablePath()].find((path) => path !== '' && executable(path));
}

/** Path of the Chromium to use; undefined when there is none. Installs nothing. */
export async function findChromium() {
  const chosen = process.env['MUSTER_CHROMIUM'];
  if (chosen) {
    if (!executable(chosen)) throw new Error(`MUSTER_CHROMIUM is ${chosen}, which is not a program`);
    return chosen;
  }
  return NAMES.map(onPath).find((path) => path !== undefined) ?? APPLICATIONS.find(executable) ?? (await playwrightsOwn());
}

/** Path of the Chromium to use, installed first where that is possible. */
export async function ensureChromium() {
  const found = await findChromium();
  if (found) return found;
  console.error('No Chromium found: installing one.');
  if (
    isRoot &&
    hasApt &&
    succeeds('apt-get', ['update']) &&
    succeeds('apt-get', ['install', '-y', '--no-install-recommends', 'chromium'])
  ) {
    const installed = await findChromium();
    if (installed) return installed;
  }
  if (succeeds(process.execPath, [fileURLToPath(import.meta.resolve('@playwright/test/cli')), 'install', 'chromium'])) {
    const downloaded = await findChromium();
    if (downloaded) return downloaded;
  }
  throw new Error(
    'Browser tests need Chromium. Install it (Debian: apt-get install chromium), or name one with MUSTER_CHROMIUM=/path/to/chromium.',
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    console.log(await ensureChromium());
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
