// Pictures of the page for README and docs: serves what was built, runs the demo in Chromium, writes docs/screenshots/*.png.
// It builds nothing: `node tools/build.mjs && node tools/screenshot.mjs [NAME…]`.
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from '@playwright/test';
import { checkout } from './build.mjs';
import { chromiumFlags, ensureChromium } from './chromium.mjs';

const FOLDER = join(checkout, 'docs/screenshots');
const TRIES = 5;

/** @typedef {{ name: string, width: number, height: number, dark?: boolean, tall?: number, device?: number, query?: string, midway?: number, console?: boolean }} Picture */

/** @type {readonly Picture[]} */
const PICTURES = [
  { name: 'page', width: 1440, height: 900 },
  { name: 'page-dark', width: 1440, height: 900, dark: true },
  { name: 'page-narrow', width: 390, height: 844, tall: 1900 },
  { name: 'device', width: 1440, height: 900, device: 421 },
  { name: 'console', width: 1440, height: 900, console: true },
  { name: 'running', width: 1440, height: 900, query: '&devices=10000&rate=2000', midway: 2500 },
];

const server = spawn(process.execPath, [join(checkout, 'dist/cli/muster.js'), 'serve', '--port', '0', '--no-stub'], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const browser = await chromium.launch({ executablePath: await ensureChromium(), args: [...chromiumFlags] });
try {
  const line = await createInterface(server.stdout)[Symbol.asyncIterator]().next();
  if (line.done) throw new Error('the command printed no URL');
  const url = line.value;
  mkdirSync(FOLDER, { recursive: true });
  const wanted = process.argv.slice(2);
  for (const picture of PICTURES.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
    // A busy machine withholds its percentiles, which is right but no picture of the usual.
    for (let left = TRIES; left > 0 && !(await take(url, picture)); left--);
  }
} finally {
  await browser.close();
  server.kill();
}

/**
 * Takes one picture; false where the percentiles were withheld.
 * @param {string} url
 * @param {Picture} picture
 */
async function take(url, { name, width, height, dark, tall, device, query, midway, console: isConsole }) {
  const page = await browser.newPage({
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
    deviceScaleFactor: tall === undefined ? 1 : 2,
  });
  page.on('console', (message) => console.log(name, message.type(), message.text()));
  page.on('pageerror', (error) => console.log(name, error.stack ?? error.message));
  await page.goto(`${url}?run=demo${query ?? ''}`);
  // Either when this many are online, or when all is done.
  if (midway !== undefined) {
    const online = page.getByTestId('count-online');
    while (Number(await online.getAttribute('data-value')) < midway) await page.waitForTimeout(50);
  }
  if (midway === undefined) await page.locator('[data-testid=fleet][data-phase=holding]').waitFor({ timeout: 60_000 });
  await page.locator('[data-testid=suite][data-ended=true]').waitFor({ timeout: 60_000 });
  // The last look at the histograms, and the platform's own count.
  if (midway === undefined) await page.waitForTimeout(2_500);
  if (device !== undefined) {
    await page.locator('#go-to').fill(String(device));
    await page.locator('#go-to').press('Enter');
    await page.locator('[data-testid=device][data-index]').waitFor();
  }
  if (isConsole) {
    await page.getByRole('link', { name: 'Console', exact: true }).click();
    await page.getByTestId('product').waitFor();
    await page.waitForTimeout(1_000);
  }
  const believed = midway !== undefined || isConsole || (await page.getByTestId('percentiles').getAttribute('data-valid')) === 'true';
  // As a phone scrolls it, but no further than this: the list of cases goes on for long.
  const clip = tall === undefined ? {} : { fullPage: true, clip: { x: 0, y: 0, width, height: tall } };
  await page.screenshot({ path: join(FOLDER, `${name}.png`), ...clip });
  await page.close();
  return believed;
}
