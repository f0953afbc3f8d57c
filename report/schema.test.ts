// The published JSON Schema of a report is made from what reads it. `UPDATE_SCHEMAS=1 npx vitest run report/schema` writes it anew.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toJsonSchema } from '@valibot/to-json-schema';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { LOAD_REPORT } from './load-schema.ts';
import { REPORT } from './schema.ts';
import { runSample } from './sample.testkit.ts';

const FILE = join(import.meta.dirname, '../docs/schemas/report.schema.json');

test('the JSON Schema of a report is the one in docs/', () => {
  const made = {
    $id: 'muster-report-1',
    title: 'Report of a run, format muster-report/1',
    ...toJsonSchema(v.union([REPORT, LOAD_REPORT])),
  };
  const text = `${JSON.stringify(made, null, 2)}\n`;
  if (process.env['UPDATE_SCHEMAS']) writeFileSync(FILE, text);
  expect(JSON.parse(readFileSync(FILE, 'utf8'))).toEqual(JSON.parse(text));
});

describe('reports', () => {
  test.each([
    ['of the stub', { only: 'platform/prereg/' }],
    ['of a mutant', { only: 'platform/nwl/', mutant: 'no-cap' }],
    ['of a selection', { only: 'platform/registration/', partial: true }],
    ['of a device', { direction: 'firmware' }],
    ['where nothing was accepted', { only: 'platform/prereg/', refusesAll: true }],
  ] as const)(
    '%s follow it, and hold nothing that it does not name',
    async (_what, options) => {
      const { report } = await runSample(options);
      // Parsing leaves out what the schema does not name.
      expect(v.parse(REPORT, report)).toEqual(report);
    },
    60_000,
  );

  test('what is none is refused', async () => {
    const { report } = await runSample({ only: 'none', partial: true });
    expect(v.is(REPORT, { ...report, format: 'muster-report/2' })).toBe(false);
    expect(v.is(REPORT, { ...report, result: { ...report.result, conformance: 'passed' } })).toBe(false);
  });
});
