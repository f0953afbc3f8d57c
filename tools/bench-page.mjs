// Runs in a tab of real Chromium, for tools/bench.mjs. Of a fleet, everything due at once, until every device is online or has ended: on the
// in-page platform, through the relay, and over the browser's own WebSockets. And of the suite. By hand: `node tools/bench-page.mjs` runs one
// of each.
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { chromium } from '@playwright/test';
import { checkout } from './build.mjs';
import { chromiumFlags, ensureChromium } from './chromium.mjs';
import { withMosquitto } from './mosquitto.mjs';

/** Highest arrival rate that the form takes: the schedule never holds a device back. */
const RATE = 5_000;
const LONGEST_MS = 120_000;
const PRODUCT = { productKey: 'a1BenchPage', productSecret: 'ps0123456789abcd' };

/** Keeps the longest task of the page's own thread, and every frame's time, where the bench can read them. */
const OBSERVE = `
  window.longestTask = 0;
  window.frames = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.longestTask = Math.max(window.longestTask, entry.duration);
  }).observe({ type: 'longtask', buffered: true });
  let last = performance.now();
  const frame = (now) => {
    window.frames.push(now - last);
    last = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
`;

/**
 * @typedef {object} PageRun
 * @property {number} registrationsPerSecond devices that came online, by the seconds until all had or had ended
 * @property {number} online
 * @property {number} local   devices that this browser had no room for
 * @property {number} longestTaskMs of the page's thread; tasks below 50 ms are not reported by the browser and read 0
 * @property {number} frameP95Ms between two frames of the page
 * @property {number} frameMaxMs
 */

/**
 * Starts the command; what its first line says.
 * @param {readonly string[]} args
 * @returns {Promise<{ line: string, stop: () => Promise<void> }>}
 */
async function start(args) {
  const child = spawn(process.execPath, [join(checkout, 'dist/cli/muster.js'), ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(child, 'close');
  const first = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
  if (first.done) throw new Error(`muster ${args[0]} ended without a word`);
  return {
    line: first.value,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/**
 * A page that is observed, of the app that it serves.
 * @template T
 * @param {readonly string[]} args of `muster serve`
 * @param {(page: import('@playwright/test').Page, url: string) => Promise<T>} use
 * @returns {Promise<T>}
 */
async function withPage(args, use) {
  const server = await start(['serve', '--port', '0', '--no-stub', ...args]);
  const browser = await chromium.launch({ executablePath: await ensureChromium(), args: [...chromiumFlags] });
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, ignoreHTTPSErrors: true });
    await page.addInitScript({ content: OBSERVE });
    return await use(page, server.line);
  } finally {
    await browser.close();
    await server.stop();
  }
}

/**
 * @param {readonly string[]} args of `muster serve`
 * @param {{ devices: number, mode?: string, rate?: number, session?: string }} plan
 * @param {(page: import('@playwright/test').Page) => Promise<void>} choose fills in the target
 * @returns {Promise<PageRun>}
 */
function run(args, { devices, mode = 'mixed', rate = RATE, session = 'lean' }, choose) {
  return withPage(args, async (page, url) => {
    await page.goto(url);
    await choose(page);
    await page.getByRole('textbox', { name: 'Devices', exact: true }).fill(String(devices));
    await page.getByRole('textbox', { name: 'Arrivals / s', exact: true }).fill(String(rate));
    await page.getByLabel('Registration', { exact: true }).selectOption(mode);
    await page.getByLabel('MQTT client', { exact: true }).selectOption(session);
    await page.evaluate('window.longestTask = 0; window.frames.length = 0');
    const startedAt = performance.now();
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.locator('[data-testid=fleet][data-phase=holding]').waitFor({ timeout: LONGEST_MS });
    const seconds = (performance.now() - startedAt) / 1000;
    const count = async (/** @type {string} */ name) => Number(await page.getByTestId(`count-${name}`).getAttribute('data-value'));
    const [online, local] = [await count('online'), await count('local')];
    const longestTaskMs = Number(await page.evaluate('window.longestTask'));
    const frames = /** @type {number[]} */ (await page.evaluate('window.frames')).sort((a, b) => a - b);
    const frameP95Ms = frames[Math.floor(frames.length * 0.95)] ?? 0;
    const frameMaxMs = frames.at(-1) ?? 0;
    return { registrationsPerSecond: online / seconds, online, local, longestTaskMs, frameP95Ms, frameMaxMs };
  });
}

/**
 * The suite in the page: every case that a page can run. Judging a crowd and writing the transcript must not make it stand still.
 * @param {{ cases?: number }} [plan] how many of the list to pick; all unless told
 * @returns {Promise<{ suiteSeconds: number, longestTaskMs: number }>}
 */
export function measureSuiteInPage({ cases } = {}) {
  return withPage([], async (page, url) => {
    await page.goto(`${url}#suite`);
    await page.getByTestId('case-list').waitFor();
    for (const box of (await page.getByTestId('case').getByRole('checkbox').all()).slice(0, cases ?? 0)) await box.check();
    await page.evaluate('window.longestTask = 0');
    const startedAt = performance.now();
    await page.getByRole('button', { name: cases === undefined ? /^Run all/ : `Run ${cases} picked` }).click();
    await page.getByRole('button', { name: /^Run all/ }).waitFor({ timeout: LONGEST_MS });
    const suiteSeconds = (performance.now() - startedAt) / 1000;
    return { suiteSeconds, longestTaskMs: Number(await page.evaluate('window.longestTask')) };
  });
}

/**
 * @param {PageRun} result
 * @param {number} devices
 */
function requireAll(result, devices) {
  if (result.online !== devices) throw new Error(`${result.online} of ${devices} devices are online, ${result.local} are local`);
  return result;
}

/**
 * Devices on the in-page platform; each registers, connects and posts once meanwhile.
 * @param {{ devices: number, mode?: string, session?: string }} plan
 */
export async function measurePage(plan) {
  return requireAll(await run([], plan, () => Promise.resolve()), plan.devices);
}

/**
 * @template {PageRun} T
 * @param {(stub: { mqtts: number, wss: number, target: string }) => Promise<T>} use
 * @returns {Promise<T>}
 */
async function withStub(use) {
  const folder = mkdtempSync(join(tmpdir(), 'muster-bench-page-'));
  const config = join(folder, 'stub.json');
  writeFileSync(config, JSON.stringify({ products: [{ ...PRODUCT, dynamicRegistration: true }] }));
  const stub = await start(['stub', '--json', '--config', config]);
  try {
    return await use(readyOf(stub.line));
  } finally {
    await stub.stop();
    rmSync(folder, { recursive: true });
  }
}

/**
 * What a stub says of itself.
 * @param {string} line
 * @returns {{ mqtts: number, wss: number, target: string }}
 */
function readyOf(line) {
  /** @type {unknown} */
  const said = JSON.parse(line);
  return /** @type {{ mqtts: number, wss: number, target: string }} */ (said);
}

/** @param {import('@playwright/test').Page} page */
async function fillProduct(page) {
  await page.getByLabel('ProductKey').fill(PRODUCT.productKey);
  await page.getByLabel('ProductSecret').fill(PRODUCT.productSecret);
}

/** @param {import('@playwright/test').Page} page */
async function chooseRelay(page) {
  await page.getByLabel('Through the relay').check();
  await fillProduct(page);
}

/**
 * TLS handshakes a second that Node alone has with a stub, from one process that does nothing else.
 * @param {number} port
 * @param {number} handshakes
 * @returns {Promise<number>}
 */
async function ceilingAt(port, handshakes) {
  const program = join(checkout, 'node_modules/.cache/muster-bench/load-client.js');
  if (!existsSync(program)) throw new Error('npm run bench builds the programs that this needs; run it first, with -- --smoke');
  const client = fork(program, { execArgv: ['--expose-gc'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  client.send({ kind: 'bare', url: `mqtts://127.0.0.1:${port}`, steps: [handshakes], warmUp: handshakes / 2 });
  const message = /** @type {unknown[]} */ (await once(client, 'message'));
  const [step] = /** @type {{ wallMs: number }[]} */ (message[0]);
  return (1000 * handshakes) / (step?.wallMs ?? NaN);
}

/**
 * Devices that register without names added beforehand, and sign in, through the relay, over TLS, at a stub in another process: two
 * handshakes each. The ceiling is of the same stub, before they come.
 * @param {{ devices: number, rate?: number }} plan
 */
export async function measureRelay(plan) {
  return withStub(async ({ target, mqtts }) => {
    const ceilingPerSecond = await ceilingAt(mqtts, Math.min(1000, plan.devices));
    const result = requireAll(await run(['--target', target], { ...plan, mode: 'regnwl' }, chooseRelay), plan.devices);
    const handshakesPerSecond = 2 * result.registrationsPerSecond;
    return { ...result, handshakesPerSecond, ceilingPerSecond, percentOfCeiling: (100 * handshakesPerSecond) / ceilingPerSecond };
  });
}

/**
 * Devices that only connect, through the relay, over TCP, at Debian's mosquitto, which takes anybody; undefined where it is not installed.
 * @param {{ devices: number, rate?: number }} plan
 */
export function measureRelayTcp(plan) {
  return withMosquitto(async (url, folder) => {
    const target = join(folder, 'target.yaml');
    writeFileSync(
      target,
      `name: mosquitto\nendpoints: { mqtt: ${url} }\nproduct: { key: ${PRODUCT.productKey} }\npace: { perDevicePerMinute: none }\n`,
    );
    return requireAll(await run(['--target', target], { ...plan, mode: 'connect' }, chooseRelay), plan.devices);
  });
}

/**
 * Devices over the browser's own WebSockets; those beyond its cap are `local`, and the page names the cap.
 * @param {{ devices: number, rate?: number }} plan
 */
export async function measureDirect(plan) {
  return withStub(({ wss }) =>
    run([], { rate: 50, ...plan, mode: 'regnwl' }, async (page) => {
      await page.getByLabel('Own platform').check();
      await page.getByLabel('URL').fill(`wss://127.0.0.1:${wss}/mqtt`);
      await fillProduct(page);
    }),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const parts = {
    'in-page 10,000': () => measurePage({ devices: 10_000 }),
    'in-page 10,000, reference': () => measurePage({ devices: 10_000, session: 'reference' }),
    'relay TLS 5,000': () => measureRelay({ devices: 5_000 }),
    'relay TCP connect 5,000': () => measureRelayTcp({ devices: 5_000 }),
    'direct WSS 200': () => measureDirect({ devices: 200 }),
    'direct WSS 300': () => measureDirect({ devices: 300 }),
    suite: () => measureSuiteInPage(),
  };
  for (const [name, measure] of Object.entries(parts)) console.log(name, JSON.stringify(await measure().catch(String)));
}
