// The suite judged: no mutant survives, none is found by another rule's check only, no two by the same checks; and the page says so.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { problemsOf, type MatrixRow } from '../../scenarios/mutants/matrix.ts';
import { muster } from '../command/command.ts';

test('every mutant is found, and docs/kill-matrix.md is what `npm run mutants` writes', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'muster-test-'));
  try {
    const page = join(folder, 'kill-matrix.md');
    const { code, stdout, stderr } = await muster(['mutants', '--jobs', '1', '--page', page]);
    expect([code, stdout.trim().split('\n').at(-1), stderr.split('\n').filter((line) => line.startsWith('muster: '))]).toEqual([
      0,
      expect.stringMatching(/^\d+ mutants, 0 problems$/),
      [],
    ]);
    expect(readFileSync(page, 'utf8')).toBe(readFileSync(new URL('../../docs/kill-matrix.md', import.meta.url), 'utf8'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 600_000);

test('a survivor, a stranger’s kill, a twin and a side effect without a reason are problems', () => {
  const row = (mutant: string, more: Partial<MatrixRow>): MatrixRow => ({
    mutant,
    rule: 'RULE-01',
    class: 'M',
    killers: ['platform/a#one'],
    others: [],
    unexplained: [],
    ...more,
  });
  const problems = problemsOf([
    row('first', {}),
    row('twin', {}),
    row('survivor', { killers: [] }),
    row('stranger', { killers: [], others: ['platform/b#two'] }),
    row('loud', { killers: ['platform/c#three'], unexplained: ['platform/d is fail'] }),
    // The generated mutant of a rule may do what a named one does.
    row('off:RULE-01', {}),
  ]);
  expect(problems.map(({ mutant, what }) => `${mutant} ${what}`)).toEqual([
    'twin is found by the very same checks as first',
    'survivor survives',
    'stranger is found by checks of other rules only: platform/b#two',
    'loud platform/d is fail, and side-effects.ts gives no reason',
  ]);
});
