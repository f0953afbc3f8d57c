// The pages of the matrix: what is written can be read again, and a check that nothing turns red is named.
import { expect, test } from 'vitest';
import { definePlatformCase } from '../engine/case.ts';
import type { MatrixRow } from './matrix.ts';
import { matrixPage, readMatrixPage, tlsPage } from './matrix-page.ts';

const ROWS: readonly MatrixRow[] = [
  { mutant: 'no-cap', rule: 'RULE-39', class: 'M', killers: ['platform/a/b#one', 'platform/a/b#two'], others: [], unexplained: [] },
  { mutant: 'off:RULE-08', rule: 'RULE-08', class: 'S', killers: ['platform/c/d#warns'], others: ['platform/a/b#other'], unexplained: [] },
  { mutant: 'never-stores', rule: 'DEV-04', class: 'M', killers: ['firmware/e/f#stores'], others: [], unexplained: [] },
];

const check = (id: string, rule = 'RULE-39', reading = false) =>
  ({ id, rule, oracle: 'accepted', on: { attempt: id }, ...(reading ? { reading: true as const } : {}) }) as const;
const CASE = definePlatformCase({
  id: 'platform/a/b',
  title: { en: 'one', 'zh-CN': '一' },
  profiles: [],
  needs: 'cell',
  checks: [check('one'), check('two'), check('other'), check('idle'), check('read', 'RULE-39', true), check('open', 'RULE-27')],
  drive: () => Promise.resolve(),
});

test('what the page says of a platform can be read again', () => {
  expect(readMatrixPage(matrixPage(ROWS, [CASE]))).toEqual([
    { mutant: 'no-cap', class: 'M', killers: ['platform/a/b#one', 'platform/a/b#two'] },
    { mutant: 'off:RULE-08', class: 'S', killers: ['platform/c/d#warns'] },
  ]);
  expect(readMatrixPage('# Another page\n\n| a | b |\n')).toEqual([]);
});

test('a judged check that no mutant turns red is listed, a reading is not', () => {
  const page = matrixPage(ROWS, [CASE]);
  expect(page).toContain('1 of 4 judged checks.');
  expect(page.split('\n').filter((line) => line.startsWith('- '))).toEqual(['- `a/b#idle`']);
});

test('the page of a run over TLS is sorted and says how long it took', () => {
  const page = tlsPage(
    [
      { mutant: 'no-cap', by: 'platform/a/b#one' },
      { mutant: 'cap-4', by: 'platform/a/b#two' },
    ],
    61.4,
    4,
  );
  expect(page).toContain('2 mutants found in 61 s with --jobs 4.');
  expect(page.split('\n').filter((line) => line.startsWith('| `'))).toEqual(['| `cap-4` | `a/b#two` |', '| `no-cap` | `a/b#one` |']);
});
