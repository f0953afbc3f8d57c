// Pictures of the page for README and docs: serves what was built, runs the demo in Chromium, writes docs/screenshots/*.png.
// It builds nothing: `node tools/build.mjs && node tools/screenshot.mjs`.
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from '@playwright/test';
import { checkout } from './build.mjs';
import { chromiumFlags, ensureChromium } from './chromium.mjs';

const FOLDER = join(checkout, 'docs/screenshots');

/** @type {readonly { name: string, width: number, height: number, dark?: boolean, whole?: boolean, device?: number, query?: string, midway?: number }[]} */
const PICTURES = [
  { name: 'page', width: 1440, height: 900 },
  { name: 'page-dark', width: 1440, height: 900, dark: true },
  { name: 'page-narrow', width: 390, height: 844, whole: true },
  { name: 'device', width: 1440, height: 900, device: 421 },
  { name: 'running', width: 1440, height: 900, query: '&devices=10000&rate=2000', midway: 4000 },
];

const server = spawn(process.execPath, [join(checkout, 'dist/cli/muster.js'), 'serve', '--port', '0', '--no-stub'], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const browser = await chromium.launch({ executablePath: await ensureChromium(), args: [...chromiumFlags] });
try {
  const url = await new Promise((resolve) => createInterface(server.stdout).once('line', resolve));
  mkdirSync(FOLDER, { recursive: true });
  for (const { name, width, height, dark, whole, device, query, midway } of PICTURES) {
    const page = await browser.newPage({
      viewport: { width, height },
      colorScheme: dark ? 'dark' : 'light',
      deviceScaleFactor: whole ? 2 : 1,
    });
    page.on('console', (message) => console.log(name, message.type(), message.text()));
    page.on('pageerror', (error) => console.log(name, error.stack ?? error.message));
    await page.goto(`${url}?run=demo${query ?? ''}`);
    // Either when this many are online, or when all is done.
    if (midway !== undefined)
      await page.waitForFunction(`Number(document.querySelector('[data-testid=count-online]').dataset.value) >= ${midway}`);
    else await page.locator('[data-testid=fleet][data-phase=holding]').waitFor({ timeout: 60_000 });
    await page.locator('[data-testid=suite][data-ended=true]').waitFor({ timeout: 60_000 });
    // The last look at the histograms, and the platform's own count.
    if (midway === undefined) await page.waitForTimeout(2_500);
    if (device !== undefined) {
      await page.locator('#go-to').fill(String(device));
      await page.locator('#go-to').press('Enter');
      await page.locator('[data-testid=device][data-index]').waitFor();
    }
    await page.screenshot({ path: join(FOLDER, `${name}.png`), fullPage: whole ?? false });
    await page.close();
  }
} finally {
  await browser.close();
  server.kill();
}
