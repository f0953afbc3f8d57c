// Every file of a run is valid by the schema that its format's publisher wrote, and report.json by ours: whole runs and broken-off ones.
import { beforeAll, describe, expect, test } from 'vitest';
import { FORMATS } from '../../report/formats.ts';
import { LOAD_FORMATS, makeLoadReport } from '../../report/load.ts';
import { EARLIER, FIGURES, OPTIONS } from '../../report/load.testkit.ts';
import type { Report } from '../../report/model.ts';
import { hostileReport, runSample, type SampleOptions } from '../../report/sample.testkit.ts';
import { ctrfErrors, junitErrors, reportErrors, sarifErrors } from './schemas.testkit.ts';

const SAMPLES: Readonly<Record<string, SampleOptions>> = {
  'the stub': {},
  'a mutant': { only: 'platform/nwl/', mutant: 'no-cap' },
  'a selection': { only: 'platform/registration/', partial: true },
  'an interrupted run': { only: 'platform/nwl/', stopAfter: 30 },
  'a run that let nothing through': { only: 'platform/nwl/', refusesAll: true },
  'a device': { direction: 'firmware' },
};
const reports = new Map<string, Report>();

beforeAll(async () => {
  for (const [name, options] of Object.entries(SAMPLES)) reports.set(name, (await runSample(options)).report);
  const mutant = reports.get('a mutant');
  if (mutant) reports.set('a platform that answers in markup', hostileReport(mutant));
}, 120_000);

const FLEETS: Readonly<Record<string, typeof FIGURES>> = { 'a fleet': FIGURES, 'a fleet of an earlier version': EARLIER };

describe.each([...Object.keys(SAMPLES), 'a platform that answers in markup', ...Object.keys(FLEETS)])('of %s', (name) => {
  const render = (format: 'json' | 'junit' | 'ctrf' | 'sarif'): string => {
    const fleet = FLEETS[name];
    if (fleet) return LOAD_FORMATS[format](makeLoadReport(fleet, OPTIONS));
    const report = reports.get(name);
    if (!report) throw new Error(`no sample ${name}`);
    return FORMATS[format].render(report);
  };

  test('report.json is valid by our published schema', () => {
    expect(reportErrors(render('json'))).toEqual([]);
  });
  test('report.sarif is valid SARIF 2.1.0', () => {
    expect(sarifErrors(render('sarif'))).toEqual([]);
  });
  test('ctrf.json is valid CTRF', () => {
    expect(ctrfErrors(render('ctrf'))).toEqual([]);
  });
  test('junit.xml is valid JUnit', async () => {
    expect(await junitErrors(render('junit'))).toEqual([]);
  });
});

test('the samples hold what their names say', () => {
  const of = (name: string): Report['result'] | undefined => reports.get(name)?.result;
  expect(of('a mutant')?.conformance).toBe('not-conformant');
  expect(of('a selection')?.partial).toBe(true);
  expect(of('an interrupted run')?.counts.not_run).toBeGreaterThan(0);
  expect(reports.get('an interrupted run')?.cases.some((one) => one.note === 'the run was stopped')).toBe(true);
  expect(of('a run that let nothing through')?.conformance).toBe('undetermined');
});

describe('what is not valid is seen as such', () => {
  test('SARIF', () => {
    expect(sarifErrors('{"version":"2.1.0","runs":[{"tool":{"driver":{}}}]}').join()).toContain("must have required property 'name'");
    expect(sarifErrors('{"version":"2.1.0","runs":[],"extra":1}').join()).toContain('must NOT have additional properties');
  });
  test('CTRF', () => {
    expect(ctrfErrors('{"reportFormat":"CTRF","specVersion":"1.0.0"}').join()).toContain("must have required property 'results'");
  });
  test('JUnit', async () => {
    expect((await junitErrors('<testsuites><testsuite name="a"/></testsuites>')).join()).toContain("'tests'");
    expect((await junitErrors('<testsuites><testsuite></testsuites>')).join()).toContain('mismatch');
  });
  test('report.json', () => {
    expect(reportErrors('{"format":"muster-report/1"}').join()).toContain("must have required property 'version'");
  });
});
