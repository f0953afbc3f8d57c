// What a template may be given where a call needs a number: a fact that is one, or one that is written out where it bounds the work.
import { describe, expect, it } from 'vitest';
import { TemplateCompiler, TemplateError, type TemplateContext } from './template.ts';
import { seededRandom } from '../../kernel/random.ts';

const CONTEXT: TemplateContext = {
  facts: { index: 7, number: 2, deviceName: 'unit-7', productKey: 'a1', cohort: 'meters', namespace: 'x', n: 1, now: 1_700_000_000_000 },
  state: [],
  random: () => seededRandom('template'),
};

function refusal(text: string): string | undefined {
  try {
    new TemplateCompiler('payload').text(text);
  } catch (error) {
    if (error instanceof TemplateError) return `${error.message}; ${error.remedy}`;
    throw error;
  }
  return undefined;
}

describe('a call is refused', () => {
  it.each([
    ['{{text(now)}}', '{{text(now)}}: takes a length written out, not now; write it as {{text(16)}}'],
    ['{{text(deviceName)}}', /takes numbers, and deviceName is none/],
    ['{{text(100001)}}', /takes a length from 0 to 100000/],
    ['{{uniform(0, 1, now)}}', /takes bounds and digits written out, not now; write it as \{\{uniform\(0, 1, 2\)\}\}/],
    ['{{uniform(index, 1)}}', /takes bounds and digits written out, not index/],
    ['{{random(5, index)}}', '{{random(5, index)}}: takes bounds written out, not index; write it as {{random(1, 6)}}'],
    ['{{random(deviceName, 6)}}', /takes numbers, and deviceName is none/],
    [
      '{{walk(deviceName, 1)}}',
      '{{walk(deviceName, 1)}}: takes numbers, and deviceName is none; write it as {{walk(start, step, min, max)}}',
    ],
    ['{{walk(20, cohort)}}', /takes numbers, and cohort is none/],
    ['{{walk(20, 1, 0, n)}}', /takes bounds written out, not n/],
    ['{{walk(20, 1, 5, 0)}}', /5 is more than 0/],
    ['{{walk(index, 1, 5, 0)}}', /5 is more than 0/],
    ['{{walk(30, 1, 0, 10)}}', '{{walk(30, 1, 0, 10)}}: starts at 30, above its most, 10; write it as {{walk(start, step, min, max)}}'],
    ['{{walk(-1, 1, 0, 10)}}', /starts at -1, below its least, 0/],
    ['{{walk(5, 1, 6)}}', /starts at 5, below its least, 6/],
    ['{{counter(namespace)}}', /takes numbers, and namespace is none/],
    ['{{pad(index, number)}}', /takes a number and a width from 1 to 30/],
    [`{{counter(${'9'.repeat(400)})}}`, /a text of 400 characters is no argument/],
    ['{{random(4071928365501827, 1)}}', /^\{\{random\(\.\.\.\)\}\}: /],
  ])('%s', (text, said) => expect(refusal(text)).toEqual(typeof said === 'string' ? said : (expect.stringMatching(said) as string)));
});

describe('a call may be given', () => {
  it.each([
    ['{{counter(index, n)}}', '7'],
    ['{{walk(index, 0.5, 0, 10)}}', '7'],
    ['{{walk(index, 0.5, 8, 10)}}', '8'],
    ['{{walk(0, 1, 0, 10)}}', '0'],
    ['{{walk(10, 1, 0, 10)}}', '10'],
    ['{{walk(-5, 1)}}', '-5'],
    ['{{pad(now, 15)}}', '001700000000000'],
    ['{{pick(deviceName)}}', 'unit-7'],
  ])('%s', (text, filled) => expect(new TemplateCompiler('payload').text(text)({ ...CONTEXT, state: [] })).toBe(filled));
});
