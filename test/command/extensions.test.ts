// `--cases DIR`: cases of a user's own run beside ours, are judged by their own rules, and say clearly what is wrong with them.
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { muster } from './command.ts';

const EXAMPLE = new URL('../../docs/examples/keeps-posting.case.mjs', import.meta.url);
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-test-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function cases(name: string, files: Readonly<Record<string, string>>): string {
  const dir = join(folder, name);
  mkdirSync(dir, { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(dir, file), text);
  return dir;
}

const verify = (dir: string, ...more: string[]): ReturnType<typeof muster> =>
  muster(['verify', 'platform', '--case', 'platform/nwl/five-units', '--cases', dir, ...more]);

test('the example of the documentation passes, repeats itself, and is listed apart', async () => {
  const dir = cases('example', {});
  copyFileSync(EXAMPLE, join(dir, 'keeps-posting.case.mjs'));
  const out = join(folder, 'out');
  const { code, stdout } = await verify(dir, '--out', out);
  expect(code).toBe(0);
  expect(stdout).toMatch(/Cases of yours:\n {2}pass +acme\/data\/keeps-posting/);
  const report = JSON.parse(readFileSync(join(out, 'report.json'), 'utf8')) as Record<'cases' | 'extensions', { id: string }[]>;
  expect(report.extensions.map((one) => one.id)).toEqual(['acme/data/keeps-posting']);
  expect(report.cases.map((one) => one.id)).toEqual(['platform/nwl/five-units']);
  const transcript = readFileSync(join(out, 'transcript.jsonl'), 'utf8');
  await verify(dir, '--out', out);
  expect(readFileSync(join(out, 'transcript.jsonl'), 'utf8')).toBe(transcript);
});

test('--case selects among them too: with one of theirs, theirs alone, and the exit code speaks of it', async () => {
  const text = (id: string, ok: boolean): string => `export default { id: '${id}', title: { en: 'x', 'zh-CN': 'x' }, profiles: ['nwl'],
      drive: (t) => t.note('note', { ok: ${String(ok)} }),
      checks: [{ id: 'ok', rule: 'ACME-02', class: 'M', oracle: 'factIs', on: { span: 'note', fact: 'ok', is: true } }] };`;
  const dir = cases('several', { 'a.case.mjs': text('acme/good', true), 'b.case.mjs': text('acme/bad', false) });
  const run = async (glob: string): Promise<[number | null, string[], string[]]> => {
    const out = join(folder, 'selected');
    const { code } = await muster(['verify', 'platform', '--cases', dir, '--case', glob, '--out', out]);
    const report = JSON.parse(readFileSync(join(out, 'report.json'), 'utf8')) as Record<'cases' | 'extensions', { id: string }[]>;
    const checked = await muster(['report', 'verify', out, '--cases', dir]);
    expect([checked.code === 4 || checked.code === 64, checked.stderr]).toEqual([false, '']);
    return [code, report.cases.map(({ id }) => id), report.extensions.map(({ id }) => id)];
  };
  expect(await run('acme/good')).toEqual([0, [], ['acme/good']]);
  expect(await run('acme/*')).toEqual([1, [], ['acme/bad', 'acme/good']]);
  const listed = await muster(['verify', 'platform', '--cases', dir, '--case', 'list']);
  expect(listed.stdout.split('\n')).toEqual(expect.arrayContaining(['acme/good', 'acme/bad', 'platform/nwl/five-units']));
  const none = await muster(['verify', 'platform', '--cases', dir, '--case', 'acme/none']);
  expect([none.code, none.stderr]).toEqual([64, expect.stringMatching(/^muster: --case acme\/none matches no case .*--case list/)]);
});

test('a MUST of theirs that fails sets the exit code, and leaves our verdict alone', async () => {
  const dir = cases('failing', {
    'fails.case.mjs': `export default { id: 'acme/fails', title: { en: 'Fails', 'zh-CN': '失败' }, profiles: ['nwl'],
      drive: (t) => t.note('note', { ok: false }),
      checks: [{ id: 'ok', rule: 'ACME-02', class: 'M', oracle: 'factIs', on: { span: 'note', fact: 'ok', is: true } }] };`,
  });
  const { code, stdout } = await verify(dir, '--json', '-');
  const report = JSON.parse(stdout) as { result: { counts: Record<string, number> }; extensions: { verdict: string }[] };
  expect(code).toBe(1);
  expect(report.extensions.map((one) => one.verdict)).toEqual(['fail']);
  expect(report.result.counts).toMatchObject({ pass: 1, fail: 0 });
});

test.each([
  ['a missing folder', () => join(folder, 'nowhere'), /--cases .*nowhere is not a directory/],
  ['a folder without cases', () => cases('empty', {}), /holds no \.case\.mjs file/],
  ['a module that does not parse', () => cases('torn', { 'torn.case.mjs': 'export default {' }), /torn\.case\.mjs cannot be loaded/],
  [
    'an id of ours',
    () => cases('ours', { 'ours.case.mjs': `export default { id: 'platform/nwl/five-units' };` }),
    /ours\.case\.mjs, id needs a prefix/,
  ],
  [
    'one id twice',
    () => {
      const text = readFileSync(EXAMPLE, 'utf8');
      return cases('twice', { 'a.case.mjs': text, 'b.case.mjs': text });
    },
    /b\.case\.mjs: the id acme\/data\/keeps-posting belongs to .*a\.case\.mjs already/,
  ],
])('refuses %s before anything runs', async (_what, dir, why) => {
  const { code, stderr } = await verify(dir());
  expect(code).toBe(64);
  expect(stderr).toMatch(why);
  expect(stderr).not.toContain('    at ');
});
