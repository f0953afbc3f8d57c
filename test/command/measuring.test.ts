// What a run shows of itself while it goes on and afterwards: a series, a scrape, and the account of a worker thread that died.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { readOpenMetrics } from '../../cli/metrics.testkit.ts';
import type { FleetReport } from '../../worker/fleet/controller.ts';
import { COMMAND, muster } from './command.ts';

const folder = mkdtempSync(join(tmpdir(), 'muster-measuring-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const reportOf = (file: string): FleetReport => JSON.parse(readFileSync(file, 'utf8')) as FleetReport;
const account = ({ activated, refused, failed, local, aborted }: FleetReport): number => activated + refused + failed + local + aborted;

/**
 * Loaded before everything in each thread; ends the second worker of the fleet (thread 1 is the stub) some time into the run, which begins
 * with its first timer.
 */
function deadly(how: string): string {
  const file = join(folder, `${how.replace(/\W/g, '')}.mjs`);
  const lines = [
    "import { threadId } from 'node:worker_threads';",
    'const { setTimeout: later } = globalThis;',
    'let begun = threadId !== 3;',
    'globalThis.setTimeout = (...args) => {',
    `  if (!begun) later(() => { ${how} }, 1500);`,
    '  begun = true;',
    '  return later(...args);',
    '};',
  ];
  writeFileSync(file, lines.join('\n'));
  return `--import=${pathToFileURL(file).href}`;
}

describe('a run of several threads', () => {
  it('writes its series, whose sums are those of the report', async () => {
    const [json, csv] = [join(folder, 'a.json'), join(folder, 'a.csv')];
    const ended = await muster(['fleet', '--devices', '60', '--rate', '30', '--workers', '2', '--json', json, '--csv', csv]);
    expect(ended.code, ended.stderr).toBe(0);
    const report = reportOf(json);
    expect(report).toMatchObject({ activated: 60, workers: 2, workersLost: [], errors: [], throttled: 0 });
    const [header = [], ...rows] = readFileSync(csv, 'utf8')
      .trimEnd()
      .split('\r\n')
      .map((line) => line.split(','));
    const sum = (column: string): number => rows.reduce((total, row) => total + Number(row[header.indexOf(column)]), 0);
    expect([sum('offered'), sum('started'), sum('activated'), sum('posts'), sum('replies')]).toEqual([60, 60, 60, 60, 60]);
    expect(rows).toHaveLength(report.series.length);
    expect(rows[0]?.[header.indexOf('offered')]).toBe('30');
    expect(Math.max(...report.series.map(({ online }) => online))).toBe(60);
  });

  it.each([
    ['throws', 'throw new Error("died for the test")', /died for the test/],
    ['leaves', 'process.exit(7)', /ended by itself with 7/],
  ])('accounts for a thread that %s', async (_what, how, why) => {
    const json = join(folder, 'dead.json');
    const ended = await muster(['fleet', '--devices', '200', '--rate', '20', '--workers', '2', '--json', json], {
      NODE_OPTIONS: deadly(how),
    });
    expect(ended.code, ended.stderr).toBe(4);
    const report = reportOf(json);
    expect(account(report)).toBe(200);
    expect(report.workersLost).toMatchObject([{ worker: 1, reason: expect.stringMatching(why) as string, units: report.local }]);
    expect(report.local).toBeGreaterThan(0);
    expect(report.activated).toBeGreaterThanOrEqual(100);
    expect(report.validity.ok).toBe(false);
    expect(report.latencyMs.connect).toBeNull();
    expect(ended.stderr).toMatch(/worker 1 died/);
  });

  it('ends at Ctrl-C with what ran, and leaves no process', async () => {
    const json = join(folder, 'cut.json');
    const child = spawn(process.execPath, [COMMAND, 'fleet', '--devices', '5000', '--rate', '50', '--workers', '3', '--json', json], {
      env: { ...process.env, NO_COLOR: '1' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const lines = createInterface(child.stderr)[Symbol.asyncIterator]();
    for (let line = await lines.next(); !line.done && !/5000 devices at/.test(line.value);) line = await lines.next();
    child.kill('SIGINT');
    const [code] = (await once(child, 'close')) as [number | null];
    expect(code).toBe(130);
    const report = reportOf(json);
    expect(account(report)).toBe(5000);
    expect(report.aborted).toBeGreaterThan(4000);
    expect(report.workersLost).toEqual([]);
    expect(report.stopped).toBe('interrupted');
  });

  it('at Ctrl-C waits for no pace at which a condition of the plan has begun to end connections', async () => {
    const plan = join(folder, 'paced.yaml');
    writeFileSync(plan, 'cohorts: [{ mode: regnwl, count: 100 }]\nhold: 10m\nstop: { after: 5s }\nteardown: { rate: 5 }\n');
    const child = spawn(process.execPath, [COMMAND, 'fleet', plan, '--metrics', '0'], {
      env: { ...process.env, NO_COLOR: '1' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const closed = once(child, 'close');
    const lines = createInterface(child.stderr)[Symbol.asyncIterator]();
    let url = '';
    for (let line = await lines.next(); !line.done && url === ''; line = await lines.next())
      url = /metrics at (http:\/\/127\.0\.0\.1:\d+\/metrics)/.exec(line.value)?.[1] ?? '';
    const online = async (): Promise<number> => {
      const response = await fetch(url);
      return response.status === 503 ? NaN : (readOpenMetrics(await response.text()).get('muster_units_online')?.samples[0]?.value ?? NaN);
    };
    try {
      // A machine with much else to do may not have all of them online by then; fewer than there were are once they leave, five a second.
      let most = 0;
      const gone = async (): Promise<number> => {
        const now = await online();
        if (now > most) most = now;
        return most - now;
      };
      await expect.poll(gone, { timeout: 30_000, interval: 100 }).toBeGreaterThan(2);
      // Without the interrupt those who are left take longer than the bound below.
      expect(await online()).toBeGreaterThan(45);
    } finally {
      child.kill('SIGINT');
    }
    const at = performance.now();
    expect(await closed).toEqual([130, null]);
    expect(performance.now() - at).toBeLessThan(8_000);
  }, 60_000);
});

describe('a scrape', () => {
  it('finds the run that is under way, in OpenMetrics', async () => {
    const child = spawn(
      process.execPath,
      [COMMAND, 'fleet', '--devices', '30', '--rate', '100', '--workers', '2', '--hold', '600', '--metrics', '0'],
      { env: { ...process.env, NO_COLOR: '1' }, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const closed = once(child, 'close');
    try {
      let url: string | undefined;
      const lines = createInterface(child.stderr)[Symbol.asyncIterator]();
      for (let line = await lines.next(); !line.done && url === undefined; line = await lines.next()) {
        url = /metrics at (http:\/\/127\.0\.0\.1:\d+\/metrics)/.exec(line.value)?.[1];
      }
      expect(url).toBeDefined();
      const value = async (family: string, label: string): Promise<number> => {
        const response = await fetch(url ?? '');
        const text = await response.text();
        if (response.status === 503) return 0;
        return (
          readOpenMetrics(text)
            .get(family)
            ?.samples.find((one) => Object.values(one.labels).includes(label))?.value ?? NaN
        );
      };
      await expect.poll(() => value('muster_units', 'online'), { timeout: 30_000, interval: 200 }).toBe(30);
      await expect.poll(() => value('muster_units_ended', 'activated'), { timeout: 30_000, interval: 200 }).toBe(30);
    } finally {
      child.kill('SIGINT');
      await closed;
    }
  });

  it('a busy port ends the run before it begins, with exit 3', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    const ended = await muster(['fleet', '--devices', '2', '--metrics', String(port)]);
    other.close();
    expect([ended.code, ended.stdout]).toEqual([3, '']);
    expect(ended.stderr).toMatch(/--metrics \d+: the port cannot be had/);
    expect(ended.stderr).toMatch(/another port/);
  });
});
