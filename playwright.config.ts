// The page in a real Chromium, against what was built. `npm test` builds first; by hand: `npm run build && npx playwright test`. What a test
// saw on its way, a picture and a copy of the page at every step, costs a fifth of the time and is not kept: `--trace on` keeps it.
import { defineConfig } from '@playwright/test';
import { chromiumFlags, findChromium } from './tools/chromium.mjs';

const executablePath = await findChromium();

export default defineConfig({
  testDir: './test/browser',
  testMatch: '**/*.spec.ts',
  outputDir: './test-results/browser',
  workers: 2,
  retries: 0,
  forbidOnly: Boolean(process.env['CI']),
  timeout: 60_000,
  use: {
    browserName: 'chromium',
    launchOptions: { ...(executablePath ? { executablePath } : {}), args: [...chromiumFlags] },
  },
});
