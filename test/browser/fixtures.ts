// What every browser test stands on: the built command serving the built page, and a page in which nothing may go wrong unnoticed.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test as base, expect, type Download, type Locator, type Page } from '@playwright/test';

export const COMMAND = join(import.meta.dirname, '../../dist/cli/muster.js');

/**
 * Starts the command and gives the first line of its stdout.
 * @param files how many files it may have open; what the system allows unless told
 */
export async function startCommand(args: readonly string[], files?: number): Promise<{ line: string; stop: () => Promise<void> }> {
  const limit = files === undefined ? '' : `ulimit -n ${files}; `;
  const child: ChildProcess = spawn('sh', ['-c', `${limit}exec "$0" "$@"`, process.execPath, COMMAND, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const first = createInterface({ input: child.stdout! })[Symbol.asyncIterator]().next();
  const line = await Promise.race([
    first.then(({ value }) => String(value)),
    ended.then(([code]) => Promise.reject(new Error(`ended with ${code}`))),
  ]);
  return {
    line,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

export interface Troubles {
  /** Messages that a test provokes on purpose. */
  expected: RegExp | undefined;
  readonly seen: string[];
}

export const test = base.extend<{ troubles: Troubles }, { served: string }>({
  served: [
    // Playwright reads the first parameter's pattern.
    // eslint-disable-next-line no-empty-pattern
    async ({}, use) => {
      const server = await startCommand(['serve', '--port', '0', '--no-stub']);
      await use(server.line);
      await server.stop();
    },
    { scope: 'worker' },
  ],
  baseURL: async ({ served }, use) => use(served),
  /** Console errors, uncaught errors and violations of the Content-Security-Policy fail every test. */
  troubles: [
    async ({ page }, use) => {
      const troubles: Troubles = { expected: undefined, seen: [] };
      page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') troubles.seen.push(`${message.type()}: ${message.text()}`);
      });
      page.on('pageerror', (error) => troubles.seen.push(error.stack ?? error.message));
      await page.addInitScript({
        content: `addEventListener('securitypolicyviolation', (e) => console.error('CSP: ' + e.violatedDirective + ' ' + e.blockedURI))`,
      });
      await use(troubles);
      expect(troubles.seen.filter((one) => !troubles.expected?.test(one))).toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };

/** The fleet's card, whose data attributes say how far the run is. */
export const fleetOf = (page: Page): Locator => page.getByTestId('fleet');

export async function phase(page: Page, name: string, timeout = 30_000): Promise<void> {
  await expect(fleetOf(page)).toHaveAttribute('data-phase', name, { timeout });
}

export async function counter(page: Page, name: 'started' | 'online' | 'refused' | 'failed' | 'local' | 'aborted'): Promise<number> {
  return Number(await page.getByTestId(`count-${name}`).getAttribute('data-value'));
}

/** Fills the form for a fleet on the in-page stub and runs it to its end. */
export async function runFleet(page: Page, devices: number, rate = 500): Promise<void> {
  await page.getByRole('textbox', { name: 'Devices' }).fill(String(devices));
  await page.getByLabel('Arrivals / s').fill(String(rate));
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await phase(page, 'holding');
}

/** Opens a device's panel by its number. */
export async function openDevice(page: Page, index: number): Promise<Locator> {
  const field = page.getByLabel('Go to device');
  await field.fill(String(index));
  await field.press('Enter');
  const panel = page.getByTestId('device');
  await expect(panel).toHaveAttribute('data-index', String(index));
  return panel;
}

export async function textOf(download: Download): Promise<string> {
  return readFile(await download.path(), 'utf8');
}

/** A file that the page makes when `press` is pressed. */
export async function downloaded(page: Page, press: Locator): Promise<string> {
  const [download] = await Promise.all([page.waitForEvent('download'), press.click()]);
  return textOf(download);
}
