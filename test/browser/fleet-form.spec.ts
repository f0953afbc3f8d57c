// What the form of a fleet offers beyond its numbers: the MQTT client of the devices, and the command that does the same headless.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { COMMAND, counter, downloaded, expect, openDevice, phase, runFleet, test } from './fixtures.ts';

interface Saved {
  readonly session: string;
  readonly activated: number;
}

test('a run that is over before there is a line to draw has its figures as a whole', async ({ page }) => {
  await page.goto('./');
  await expect(page.getByText('Nothing measured yet')).toHaveCount(2);
  await runFleet(page, 2);
  await expect(page.getByText('Nothing measured yet')).toHaveCount(0);
  const throughput = page.getByRole('img', { name: /^Throughput/ });
  await expect(throughput).toHaveAccessibleName(/registrations \d/);
  await expect(throughput.locator('canvas').or(throughput.getByText(/^Too short to draw: over all of its 0\.\d\d s$/))).toBeVisible();
});

test('the MQTT client that is chosen is the one that devices have, and the page and its report name it', async ({ page }) => {
  await page.goto('./');
  const session = page.getByLabel('MQTT client');
  await expect(session).toHaveValue('reference');
  for (const [name, shown] of [
    ['lean', 'lean'],
    ['reference', 'reference (MQTT.js)'],
  ] as const) {
    await session.selectOption(name);
    if (name === 'lean') await runFleet(page, 20);
    else {
      await page.getByRole('button', { name: 'Run again' }).click();
      await phase(page, 'holding');
    }
    expect(await counter(page, 'online')).toBe(20);
    // The largest of twenty is no 99th percentile; on a busy machine all of them are withheld.
    if ((await page.getByTestId('percentiles').getAttribute('data-valid')) === 'true')
      await expect(page.getByText('a p50 takes 2, a p90 10, a p99 100.')).toBeVisible();
    await expect(page.getByTestId('fleet')).toContainText(`both modes · ${shown} · `);
    expect(JSON.parse(await downloaded(page, page.getByTestId('download-fleet'))) as Saved).toMatchObject({ session: name, activated: 20 });
    // What the trace of a device says is of the session itself, not of the form.
    const panel = await openDevice(page, 3);
    expect(await downloaded(page, panel.getByRole('button', { name: 'Export bytes' }))).toContain(`"session": "${name}"`);
    await panel.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('button', { name: 'Stop', exact: true }).first().click();
    await phase(page, 'stopped');
    expect(JSON.parse(await downloaded(page, page.getByTestId('download-fleet'))) as Saved).toMatchObject({ session: name });
    // The form is as it was.
    await expect(session).toHaveValue(name);
  }
  await page.getByLabel('Language').selectOption('zh-CN');
  await expect(page.getByLabel('MQTT 客户端')).toHaveValue('reference');
});

test('the command that the page shows runs the same fleet headless', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.goto('./');
  await page.getByRole('textbox', { name: 'Devices' }).fill('12');
  await page.getByLabel('MQTT client').selectOption('lean');
  await page.getByLabel('Seed').fill('an hour');
  await page.getByRole('button', { name: 'Copy the command' }).click();
  await expect(page.getByRole('button', { name: 'Copied' })).toBeVisible();
  const command = await page.evaluate<string>('navigator.clipboard.readText()');
  expect(command).toBe("muster fleet --devices 12 --rate 500 --mode mixed --session lean --seed 'an hour'");
  await expect(page.getByTestId('headless')).toHaveText(command);
  const child = spawn('sh', ['-c', `"$0" "$1" ${command.replace(/^muster /, '')} --json -`, process.execPath, COMMAND], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  expect(await once(child, 'close')).toEqual([0, null]);
  expect(JSON.parse(out)).toMatchObject({ devices: 12, activated: 12, session: 'lean', seed: 'an hour' });
});

test('the command of a platform of the user holds no secret, and is there once it can be run', async ({ page }) => {
  await page.goto('./');
  await page.getByLabel('Own platform').check();
  await expect(page.getByTestId('headless')).toHaveCount(0);
  await page.getByLabel('URL').fill('wss://127.0.0.1:8084/mqtt');
  await page.getByLabel('ProductKey').fill('a1Own');
  await page.getByLabel('ProductSecret').fill('keepItToYourself');
  const command = page.getByTestId('headless');
  await expect(command).toContainText('--target wss://127.0.0.1:8084/mqtt --product-key a1Own');
  await expect(command).not.toContainText('keepItToYourself');
  await expect(page.getByText('Set MUSTER_PRODUCT_SECRET first')).toBeVisible();
});

test('a platform of the user is held to the limits of the vendor, and the form tells what is ahead', async ({ page }) => {
  await page.goto('./');
  const forecast = page.getByTestId('fleet-forecast');
  // The in-page platform limits nothing, and forgets.
  await expect(forecast).toHaveText(
    'Forecast: about 4 s until all have come; 2,000 DeviceNames, 2,000 registrations, 1,000 ClientIDs, 4,000 connects.',
  );
  await expect(page.getByTestId('held')).toHaveCount(0);
  await page.getByLabel('Own platform').check();
  await page.getByRole('textbox', { name: 'Devices' }).fill('200');
  await expect(page.getByTestId('held')).toContainText(
    "Arrivals are held to 250 a second: the vendor's platform takes 500 connections a second, and each device makes 2.",
  );
  // As long as a browser needs for 400 connections to one host.
  await expect(forecast).toContainText('about 10 s until all have come; 200 DeviceNames, 200 registrations, 100 ClientIDs, 400 connects.');
  await expect(forecast).toContainText('Names and ClientIDs stay at the platform after the run.');
  await page.getByLabel('URL').fill('wss://127.0.0.1:8084/mqtt');
  await page.getByLabel('ProductKey').fill('a1Own');
  await expect(page.getByTestId('headless')).toContainText('--rate 250 ');
  await page.getByLabel('Arrivals / s').fill('250');
  await expect(page.getByTestId('held')).toHaveCount(0);
  await page.getByLabel('Arrivals / s').fill('500');
  await page.getByLabel('Registration', { exact: true }).selectOption('connect');
  await expect(page.getByTestId('held')).toHaveCount(0);
  await expect(forecast).toHaveText(/200 DeviceNames, 0 registrations, 0 ClientIDs, 200 connects\.\s*$/);
  await page.getByRole('textbox', { name: 'Devices' }).fill('none');
  await expect(forecast).toHaveCount(0);
  await page.getByRole('textbox', { name: 'Devices' }).fill('200');
  await page.getByLabel('Registration', { exact: true }).selectOption('mixed');
  await page.getByLabel('Language').selectOption('zh-CN');
  await expect(page.getByTestId('held')).toContainText('每秒到达降至 250 台');
  await expect(forecast).toContainText('预计约 10 秒后全部到达；200 个设备名');
});

test('names are to be added for those devices that register in pre-registration mode, and for nobody else', async ({ page }) => {
  await page.goto('./');
  await page.getByLabel('Own platform').check();
  await page.getByRole('textbox', { name: 'Devices' }).fill('41');
  for (const [mode, names] of [
    ['mixed', 21],
    ['register', 41],
    ['connect', 0],
    ['regnwl', 0],
  ] as const) {
    await page.getByLabel('Registration', { exact: true }).selectOption(mode);
    const hint = page.getByText(`${names} devices register in pre-registration mode`);
    if (names === 0) await expect(page.getByText('Names to add beforehand')).toHaveCount(0);
    else await expect(hint).toBeVisible();
    if (names > 0) expect((await downloaded(page, page.getByRole('button', { name: 'Download' }))).trim().split('\n')).toHaveLength(names);
  }
});
