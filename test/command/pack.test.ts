// What a user installs: the packed project in an empty folder, with no registry to ask.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';

const SHIPPED =
  /^(bin\/|dist\/|types\/case\.d\.ts$|docs\/[\w-]+\.md$|docs\/(schemas|examples|ci)\/[\w.-]+$|examples\/(plans\/)?[\w-]+\.(yaml|csv|md)$|LICENSE$|README\.md$|package\.json$)/;
const CHECKOUT = join(import.meta.dirname, '../..');
let folder: string;
let packed: readonly string[];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-pack-'));
  // What is packed was built by `npm test`; building again here would take it away from the tests beside this one.
  const said = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    cwd: CHECKOUT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [about] = JSON.parse(said) as [{ filename: string; files: { path: string }[] }];
  packed = about.files.map((file) => file.path);
  execFileSync('npm', ['init', '-y'], { cwd: folder, stdio: 'ignore' });
  execFileSync('npm', ['install', '--offline', '--no-audit', '--no-fund', join(folder, about.filename)], { cwd: folder, stdio: 'ignore' });
}, 120_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const command = (): string => join(folder, 'node_modules/.bin/muster');

test('holds the command, the page, the types of a case, the pages and examples that messages name, and the licences, and nothing else', () => {
  expect(packed).toEqual(
    expect.arrayContaining([
      'bin/muster.mjs',
      'dist/cli/muster.js',
      'dist/web/index.html',
      'dist/THIRD-PARTY-NOTICES.txt',
      'types/case.d.ts',
      'LICENSE',
      'README.md',
      'docs/fleet.md',
      'docs/schemas/plan.schema.json',
      'docs/schemas/target.schema.json',
      'docs/examples/keeps-posting.case.mjs',
      'examples/plans/listed.yaml',
      'examples/plans/devices.csv',
    ]),
  );
  expect(packed.filter((path) => !SHIPPED.test(path))).toEqual([]);
  expect(packed.filter((path) => /(?<!\.d)\.ts$|\.map$|test|\.built/.test(path))).toEqual([]);
});

test('holds every page and example that a message or a page of help names', () => {
  const source = ['cli', 'kernel', 'worker', 'scenarios', 'report', 'platform-stub'].flatMap((part) =>
    readdirSync(join(CHECKOUT, part), { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.ts$/.test(path) && !/\.(test|testkit)\.ts$/.test(path))
      .map((path) => readFileSync(join(CHECKOUT, part, path), 'utf8').replace(/^\s*(\/\/|\*|\/\*).*$/gm, '')),
  );
  const named = new Set(source.flatMap((text) => text.match(/\b(docs|examples)\/[\w/.-]*\w/g) ?? []));
  expect(named).toContain('docs/fleet.md');
  for (const path of named) expect(packed.some((one) => one === path || one.startsWith(`${path}/`))).toBe(true);
});

test('judges the stub', () => {
  const said = execFileSync(command(), ['verify', 'platform'], { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  expect(said).toContain('is conformant');
}, 60_000);

test('serves the page', async () => {
  const child = spawn(command(), ['serve', '--port', '0'], { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(child, 'close');
  try {
    const line = await createInterface(child.stdout)[Symbol.asyncIterator]().next();
    if (line.done) throw new Error('serve ended without a word');
    const page = await fetch(line.value);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    const html = await page.text();
    const script = /src="([^"]+\.js)"/.exec(html)?.[1];
    expect((await fetch(new URL(script ?? '', line.value))).status).toBe(200);
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
}, 60_000);
