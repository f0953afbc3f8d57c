// What units would publish is tried before the start: a topic or a payload that no platform could take is refused with its place.
import { expect, test } from 'vitest';
import { UserError } from '../../kernel/errors.ts';
import { requirePublishable } from './plan-content.ts';
import { resolvePlan } from './plan-resolve.ts';
import { readPlan } from './plan-source.ts';

function complaint(cohort: string): string | undefined {
  try {
    const source = readPlan(`cohorts:\n  - ${cohort}\n`, 'p.yaml');
    const { fleet } = resolvePlan(source, {}, () => []);
    requirePublishable({ ...fleet, namespace: 'x1', productKey: 'a1Muster0001', productSecret: 'secret' }, source);
  } catch (error) {
    if (error instanceof UserError) return `${error.message}; ${error.remedy}`;
    throw error;
  }
  return undefined;
}
const topic = (text: string): string => JSON.stringify({ name: 'a', count: 12, mode: 'connect', publish: { topic: text } });

/** One of a hundred choices; the others are a letter. */
const seldom = (text: string): string => `{{pick(${[...Array.from({ length: 99 }, () => "'a'"), `'${text}'`].join(', ')})}}`;
const named = seldom('').replace("''", 'cohort');

const ONE_TOPIC = /line 2:\d+, cohorts\[0\]\.publish\.topic: a message is published to one topic, which has no \+, no # and no NUL/;
const LENGTH = /line 2:\d+, cohorts\[0\]\.publish\.topic: the topic of unit \d+ would have (0|70000|65536) bytes; .* 1 to 65535/;

test.each([
  ['a wildcard of a choice', topic("/{{pick('a', '#')}}"), ONE_TOPIC],
  ['a wildcard of a call', topic("/{{pad('+', 3)}}"), ONE_TOPIC],
  ['a NUL', topic('/a\0'), ONE_TOPIC],
  ['a wildcard of a name', JSON.stringify({ name: 'a+b', count: 1, publish: { topic: '/{{cohort}}' } }), ONE_TOPIC],
  ['nothing', topic('{{text(0)}}'), LENGTH],
  ['nothing, of a choice that is made later', topic("{{pick('a', '')}}"), LENGTH],
  ['too much, of what is chosen seldom', topic(seldom('x'.repeat(70_000))), LENGTH],
  ['too much, of two choices together', topic(seldom('x'.repeat(40_000)) + seldom('y'.repeat(30_000))), LENGTH],
  ['nothing, of what is chosen seldom', topic(seldom('')), LENGTH],
  ['a wildcard of a name that is chosen seldom', JSON.stringify({ name: 'a+b', count: 1, publish: { topic: `/${named}` } }), ONE_TOPIC],
  ['more than MQTT can say', topic('{{text(70000)}}'), LENGTH],
  ['more bytes than characters', topic('é'.repeat(32_768)), LENGTH],
  ['no expression', topic('/{{1 + 1}}'), /publish\.topic: \{\{1 \+ 1\}\} is no expression/],
  [
    'a message of more than 1 MiB',
    JSON.stringify({ count: 1, publish: { topic: '/a', payload: '{{text(100000)}}'.repeat(11) } }),
    /publish\.payload: a message of unit 0 would have 1100000 bytes; .* at most 1048576/,
  ],
  [
    'a message of more than 1 MiB, of what is chosen seldom',
    JSON.stringify({ count: 1, publish: { topic: '/a', payload: seldom('x'.repeat(1_100_000)) } }),
    /publish\.payload: a message of unit 0 would have 1100000 bytes/,
  ],
  [
    'properties of more than 1 MiB',
    JSON.stringify({ count: 1, publish: { properties: { a: '{{text(100000)}}'.repeat(11) } } }),
    /publish\.properties: a message of unit 0 would have 1100\d+ bytes/,
  ],
])('%s', (_what, cohort, said) => expect(complaint(cohort)).toMatch(said));

test.each([
  topic('/{{productKey}}/{{deviceName}}/{{n}}/{{iso}}'),
  topic('{{text(65535)}}'),
  topic('a'),
  JSON.stringify({ count: 2, publish: { properties: { a: '{{text(100000)}}', b: [], c: '#+' } } }),
  JSON.stringify({ count: 2, publish: { topic: '/a', payload: "{{pick('#', '+')}}" } }),
  '{ count: 1, mode: connect }',
])('%s is taken', (cohort) => expect(complaint(cohort)).toBeUndefined());
