// The HTML report in a real Chromium, from a disk: it needs no network, and it can be searched, read in two languages, and printed.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test as base, type Page } from '@playwright/test';
import { barriers } from './axe.ts';
import { COMMAND } from './fixtures.ts';

/** A subject with one fault: most cases pass, some do not. */
const MUTANT = 'cap-4';
/** Enough cases for what is tried here. */
const SELECTION = 'platform/nwl/*';
/** One at least of each verdict, for axe, which takes a millisecond an element: the others are made of the same. */
const FEW = 'platform/nwl/*-*-*';
const FEW_VERDICTS = ['inconclusive', 'fail', 'fail', 'pass'];

interface OpenReport {
  /** Requests for anything but the file itself, console messages and errors. */
  readonly troubles: readonly string[];
  open(hash?: string): Promise<void>;
}

/** Has the command write a report, and lets it be used until it is removed. */
async function withReport(args: readonly string[], use: (file: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'muster-report-'));
  const command = [COMMAND, 'verify', 'platform', '--mutant', MUTANT, ...args, '--out', folder, '--reporter', 'html'];
  const { status, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' });
  expect(status, stderr).toBe(1);
  await use(join(folder, 'report.html'));
  rmSync(folder, { recursive: true });
}

const test = base.extend<{ report: OpenReport }, { file: string; few: string; whole: string }>({
  // Playwright reads the first parameter's pattern.
  // eslint-disable-next-line no-empty-pattern
  file: [async ({}, use) => withReport(['--case', SELECTION], use), { scope: 'worker' }],
  // eslint-disable-next-line no-empty-pattern
  few: [async ({}, use) => withReport(['--case', FEW], use), { scope: 'worker' }],
  // eslint-disable-next-line no-empty-pattern
  whole: [async ({}, use) => withReport([], use), { scope: 'worker' }],
  report: async ({ page, file }, use) => {
    const url = pathToFileURL(file).href;
    const troubles: string[] = [];
    page.on('console', (message) => troubles.push(message.text()));
    page.on('pageerror', (error) => troubles.push(error.message));
    page.on('request', (request) => {
      if (request.url().split('#')[0] !== url) troubles.push(request.url());
    });
    await use({ troubles, open: (hash = '') => page.goto(url + hash).then(() => undefined) });
    expect(troubles).toEqual([]);
  },
});

const cases = (page: Page) => page.locator('details.case');
const shownCases = (page: Page) => page.locator('details.case:visible');

test('of a selection decides nothing, and opens what did not pass', async ({ page, report }) => {
  await report.open();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/embedded stub/);
  await expect(page.locator('#result strong')).toHaveText('? undetermined');
  const failed = page.locator('details.case[data-find=fail]');
  expect(await failed.count()).toBeGreaterThan(0);
  for (const one of await failed.all()) await expect(one).toHaveAttribute('open');
  await expect(page.locator('details.case[data-find=pass]').first()).not.toHaveAttribute('open');
});

test('of the whole suite names the verdict, and stays small', async ({ page, whole }) => {
  expect(statSync(whole).size).toBeLessThan(4_000_000);
  await page.goto(pathToFileURL(whole).href);
  await expect(page.locator('#result strong')).toHaveText('✕ not conformant');
  await expect(page.locator('#claims')).toContainText(MUTANT);
  await page.getByLabel('Find').fill('platform/scale');
  await expect(page.locator('#case-platform\\/scale\\/race')).toBeVisible();
});

test('a search and a verdict hide the cases that do not match', async ({ page, report }) => {
  await report.open();
  const all = await cases(page).count();
  await expect(shownCases(page)).toHaveCount(all);
  await page.getByLabel('Find').fill('nwl/forged-reply');
  await expect(page.locator('#case-platform\\/nwl\\/forged-reply')).toBeVisible();
  await expect.poll(() => shownCases(page).count()).toBeLessThan(all);
  await page.getByLabel('Find').fill('no such words anywhere');
  await expect(shownCases(page)).toHaveCount(0);
  await expect(page.getByText('No case and no rule matches.')).toBeVisible();
  await page.getByLabel('Find').fill('');
  await page.getByLabel('Verdict').selectOption('fail');
  await expect(shownCases(page)).toHaveCount(await page.locator('details.case[data-find=fail]').count());
  await expect(page.locator('#rules tbody tr:visible')).toHaveCount(await page.locator('#rules tr[data-find=fail]').count());
  await page.getByLabel('Verdict').selectOption('');
  await expect(shownCases(page)).toHaveCount(all);
});

test('the language is a button, and the words of the report follow', async ({ page, report }) => {
  await report.open();
  const limits = page.locator('#limits-h');
  await expect(limits).toHaveText('What is not claimed');
  await page.getByRole('button', { name: '简体中文' }).click();
  await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN');
  await expect(limits).toHaveText('未声明的内容');
  await expect(page.locator('#rule-RULE-01 [lang="zh-CN"]').first()).toBeVisible();
  await expect(page.locator('#rule-RULE-01 [lang="en"]').first()).toBeHidden();
  await expect(page).toHaveTitle(/符合性报告/);
  await page.getByRole('button', { name: 'English' }).click();
  await expect(limits).toHaveText('What is not claimed');
  await expect(page).toHaveTitle(/Conformance report/);
});

test.describe('in a Chinese browser', () => {
  test.use({ locale: 'zh-CN' });
  test('the report begins in Chinese', async ({ page, report }) => {
    await report.open();
    await expect(page.getByRole('button', { name: '简体中文' })).toHaveAttribute('aria-pressed', 'true');
    await expect(page.locator('#cases-h')).toHaveText('用例');
  });
});

test('a link opens what it leads to, even what the filter had hidden', async ({ page, report }) => {
  await report.open('#case-platform/nwl/token-across-clear');
  const one = page.locator('#case-platform\\/nwl\\/token-across-clear');
  await expect(one).toHaveAttribute('open');
  const evidence = one.locator('.checks a[href^="#span-"]').first();
  const target = page.locator(`[id="${(await evidence.getAttribute('href'))!.slice(1)}"]`);
  await evidence.click();
  await expect(target).toBeInViewport();

  await page.getByLabel('Verdict').selectOption('pass');
  await expect(page.locator('details.case[data-find=fail]:visible')).toHaveCount(0);
  await page.locator('#result .list a[href="#case-platform/nwl/five-units"]').first().click();
  const failed = page.locator('details.case:target');
  await expect(failed).toHaveAttribute('data-find', 'fail');
  await expect(failed.locator('> summary')).toBeInViewport();
  await failed.getByRole('link', { name: 'all cases' }).click();
  await expect(page.locator('#cases-h')).toBeInViewport();
});

test('a packet opens from the keyboard to its fields and bytes', async ({ page, report }) => {
  await report.open('#case-platform/nwl/five-units');
  const packet = page.locator('details.case:target details.e').first();
  await packet.locator('summary').focus();
  await page.keyboard.press('Enter');
  await expect(packet.locator('dt').first()).toHaveText('client identifier');
  await expect(packet.locator('pre')).toHaveText(/^10[0-9a-f]{6} /);
});

test('prints everything opened, without its controls', async ({ page, report }) => {
  await report.open();
  await page.emulateMedia({ media: 'print' });
  await expect(page.locator('#controls')).toBeHidden();
  await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
  await expect(page.locator('details:not([open])')).toHaveCount(0);
  await page.evaluate(() => dispatchEvent(new Event('afterprint')));
  expect(await page.locator('details:not([open])').count()).toBeGreaterThan(0);
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });
  test('the report is there, in English', async ({ page, report }) => {
    await report.open();
    await expect(page.locator('#controls')).toBeHidden();
    await expect(page.locator('#limits-h')).toHaveText('What is not claimed');
    await expect(page.locator('#rule-RULE-01 [lang="zh-CN"]').first()).toBeHidden();
    const passed = page.locator('details.case[data-find=pass]').first();
    await passed.locator('summary').first().click();
    await expect(passed.locator('.checks')).toBeVisible();
  });
});

test('fits a narrow screen', async ({ page, report }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await report.open('#case-platform/nwl/foreign-token');
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
});

test('no barrier that axe knows of', async ({ page, few }) => {
  await page.goto(`${pathToFileURL(few).href}#case-platform/nwl/token-across-clear`);
  expect(await cases(page).evaluateAll((all) => all.map((one) => one.dataset['find']))).toEqual(FEW_VERDICTS);
  await page.locator('details.case:target details.e summary').first().click();
  // Nothing lies half under the bar that stays above.
  await page.evaluate('scrollTo(0, 0)');
  expect(await barriers(page)).toEqual([]);
});
