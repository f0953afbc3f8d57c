// The suite's view: all cases or a selection, in the page and over WSS, case pages, reports to save, and a person who is asked.
import type { Locator, Page } from '@playwright/test';
import { barriers } from './axe.ts';
import { downloaded, expect, startCommand, test } from './fixtures.ts';
import { PRODUCT, stubWith, type Stub } from './stub.ts';

const view = (page: Page): Locator => page.getByTestId('suite-view');
const row = (page: Page, id: string): Locator => page.locator(`[data-testid=case][data-id="${id}"]`);

async function open(page: Page): Promise<void> {
  await page.goto('./#suite');
  await expect(page.getByTestId('case-list')).toBeVisible();
}

async function runAll(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Run all/ }).click();
  await expect(view(page)).toHaveAttribute('data-ended', 'true', { timeout: 120_000 });
}

/** Picks exactly these and runs them. */
async function runPicked(page: Page, ids: readonly string[], timeout = 60_000): Promise<void> {
  for (const id of ids) await row(page, id).getByRole('checkbox').check();
  await page.getByRole('button', { name: `Run ${ids.length} picked` }).click();
  await expect(page.getByRole('button', { name: /^Run all/ })).toBeVisible({ timeout });
}

/** A platform of the user's: the stub of another process, which enforces no limits. */
async function chooseStub(page: Page, stub: Stub): Promise<void> {
  await page.getByLabel('Own platform over WSS').check();
  await page.getByLabel('URL', { exact: true }).fill(`wss://127.0.0.1:${stub.port}/mqtt`);
  await page.getByLabel('ProductKey', { exact: true }).fill(PRODUCT.productKey);
  await page.getByLabel('ProductSecret', { exact: true }).fill(PRODUCT.productSecret);
  await page.getByLabel('Pace').selectOption('none');
}

const sideways = (page: Page): Promise<number> =>
  page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');

test('all cases in the page: what is decided is conformant, and the report can be saved, opened and verified', async ({
  page,
  context,
}) => {
  test.setTimeout(180_000);
  await open(page);
  await runAll(page);
  await expect(page.getByTestId('result-firmware-whole')).toHaveAttribute('data-conformance', 'conformant');
  const result = page.getByTestId('result-platform-whole');
  // Clear-text connections cannot be made by a page: it says so, and claims no more than it saw.
  await expect(result).toHaveAttribute('data-conformance', 'undetermined');
  await expect(result).toContainText('not decided: RULE-02');
  const statuses = await page.getByTestId('case').evaluateAll((cases) => cases.map((one) => one.dataset['status']));
  expect(new Set(statuses)).toEqual(new Set(['pass', 'not_run', 'not_applicable']));

  const save = (file: string): Promise<string> =>
    downloaded(page, result.getByRole('button', { name: `Save ${file}, Direction platform`, exact: true }));
  const report = JSON.parse(await save('report.json'));
  expect(report.format).toBe('muster-report/1');
  expect(report.result.counts.pass).toBe(statuses.filter((one) => one === 'pass').length - 1);
  expect(report.rules.filter((rule: { verdict: string }) => rule.verdict === 'fail')).toEqual([]);
  const transcript = await save('transcript.jsonl');
  expect(transcript).toContain(report.transcript.sha256);
  expect(await save('junit.xml')).toContain('<testsuite');
  const html = await save('report.html');

  const other = await context.newPage();
  await other.setContent(html);
  await expect(other.getByRole('heading', { level: 1 })).toContainText('in-page stub');
  await expect(other.locator('[id="case-platform/nwl/sixth-unit"]')).toHaveCount(1);
  await other.close();

  await page.getByTestId('rules-platform').locator('[data-rule=RULE-39] summary').click();
  await page.getByTestId('rules-platform').locator('[data-rule=RULE-39]').getByRole('link', { name: 'platform/nwl/sixth-unit' }).click();
  await expect(page.getByTestId('case-page')).toHaveAttribute('data-id', 'platform/nwl/sixth-unit');
  await expect(page.getByTestId('case-page')).toHaveAttribute('data-status', 'pass');
});

test('what a page cannot run is named before the start and in the result, with the command that runs it', async ({ page }) => {
  await open(page);
  const left = page.getByTestId('left-to-command');
  await expect(left).toHaveAttribute('data-count', '10');
  await row(page, 'platform/transport/tls-floor').getByRole('checkbox').check();
  await row(page, 'platform/nwl/sixth-unit').getByRole('checkbox').check();
  await expect(left).toHaveAttribute('data-count', '1');
  await expect(left).toContainText('muster verify platform runs them');
  await page.getByRole('button', { name: 'Run 2 picked' }).click();
  const after = page.getByTestId('result-platform-selection').getByTestId('left-to-command');
  await expect(after).toHaveAttribute('data-count', '1');
  await after.locator('summary').click();
  await expect(after).toContainText('it shapes sockets, TLS or WebSocket frames, which a page cannot');
  await page.getByLabel('Language').selectOption('zh-CN');
  await expect(after).toContainText('请用 muster verify platform 运行');
  await after.getByRole('link').click();
  await expect(page.getByTestId('case-page')).toContainText('页面无法做到');
});

test('a selection: found by text, picked, run, and nothing else; it decides nothing about the platform', async ({ page }) => {
  await open(page);
  const list = page.getByTestId('case-list');
  await page.getByLabel('Search the cases').fill('RULE-16');
  await expect(list).not.toHaveAttribute('data-shown', (await view(page).getAttribute('data-total')) ?? '');
  await expect(row(page, 'platform/registration/not-added')).toBeVisible();
  const shown = Number(await list.getAttribute('data-shown'));
  expect(shown).toBeGreaterThan(0);
  await page.getByLabel('Pick all that are shown').check();
  await expect(list).toHaveAttribute('data-picked', String(shown));
  await page.getByRole('button', { name: `Run ${shown} picked` }).click();
  await expect(page.getByTestId('result-platform-selection')).toContainText('decides nothing about the platform', { timeout: 60_000 });
  await expect(page.getByTestId('result-platform-whole')).toHaveCount(0);
  const report = JSON.parse(await downloaded(page, page.getByRole('button', { name: /^Save report.json of the selection/ })));
  expect(report.result).toMatchObject({ partial: true, conformance: 'undetermined' });
  expect(report.cases).toHaveLength(shown);

  await page.getByLabel('Search the cases').fill('');
  await page.getByRole('combobox', { name: 'Verdict', exact: true }).selectOption('pass');
  await expect(list).toHaveAttribute('data-shown', String(report.result.counts.pass));
  await page.getByRole('combobox', { name: 'Verdict', exact: true }).selectOption('fail');
  await expect(list).toContainText('No case matches.');
  await page.getByRole('button', { name: 'Show all' }).click();
  await page.getByRole('button', { name: 'Pick none' }).click();
  await page.getByLabel('Pick group firmware/lifecycle').check();
  await expect(list).toHaveAttribute('data-picked', '1');
  await page.getByRole('combobox', { name: 'Profile', exact: true }).selectOption('https');
  for (const one of await page.getByTestId('case').all()) await expect(one).toHaveAttribute('data-id', /https/);
});

test('the page of a case by its address: why, expected against seen, and the sequence of packets', async ({ page }) => {
  await page.goto('./#suite/case/platform/registration/not-added');
  const about = page.getByTestId('case-page');
  await expect(about).toContainText('RULE-16');
  await expect(about).toHaveAttribute('data-status', 'idle');
  await about.getByRole('button', { name: /^Run this case/ }).click();
  await expect(about).toHaveAttribute('data-status', 'pass');
  const check = page.getByTestId('check').filter({ hasText: 'RULE-16' }).first();
  await expect(check).toContainText('Expected');
  await expect(check).toContainText('Seen');
  await expect(check).toContainText('stimulus shown');
  await expect(check).toContainText('control shown');
  const diagram = page.getByTestId('diagram');
  await expect(diagram.locator('svg text', { hasText: 'CONNACK 4' })).not.toHaveCount(0);
  await diagram.locator('details summary').filter({ hasText: 'CONNECT' }).first().click();
  await expect(diagram.locator('details[open]').first()).toContainText('user name');
  // Evidence leads to its place in the diagram, and the address stays.
  const evidence = check.getByRole('button').first();
  const span = await evidence.textContent();
  await evidence.click();
  await expect(diagram.locator(':focus')).toContainText(span ?? '');
  await expect(page).toHaveURL(/#suite\/case\/platform\/registration\/not-added$/);
  await page.getByLabel('Language').selectOption('zh-CN');
  await expect(diagram).toContainText('平台');
  await expect(diagram.getByText('platform', { exact: true })).toHaveCount(0);
  expect(page.workers().filter((worker) => worker.url().includes('/cell.worker'))).toHaveLength(0);
  await page.goBack();
});

test('on a wide screen the columns scroll, the page does not, and the list is found again where it was left', async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 800 });
  await open(page);
  const scrolled = () =>
    page.evaluate<number[]>(`['html', 'main', '#suite-cases'].map((one) => Math.round(document.querySelector(one).scrollTop))`);
  await page.getByLabel('Own platform over WSS').check();
  const link = row(page, 'platform/transport/plain-tcp').getByRole('link');
  await link.scrollIntoViewIfNeeded();
  const [html, main, list] = await scrolled();
  expect([html, main]).toEqual([0, 0]);
  expect(list).toBeGreaterThan(500);
  await expect(page.getByRole('heading', { name: 'Platform to judge' })).toBeInViewport();
  await link.click();
  await expect(page.getByTestId('case-page')).toBeVisible();
  expect(await scrolled()).toEqual([0, 0, 0]);
  await page.getByRole('link', { name: 'All cases' }).click();
  await expect(link).toBeInViewport();
});

test('an address of no case says so', async ({ page }) => {
  await page.goto('./#suite/case/platform/nothing/of%20the%20kind');
  await expect(page.getByRole('alert')).toContainText('There is no case platform/nothing/of the kind.');
  await page.getByRole('link', { name: 'All cases' }).click();
  await expect(page.getByTestId('case-list')).toBeVisible();
});

test('Stop: what was not judged is not run, and no worker is left', async ({ page }) => {
  await open(page);
  await page.getByRole('button', { name: /^Run all/ }).click();
  await expect(page.locator('[data-testid=case][data-status=pass]').first()).toBeVisible();
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.getByTestId('result-platform-whole')).toHaveAttribute('data-conformance', 'undetermined');
  await expect(page.locator('[data-testid=case][data-status=not_run]').first()).toBeVisible();
  await expect(page.locator('[data-testid=case][data-status=waiting], [data-testid=case][data-status=running]')).toHaveCount(0);
  await expect.poll(() => page.workers().length).toBe(0);
});

test.describe('over WSS', () => {
  test.use({ ignoreHTTPSErrors: true });

  test('the stub beside the app: its operator makes what a case needs', async ({ page }) => {
    test.setTimeout(120_000);
    const served = await startCommand(['serve', '--port', '0']);
    try {
      await page.goto(`${served.line}#suite`);
      await page.getByLabel('Stub beside the app').check();
      await runPicked(
        page,
        [
          'platform/registration/not-added',
          'platform/nwl/sixth-unit',
          'platform/switch/toggled',
          'platform/transport/plain-tcp',
          'platform/transport/tls-floor',
        ],
        90_000,
      );
      // In clear it is reached through the relay that is served too.
      for (const id of ['registration/not-added', 'nwl/sixth-unit', 'switch/toggled', 'transport/plain-tcp'])
        await expect(row(page, `platform/${id}`)).toHaveAttribute('data-status', 'pass');
      await expect(row(page, 'platform/transport/tls-floor')).toHaveAttribute('data-status', 'not_run');
      await row(page, 'platform/nwl/sixth-unit').getByRole('link').click();
      await expect(page.getByTestId('diagram')).toContainText('wss 127.0.0.1');
      await expect(page.getByText('Times are of the wall clock.')).toBeVisible();
      await expect.poll(() => page.workers().length).toBe(0);
    } finally {
      await served.stop();
    }
  });

  test('a stub of another process without an administrator: one profile is judged, and its secret goes nowhere', async ({ page }) => {
    const stub = await stubWith([]);
    try {
      await open(page);
      await page.getByLabel('Own platform over WSS').check();
      await expect(page.getByRole('button', { name: /^Run all/ })).toBeDisabled();
      await chooseStub(page, stub);
      await expect(page.getByTestId('forecast')).toContainText(/^All: [\d]+ cases will run, about [1-9] min;.+ connects/);
      await page.getByLabel('Pace').selectOption('published');
      await expect(page.getByTestId('forecast')).toContainText(/about (\d+ h )?\d\d min;/);
      await expect(page.getByText('A device waits only where it has made 5 attempts within a minute.')).toBeVisible();
      await page.getByLabel('Pace').selectOption('none');
      await runPicked(page, ['platform/nwl/five-units', 'platform/nwl/sign-methods', 'platform/registration/not-added']);
      await expect(row(page, 'platform/nwl/five-units')).toHaveAttribute('data-status', 'pass');
      await expect(row(page, 'platform/nwl/sign-methods')).toHaveAttribute('data-status', 'pass');
      await expect(row(page, 'platform/registration/not-added')).toHaveAttribute('data-status', 'not_applicable');
      for (const file of ['report.json', 'report.html', 'transcript.jsonl']) {
        const text = await downloaded(page, page.getByRole('button', { name: new RegExp(`^Save ${file} of the selection`) }));
        expect(text).not.toContain(PRODUCT.productSecret);
        expect(text).toContain(`127.0.0.1`);
      }
      expect(await page.evaluate<string>('JSON.stringify({ ...localStorage, ...sessionStorage }) + location.href')).not.toContain(
        PRODUCT.productSecret,
      );
    } finally {
      await stub.stop();
    }
  });

  test('a person is asked step by step; what they answer is attested', async ({ page }) => {
    const stub = await stubWith([]);
    try {
      await open(page);
      await chooseStub(page, stub);
      await page.getByLabel('Administrator', { exact: true }).selectOption('human');
      await page.getByLabel('Allow destructive cases').check();
      const ids = ['platform/registration/not-added', 'platform/registration/issued-then-off'];
      for (const id of ids) await row(page, id).getByRole('checkbox').check();
      await page.getByRole('button', { name: 'Run 2 picked' }).click();
      const steps = await beThePerson(page, stub);
      expect(steps.length).toBeGreaterThanOrEqual(6);
      for (const id of ids) await expect(row(page, id)).toHaveAttribute('data-status', 'pass');
      await expect(page.getByTestId('attestations').locator('li')).toHaveCount(steps.length);
      const report = JSON.parse(await downloaded(page, page.getByRole('button', { name: /^Save report.json of the selection/ })));
      expect(report.subject.administrator).toBe('human');
      expect(report.attestations).toHaveLength(steps.length);
      expect(report.attestations.filter((one: { span: string }) => one.span === '')).toEqual([]);
    } finally {
      await stub.stop();
    }
  });

  test('a person who skips a case, and one who ends the run', async ({ page }) => {
    const stub = await stubWith([]);
    try {
      await open(page);
      await chooseStub(page, stub);
      await page.getByLabel('Administrator', { exact: true }).selectOption('human');
      const ids = ['platform/registration/not-added', 'platform/registration/other-mode', 'platform/prereg/sign-methods'];
      for (const id of ids) await row(page, id).getByRole('checkbox').check();
      await page.getByRole('button', { name: 'Run 3 picked' }).click();
      const ask = page.getByTestId('ask');
      await expect(ask).toHaveAttribute('data-number', '1');
      await expect(ask.getByRole('heading')).toBeFocused();
      expect(await barriers(page)).toEqual([]);
      await ask.getByRole('button', { name: 'Skip this case' }).click();
      await expect(ask).toHaveAttribute('data-number', '2');
      await ask.getByRole('button', { name: 'End the run' }).click();
      await expect(ask).toHaveCount(0);
      for (const id of ids) await expect(row(page, id)).toHaveAttribute('data-status', 'not_run');
      await row(page, 'platform/prereg/sign-methods').getByRole('link').click();
      await expect(page.getByTestId('case-page')).toContainText('was skipped by the person at the console');
    } finally {
      await stub.stop();
    }
  });

  test('a destructive case is not run unless it is allowed', async ({ page }) => {
    const stub = await stubWith([]);
    try {
      await open(page);
      await chooseStub(page, stub);
      await page.getByLabel('Administrator', { exact: true }).selectOption('human');
      await runPicked(page, ['platform/operator/delete-and-add']);
      await expect(row(page, 'platform/operator/delete-and-add')).toHaveAttribute('data-status', 'not_run');
      await row(page, 'platform/operator/delete-and-add').getByRole('link').click();
      await expect(page.getByTestId('case-page')).toContainText('which was not allowed');
    } finally {
      await stub.stop();
    }
  });
});

test('where nothing answers the page says what it may be, and judges nothing', async ({ page, troubles }) => {
  troubles.expected = /WebSocket connection to 'wss:/;
  await open(page);
  await chooseStub(page, { port: 1 } as Stub);
  await page.getByRole('button', { name: /^Run all/ }).click();
  await expect(page.getByTestId('suite-unreachable')).toContainText('Nothing listens there.');
  await expect(page.locator('[data-testid=case]:not([data-status=idle])')).toHaveCount(0);
});

test('no barrier that axe knows of', async ({ page }) => {
  await open(page);
  expect(await barriers(page)).toEqual([]);
  await runPicked(page, ['platform/nwl/sixth-unit', 'platform/transport/plain-tcp', 'platform/registration/https']);
  await page.getByLabel('Own platform over WSS').check();
  await page.getByTestId('rules-platform').locator('summary').first().click();
  expect(await barriers(page)).toEqual([]);
  await page.getByLabel('Stub in this page').check();
  await row(page, 'platform/nwl/sixth-unit').getByRole('link').click();
  await page.getByTestId('diagram').locator('details summary').first().click();
  await page.locator('summary', { hasText: 'Why' }).click();
  expect(await barriers(page)).toEqual([]);
});

test('on a narrow screen nothing scrolls sideways but the diagram', async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await open(page);
  expect(await sideways(page)).toBe(0);
  await runPicked(page, ['platform/nwl/sixth-unit']);
  expect(await sideways(page)).toBe(0);
  await row(page, 'platform/nwl/sixth-unit').getByRole('link').click();
  await expect(page.getByTestId('diagram')).toBeVisible();
  expect(await sideways(page)).toBe(0);
  expect(await page.evaluate<number>('scrollY')).toBe(0);
});

test('in Chinese every word of the view is Chinese, the sentences of the report included', async ({ page }) => {
  await open(page);
  await page.getByLabel('Language').selectOption('zh-CN');
  await row(page, 'platform/nwl/sixth-unit').getByRole('checkbox').check();
  await page.getByRole('button', { name: '运行所选的 1 个' }).click();
  await expect(row(page, 'platform/nwl/sixth-unit')).toHaveAttribute('data-status', 'pass');
  const list = await page.locator('main').innerText();
  expect(list).not.toMatch(/\b(Cases|Platform|Run|Pick|Result|Rules|Save|pass|must|shown|Seed)\b/);
  await row(page, 'platform/nwl/sixth-unit').getByRole('link').click();
  await expect(page.getByTestId('check').first()).toBeVisible();
  const checks = await page.getByTestId('check').allInnerTexts();
  for (const text of checks) expect(text).not.toMatch(/\b(Expected|Seen|Proofs|Evidence|is accepted|was answered|got its)\b/);
});

/** Does at the stub what the page asks for, until it asks no more. Gives the sentences. */
async function beThePerson(page: Page, stub: Stub): Promise<string[]> {
  const ask = page.getByTestId('ask');
  const runs = page.getByRole('button', { name: /^Run all/ });
  const said: string[] = [];
  const { productKey } = PRODUCT;
  for (;;) {
    await expect(page.locator(`[data-testid=ask][data-number="${said.length + 1}"]`).or(runs)).toBeVisible({ timeout: 30_000 });
    if (await runs.isVisible()) return said;
    const text = (await ask.locator('#ask-what').textContent()) ?? '';
    said.push(text);
    const add = / add a device named (\S+)$/.exec(text);
    const turn = / turn Dynamic Registration (on|off)$/.exec(text);
    const read = /^Open the device (\S+) of the product .*: which status/.exec(text);
    if (add) await stub.operate({ action: 'AddDevice', productKey, deviceName: add[1] });
    else if (turn) await stub.operate({ action: 'X-SetDynamicRegistration', productKey, on: turn[1] === 'on' });
    else if (read) {
      const { device } = (await stub.operate({ action: 'QueryDeviceDetail', productKey, deviceName: read[1] })) as {
        device?: { status: string };
      };
      await ask.getByLabel(device?.status ?? 'none', { exact: true }).check();
      await ask.getByRole('button', { name: 'Answer' }).click();
      continue;
    } else throw new Error(`the person does not know how to: ${text}`);
    await ask.getByRole('button', { name: 'Done', exact: true }).click();
  }
}
