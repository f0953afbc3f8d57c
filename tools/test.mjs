// `npm test`: builds, runs vitest and then Playwright, and ends with one line that sums both: "N passed, N failed". CI reads that line.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildIfOlder, checkout } from './build.mjs';
import { ensureChromium } from './chromium.mjs';
import { ensureInterop } from './interop.mjs';

const results = join(checkout, 'test-results');
const vitestFile = join(results, 'vitest.json');
const playwrightFile = join(results, 'playwright.json');

/**
 * Runs a test runner to its end; its exit code.
 * @param {string} cli
 * @param {readonly string[]} args
 * @param {Readonly<Record<string, string>>} [env]
 */
function run(cli, args, env = {}) {
  const child = spawnSync(process.execPath, [cli, ...args], {
    cwd: checkout,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...env },
  });
  return child.status ?? 1;
}

/**
 * A runner that ended badly without naming a failed test has failed all the same.
 * @param {number} exit
 * @param {{ passed: number, failed: number }} counted
 */
function honest(exit, { passed, failed }) {
  return { passed, failed: exit !== 0 && failed === 0 ? 1 : failed };
}

/**
 * What a runner wrote; empty when it did not get that far.
 * @template T
 * @param {string} file
 * @returns {Partial<T>}
 */
function read(file) {
  return existsSync(file) ? /** @type {T} */ (JSON.parse(readFileSync(file, 'utf8'))) : {};
}

function vitest() {
  rmSync(vitestFile, { force: true });
  const cli = join(checkout, 'node_modules/vitest/vitest.mjs');
  const exit = run(cli, ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${vitestFile}`]);
  /** @type {Partial<{ numPassedTests: number, numFailedTests: number }>} */
  const { numPassedTests: passed = 0, numFailedTests: failed = 0 } = read(vitestFile);
  return honest(exit, { passed, failed });
}

/** @param {string} chromium */
function playwright(chromium) {
  rmSync(playwrightFile, { force: true });
  const cli = join(checkout, 'node_modules/@playwright/test/cli.js');
  const exit = run(cli, ['test', '--reporter=list,json', '--pass-with-no-tests'], {
    MUSTER_CHROMIUM: chromium,
    PLAYWRIGHT_JSON_OUTPUT_NAME: playwrightFile,
  });
  /** @type {Partial<{ stats: { expected: number, unexpected: number, flaky: number } }>} */
  const { stats = { expected: 0, unexpected: 0, flaky: 0 } } = read(playwrightFile);
  return honest(exit, { passed: stats.expected, failed: stats.unexpected + stats.flaky });
}

/** @type {{ passed: number, failed: number }[]} */
const runs = [];
try {
  ensureInterop();
  const chromium = await ensureChromium();
  await buildIfOlder(['cli', 'web']);
  runs.push(vitest(), playwright(chromium));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  runs.push({ passed: 0, failed: 1 });
}
const passed = runs.reduce((sum, one) => sum + one.passed, 0);
const failed = runs.reduce((sum, one) => sum + one.failed, 0);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
console.log(`\n${passed} passed, ${failed} failed`);
