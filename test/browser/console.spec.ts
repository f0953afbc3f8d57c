// The platform console: products and the switch, devices and their ClientIDs, the logs; on the in-page platform and on the stub beside the app.
import type { Locator, Page } from '@playwright/test';
import { barriers } from './axe.ts';
import { downloaded, expect, phase, startCommand, test } from './fixtures.ts';

const PRODUCT = 'a1MusterPage';

async function openConsole(page: Page, address = './'): Promise<void> {
  await page.goto(`${address}#console`);
  await expect(page.getByTestId('product')).toBeVisible();
}

const view = (page: Page, name: 'Fleet' | 'Console') => page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name });
const button = (within: Page | Locator, name: string | RegExp) => within.getByRole('button', { name, exact: true });

/** Answers the question that was asked. */
async function confirm(page: Page, title: string | RegExp, label: string): Promise<void> {
  const dialog = page.getByRole('dialog', { name: title });
  await button(dialog, label).click();
  await expect(dialog).toHaveCount(0);
}

/** Three units register without being added, as often as asked: each run is other hardware under the same three names. */
async function runUnits(page: Page, times: number): Promise<void> {
  await view(page, 'Fleet').click();
  await page.getByRole('textbox', { name: 'Devices' }).fill('3');
  await page.getByLabel('Registration', { exact: true }).selectOption('regnwl');
  for (let run = 0; run < times; run++) {
    if (run > 0) {
      await button(page, 'Stop').click();
      await phase(page, 'stopped');
    }
    await button(page, /^Run( again)?$/).click();
    await phase(page, 'holding');
  }
  await view(page, 'Console').click();
}

async function addNames(page: Page, text: string): Promise<void> {
  await page.getByLabel('DeviceNames, one a line').fill(text);
  await button(page, /^Add \d+$/).click();
}

test('a product is created, its switch turned on with the right code only, and devices are added to it', async ({ page }) => {
  await openConsole(page);
  await button(page, 'New product').click();
  await button(page, 'Create').click();
  await expect(page.getByLabel('Product name')).toHaveAccessibleDescription('Give the product a name.');
  await page.getByLabel('Product name').fill('Street lamps');
  await button(page, 'Create').click();

  const created = page.getByTestId('created');
  const secret = created.locator('code').nth(1);
  await expect(secret).toHaveText('••••••••••••');
  await button(created, 'Show: ProductSecret').click();
  await expect(secret).toHaveText(/^[A-Za-z0-9]{16}$/);
  const shown = await secret.innerText();
  await button(created, 'I have noted it').click();
  await expect(page.getByRole('heading', { name: 'Street lamps' })).toBeVisible();
  expect(await page.locator('body').innerText()).not.toContain(shown);

  // RULE-14: new products start with the switch off, and turning it on needs the code.
  const toggle = page.getByRole('switch', { name: 'Dynamic registration' });
  await expect(toggle).toHaveAttribute('aria-checked', 'false');
  await toggle.click();
  const dialog = page.getByRole('dialog', { name: 'Turn dynamic registration on' });
  const code = /\d{6}/.exec(await dialog.getByTestId('sms').innerText())?.[0] ?? '';
  const field = dialog.getByLabel('Verification code');
  await field.fill(code === '000000' ? '000001' : '000000');
  await button(dialog, 'Turn on').click();
  await expect(field).toHaveAccessibleDescription('The verification code is wrong; 2 attempts are left.');
  await field.fill(code);
  await button(dialog, 'Turn on').click();
  await expect(dialog).toHaveCount(0);
  await expect(toggle).toHaveAttribute('aria-checked', 'true');
  await toggle.click();
  await confirm(page, 'Turn dynamic registration off?', 'Turn off');
  await expect(toggle).toHaveAttribute('aria-checked', 'false');

  const devices = page.getByTestId('devices');
  await button(devices, 'Add devices').click();
  await addNames(page, 'lamp-1\nno');
  await expect(page.getByLabel('DeviceNames, one a line')).toHaveAccessibleDescription(/“no” is no DeviceName/);
  await addNames(page, Array.from({ length: 25 }, (_, i) => `lamp-${i}`).join('\n'));
  await expect(devices).toHaveAttribute('data-total', '25');
  await addNames(page, 'lamp-24');
  await expect(page.getByLabel('DeviceNames, one a line')).toHaveAccessibleDescription('DeviceName lamp-24 exists.');
  await expect(page.getByTestId('product-devices')).toHaveAttribute('data-value', '25');

  await expect(devices.getByText('1–20 of 25')).toBeVisible();
  await button(devices, 'Next').click();
  await expect(devices.getByRole('row')).toHaveCount(6);
  await devices.getByLabel('Search names and ClientIDs').fill('LAMP-24');
  await expect(devices).toHaveAttribute('data-total', '1');
  await devices.getByLabel('Status').selectOption('ONLINE');
  await expect(devices.getByText('No device is like that.')).toBeVisible();
  await devices.getByLabel('Status').selectOption('UNACTIVE');

  await button(devices, 'lamp-24').click();
  const unit = page.getByTestId('unit');
  await expect(unit.getByRole('heading', { name: 'lamp-24' })).toBeFocused();
  await expect(unit).toContainText('a DeviceSecret');
  await expect(unit.getByLabel('Set properties')).toHaveAccessibleDescription('The device has to be online.');
  await button(unit, 'Disable…').click();
  await confirm(page, 'Disable lamp-24?', 'Disable');
  await expect(unit).toHaveAttribute('data-status', 'DISABLE');
  await button(unit, 'Enable…').click();
  await confirm(page, 'Enable lamp-24?', 'Enable');
  await expect(unit).toHaveAttribute('data-status', 'UNACTIVE');
  await button(unit, 'Delete…').click();
  await confirm(page, 'Delete lamp-24?', 'Delete');
  await expect(page.getByTestId('product-devices')).toHaveAttribute('data-value', '24');

  // A product with devices is not deleted, and the platform says so.
  await button(page.getByTestId('product'), 'Delete…').click();
  const remove = page.getByRole('dialog', { name: 'Delete the product Street lamps?' });
  await button(remove, 'Delete').click();
  await expect(remove.getByRole('alert')).toContainText('still has 24 devices');
  await page.keyboard.press('Escape');
  await expect(remove).toHaveCount(0);
});

test('several units of one name: the notice, View, the ClientIDs, Switch and Clear, and what the logs say of it', async ({ page }) => {
  await openConsole(page);
  await runUnits(page, 2);
  await expect(page.getByTestId('notice')).toContainText('3 devices have multiple ClientIDs');
  const devices = page.getByTestId('devices');
  await button(devices, 'Add devices').click();
  await addNames(page, 'added-only');
  await expect(devices).toHaveAttribute('data-total', '4');
  await button(page.getByTestId('notice'), 'View').click();
  await expect(devices).toHaveAttribute('data-total', '3');
  await expect(devices.getByLabel('Multiple ClientIDs only')).toBeChecked();

  const name = await devices.getByRole('rowheader').first().innerText();
  await button(devices, name).click();
  const unit = page.getByTestId('unit');
  const ids = page.getByTestId('client-ids');
  await expect(unit).toHaveAttribute('data-status', 'ONLINE');
  await expect(ids).toHaveAttribute('data-count', '2');
  // RULE-43: the second run's unit is the one that is connected.
  const current = await page.getByTestId('current-client-id').innerText();
  const online = ids.getByRole('listitem').filter({ hasText: 'current connection' });
  await expect(online).toContainText(current);
  await expect(online).toContainText('online');

  const setting = unit.getByLabel('Set properties');
  await setting.fill('[1]');
  await button(unit, 'Send').click();
  await expect(setting).toHaveAccessibleDescription('This is no JSON object with a property in it.');
  await setting.fill('{"Switch": 1}');
  await button(unit, 'Send').click();
  await expect(setting).toHaveAccessibleDescription(/^Sent\./);

  // Switch to the unit that is not connected: the one that is has to go (RULE-45, RULE-47).
  const other = ids.getByRole('listitem').filter({ hasNotText: 'current connection' });
  const kept = await other.locator('code').innerText();
  await button(ids, `Switch to ${kept}`).click();
  await confirm(page, 'Switch to this ClientID?', 'Switch');
  await expect(ids).toHaveAttribute('data-count', '1');
  await expect(ids.locator('code')).toHaveText(kept);
  await expect(page.getByTestId('notice')).toContainText('2 devices have multiple ClientIDs');
  await button(ids, 'Clear…').click();
  await confirm(page, 'Clear all ClientIDs?', 'Clear');
  await expect(ids).toHaveAttribute('data-count', '0');
  await expect(ids).toContainText('No ClientID');

  const log = page.getByTestId('plog');
  await button(unit, 'Show in the log').click();
  await expect(log.getByLabel('DeviceName')).toHaveValue(name);
  await expect(log.locator('li[data-type=downlink]').first()).toContainText('/thing/service/property/set');
  await expect(log.locator('li[data-type=registration], li[data-type=operator]')).toHaveCount(0);
  await log.getByLabel('Audit log').check();
  await expect(log.locator('li[data-type=registration]')).toHaveCount(2);
  await expect(log.locator('li').filter({ hasText: 'TransformClientId' })).toContainText(kept);
  await expect(log.locator('li[data-type=device], li[data-type=uplink], li[data-type=downlink]')).toHaveCount(0);
  await log.getByLabel('Type').selectOption('operator');
  await expect(log.locator('li[data-type=registration]')).toHaveCount(0);
  await log.getByLabel('Code').fill('460');
  await expect(log.getByText('No entry is like that.')).toBeVisible();
  await log.getByLabel('Code').fill('many');
  await expect(log.getByLabel('Code')).toHaveAccessibleDescription('A code is a number of up to six digits.');
  await button(log, 'Clear filters').click();
  await log.getByRole('searchbox', { name: 'Search' }).fill('regnwl');
  await expect(log.locator('li')).toHaveCount(6);

  const lines = (await downloaded(page, button(log, 'Export'))).trim().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toHaveLength(6);
  expect(JSON.parse(lines[0]!)).toMatchObject({ book: 'audit', type: 'registration', productKey: PRODUCT, code: 200 });
  await button(log, 'Clear filters').click();
  await button(log, 'Pause').click();
  const before = await log.locator('li').count();
  await button(unit, 'Disable…').click();
  await confirm(page, `Disable ${name}?`, 'Disable');
  await expect(log.getByText('Paused; 1 new entries since.')).toBeVisible();
  await expect(log.locator('li')).toHaveCount(before);
  await button(log, 'Follow').click();
  await expect(log.locator('li').first()).toContainText('DisableThing');
});

test('the in-page platform stays once the console was opened; its state is saved, lost and loaded again', async ({ page }) => {
  const platforms = (): number => page.workers().filter((worker) => worker.url().includes('/stub.worker')).length;
  await openConsole(page);
  await runUnits(page, 1);
  await expect(button(page, 'Start afresh…')).toBeDisabled();
  await view(page, 'Fleet').click();
  await button(page, 'Stop').click();
  await phase(page, 'stopped');
  await view(page, 'Console').click();
  expect(platforms()).toBe(1);
  await expect(page.getByTestId('devices')).toHaveAttribute('data-total', '3');

  await button(page, 'Save state…').click();
  const saving = page.getByRole('dialog', { name: 'Save the platform’s state?' });
  await expect(saving).toContainText('every secret');
  const state = await downloaded(page, button(saving, 'Save state'));
  expect(JSON.parse(state)).toMatchObject({ format: 'muster-platform', products: [{ productKey: PRODUCT }] });

  await button(page, 'Start afresh…').click();
  await confirm(page, 'Start with an empty platform?', 'Start afresh');
  await expect(page.getByTestId('devices')).toHaveAttribute('data-total', '0');
  expect(platforms()).toBe(1);

  const file = page.locator('input[type=file]');
  const loading = page.getByRole('dialog', { name: 'Load a saved state?' });
  await file.setInputFiles({ name: 'other.json', mimeType: 'application/json', buffer: Buffer.from('{}') });
  await button(loading, 'Load state').click();
  await expect(loading.getByRole('alert')).toHaveText('other.json was not loaded: it is not the state of a platform.');
  await button(loading, 'Cancel').click();
  await file.setInputFiles({ name: 'state.json', mimeType: 'application/json', buffer: Buffer.from(state) });
  await button(loading, 'Load state').click();
  await expect(page.getByTestId('devices')).toHaveAttribute('data-total', '3');

  // A run on a platform that was emptied first finds nobody there.
  await view(page, 'Fleet').click();
  await page.getByLabel('Empty that platform first').check();
  await button(page, 'Run again').click();
  await phase(page, 'holding');
  await view(page, 'Console').click();
  await expect(page.getByTestId('devices')).toHaveAttribute('data-total', '3');
  await expect(page.getByTestId('notice')).toHaveCount(0);
});

test('the stub beside the app: operated over HTTP, followed live, and found again when it is another run', async ({ page, troubles }) => {
  let served = await startCommand(['serve', '--port', '0']);
  const origin = served.line;
  try {
    await openConsole(page, origin);
    await page.getByRole('combobox', { name: 'Platform' }).selectOption('beside');
    await expect(page.getByText(/^Devices reach it on port \d+ \(MQTT over TLS\) and \d+ \(WSS\)/)).toBeVisible();
    await button(page, 'New product').click();
    await page.getByLabel('Product name').fill('Meters');
    await button(page, 'Create').click();
    const productKey = await page.getByTestId('created').locator('code').first().innerText();
    await expect(page.getByTestId('product')).toHaveAttribute('data-key', productKey);

    // Another operator adds a device: the console hears of it without being touched.
    await page.getByTestId('plog').getByLabel('Audit log').check();
    const session = (await (await fetch(`${origin}session`)).json()) as { operator: { path: string; token: string } };
    const answer = await fetch(new URL(session.operator.path, origin), {
      method: 'POST',
      headers: { Authorization: `Bearer ${session.operator.token}` },
      body: JSON.stringify({ action: 'AddDevice', productKey, deviceName: 'meter-1' }),
    });
    expect(await answer.json()).toEqual({ ok: true, kind: 'done' });
    await expect(page.getByTestId('devices')).toHaveAttribute('data-total', '1');
    await expect(page.getByTestId('plog').locator('li').first()).toContainText('AddDevice');
    // The token is in memory only.
    const kept = await page.evaluate<string>(
      'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href])',
    );
    expect(kept).not.toContain(session.operator.token);
    expect(await page.locator('body').innerText()).not.toContain(session.operator.token);

    troubles.expected = /Failed to load resource/;
    await served.stop();
    await expect(page.getByTestId('console').getByRole('alert')).toContainText('The platform does not answer');
    served = await startCommand(['serve', '--port', new URL(origin).port]);
    // Another run has another token and knows nothing of that product.
    await expect(page.getByTestId('console').getByRole('alert')).toHaveCount(0, { timeout: 20_000 });
    await expect(page.getByTestId('products')).not.toContainText('Meters');
    await page.getByRole('combobox', { name: 'Platform' }).selectOption('page');
    await expect(page.getByTestId('product')).toHaveAttribute('data-key', PRODUCT);
  } finally {
    await served.stop();
  }
});

test('by keyboard alone: to the console, a question and back to where it was asked', async ({ page }) => {
  await page.goto('./');
  const tabTo = async (there: Locator): Promise<void> => {
    for (let i = 0; i < 40; i++) {
      await page.keyboard.press('Tab');
      if (await there.evaluate((at) => at === at.ownerDocument.activeElement)) return;
    }
    throw new Error('no way there by Tab');
  };
  await tabTo(view(page, 'Console'));
  await page.keyboard.press('Enter');
  const toggle = page.getByRole('switch', { name: 'Dynamic registration' });
  await expect(toggle).toBeVisible();
  await expect(view(page, 'Console')).toHaveAttribute('aria-current', 'page');
  await tabTo(toggle);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(toggle).toBeFocused();
  await expect(toggle).toHaveAttribute('aria-checked', 'true');
  await page.goBack();
  await expect(page.getByTestId('fleet')).toBeVisible();
});

test('no barrier that axe knows of', async ({ page }) => {
  await openConsole(page);
  expect(await barriers(page)).toEqual([]);
  await runUnits(page, 2);
  await button(page, 'New product').click();
  await button(page, 'Add devices').click();
  await addNames(page, 'no');
  await page.getByTestId('plog').getByLabel('Code').fill('many');
  expect(await barriers(page)).toEqual([]);
  await page.getByTestId('devices').getByRole('rowheader').getByRole('button').first().click();
  await expect(page.getByTestId('client-ids')).toHaveAttribute('data-count', '2');
  expect(await barriers(page)).toEqual([]);
  await button(page.getByTestId('client-ids'), 'Clear…').click();
  await expect(page.getByRole('dialog')).toBeVisible();
  expect(await barriers(page)).toEqual([]);
});

test('on a narrow screen nothing scrolls sideways, and in Chinese no English word is left', async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  const sideways = () => page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');
  await openConsole(page);
  await runUnits(page, 2);
  await expect(page.getByTestId('notice')).toBeVisible();
  await button(page, 'New product').click();
  await button(page, 'Add devices').click();
  expect(await sideways()).toBe(0);
  await page.getByLabel('Language').selectOption('zh-CN');
  await page.getByTestId('devices').getByRole('rowheader').getByRole('button').first().click();
  await expect(page.getByTestId('client-ids')).toHaveAttribute('data-count', '2');
  expect(await sideways()).toBe(0);
  // What the platform wrote down stays in its own words.
  const left = (await page.locator('#console section:not([data-testid=plog]), [data-testid=plog] > header').allInnerTexts()).join('\n');
  expect(left).toContain('当前连接的 ClientID');
  expect(left).not.toMatch(/\b(Platform|Products?|Devices?|Online|Status|Added|Registered|Logs?|Pause|Show|Switch|Clear|Type|Search)\b/);
});
