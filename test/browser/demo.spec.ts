// The demo as a newcomer sees it, from the command that is published, and what its devices really sent.
import { downloaded, expect, fleetOf, openDevice, phase, runFleet, test } from './fixtures.ts';
import { faultsOf, packetsOf, type Evidence } from './evidence.ts';

const DEVICES = 2000;
const SAMPLE = 20;
/** The sample follows from it; another number is another sample. */
const SEED = 20_251;

/** Distinct numbers below `below`, by a linear congruential generator (Numerical Recipes). */
function sample(seed: number, count: number, below: number): number[] {
  const drawn = new Set<number>();
  for (let state = seed >>> 0; drawn.size < count;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    drawn.add(Math.floor((state / 2 ** 32) * below));
  }
  return [...drawn];
}

test('?run=demo: 2,000 devices online in both modes, every runnable case passed, signatures verified by a stranger', async ({
  page,
}, info) => {
  test.setTimeout(120_000);
  await page.goto('./?run=demo');
  await phase(page, 'holding', 60_000);
  await expect(page.getByTestId('count-online')).toHaveAttribute('data-value', String(DEVICES));
  await expect(page.getByTestId('platform')).toHaveAttribute('data-activated', String(DEVICES));
  await expect(page.getByTestId('platform')).toHaveAttribute('data-online', String(DEVICES));
  await expect(page.getByTestId('legend-online')).toHaveAttribute('data-value', String(DEVICES));

  const suite = page.getByTestId('suite');
  await expect(suite).toHaveAttribute('data-ended', 'true', { timeout: 60_000 });
  const verdicts = await page.getByTestId('case').evaluateAll((cases) => cases.map((one) => [one.dataset['id'], one.dataset['status']]));
  expect(verdicts.length).toBeGreaterThanOrEqual(17);
  // What needs raw sockets or HTTPS cannot run in a page, and the page says so instead of passing it.
  expect(verdicts.filter(([, status]) => status !== 'pass')).toEqual([
    ['platform/auth/order-of-checks-https', 'not_applicable'],
    ['platform/registration/https', 'not_applicable'],
    ['platform/registration/https-refusals', 'not_applicable'],
    ['platform/registration/https-switched-off', 'not_applicable'],
    ['platform/transport/connect-in-segments', 'not_run'],
    ['platform/transport/plain-tcp', 'not_run'],
    ['platform/transport/plain-tcp-register', 'not_run'],
    ['platform/transport/tls-floor', 'not_run'],
    ['platform/transport/websocket', 'not_run'],
    ['platform/transport/websocket-frames', 'not_run'],
  ]);
  await expect(page.getByTestId('headline-platform')).toHaveAttribute('data-conformance', 'undetermined');
  await expect(page.getByTestId('headline-firmware')).toHaveAttribute('data-conformance', 'conformant');

  const fleetWorkers = page.workers().filter((worker) => worker.url().includes('/fleet.worker'));
  expect(fleetWorkers.length).toBeGreaterThanOrEqual(2);
  expect(page.workers().filter((worker) => worker.url().includes('/stub.worker'))).toHaveLength(1);

  const modes = new Set<string>();
  for (const index of sample(SEED, SAMPLE, DEVICES)) {
    const panel = await openDevice(page, index);
    await panel.getByLabel('Include the invented secrets').check();
    const evidence = JSON.parse(await downloaded(page, panel.getByRole('button', { name: 'Export bytes' }))) as Evidence;
    expect(evidence.index).toBe(index);
    expect(await faultsOf(evidence)).toEqual([]);
    modes.add(evidence.mode);
  }
  expect([...modes].sort()).toEqual(['register', 'regnwl']);
  info.annotations.push({ type: 'seconds until all were online', description: String(await fleetOf(page).getAttribute('data-seconds')) });
});

test('without being asked the page gives no secret away, neither on the screen nor in an export', async ({ page }) => {
  await page.goto('./');
  await runFleet(page, 4);
  for (const index of [0, 1]) {
    const panel = await openDevice(page, index);
    const save = panel.getByRole('button', { name: 'Export bytes' });
    const secrets = panel.getByLabel('Include the invented secrets');
    await secrets.check();
    const open = JSON.parse(await downloaded(page, save)) as Evidence;
    await secrets.uncheck();
    const text = await downloaded(page, save);
    const closed = JSON.parse(text) as Evidence;
    const passwords = packetsOf(open).flatMap(({ packet }) => (packet.cmd === 'connect' ? [String(packet.password)] : []));
    const replies = packetsOf(open).flatMap(({ packet, dir }) =>
      packet.cmd === 'publish' && dir === 'in' && packet.topic.startsWith('/ext/reg') ? [JSON.parse(packet.payload.toString())] : [],
    );
    const hidden = [open.productSecret, ...passwords, ...replies.map((reply) => reply.deviceSecret ?? reply.deviceToken)];
    expect(hidden).toHaveLength(4);
    const decoded =
      JSON.stringify(packetsOf(closed).map(({ packet }) => packet)) +
      packetsOf(closed)
        .map(({ packet }) => (packet.cmd === 'publish' ? packet.payload.toString() : ''))
        .join();
    await panel.getByLabel('Raw bytes').check();
    const shown = await page.locator('body').innerText();
    for (const secret of hidden) {
      expect(secret).toMatch(/^[A-Za-z0-9]{16,}$/);
      for (const place of [text, decoded, shown]) expect(place).not.toContain(secret);
    }
    expect(packetsOf(closed)).toHaveLength(packetsOf(open).length);
  }
});

test('the report of the fleet can be saved, and says what the page says', async ({ page }) => {
  await page.goto('./');
  await runFleet(page, 20);
  const fleet = JSON.parse(await downloaded(page, page.getByTestId('download-fleet')));
  expect(fleet).toMatchObject({
    devices: 20,
    activated: 20,
    refused: 0,
    failed: 0,
    local: 0,
    aborted: 0,
    workers: 2,
    measures: 'self',
    platform: { activated: 20 },
  });
});
