// What a plan names beside itself, and what flags make of it, is refused with the plan's place and the name of the other file.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { planFleet, type PlanOptions } from '../../cli/fleet-plan.ts';
import { UserError } from '../../kernel/errors.ts';

const folder = mkdtempSync(join(tmpdir(), 'muster-plan-mistakes-'));
afterAll(() => rmSync(folder, { recursive: true }));
const PLAN = join(folder, 'p.yaml');
writeFileSync(join(folder, 'units.csv'), 'deviceName\nunit-0001\nunit-0002\nunit-0003\n');
writeFileSync(join(folder, 'more.csv'), 'deviceName\nunit-0009\nunit-0002\n');

function complaint(text: string, options: PlanOptions = {}): string {
  writeFileSync(PLAN, text);
  try {
    planFleet(PLAN, options);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return `${error.message}; ${error.remedy}`.replaceAll(`${folder}/`, '');
  }
  return '';
}

describe('a target that is none', () => {
  const ONE = '\ncohorts: [{ count: 1, mode: connect }]';
  test.each([
    ['http://x', 'line 1:9, target: http://... is of no scheme that devices speak; write it as mqtts://HOST:PORT or wss://HOST/PATH'],
    ['mqtts://[', 'line 1:9, target: mqtts://[ is not a URL; write it as mqtts://HOST:PORT'],
    ['mqtt://u:pw@[', 'line 1:9, target: mqtt://... is not a URL; write it as mqtt://HOST:PORT'],
    ['mqtt://u:pw@h', 'line 1:9, target: mqtt://h carries a name or a password; leave them out: every device has credentials of its own'],
  ])('in the plan: %s', (target, said) => expect(complaint(`target: '${target}'${ONE}`)).toBe(`plan p.yaml, ${said}`));

  test('on the command line', () => {
    expect(complaint(`target: mqtt://h${ONE}`, { target: 'http://x' })).toMatch(/^--target http:\/\/\.\.\. is of no scheme/);
    expect(complaint(`target: mqtt://h${ONE}`, { target: 'mqtts://[' })).toMatch(/^--target mqtts:\/\/\[ is not a URL/);
  });
});

describe('units of a list', () => {
  test('that are too few for --devices', () => {
    expect(complaint('cohorts: [{ csv: units.csv }]', { devices: 50 })).toBe(
      'plan p.yaml, line 1:18, cohorts[0].csv: --devices 50 needs 50 units, and units.csv names 3; add lines to it, or give fewer devices',
    );
  });

  test('that two cohorts name', () => {
    expect(complaint('cohorts:\n  - { name: a, csv: units.csv }\n  - { name: b, csv: units.csv, count: 1 }')).toBe(
      'plan p.yaml, line 3:21, cohorts[1].csv: the cohorts a and b name the same devices of units.csv; give each a list of its own, or one of them names',
    );
    expect(complaint('cohorts:\n  - { name: a, csv: units.csv }\n  - { name: b, csv: more.csv }')).toBe(
      'plan p.yaml, line 3:21, cohorts[1].csv: more.csv names unit-0002, and so does the cohort a; take the line out of one of them',
    );
  });

  test('that have the name of one that is made', () => {
    expect(complaint("cohorts:\n  - { name: a, names: 'unit-{{pad(number, 4)}}', count: 2 }\n  - { name: b, csv: units.csv }")).toBe(
      'plan p.yaml, line 3:21, cohorts[1].csv: units.csv names unit-0001, and so does the cohort a; take the line out of one of them',
    );
    expect(complaint("cohorts:\n  - { name: b, csv: units.csv }\n  - { name: a, names: 'unit-{{pad(number, 4)}}', count: 2 }")).toBe(
      'plan p.yaml, line 3:23, cohorts[1].names: two units would be named unit-0001; put {{index}} into the names, or another beginning for each cohort',
    );
  });
});

test('more cohorts than --devices', () => {
  expect(complaint('cohorts: [{ name: a, count: 2 }, { name: b, count: 2 }]', { devices: 1 })).toBe(
    'plan p.yaml, line 1:10, cohorts: --devices 1 is less than the 2 cohorts of the plan; give each cohort one device at the least',
  );
});
