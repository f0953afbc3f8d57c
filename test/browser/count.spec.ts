// The platform's own count of the devices of a run: of this run and no other, and what is said where it is not ours.
import type { Page } from '@playwright/test';
import { counter, downloaded, expect, phase, runFleet, test } from './fixtures.ts';

interface Saved {
  readonly activated: number;
  readonly platform: { readonly activated: number } | null;
}

async function saved(page: Page): Promise<Saved> {
  return JSON.parse(await downloaded(page, page.getByTestId('download-fleet'))) as Saved;
}

async function runAgain(page: Page, seed: string, devices: number): Promise<void> {
  await page.getByRole('button', { name: 'Stop', exact: true }).first().click();
  await phase(page, 'stopped');
  await page.getByLabel('Seed').fill(seed);
  await page.getByRole('textbox', { name: 'Devices' }).fill(String(devices));
  await page.getByRole('button', { name: 'Run again' }).click();
  await phase(page, 'holding');
}

test('on a platform that stays, fleet.json has the count of the devices of its own run', async ({ page }) => {
  await page.goto('./');
  await page.getByRole('link', { name: 'Console', exact: true }).click();
  await expect(page.getByTestId('product')).toBeVisible();
  await page.getByRole('link', { name: 'Fleet', exact: true }).click();
  await runFleet(page, 20);
  expect(await saved(page)).toMatchObject({ activated: 20, platform: { activated: 20 } });
  await runAgain(page, 'another', 12);
  expect(await counter(page, 'online')).toBe(12);
  await expect(page.getByTestId('platform')).toHaveAttribute('data-activated', '12');
  expect(await saved(page)).toMatchObject({ activated: 12, platform: { activated: 12 } });
  // The devices of the first run once more: whom of them the platform had activated before, nobody can tell.
  await runAgain(page, 'muster', 20);
  expect(await saved(page)).toMatchObject({ platform: null });
  await expect(page.getByTestId('miscount')).toHaveCount(0);
  await page.getByRole('button', { name: 'Stop', exact: true }).first().click();
  await phase(page, 'stopped');
  expect(await saved(page)).toMatchObject({ platform: null });
});

test('a platform that counts otherwise than the devices: a fault of ours, and said so', async ({ page }) => {
  // Every answer with statistics is of one active device less.
  await page.addInitScript(() => {
    const listen = Worker.prototype.addEventListener;
    Worker.prototype.addEventListener = function (this: Worker, type: string, listener: unknown, options?: unknown) {
      const tell = listener as (event: Event) => void;
      const told = (event: Event): void => {
        const { value } = ((event as MessageEvent).data ?? {}) as { value?: { kind?: string; statistics?: { activeCount: number } } };
        if (value?.kind === 'statistics' && value.statistics && value.statistics.activeCount > 0) value.statistics.activeCount -= 1;
        tell.call(this, event);
      };
      listen.call(this, type, type === 'message' ? told : tell, options as AddEventListenerOptions);
    } as typeof listen;
  });
  await page.goto('./');
  await runFleet(page, 10);
  await expect(page.getByTestId('miscount')).toContainText('10 devices say they were activated, the platform counts 9');
  await expect(page.getByTestId('log')).toContainText('the platform counts 9');
  expect(await saved(page)).toMatchObject({ activated: 10, platform: { activated: 9 } });
  await page.getByRole('button', { name: 'Stop', exact: true }).first().click();
  await phase(page, 'stopped');
  await expect(page.getByTestId('miscount')).toBeVisible();
});
