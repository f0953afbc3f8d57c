// As many devices as the page is built for, once: all of them online, and the page still a page.
import { expect, fleetOf, phase, test } from './fixtures.ts';

const DEVICES = 10_000;

test('5,000 + 5,000 devices come online in one tab', async ({ page }, info) => {
  test.setTimeout(240_000);
  await page.addInitScript({
    content: `
      globalThis.longest = 0;
      new PerformanceObserver((list) => {
        for (const task of list.getEntries()) globalThis.longest = Math.max(globalThis.longest, task.duration);
      }).observe({ type: 'longtask', buffered: true });`,
  });
  await page.goto(`./?run=demo&devices=${DEVICES}&rate=1000`);
  await phase(page, 'running');
  // The page answers while ten thousand devices are busy.
  await page.getByLabel('Go to device').fill('9999');
  await expect(page.getByRole('button', { name: 'Go', exact: true })).toBeEnabled();
  await phase(page, 'holding', 200_000);
  await expect(page.getByTestId('count-online')).toHaveAttribute('data-value', String(DEVICES));
  await expect(page.getByTestId('platform')).toHaveAttribute('data-activated', String(DEVICES));
  await expect(page.getByTestId('platform')).toHaveAttribute('data-online', String(DEVICES));
  const figure = async (type: string, value: unknown): Promise<void> => {
    info.annotations.push({ type, description: String(await value) });
  };
  await figure('seconds until all were online', fleetOf(page).getAttribute('data-seconds'));
  await figure('peak registrations/s', page.getByTestId('peak').getAttribute('data-value'));
  await figure('longest task of the page, ms', page.evaluate<number>('globalThis.longest'));
  for (const { type, description } of info.annotations) console.log(`${type}: ${description}`);
});
