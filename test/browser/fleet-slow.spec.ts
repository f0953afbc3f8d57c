// A machine that is too slow for its own fleet: no device may be lost for it, and where one is, the page says whose fault it was. The workers
// are held up by code that is put before theirs.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { counter, downloaded, expect, phase, runFleet, startCommand, test } from './fixtures.ts';

/** Longer than a device waits for a platform of the user's. */
const HELD_UP_MS = 11_000;

/** Puts code at the beginning of a worker. */
async function putBefore(page: Page, worker: 'stub' | 'fleet', code: string): Promise<void> {
  // What a test answers comes from no address: to Chromium loopback is another network then.
  await page.context().grantPermissions(['local-network-access']);
  await page.route(`**/${worker}.worker-*.js`, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `${code}\n${await response.text()}` });
  });
}

test('an in-page platform that has no time for longer than a device waits elsewhere loses none', async ({ page }) => {
  // A few answers pass, then the platform's worker does nothing while devices wait for theirs.
  await putBefore(
    page,
    'stub',
    `{
      let answers = 0;
      const post = MessagePort.prototype.postMessage;
      MessagePort.prototype.postMessage = function (...message) {
        if (++answers === 10) for (const until = performance.now() + ${HELD_UP_MS}; performance.now() < until;);
        return post.apply(this, message);
      };
    }`,
  );
  await page.goto('./');
  await runFleet(page, 200);
  expect([await counter(page, 'online'), await counter(page, 'failed')]).toEqual([200, 0]);
  expect(Number(await page.getByTestId('fleet').getAttribute('data-seconds'))).toBeGreaterThan(HELD_UP_MS / 1000);
  await expect(page.getByTestId('troubles')).toHaveCount(0);
});

test.describe('at a target that takes connections and never answers', () => {
  let app: string;
  let end: () => Promise<void>;

  test.beforeEach(async () => {
    const sockets = new Set<Socket>();
    const target = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.resume();
    });
    await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
    const folder = await mkdtemp(join(tmpdir(), 'muster-slow-'));
    const file = join(folder, 'target.yaml');
    const { port } = target.address() as AddressInfo;
    await writeFile(file, `name: mute\nendpoints: { mqtt: mqtt://127.0.0.1:${port} }\nproduct: { key: a1Mute }\n`);
    const server = await startCommand(['serve', '--port', '0', '--no-stub', '--target', file]);
    app = server.line;
    end = async () => {
      await server.stop();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => target.close(resolve));
      await rm(folder, { recursive: true, force: true });
    };
  });
  test.afterEach(() => end());

  async function runInVain(page: Page): Promise<void> {
    await page.goto(app);
    await page.getByLabel('Through the relay').check();
    await page.getByLabel('ProductSecret').fill('secret');
    await page.getByLabel('Registration', { exact: true }).selectOption('connect');
    await page.getByLabel('Arrivals / s').fill('20');
    await page.getByRole('textbox', { name: 'Devices' }).fill('20');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await phase(page, 'holding', 40_000);
    expect(await counter(page, 'failed')).toBe(20);
    const row = page.getByTestId('troubles').getByRole('listitem');
    await expect(row).toHaveCount(1);
    await expect(row).toHaveAttribute('data-kind', 'connack silent');
    await expect(row).toHaveAttribute('data-count', '20');
    await expect(row).toContainText('The platform did not answer CONNECT in time.');
  }

  test('a worker that is too slow is named before the platform is', async ({ page }) => {
    await putBefore(page, 'fleet', 'setInterval(() => { for (const until = performance.now() + 100; performance.now() < until;); }, 150);');
    await runInVain(page);
    await expect(page.getByTestId('own-silence')).toContainText(/^20 attempts .* this machine was itself too slow .*scheduler lag p99/);
    await page.getByLabel('Language').selectOption('zh-CN');
    await expect(page.getByTestId('own-silence')).toContainText(/^20 次尝试.*调度延迟 p99/);
    await expect(page.getByTestId('troubles')).toContainText('平台未在时限内应答 CONNECT。');
  });

  test('a worker that kept up leaves the silence to the platform', async ({ page }) => {
    await runInVain(page);
    // Twenty devices in a second leave nearly any machine idle; one that was not has to say so.
    const { validity } = JSON.parse(await downloaded(page, page.getByTestId('download-fleet'))) as { validity: { ok: boolean } };
    await expect(page.getByTestId('own-silence')).toHaveCount(validity.ok ? 0 : 1);
  });
});
