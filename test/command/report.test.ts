// `muster report`: shows, compares and verifies what a run has stored.
import { copyFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FORMATS } from '../../report/formats.ts';
import { EARLIER, FIGURES, OPTIONS } from '../../report/load.testkit.ts';
import { loadFiles, type LoadFigures } from '../../report/load.ts';
import { muster } from './command.ts';

const CASES = 'platform/nwl/s*';
let folder: string;
let stub: string;
let mutant: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'muster-test-'));
  stub = join(folder, 'stub');
  mutant = join(folder, 'mutant');
  await muster(['verify', 'platform', '--case', CASES, '--out', stub]);
  await muster(['verify', 'platform', '--case', CASES, '--mutant', 'no-cap', '--out', mutant]);
}, 60_000);
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A copy of a run, changed. */
function copy(name: string, from: string, file: string, change: (text: string) => string): string {
  const to = join(folder, name);
  cpSync(from, to, { recursive: true });
  writeFileSync(join(to, file), change(readFileSync(join(to, file), 'utf8')));
  return to;
}

test('a run writes every format', () => {
  expect(readdirSync(stub).sort()).toEqual([
    'ctrf.json',
    'junit.xml',
    'report.html',
    'report.json',
    'report.sarif',
    'summary.md',
    'transcript.jsonl',
  ]);
});

describe('report show', () => {
  test('prints what the run printed', async () => {
    const ran = await muster(['verify', 'platform', '--case', CASES, '--mutant', 'no-cap']);
    const shown = await muster(['report', 'show', mutant]);
    expect(shown).toEqual({ code: 0, stdout: ran.stdout, stderr: '' });
  });

  test('of a changed report says so', async () => {
    const changed = copy('shown', stub, 'report.json', (text) => text.replace('"jobs": 2', '"jobs": 3'));
    const { code, stderr } = await muster(['report', 'show', changed]);
    expect(code).toBe(0);
    expect(stderr).toContain('it was changed');
  });
});

describe('report diff', () => {
  test('ends with 0 without a regression, and with 1 with one', async () => {
    expect((await muster(['report', 'diff', stub, stub])).code).toBe(0);
    const worse = await muster(['report', 'diff', stub, mutant]);
    expect(worse.code).toBe(1);
    expect(worse.stdout).toContain('platform/nwl/sixth-unit#sixth-stays-out');
    expect((await muster(['report', 'diff', mutant, stub])).code).toBe(0);
  });

  test('as JSON', async () => {
    const { code, stdout } = await muster(['report', 'diff', stub, join(mutant, 'report.json'), '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ regression: true });
  });
});

describe('report verify', () => {
  test('ends with 0 for runs as they were written, several at once', async () => {
    const { code, stdout } = await muster(['report', 'verify', stub, join(mutant, 'report.json')]);
    expect(code).toBe(0);
    expect(stdout.match(/^verified /gm)).toHaveLength(2);
  });

  test('names file, line and span of a changed byte, with 1', async () => {
    const changed = copy('evidence', stub, 'transcript.jsonl', (text) => text.replace('"name":"sixth"', '"name":"sixtH"'));
    const lines = readFileSync(join(changed, 'transcript.jsonl'), 'utf8').split('\n');
    const line = lines.findIndex((one) => one.includes('"name":"sixtH"')) + 1;
    const { code, stdout } = await muster(['report', 'verify', stub, changed]);
    expect(code).toBe(1);
    expect(stdout).toContain(`${join(changed, 'transcript.jsonl')}:${line}: the line was changed`);
    expect(stdout).toContain('span sixtH');
  });

  test.each([
    ['torn', 'report.json', (text: string) => text.slice(0, 500), 'not JSON'],
    ['footless', 'transcript.jsonl', (text: string) => text.slice(0, text.lastIndexOf('{"kind":"footer"')), 'cut off'],
    ['other', 'report.json', (text: string) => text.replace('muster-report/1', 'muster-report/7'), 'muster-report/7'],
  ])('a run that is %s is said in a line, without a stack', async (name, file, change, words) => {
    const { code, stdout, stderr } = await muster(['report', 'verify', copy(name, stub, file, change)]);
    expect(code).toBe(1);
    expect(stdout).toContain(words);
    expect(stdout + stderr).not.toContain('    at ');
  });

  test.each([
    ['nothing there', () => join(folder, 'nowhere'), 'does not exist'],
    ['a report without its evidence', () => lonely(), 'the evidence beside the report'],
  ])('%s is a mistake of the user', async (_what, path, words) => {
    const { code, stderr } = await muster(['report', 'verify', path()]);
    expect(code).toBe(64);
    expect(stderr).toContain(words);
  });
});

describe('cases of your own', () => {
  const OWN = join(import.meta.dirname, '../../docs/examples');
  let out: string;
  beforeAll(async () => {
    out = join(folder, 'own');
    await muster(['verify', 'platform', '--case', 'platform/nwl/five-units', '--cases', OWN, '--out', out]);
  }, 60_000);

  test('are named where they are not judged again, and judged where their modules are given', async () => {
    const without = await muster(['report', 'verify', out]);
    expect(without.code).toBe(0);
    expect(without.stdout).toMatch(
      /1 of 2 cases judged again.*\n {2}not judged again, \d checks? of your own cases: .*--cases DIR\n {4}acme\/data\/keeps-posting#/,
    );
    const given = await muster(['report', 'verify', out, '--cases', OWN]);
    expect(given.code).toBe(0);
    expect(given.stdout).toContain('2 of 2 cases judged again');
    expect(given.stdout).not.toContain('not judged');
  });

  test('are replayed where their modules are given', async () => {
    const without = await muster(['replay', out, '--case', 'acme/data/keeps-posting']);
    expect([without.code, without.stdout]).toEqual([4, expect.stringContaining('give its module with --cases DIR')]);
    const given = await muster(['replay', out, '--cases', OWN]);
    expect([given.code, given.stdout]).toEqual([0, expect.stringMatching(/identical {2}acme\/data\/keeps-posting/)]);
  });

  test('and the selection are in the command that repeats the run', () => {
    const command = `muster verify platform --case platform/nwl/five-units --cases ${OWN}`;
    expect(readFileSync(join(out, FORMATS.html.file), 'utf8')).toContain(`<code>${command}</code>`);
  });
});

describe('reports of fleets', () => {
  const stored = (name: string, load: LoadFigures): string => {
    const to = mkdtempSync(join(folder, `${name}-`));
    for (const { name: file, text } of loadFiles(load, OPTIONS)) writeFileSync(join(to, file), text);
    return to;
  };

  test('are shown, compared and verified', async () => {
    const [missed, held] = [stored('missed', FIGURES), stored('held', { ...FIGURES, activated: 400, failed: 0, thresholds: [] })];
    expect((await muster(['report', 'show', missed])).stdout).toContain('fail   failed == 0: measured 1');
    const worse = await muster(['report', 'diff', held, missed]);
    expect([worse.code, worse.stdout]).toEqual([1, expect.stringContaining('a regression')]);
    expect((await muster(['report', 'diff', missed, held, '--json'])).code).toBe(1);
    const verified = await muster(['report', 'verify', missed, held, stored('earlier', EARLIER)]);
    expect([verified.code, verified.stdout.match(/^verified /gm)]).toEqual([0, ['verified ', 'verified ', 'verified ']]);
    const changed = copy('changed-load', missed, 'report.json', (text) => text.replace('"verdict": "fail"', '"verdict": "pass"'));
    const found = await muster(['report', 'verify', changed]);
    expect([found.code, found.stdout]).toEqual([1, expect.stringContaining('it was changed')]);
  });

  test('are not compared with one of a platform', async () => {
    const { code, stderr } = await muster(['report', 'diff', stub, stored('other', FIGURES)]);
    expect([code, stderr]).toEqual([64, expect.stringContaining('one report is of a fleet')]);
  });
});

function lonely(): string {
  const to = mkdtempSync(join(folder, 'lonely-'));
  copyFileSync(join(stub, 'report.json'), join(to, 'report.json'));
  return to;
}
