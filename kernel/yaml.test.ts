// A document that would not end when it is followed is refused with its place; one that merely repeats something is read.
import { describe, expect, test } from 'vitest';
import { readYaml } from './yaml.ts';

describe('aliases', () => {
  test.each([
    ['of a mapping in itself', 'a: 1\nb: &p { self: *p }', { line: 2, col: 15 }],
    ['of a mapping deep in itself', 'a: &p\n  b:\n    - c\n    - { d: *p }', { line: 4, col: 12 }],
    ['of a list in itself', 'a: &l [1, *l]', { line: 1, col: 11 }],
    ['of the document in itself', '&d\na: *d', { line: 2, col: 4 }],
  ])('%s', (_what, text, at) => expect(readYaml(text)).toEqual({ kind: 'aliases', at }));

  test('of nothing, and of so many that they would fill the memory', () => {
    expect(readYaml('a: *nobody')).toEqual({ kind: 'aliases' });
    const lists = Array.from(
      { length: 12 },
      (_, i) =>
        `a${i}: &a${i} [${Array(9)
          .fill(i === 0 ? 'x' : `*a${i - 1}`)
          .join(', ')}]`,
    );
    expect(readYaml(lists.join('\n'))).toEqual({ kind: 'aliases' });
  });

  test('that only repeat something are followed', () => {
    expect(readYaml('a: &p { x: 1 }\nb: [*p, { c: *p }]')).toMatchObject({
      kind: 'document',
      written: { a: { x: 1 }, b: [{ x: 1 }, { c: { x: 1 } }] },
    });
  });
});

test.each([
  ['brackets', '['.repeat(20_000)],
  ['braces', '{a: '.repeat(20_000)],
  ['dashes', '- '.repeat(20_000)],
])('a text nested deeper than a stack, by %s, is torn, with its place', (_what, deep) => {
  expect(readYaml(`name: x\n${deep}`)).toMatchObject({ kind: 'torn', at: { line: 2 }, why: 'nested too deep' });
});
