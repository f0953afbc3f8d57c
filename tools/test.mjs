// `npm test`: builds, runs vitest and then Playwright, and ends with one line that sums both: "N passed, N failed". CI reads that line.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
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
 * @typedef {{ passed: number, failed: number, names: readonly string[] }} Outcome
 * `names`: what failed, as a line each, for the end of a log of which one may see nothing but the end.
 */

/**
 * A runner that ended badly without naming a failed test has failed all the same.
 * @param {string} runner
 * @param {number} exit
 * @param {Outcome} counted
 * @returns {Outcome}
 */
function honest(runner, exit, { passed, failed, names }) {
  if (exit === 0 || failed > 0) return { passed, failed, names };
  return { passed, failed: 1, names: [`${runner} ended with exit code ${exit}, though no test of it failed`] };
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
  /** @type {Partial<{ numPassedTests: number, numFailedTests: number, testResults: VitestFile[] }>} */
  const { numPassedTests: passed = 0, numFailedTests: failed = 0, testResults = [] } = read(vitestFile);
  return honest('vitest', exit, { passed, failed, names: testResults.flatMap(failedInVitest) });
}

/**
 * @typedef {{ name: string, status: string, message?: string, assertionResults: { fullName: string, status: string, failureMessages?: string[] }[] }} VitestFile
 * One file of vitest's JSON report.
 * @param {VitestFile} file
 */
function failedInVitest({ name, status, message = '', assertionResults }) {
  const file = relative(checkout, name);
  const failed = assertionResults.filter((one) => one.status === 'failed');
  if (failed.length === 0) return status === 'failed' ? [`${file}: ${firstLine(message)}`] : [];
  return failed.map((one) => `${file} > ${one.fullName}: ${firstLine(one.failureMessages?.[0] ?? '')}`);
}

/**
 * @typedef {{ title: string, file: string, line: number, ok: boolean, tests: { status: string, results: { error?: { message?: string } }[] }[] }} Spec
 * @typedef {{ suites?: Suite[], specs?: Spec[] }} Suite
 * Playwright's JSON report: suites within suites.
 * @param {Suite} suite
 * @returns {string[]}
 */
function failedInPlaywright({ suites = [], specs = [] }) {
  const here = specs
    .filter(({ tests }) => tests.some(({ status }) => status === 'unexpected' || status === 'flaky'))
    .map(({ file, line, title, tests }) => {
      const error = tests.flatMap(({ results }) => results).find((result) => result.error !== undefined)?.error;
      return `${file}:${line} > ${title}: ${firstLine(error?.message ?? '')}`;
    });
  return [...here, ...suites.flatMap(failedInPlaywright)];
}

/** @param {string} text */
function firstLine(text) {
  return stripVTControlCharacters(text).trim().split('\n', 1)[0] ?? '';
}

/** @param {string} chromium */
function playwright(chromium) {
  rmSync(playwrightFile, { force: true });
  const cli = join(checkout, 'node_modules/@playwright/test/cli.js');
  const exit = run(cli, ['test', '--reporter=list,json', '--pass-with-no-tests'], {
    MUSTER_CHROMIUM: chromium,
    PLAYWRIGHT_JSON_OUTPUT_NAME: playwrightFile,
  });
  /** @type {Partial<{ stats: { expected: number, unexpected: number, flaky: number }, suites: Suite[] }>} */
  const { stats = { expected: 0, unexpected: 0, flaky: 0 }, suites = [] } = read(playwrightFile);
  const names = suites.flatMap(failedInPlaywright);
  return honest('playwright', exit, { passed: stats.expected, failed: stats.unexpected + stats.flaky, names });
}

/** @type {Outcome[]} */
const runs = [];
try {
  ensureInterop();
  const chromium = await ensureChromium();
  await buildIfOlder(['cli', 'web']);
  runs.push(vitest(), playwright(chromium));
} catch (error) {
  runs.push({ passed: 0, failed: 1, names: [error instanceof Error ? error.message : String(error)] });
}
const passed = runs.reduce((sum, one) => sum + one.passed, 0);
const failed = runs.reduce((sum, one) => sum + one.failed, 0);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
for (const name of runs.flatMap(({ names }) => names)) console.log(`failed: ${name}`);
console.log(`\n${passed} passed, ${failed} failed`);
