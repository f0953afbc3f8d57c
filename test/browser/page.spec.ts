// The page as something to use: wrong input, Stop, the keyboard alone, colours and contrast, a narrow screen.
import type { Page } from '@playwright/test';
import { barriers } from './axe.ts';
import { counter, expect, openDevice, phase, runFleet, test } from './fixtures.ts';

const runButton = (page: Page) => page.getByRole('button', { name: 'Run', exact: true });

for (const [label, wrong, right, message] of [
  ['Devices', 'many', '50', 'A whole number from 1 to 10,000'],
  ['Devices', '0', '10000', 'A whole number from 1 to 10,000'],
  ['Devices', '1000000', '1', 'A whole number from 1 to 10,000'],
  ['Arrivals / s', '2.5', '100', 'A whole number from 1 to 5,000'],
  ['Seed', ' ', 'another', 'A seed is 1 to 64 characters'],
] as const) {
  test(`a wrong value is marked where it is: ${label} "${wrong}"`, async ({ page }) => {
    await page.goto('./');
    await expect(runButton(page)).toBeEnabled();
    const field = page.getByRole('textbox', { name: label });
    await field.fill(wrong);
    await expect(field).toHaveAttribute('aria-invalid', 'true');
    await expect(field).toHaveAccessibleDescription(message);
    await expect(runButton(page)).toBeDisabled();
    await expect(runButton(page)).toHaveAccessibleDescription(`Run needs: ${label}.`);
    await field.fill(right);
    await expect(field).not.toHaveAttribute('aria-invalid', 'true');
    await expect(runButton(page)).toBeEnabled();
  });
}

test('a target of its own needs a wss:// URL, a ProductKey and a ProductSecret', async ({ page }) => {
  await page.goto('./');
  await page.getByLabel('Own platform').check();
  await expect(runButton(page)).toBeDisabled();
  await expect(page.getByText('Run needs: URL, ProductKey, ProductSecret.')).toBeVisible();
  // Nobody was there yet: nothing is called wrong.
  await expect(page.locator('[aria-invalid=true]')).toHaveCount(0);
  for (const url of ['127.0.0.1:8084', 'ws://127.0.0.1:8083', 'https://127.0.0.1', 'wss://user:secret@host', 'wss://']) {
    await page.getByLabel('URL').fill(url);
    await expect(page.getByLabel('URL')).toHaveAttribute('aria-invalid', 'true');
  }
  await page.getByLabel('URL').fill('wss://127.0.0.1:8084/mqtt');
  await page.getByLabel('ProductKey').fill('not a key');
  await expect(page.getByLabel('ProductKey')).toHaveAccessibleDescription('A ProductKey is 1 to 20 letters or digits');
  await page.getByLabel('ProductKey').fill('a1Own');
  await page.getByLabel('ProductSecret').fill('a secret');
  await expect(page.getByLabel('ProductSecret')).toHaveAttribute('aria-invalid', 'true');
  await page.getByLabel('ProductSecret').fill('asecret');
  await expect(runButton(page)).toBeEnabled();
  await expect(page.getByLabel('ProductSecret')).toHaveAttribute('type', 'password');
  await page.getByRole('textbox', { name: 'Devices' }).fill('300');
  await expect(page.getByText('A page holds at most 254 connections.')).toBeVisible();
});

test('Stop in mid-run: every device is accounted for, and every worker is gone', async ({ page }) => {
  await page.goto('./');
  await page.getByRole('textbox', { name: 'Devices' }).fill('2000');
  await page.getByLabel('Arrivals / s').fill('200');
  await runButton(page).click();
  await expect.poll(() => counter(page, 'online')).toBeGreaterThan(50);
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  await phase(page, 'stopped');
  const aborted = await counter(page, 'aborted');
  expect(aborted).toBeGreaterThan(0);
  expect(aborted).toBeLessThan(2000);
  expect(await counter(page, 'online')).toBe(0);
  expect((await counter(page, 'refused')) + (await counter(page, 'failed')) + (await counter(page, 'local'))).toBe(0);
  await expect(page.getByTestId('log')).toContainText('devices aborted');
  await expect.poll(() => page.workers().length).toBe(0);
  // And again, with workers of its own.
  await page.getByRole('textbox', { name: 'Devices' }).fill('20');
  await page.getByRole('button', { name: 'Run again' }).click();
  await phase(page, 'holding');
  expect(await counter(page, 'online')).toBe(20);
});

test('by keyboard alone: fill, run, walk the grid, open a device, come back, stop', async ({ page }) => {
  await page.goto('./');
  const focused = page.locator(':focus');
  const tabTo = async (name: string): Promise<void> => {
    for (let i = 0; i < 40; i++) {
      await page.keyboard.press('Tab');
      const found = await focused.evaluate(
        (at) => at.getAttribute('aria-label') ?? (at.id !== '' && at.tagName === 'INPUT' ? at.id : at.textContent.trim()),
      );
      if (found === name) return;
    }
    throw new Error(`no way to ${name} by Tab`);
  };
  await tabTo('devices');
  await page.keyboard.press('Control+A');
  await page.keyboard.type('200');
  await tabTo('Run');
  await page.keyboard.press('Enter');
  await phase(page, 'holding');
  expect(await counter(page, 'online')).toBe(200);

  const grid = page.getByTestId('grid');
  await tabTo('Devices, one cell each');
  const columns = Number(await grid.getAttribute('data-columns'));
  const current = grid.getByRole('option');
  await expect(current).toHaveAttribute('data-index', '0');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowRight');
  await expect(current).toHaveAttribute('data-index', String(columns + 1));
  await expect(current).toHaveAccessibleName(`Device ${columns + 1}, online`);
  await page.keyboard.press('End');
  await expect(current).toHaveAttribute('data-index', '199');
  await page.keyboard.press('Enter');
  const panel = page.getByTestId('device');
  await expect(panel).toHaveAttribute('data-index', '199');
  await expect(panel.getByRole('heading', { name: 'Device 199' })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(panel).toHaveCount(0);
  await expect(grid).toBeFocused();

  for (let i = 0; i < 60 && (await focused.textContent())?.trim() !== 'Stop'; i++) await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Enter');
  await phase(page, 'stopped');
});

test('a click on a cell opens that device', async ({ page }) => {
  await page.goto('./');
  await runFleet(page, 100);
  const grid = page.getByTestId('grid');
  const [columns, pitch] = [Number(await grid.getAttribute('data-columns')), Number(await grid.getAttribute('data-pitch'))];
  const index = columns + 3;
  await page.locator('#grid canvas').click({ position: { x: 3 * pitch + pitch / 2, y: pitch + pitch / 2 } });
  const panel = page.getByTestId('device');
  await expect(panel).toHaveAttribute('data-index', String(index));
  await expect(panel).toHaveAttribute('data-state', 'online');
  await expect(panel).toContainText('CONNACK 0');
  await expect(panel).toContainText('/thing/event/property/post');
});

const sideways = (page: Page) => page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');

test('the form: no barrier that axe knows of, and on a narrow screen nothing scrolls sideways', async ({ page }) => {
  await page.goto('./');
  expect(await barriers(page)).toEqual([]);
  await page.getByRole('textbox', { name: 'Devices' }).fill('none');
  expect(await barriers(page)).toEqual([]);
  await page.setViewportSize({ width: 360, height: 740 });
  expect(await sideways(page)).toBe(0);
  await page.getByLabel('Own platform').check();
  expect(await sideways(page)).toBe(0);
});

test('a demo that is through: no barrier that axe knows of, and on a narrow screen nothing scrolls sideways', async ({ page }) => {
  await page.goto('./?run=demo&devices=1000');
  await phase(page, 'holding');
  await expect(page.getByTestId('suite')).toHaveAttribute('data-ended', 'true', { timeout: 60_000 });
  await openDevice(page, 3);
  await page.getByLabel('Raw bytes').check();
  expect(await barriers(page)).toEqual([]);
  await page.setViewportSize({ width: 360, height: 740 });
  await openDevice(page, 7);
  expect(await sideways(page)).toBe(0);
  await expect(page.getByTestId('device')).toBeInViewport();
});

test('the choice of colours holds over a reload', async ({ page }) => {
  await page.goto('./');
  await page.getByTestId('theme').selectOption('dark');
  const ground = () => page.evaluate<string>('getComputedStyle(document.documentElement).backgroundColor');
  const dark = await ground();
  await page.reload();
  expect(await ground()).toBe(dark);
  await page.getByTestId('theme').selectOption('light');
  expect(await ground()).not.toBe(dark);
});

test('in the other language every word changes, and so does the language of the page', async ({ page }) => {
  await page.goto('./');
  await page.getByLabel('Language').selectOption('zh-CN');
  await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN');
  await expect(page.getByRole('button', { name: '运行', exact: true })).toBeEnabled();
  await page.getByRole('textbox', { name: '设备数' }).fill('20');
  await page.getByRole('button', { name: '运行', exact: true }).click();
  await phase(page, 'holding');
  await expect(page.getByTestId('log')).toContainText('20 台设备在线');
  // Names of the protocol stay as they are; everything else of the page is translated.
  const left = await page.locator('main').innerText();
  expect(left).not.toMatch(/\b(Devices|Target|Started|Online|Latency|Throughput|Percentiles|Events|Conformance)\b/);
});
