// One run of a fleet in a tab of real Chromium, for tools/bench.mjs: everything due at once, until every device is online.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from '@playwright/test';
import { checkout } from './build.mjs';
import { chromiumFlags, ensureChromium } from './chromium.mjs';

/** Highest arrival rate that the form takes: the schedule never holds a device back. */
const RATE = 5_000;
const LONGEST_MS = 120_000;

/** Keeps the longest task of the page's own thread where the bench can read it. */
const OBSERVE = `
  window.longestTask = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.longestTask = Math.max(window.longestTask, entry.duration);
  }).observe({ type: 'longtask', buffered: true });
`;

/**
 * Registrations a second (each device also connects and posts once meanwhile), and the longest task of the page, milliseconds; tasks
 * below 50 ms are not reported by the browser and read 0.
 * @param {{ devices: number }} options
 */
export async function measurePage({ devices }) {
  const server = spawn(process.execPath, [join(checkout, 'dist/cli/muster.js'), 'serve', '--port', '0', '--no-stub'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const browser = await chromium.launch({ executablePath: await ensureChromium(), args: [...chromiumFlags] });
  try {
    const lines = createInterface(server.stdout);
    const first = await lines[Symbol.asyncIterator]().next();
    if (first.done) throw new Error('the command printed no URL');
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await page.addInitScript({ content: OBSERVE });
    await page.goto(first.value);
    await page.getByRole('textbox', { name: 'Devices', exact: true }).fill(String(devices));
    await page.getByRole('textbox', { name: 'Arrivals / s', exact: true }).fill(String(RATE));
    const startedAt = performance.now();
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.locator('[data-testid=fleet][data-phase=holding]').waitFor({ timeout: LONGEST_MS });
    const seconds = (performance.now() - startedAt) / 1000;
    const online = Number(await page.getByTestId('count-online').getAttribute('data-value'));
    if (online !== devices) throw new Error(`${online} of ${devices} devices are online`);
    const longestTaskMs = Number(await page.evaluate('window.longestTask'));
    return { registrationsPerSecond: devices / seconds, longestTaskMs };
  } finally {
    await browser.close();
    server.kill();
  }
}
