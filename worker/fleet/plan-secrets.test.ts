// A secret that stands in the wrong place of a plan, or of the list of units beside it, never comes back in the complaint about it.
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { UserError } from '../../kernel/errors.ts';
import type { FleetPlan } from './plan.ts';
import { parseUnits } from './plan-csv.ts';
import { requirePublishable } from './plan-content.ts';
import { requireNames, resolvePlan } from './plan-resolve.ts';
import { readPlan } from './plan-source.ts';

/** As the vendor issues them, and kinds that a platform of one's own might. */
const SECRETS = ['Zb1kQ9xTfR3mWc7L', '5f0c9b1e7a3d48f26b90c1d2e3f4a5b6', '4071928365501827', 'ps-very-secret-0001', 'dGhl/c2VjcmV0+Ww='];

/** Has every key that a plan can have; where one excludes another, a plan for each. */
const PLANS: readonly unknown[] = [
  {
    ...{ name: 'evening', target: 'stub', seed: '7', namespace: 'x1', session: 'lean', model: 'open', hold: '5s' },
    arrival: { shape: 'step', steps: [{ rate: 5, for: '5s' }, { rate: 9 }] },
    cohorts: [
      {
        ...{ name: 'meters', mode: 'mixed', count: 5, names: 'u-{{pad(number, 5)}}', start: 'blank', think: '1s..2s', session: '5s' },
        arrival: { shape: 'ramp', from: 1, to: 5, over: '3s' },
        publish: { every: '5s', qos: 1, properties: { energy: '{{walk(1, 2)}}', note: ['{{index}}', { deep: '{{n}}' }] }, reply: true },
        reconnect: { policy: 'exponential', base: 1, cap: 60, attempts: 5 },
        faults: { share: 0.5, in: { delay: 1, jitter: '1s', bytesPerSecond: 9, slice: 3 }, resetAfter: '6..30', halfOpenAfter: 4 },
      },
      { name: 'more', count: 2, publish: { topic: '/a/{{deviceName}}', payload: "{{pick('on', 'off')}}" }, reconnect: { policy: 'none' } },
    ],
    teardown: { how: 'drop', rate: 5 },
    stop: { after: '5m', failures: 3, refusals: 3, throttled: 3, lost: 3 },
    thresholds: ['p99(connect) < 500ms', 'refused == 0', 'achieved/offered > 0.99'],
  },
  { model: 'closed', concurrency: 5, teardown: 'drop', cohorts: [{ count: 4, csv: 'units.csv' }] },
  { arrival: { shape: 'spike', rate: 1, peak: 5, at: 1, for: 2 }, cohorts: [{ count: 4, reconnect: { policy: 'fixed', delay: 1 } }] },
];

/** The document with a secret in one place of it, for each place: as a value of several forms, as a part of a text, and as a key. */
function* misplaced(value: unknown, secret: string): Generator {
  yield secret;
  yield [secret];
  yield { [secret]: secret };
  yield Number(secret);
  if (typeof value === 'string') {
    yield* [
      `${value}${secret}`,
      `{{${secret}}}`,
      `{{ ${secret} + 1 }}`,
      `{{walk('${secret}')}}`,
      `{{pad(${secret}, 3)}}`,
      `{{${secret}(1)}}`,
    ];
    yield* [
      `max(${secret}) < 5ms`,
      `p99(connect) < ${secret}`,
      `${secret} == 0`,
      `refused/${secret} > 1`,
      `refused == ${secret.toLowerCase()}`,
    ];
  }
  if (Array.isArray(value)) {
    for (const [i, one] of value.entries()) for (const wrong of misplaced(one, secret)) yield value.with(i, wrong);
  } else if (typeof value === 'object' && value !== null) {
    yield { ...value, [secret]: 1 };
    yield { ...value, productSecret: secret };
    for (const [key, one] of Object.entries(value)) {
      for (const wrong of misplaced(one, secret)) yield { ...value, [key]: wrong };
      yield Object.fromEntries(Object.entries(value).map(([other, inside]) => [other === key ? secret : other, inside]));
    }
  }
}

function complaint(text: string): string | undefined {
  try {
    const source = readPlan(text, 'p.yaml');
    const { fleet } = resolvePlan(source, {}, () => [1, 2, 3, 4].map((n) => ({ deviceName: `unit-000${n}` })));
    const plan: FleetPlan = { ...fleet, namespace: 'x1', productKey: 'a1Muster0001', productSecret: 'secret' };
    requireNames(plan, source);
    requirePublishable(plan, source);
  } catch (error) {
    if (error instanceof UserError) return `${error.message}; ${error.remedy}`;
    throw error;
  }
  return undefined;
}

describe.each(SECRETS)('the secret %s', (secret) => {
  test.each(PLANS.map((plan, i) => [i, plan] as const))('in any place of plan %i', (_i, plan) => {
    expect(complaint(stringify(plan))).toBeUndefined();
    let refused = 0;
    for (const wrong of misplaced(plan, secret)) {
      const said = complaint(stringify(wrong));
      if (said === undefined) continue;
      refused += 1;
      expect(said.toLowerCase()).not.toContain(secret.toLowerCase());
      expect(said).not.toContain('\n');
    }
    expect(refused).toBeGreaterThan(50);
  });

  test('in a text that is no plan', () => {
    for (const text of [
      secret,
      `${secret}:`,
      `cohorts: [${secret}`,
      `cohorts: *${secret}`,
      `"${secret}`,
      `- ${secret}`,
      `? ${secret}\n: 1`,
    ])
      expect(complaint(text)).not.toContain(secret);
  });

  test('in any cell of a list of units', () => {
    const lines = [
      `deviceName,${secret}`,
      `${secret},deviceSecret\nunit-0001,a`,
      `unit-0001,${secret},${secret}`,
      `a,${secret}`,
      `deviceName,clientId,deviceToken\nunit-0001,${secret}`,
      `unit-0001,${secret}\nunit-0001,${secret}`,
      `deviceName,deviceSecret,clientId,deviceToken\nunit-0001,${secret},${secret},${secret}`,
    ];
    for (const text of lines) {
      const parsed = parseUnits(text);
      if (parsed.ok) throw new Error(text);
      expect(JSON.stringify(parsed)).not.toContain(secret);
    }
  });
});

test('a value is described by its kind and length, and shown where it is a number or near a word', () => {
  const plan = (rest: string): string => complaint(`cohorts: [{ count: 2 }]\n${rest}`) ?? '';
  expect(plan('session: Zb1kQ9xTfR3mWc7L')).toMatch(/line 2:10, session: a text of 16 characters is not what belongs here \(one of "ref/);
  expect(plan('hold: [5]')).toMatch(/hold: a list is not what belongs here/);
  expect(plan('session: lea')).toMatch(/session: "lea" is not.*did you mean lean\?/);
  expect(plan('concurrency: 5/s')).toMatch(/concurrency: "5\/s" is not what belongs here \(number\)/);
  expect(plan('Zb1kQ9xTfR3mWc7L: 1')).toMatch(/line 2:1, <a text of 16 characters>: there is no such key; known here are name/);
  expect(plan('productSecret: 1')).toMatch(/productSecret: there is no such key/);
  expect(plan('thresholds: [Zb1kQ9xTfR3mWc7L == 0]')).toMatch(/thresholds\[0\]: a text of 16 characters is no metric; .*known are devices/);
});
