// The published JSON Schema of a plan is made from what reads it: `UPDATE_SCHEMAS=1 npx vitest run worker/fleet/plan-document`. Every
// example is a plan, and a plan that was printed is the same fleet again.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toJsonSchema } from '@valibot/to-json-schema';
import { Ajv } from 'ajv';
import { format, resolveConfig } from 'prettier';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { UserError } from '../../kernel/errors.ts';
import { planDigest, type FleetPlan } from './plan.ts';
import { parseUnits } from './plan-csv.ts';
import { PLAN } from './plan-document.ts';
import { forecastFleet } from './plan-forecast.ts';
import { printPlan } from './plan-print.ts';
import { requireNames, resolvePlan, type ResolvedPlan } from './plan-resolve.ts';
import { readPlan } from './plan-source.ts';

const CHECKOUT = join(import.meta.dirname, '../..');
const FILE = join(CHECKOUT, 'docs/schemas/plan.schema.json');
const PLANS = join(CHECKOUT, 'examples/plans');
const EXAMPLES = readdirSync(PLANS).filter((name) => name.endsWith('.yaml'));

const listed = (file: string) => {
  const parsed = parseUnits(readFileSync(join(PLANS, file), 'utf8'));
  if (!parsed.ok) throw new Error(parsed.why);
  return parsed.units;
};
const read = (text: string): ResolvedPlan => resolvePlan(readPlan(text, 'plan.yaml'), {}, listed);
const fleetOf = ({ fleet, namespace }: ResolvedPlan): FleetPlan => ({
  ...fleet,
  namespace: namespace ?? 'x1',
  productKey: 'a1Muster0001',
  productSecret: 'secret-of-the-test',
});

test('the JSON Schema of a plan is the one in docs/', async () => {
  const made = {
    $id: 'muster-plan',
    title: 'Plan of `muster fleet` (YAML or JSON)',
    ...toJsonSchema(PLAN, { errorMode: 'ignore', typeMode: 'input' }),
  };
  const text = `${JSON.stringify(made, null, 2)}\n`;
  if (process.env.UPDATE_SCHEMAS) writeFileSync(FILE, await format(text, { ...(await resolveConfig(FILE)), parser: 'json' }));
  expect(JSON.parse(readFileSync(FILE, 'utf8'))).toEqual(JSON.parse(text));
});

describe('the schema and what reads a plan agree', () => {
  const valid = new Ajv({ strict: false }).compile(JSON.parse(readFileSync(FILE, 'utf8')) as object);
  const both = (document: unknown): { schema: boolean; reader: boolean } => ({ schema: valid(document), reader: isRead(document) });
  const isRead = (document: unknown): boolean => {
    try {
      readPlan(stringify(document), 'p.yaml');
      return true;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return false;
    }
  };
  const cohort = (rest: object): object => ({ cohorts: [{ count: 1, ...rest }] });
  const plan = (rest: object): object => ({ ...cohort({}), ...rest });

  test.each<[string, object]>([
    ...['5 minutes', '-5s', '', '5', '1e3s', '.5s', 's', ' 5s', '5S', -5, 604_801, true, ['5s']].map((hold): [string, object] => [
      `hold: ${JSON.stringify(hold)}`,
      plan({ hold }),
    ]),
    ...['soon', '1s..', '..5s', '1s..2s..3s', '1..2', '', -1, 604_801].map((think): [string, object] => [
      `think: ${JSON.stringify(think)}`,
      cohort({ think }),
    ]),
    ...['', '..100', '100..', '0x10', '1e3', '-5', '1.5', '1..2..3', '+5', -5, 1.5, 2 ** 30 + 1].map((resetAfter): [string, object] => [
      `resetAfter: ${JSON.stringify(resetAfter)}`,
      cohort({ faults: { resetAfter } }),
    ]),
    ...['a b', '', 'a-b', 'abcdefghijklm', -1, 1.5, 1e12].map((namespace): [string, object] => [
      `namespace: ${JSON.stringify(namespace)}`,
      plan({ namespace }),
    ]),
    ...[0, '0s', '0.00ms', 1e-7, 1e-6, 0.0009, '0.9ms', '0.0009s', -1].map((every): [string, object] => [
      `every: ${JSON.stringify(every)}`,
      cohort({ publish: { every } }),
    ]),
    ...[0, -1, 100_001, '5'].map((rate): [string, object] => [
      `rate: ${JSON.stringify(rate)}`,
      plan({ arrival: { shape: 'constant', rate } }),
    ]),
    ['a peak of nothing', plan({ arrival: { shape: 'spike', rate: 1, peak: 0, at: 1, for: 1 } })],
    ['a teardown of no rate', plan({ teardown: { rate: 0 } })],
    ['a share of more than all', cohort({ faults: { share: 2 } })],
    ['an empty seed', plan({ seed: '' })],
    ['an empty threshold', plan({ thresholds: [''] })],
    ['an unknown key', plan({ holt: 1 })],
    ...['stop', 'arrival', 'teardown'].map((key): [string, object] => [`a list for ${key}`, plan({ [key]: [] })]),
    ...['arrival', 'publish', 'reconnect', 'faults'].map((key): [string, object] => [
      `a list for ${key} of a cohort`,
      cohort({ [key]: [] }),
    ]),
    ['a list for properties', cohort({ publish: { properties: ['a'] } })],
    ['a list for a cohort', { cohorts: [[{ count: 1 }]] }],
    ['a list for a lane', cohort({ faults: { in: [{ delay: 1 }] } })],
    ['a list for a step', plan({ arrival: { shape: 'step', steps: [[1]] } })],
    ['no cohort', { cohorts: [] }],
  ])('on what is none: %s', (_what, document) => expect(both(document)).toEqual({ schema: false, reader: false }));

  test.each<[string, object]>([
    ...[0, 0.5, '500ms', '1.5h', '0s', 604_800, '168h'].map((hold): [string, object] => [`hold: ${hold}`, plan({ hold })]),
    ...[0, 3, '1s', '1s..2s', '0.5s .. 3s', ' 1s..1m '].map((think): [string, object] => [`think: ${think}`, cohort({ think })]),
    ...[0, 5, '600..3000', '6 .. 30', '7'].map((resetAfter): [string, object] => [
      `resetAfter: ${resetAfter}`,
      cohort({ faults: { resetAfter } }),
    ]),
    ...['x1', 7, 999_999_999_999].map((namespace): [string, object] => [`namespace: ${namespace}`, plan({ namespace })]),
    ...[0.001, '1ms', '10ms', '1.5ms', '0.001s', '0.0100s', '5s', '0.5m', '0.001h'].map((every): [string, object] => [
      `every: ${every}`,
      cohort({ publish: { every } }),
    ]),
    ...EXAMPLES.map((name): [string, object] => [name, parse(readFileSync(join(PLANS, name), 'utf8')) as object]),
  ])('on what is one: %s', (_what, document) => expect(both(document)).toEqual({ schema: true, reader: true }));
});

test('times are told to the millionth of a second, so that what is printed is the same plan', () => {
  const resolved = resolvePlan(readPlan('hold: 1e-10\ncohorts: [{ count: 1, think: 0.0015 }]', 'plan.yaml'), {}, listed);
  expect(resolved).toMatchObject({ holdMs: 0, fleet: { cohorts: [{ think: { min: 1.5, max: 1.5 } }] } });
  const asked = resolvePlan(readPlan('cohorts: [{ count: 1 }]', 'plan.yaml'), { holdMs: 1e-7 }, listed);
  for (const one of [resolved, asked]) {
    const again = read(printPlan(one, { namespace: 'x', csvOf: () => undefined }));
    expect({ ...again, namespace: undefined }).toEqual({ ...one, namespace: undefined });
  }
});

test('there is an example of every arrival shape and of every other thing a plan can say', () => {
  const all = EXAMPLES.map((name) => readFileSync(join(PLANS, name), 'utf8')).join('\n');
  for (const word of [
    'constant',
    'ramp',
    'step',
    'poisson',
    'spike',
    'storm',
    'closed',
    'csv:',
    'names:',
    'think:',
    'session:',
    'faults:',
    'exponential',
    'fixed',
    'stop:',
    'teardown:',
  ])
    expect(all).toContain(word);
});

test.each(EXAMPLES)('%s is a plan; printed and read again it is the same fleet, without a secret', (name) => {
  const resolved = read(readFileSync(join(PLANS, name), 'utf8'));
  const plan = fleetOf(resolved);
  requireNames(plan, readPlan('cohorts: [{ count: 1 }]', name));
  const text = printPlan(resolved, { namespace: plan.namespace, csvOf: ({ listed: units }) => units && 'devices.csv' });
  const again = read(text);
  const reread = fleetOf(again);
  expect(planDigest(reread)).toBe(planDigest(plan));
  expect({ ...again, namespace: undefined }).toEqual({ ...resolved, namespace: undefined });
  expect(text).not.toMatch(/secret|0f48121e/i);
});

test('every plan of the page about fleets is one', () => {
  const page = readFileSync(join(CHECKOUT, 'docs/fleet.md'), 'utf8');
  const plans = [...page.matchAll(/```yaml\n([^]*?)```/g)].map(([, text = '']) => text);
  expect(plans.length).toBeGreaterThan(0);
  for (const text of plans) expect(read(text).thresholds).toHaveLength(3);
});

test('a plan that ends at a pace is printed with it, and its forecast holds it', () => {
  const resolved = read('arrival: { shape: constant, rate: 10 }\ncohorts: [{ mode: connect, count: 11 }]\nteardown: { rate: 5 }');
  expect(resolved.fleet).toMatchObject({ teardown: 'disconnect', teardownRate: 5 });
  expect(printPlan(resolved, { namespace: 'x', csvOf: () => undefined })).toContain('teardown:\n  how: disconnect\n  rate: 5\n');
  expect(forecastFleet(fleetOf(resolved), 5_000).ms).toBe(1_000 + 5_000 + 2_000);
  expect(printPlan(read('cohorts: [{ count: 1 }]'), { namespace: 'x', csvOf: () => undefined })).toContain('teardown: disconnect\n');
});

test('a forecast says what will be left behind', () => {
  const plan = fleetOf(read('arrival: { shape: constant, rate: 10 }\ncohorts: [{ mode: mixed, count: 11, publish: { every: 2s } }]'));
  expect(forecastFleet(plan, 5_000)).toEqual({
    devices: 11,
    ms: 6_000,
    names: 11,
    registrations: 11,
    clientIds: 5,
    connects: 22,
    publishesPerSecond: 5.5,
  });
});
