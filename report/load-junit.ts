// A load report as JUnit XML: one test a threshold. A missed one is a failure, what the run does not say an error.
import type { LoadReport } from './load.ts';
import { junitXml, type Kind, type Test } from './junit-xml.ts';

const KIND = { pass: 'passed', fail: 'failure', error: 'error' } as const satisfies Record<string, Kind>;

/** `junit.xml` of a fleet. */
export function renderLoadJunit(report: LoadReport): string {
  const { load, checks } = report;
  const tests = checks.map((check): Test => ({
    name: check.id,
    group: `load.${check.kind}`,
    ms: 0,
    kind: KIND[check.verdict],
    type: check.kind,
    message: check.because,
    text: `${check.because}\n${check.zh.because}`,
  }));
  return junitXml('muster-load', [
    {
      name: report.target,
      properties: [
        ['seed', report.seed],
        ['namespace', report.namespace],
        ['devices', String(load.devices)],
        ['offered', String(load.rate.offered)],
        ['achieved', load.rate.achieved.toFixed(1)],
        ['digest', load.digest],
        ['measures', load.measures],
      ],
      tests,
    },
  ]);
}
