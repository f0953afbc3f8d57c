// A plan that was printed runs the same devices at the same target, wherever it is kept: the files that it names are found from there.
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { planFleet } from '../../cli/fleet-plan.ts';
import { planDigest } from '../../worker/fleet/plan.ts';

const folder = mkdtempSync(join(tmpdir(), 'muster-print-plan-'));
afterAll(() => rmSync(folder, { recursive: true }));
const PLANS = join(import.meta.dirname, '../../examples/plans');

for (const name of ['written', 'elsewhere']) mkdirSync(join(folder, name));
for (const name of ['listed.yaml', 'devices.csv']) copyFileSync(join(PLANS, name), join(folder, 'written', name));
writeFileSync(join(folder, 'written', 'secret'), 'ps0123456789abcd');
writeFileSync(
  join(folder, 'written', 'lab.yaml'),
  'name: lab\nendpoints: { mqtts: mqtts://h:1 }\nproduct: { key: a1, secretFile: secret }\n',
);
writeFileSync(join(folder, 'written', 'at-lab.yaml'), 'target: lab.yaml\ncohorts: [{ count: 2, mode: connect, csv: devices.csv }]\n');

test.each([
  ['the list of its units', 'listed.yaml', {}],
  ['its target file', 'at-lab.yaml', {}],
  ['a target file of the command line', 'listed.yaml', { target: relative('.', join(folder, 'written', 'lab.yaml')) }],
])('%s', (_what, name, options) => {
  const first = planFleet(join(folder, 'written', name), options);
  const printed = join(folder, 'elsewhere', name);
  writeFileSync(printed, first.text);
  const again = planFleet(printed, {});
  expect(first.plan.cohorts?.[0]?.listed).toHaveLength(3);
  expect(planDigest(again.plan)).toBe(planDigest(first.plan));
  expect(again.plan.cohorts?.map(({ listed }) => listed)).toEqual(first.plan.cohorts?.map(({ listed }) => listed));
  expect(again.chosen).toEqual(first.chosen);
  expect(again.text).toBe(first.text);
});

test('a URL and the embedded stub stay what they are', () => {
  expect(planFleet(join(folder, 'written', 'listed.yaml'), { target: 'mqtt://h:1' }).text).toMatch(/^target: mqtt:\/\/h:1$/m);
  expect(planFleet(join(folder, 'written', 'listed.yaml'), { target: 'stub' }).text).toMatch(/^target: stub$/m);
});

test.each([
  ['all register', '{ name: a, count: 4, mode: register }', 80],
  ['some register', '{ name: a, count: 3, mode: connect, csv: devices.csv }, { name: b, count: 4, mode: regnwl }', 80],
  ['none registers', '{ name: a, count: 2, mode: connect, csv: devices.csv }', undefined],
])('a rate of 40 is compared with the limit by the connections that it makes: %s', (what, cohorts, made) => {
  const file = join(folder, 'written', 'rate.yaml');
  writeFileSync(
    join(folder, 'written', 'slow.yaml'),
    `${readFileSync(join(folder, 'written', 'lab.yaml'), 'utf8')}pace: { perSecond: 50 }\n`,
  );
  writeFileSync(file, `target: slow.yaml\ncohorts: [${cohorts}]\n`);
  const { notes } = planFleet(file, { rate: 40 });
  const expected =
    made === undefined ? [] : [`--rate 40 makes up to ${made} connections a second; lab takes 50 and may turn the rest away`];
  expect([what, notes]).toEqual([what, expected]);
});
