// The page's devices through the relay of `muster serve`, at a platform in another process: over TLS, more of them than a browser has
// WebSockets, with a certificate that the browser itself knows nothing of.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Page } from '@playwright/test';
import { counter, downloaded, expect, openDevice, phase, startCommand, test } from './fixtures.ts';

const PRODUCT = { productKey: 'a1RelayTest', productSecret: 'ps0123456789abcd' };
const DEVICES = 300;

interface SavedFleet {
  readonly rate: { readonly offered: number };
  readonly latencyMs: { readonly connect: { readonly p50: number } | null };
  readonly relay: Readonly<
    Record<'tcpMs' | 'tlsMs' | 'firstByteMs', { readonly count: number } & Partial<Record<'p50' | 'p90' | 'p99' | 'max', number>>>
  >;
}

interface Lab {
  readonly app: string;
  readonly online: () => Promise<number>;
  readonly add: (names: readonly string[]) => Promise<void>;
  readonly stopStub: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/**
 * A stub, and the app beside it with that stub as the one target of its relay.
 * @param about `pace`: what its target file declares; a stub limits nothing unless told. `files`: how many the relay may have open
 */
async function lab({ pace, files }: { readonly pace?: string; readonly files?: number } = {}): Promise<Lab> {
  const folder = await mkdtemp(join(tmpdir(), 'muster-relay-'));
  const config = join(folder, 'stub.json');
  await writeFile(config, JSON.stringify({ products: [{ ...PRODUCT, dynamicRegistration: true, devices: [] }] }));
  const stub = await startCommand(['stub', '--json', '--config', config]);
  const { api, target } = JSON.parse(stub.line) as { api: number; target: string };
  if (pace !== undefined) await writeFile(target, (await readFile(target, 'utf8')).replace(/^pace:\n( .*\n)+/m, `pace: ${pace}\n`));
  const token = await readFile(join(dirname(target), 'operator-token'), 'utf8');
  const operate = async (command: object): Promise<Record<string, unknown>> => {
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(`http://127.0.0.1:${api}/operator`, { method: 'POST', headers, body: JSON.stringify(command) });
    return (await response.json()) as Record<string, unknown>;
  };
  const server = await startCommand(['serve', '--port', '0', '--no-stub', '--target', target], files);
  let stubStopped: Promise<void> | undefined;
  const stopStub = (): Promise<void> => (stubStopped ??= stub.stop());
  return {
    app: server.line,
    async online() {
      const { statistics } = await operate({ action: 'QueryDeviceStatistics', productKey: PRODUCT.productKey });
      return (statistics as { onlineCount: number }).onlineCount;
    },
    async add(names) {
      await operate({ action: 'AddDevices', productKey: PRODUCT.productKey, deviceNames: names });
    },
    stopStub,
    async stop() {
      await server.stop();
      await stopStub();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function fill(page: Page, devices: number, mode = 'mixed'): Promise<void> {
  await page.getByLabel('Through the relay').check();
  await expect(page.getByLabel('ProductKey')).toHaveValue(PRODUCT.productKey);
  await page.getByLabel('ProductSecret').fill(PRODUCT.productSecret);
  await page.getByRole('textbox', { name: 'Devices' }).fill(String(devices));
  await page.getByLabel('Registration', { exact: true }).selectOption(mode);
}

test.describe('through the relay', () => {
  let there: Lab;
  test.beforeEach(async () => (there = await lab()));
  test.afterEach(() => there.stop());

  test(`${DEVICES} devices in both modes over TLS, which is more than a page has WebSockets`, async ({ page }) => {
    await page.goto(there.app);
    await fill(page, DEVICES);
    // A stub limits nothing.
    await expect(page.getByTestId('held')).toHaveCount(0);
    await there.add((await downloaded(page, page.getByRole('button', { name: 'Download' }))).trim().split('\n'));
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await phase(page, 'holding');
    expect([await counter(page, 'online'), await counter(page, 'local')]).toEqual([DEVICES, 0]);
    expect(await there.online()).toBe(DEVICES);
    // Each device registers on one connection and lives on another; on a busy machine the percentiles themselves may be withheld.
    for (const time of ['TCP up', 'TLS up', 'first byte'])
      await expect(page.getByTestId('relay-times').getByRole('row', { name: time })).toHaveAttribute('data-count', String(2 * DEVICES));
    await expect(page.getByText('The other tables include that way.')).toBeVisible();
    const saved = JSON.parse(await downloaded(page, page.getByTestId('download-fleet'))) as SavedFleet;
    for (const time of ['tcpMs', 'tlsMs', 'firstByteMs'] as const) {
      const found = saved.relay[time];
      expect(found.count).toBe(2 * DEVICES);
      // Withheld together with the latencies, or there as they are.
      if (saved.latencyMs.connect) expect([found.p50, found.p90, found.p99, found.max].every((ms) => Number(ms) > 0)).toBe(true);
      else expect(found).toEqual({ count: 2 * DEVICES });
    }
    // What the relay needs to be there is part of what the device waits for.
    if (saved.latencyMs.connect) expect(saved.relay.tlsMs.p50).toBeLessThan(saved.latencyMs.connect.p50);
    const panel = await openDevice(page, 1);
    await expect(panel).toContainText('tls 127.0.0.1');
    await expect(panel).toContainText('connect: accepted');
    await panel.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('button', { name: 'Stop', exact: true }).first().click();
    await phase(page, 'stopped');
    await expect.poll(() => there.online()).toBe(0);
    expect(await page.evaluate<string>('JSON.stringify({ ...localStorage, ...sessionStorage }) + location.href')).not.toMatch(/token/i);
  });

  test('a tab that is closed takes its devices with it', async ({ page }) => {
    await page.goto(there.app);
    await fill(page, 100, 'regnwl');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await expect.poll(() => there.online()).toBeGreaterThan(10);
    await page.close();
    await expect.poll(() => there.online()).toBe(0);
  });

  test('in the clear the platform refuses to register: its answer, not a fault of the relay', async ({ page }) => {
    await page.goto(there.app);
    await fill(page, 3, 'regnwl');
    const select = page.getByLabel('Target of the relay');
    await select.selectOption({ index: 1 });
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await phase(page, 'holding');
    expect([await counter(page, 'refused'), await counter(page, 'local')]).toEqual([3, 0]);
  });

  test('the suite: over TLS, and in clear what a page cannot dial itself', async ({ page }) => {
    await page.goto(`${there.app}#suite`);
    await page.getByLabel('Through the relay').check();
    await expect(page.getByLabel('ProductKey', { exact: true })).toHaveValue(PRODUCT.productKey);
    await page.getByLabel('ProductSecret', { exact: true }).fill(PRODUCT.productSecret);
    await page.getByLabel('Pace').selectOption('none');
    const ids = ['platform/nwl/five-units', 'platform/transport/plain-tcp', 'platform/transport/tls-floor'];
    const row = (id: string) => page.locator(`[data-testid=case][data-id="${id}"]`);
    for (const id of ids) await row(id).getByRole('checkbox').check();
    await page.getByRole('button', { name: 'Run 3 picked' }).click();
    await expect(page.getByTestId('result-platform-selection')).toBeVisible({ timeout: 60_000 });
    const statuses = await Promise.all(ids.map((id) => row(id).getAttribute('data-status')));
    expect(statuses).toEqual(['pass', 'pass', 'not_run']);
    const report = JSON.parse(await downloaded(page, page.getByRole('button', { name: /^Save report.json of the selection/ })));
    expect(report.subject.endpoints).toEqual([expect.stringMatching(/^mqtts:\/\/127\.0\.0\.1:\d+$/)]);
    expect(JSON.stringify(report)).not.toContain(PRODUCT.productSecret);
    await row('platform/transport/plain-tcp').getByRole('link').click();
    await expect(page.getByTestId('diagram')).toContainText('tcp 127.0.0.1');
  });

  test('the suite at a platform that is gone: what the relay found, and no judgement', async ({ page }) => {
    await page.goto(`${there.app}#suite`);
    await page.getByLabel('Through the relay').check();
    await page.getByLabel('ProductSecret', { exact: true }).fill(PRODUCT.productSecret);
    await there.stopStub();
    await page.getByRole('button', { name: /^Run all/ }).click();
    await expect(page.getByTestId('suite-unreachable')).toContainText('Nothing listens at the target');
    await expect(page.locator('[data-testid=case]:not([data-status=idle])')).toHaveCount(0);
  });

  test('a platform that is gone is unreachable at tcp, as the relay found it', async ({ page }) => {
    await page.goto(there.app);
    await fill(page, 3, 'regnwl');
    await there.stopStub();
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await phase(page, 'holding');
    expect([await counter(page, 'failed'), await counter(page, 'local')]).toEqual([3, 0]);
    await expect(page.getByTestId('log')).toContainText('unreachable tcp ECONNREFUSED');
    const trouble = page.getByTestId('troubles').getByRole('listitem');
    await expect(trouble).toHaveAttribute('data-kind', 'tcp ECONNREFUSED');
    await expect(trouble).toContainText('Nothing listens at the target');
    await expect(page.getByTestId('own-silence')).toHaveCount(0);
  });
});

test('a pace that the target file declares is kept, and the form says so before', async ({ page }) => {
  const there = await lab({ pace: '{ perDevicePerMinute: none, perSecond: 40 }' });
  try {
    await page.goto(there.app);
    await fill(page, 30, 'regnwl');
    await expect(page.getByTestId('held')).toHaveText(
      'Arrivals are held to 20 a second: by its target file the platform takes 40 connections a second, and each device makes 2.',
    );
    await expect(page.getByTestId('fleet-forecast')).toContainText('about 2 s until all have come; 30 DeviceNames');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await phase(page, 'holding');
    expect(await counter(page, 'online')).toBe(30);
    const saved = JSON.parse(await downloaded(page, page.getByTestId('download-fleet'))) as SavedFleet;
    expect(saved.rate.offered).toBeCloseTo(20, 3);
  } finally {
    await there.stop();
  }
});

test('a relay with few descriptors says before how many devices it carries, and the rest are local', async ({ page }) => {
  const there = await lab({ files: 160 });
  try {
    await page.goto(there.app);
    await fill(page, 100, 'regnwl');
    const warning = await page.getByTestId('relay-cap').textContent();
    const cap = Number(/at most (\d+) connections/.exec(warning ?? '')?.[1]);
    expect(cap).toBeGreaterThan(20);
    expect(cap).toBeLessThan(96);
    // One after the other: a device that goes from its registration to its session needs two for a moment.
    await page.getByLabel('Arrivals / s').fill('25');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await phase(page, 'holding');
    expect([(await counter(page, 'online')) + (await counter(page, 'local')), await counter(page, 'failed')]).toEqual([100, 0]);
    expect(await counter(page, 'online')).toBeLessThanOrEqual(cap);
    expect(await counter(page, 'online')).toBeGreaterThan(cap / 2);
    await expect(page.getByTestId('troubles').getByRole('listitem')).toHaveAttribute('data-kind', 'local relay');
    await expect(page.getByTestId('relay-help')).toBeVisible();
  } finally {
    await there.stop();
  }
});

test('an app without a relay offers none', async ({ page }) => {
  await page.goto('./');
  await expect(page.getByLabel('Own platform')).toBeVisible();
  await expect(page.getByLabel('Through the relay')).toHaveCount(0);
});
