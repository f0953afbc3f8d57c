// The published JSON Schema of a plan is made from what reads it: `UPDATE_SCHEMAS=1 npx vitest run worker/fleet/plan-document`. Every
// example is a plan, and a plan that was printed is the same fleet again.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toJsonSchema } from '@valibot/to-json-schema';
import { format, resolveConfig } from 'prettier';
import { expect, test } from 'vitest';
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
