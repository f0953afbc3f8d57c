// The page against a platform in another process, over WSS: with a certificate that the browser takes, and with one that it does not.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Page } from '@playwright/test';
import { WebSocketServer } from 'ws';
import { counter, downloaded, expect, openDevice, phase, test } from './fixtures.ts';
import { PRODUCT, stubWith } from './stub.ts';

async function fillTarget(page: Page, url: string, devices: number): Promise<void> {
  await page.getByLabel('Own platform').check();
  await page.getByLabel('URL').fill(url);
  await page.getByLabel('ProductKey').fill(PRODUCT.productKey);
  await page.getByLabel('ProductSecret').fill(PRODUCT.productSecret);
  await page.getByRole('textbox', { name: 'Devices' }).fill(String(devices));
  await page.getByLabel('Arrivals / s').fill('50');
}

test.describe('with a certificate that is taken', () => {
  test.use({ ignoreHTTPSErrors: true });

  test('50 devices in both modes, their names added beforehand as the page lists them', async ({ page }) => {
    await page.goto('./');
    await fillTarget(page, 'wss://127.0.0.1:1/mqtt', 50);
    const names = (await downloaded(page, page.getByRole('button', { name: 'Download' }))).trim().split('\n');
    expect(names).toHaveLength(25);
    const stub = await stubWith(names);
    try {
      await page.getByLabel('URL').fill(`wss://127.0.0.1:${stub.port}/mqtt`);
      await page.getByRole('button', { name: 'Run', exact: true }).click();
      await phase(page, 'holding');
      await expect(page.getByTestId('count-online')).toHaveAttribute('data-value', '50');
      // Nobody is asked for what only the platform's console knows; and real secrets are never given out.
      await expect(page.getByTestId('platform')).toHaveCount(0);
      const panel = await openDevice(page, 1);
      await expect(panel).toContainText('wss 127.0.0.1');
      await expect(panel).toContainText('connect: accepted');
      await expect(panel.getByLabel('Include the invented secrets')).toHaveCount(0);
      expect(await downloaded(page, panel.getByRole('button', { name: 'Export bytes' }))).not.toContain(PRODUCT.productSecret);
      expect(await page.evaluate<string>('JSON.stringify({ ...localStorage, ...sessionStorage }) + location.href')).not.toContain(
        PRODUCT.productSecret,
      );
      await panel.getByRole('button', { name: 'Close' }).click();
      await page.getByRole('button', { name: 'Stop', exact: true }).first().click();
      await phase(page, 'stopped');
      await expect.poll(() => page.workers().length).toBe(0);
    } finally {
      await stub.stop();
    }
  });

  test('a tab that is closed in mid-run takes its devices with it', async ({ page }) => {
    const stub = await stubWith([]);
    try {
      await page.goto('./');
      await fillTarget(page, `wss://127.0.0.1:${stub.port}/mqtt`, 50);
      await page.getByLabel('Registration', { exact: true }).selectOption('regnwl');
      await page.getByRole('button', { name: 'Run', exact: true }).click();
      await expect.poll(() => stub.online()).toBeGreaterThan(10);
      await page.close();
      await expect.poll(() => stub.online()).toBe(0);
    } finally {
      await stub.stop();
    }
  });

  test('a browser that has fewer sockets left than it usually has: what it held is named, and the rest is local', async ({
    page,
    troubles,
  }) => {
    troubles.expected = /Insufficient resources/;
    const TAKEN = 200;
    const DEVICES = 80;
    const stub = await stubWith([]);
    const others = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    try {
      await once(others, 'listening');
      await page.goto('./');
      // As another tab of the same site does, the page itself takes most of them.
      await page.evaluate(
        async ([port, count]) => {
          for (let i = 0; i < count; i++) await new Promise((resolve) => (new WebSocket(`ws://127.0.0.1:${port}/`).onopen = resolve));
        },
        [(others.address() as AddressInfo).port, TAKEN] as const,
      );
      await fillTarget(page, `wss://127.0.0.1:${stub.port}/mqtt`, DEVICES);
      await page.getByLabel('Registration', { exact: true }).selectOption('regnwl');
      await expect(page.getByText('A page holds at most')).toHaveCount(0);
      await page.getByRole('button', { name: 'Run', exact: true }).click();
      await phase(page, 'holding', 60_000);
      const online = await counter(page, 'online');
      // A worker that is busy hears of a refusal too late to know whose it was.
      const failed = await counter(page, 'failed');
      const local = await counter(page, 'local');
      expect(online + failed + local).toBe(DEVICES);
      expect(local).toBeGreaterThan(failed);
      expect(online).toBeGreaterThan(40);
      const cap = Number(await page.getByTestId('cap-help').getAttribute('data-cap'));
      expect(cap).toBe(online);
      await expect(page.getByTestId('cap-help')).toContainText(`The browser held ${cap} connections of this page and gave no more.`);
      const saved = JSON.parse(await downloaded(page, page.getByTestId('download-fleet'))) as { browser: { connections: number } };
      expect(saved.browser).toEqual({ connections: cap });
    } finally {
      others.close();
      for (const one of others.clients) one.terminate();
      await stub.stop();
    }
  });

  test('a name that was not added is refused, and the page shows why', async ({ page }) => {
    const stub = await stubWith([]);
    try {
      await page.goto('./');
      await fillTarget(page, `wss://127.0.0.1:${stub.port}/mqtt`, 6);
      await page.getByRole('button', { name: 'Run', exact: true }).click();
      await phase(page, 'holding');
      expect(await counter(page, 'online')).toBe(3);
      expect(await counter(page, 'refused')).toBe(3);
      await page.getByTestId('legend-refused').click();
      await page.getByTestId('grid').press('Enter');
      await expect(page.getByTestId('device')).toContainText('register: refused connack 4');
      await expect(page.getByTestId('device')).toContainText('credentials refused');
      await expect(page.getByTestId('log')).toContainText('refused connack 4');
    } finally {
      await stub.stop();
    }
  });
});

test('a certificate that is not trusted: the user is told the possible causes, and where to accept it', async ({ page, troubles }) => {
  troubles.expected = /WebSocket connection to 'wss:/;
  const stub = await stubWith([]);
  try {
    await page.goto('./');
    await fillTarget(page, `wss://127.0.0.1:${stub.port}/mqtt`, 4);
    await page.getByLabel('Registration', { exact: true }).selectOption('regnwl');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await phase(page, 'holding');
    expect(await counter(page, 'failed')).toBe(4);
    const help = page.getByTestId('target-help');
    await expect(help).toContainText('The certificate is not trusted.');
    await expect(help).toContainText('Nothing listens there.');
    await expect(help).toContainText('The connections of this page are used up.');
    await expect(help.getByRole('link')).toHaveAttribute('href', `https://127.0.0.1:${stub.port}/`);
  } finally {
    await stub.stop();
  }
});
