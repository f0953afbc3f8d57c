// A load report in the Common Test Report Format: a test for each threshold, the account and the validity.
import type { LoadReport } from './load.ts';
import { ctrfOf } from './ctrf.ts';

const STATUS = { pass: 'passed', fail: 'failed', error: 'other' } as const;

/** `ctrf.json` of a fleet. */
export function renderLoadCtrf(report: LoadReport): string {
  const { load, result } = report;
  const tests = report.checks.map((check) => ({
    name: check.id,
    status: STATUS[check.verdict],
    duration: 0,
    suite: ['load', check.kind],
    message: check.because,
    rawStatus: check.verdict,
    type: 'load',
    extra: { measured: check.measured, zh: check.zh },
  }));
  return ctrfOf(report, {
    suites: 1,
    reportName: 'muster-load',
    tests,
    extra: {
      verdict: result.verdict,
      headline: result.headline,
      devices: load.devices,
      activated: load.activated,
      rate: load.rate,
      latencyMs: load.latencyMs,
      validity: load.validity,
    },
  });
}
