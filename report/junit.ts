// The report as JUnit XML: a suite for each case, a test for each check. Schemas of Jenkins and Surefire know no properties of a test, so
// they stand at the suite, by the name of the check; the test says the same in words.
import type { Report, ReportCase } from './model.ts';
import { checksOf, gist, type ReportCheck } from './checks.ts';
import { junitXml, type Kind, type Property, type Suite, type Test } from './junit-xml.ts';
import { placeOf } from './rule-files.ts';

/** `junit.xml`. */
export function renderJunit(report: Report): string {
  const suites = [...report.cases, ...report.extensions].map((one) => suiteOf(report, one));
  if (!report.result.partial) suites.push(completenessOf(report));
  return junitXml(report.requirementSet, suites);
}

function suiteOf(report: Report, one: ReportCase): Suite {
  const checks = checksOf(report).filter((each) => each.one === one);
  const properties: Property[] = [
    ['title', one.title],
    ['title.zh-CN', one.zh.title],
    ['verdict', one.verdict],
    ['clock', one.clock ?? 'none'],
    ['requirementSet', report.requirementSet],
    ['seed', report.seed],
  ];
  if (one.note !== null) properties.push(['note', one.note]);
  for (const { check } of checks) {
    properties.push([`${check.id}.rule`, check.rule], [`${check.id}.verdict`, check.verdict], [`${check.id}.kind`, check.kind]);
    if (check.reading !== undefined) properties.push([`${check.id}.reading`, JSON.stringify(check.reading)]);
  }
  return { name: one.id, properties, tests: checks.map(testOf) };
}

function testOf({ one, check, ms }: ReportCheck): Test {
  const kind = kindOf(check.verdict);
  return {
    name: `${check.id}: ${check.rule}`,
    group: placeOf(check.rule)?.group ?? one.id.split('/').slice(0, -1).join('.'),
    ms,
    kind,
    type: check.verdict === 'fail' ? check.rule : check.verdict,
    message: gist(check),
    text: [
      `rule: ${check.rule} (${check.kind})`,
      `verdict: ${check.verdict}`,
      `expected: ${check.expected}`,
      `actual: ${gist(check)}`,
      `期望：${check.zh.expected}`,
      `实际：${check.zh.because}`,
      `evidence: ${check.evidence.join(', ')}`,
    ].join('\n'),
  };
}

function kindOf(verdict: ReportCheck['check']['verdict']): Kind {
  switch (verdict) {
    case 'pass':
    case 'warn':
      return 'passed';
    case 'fail':
      return 'failure';
    case 'inconclusive':
    case 'error':
      return 'error';
    case 'not_run':
    case 'not_applicable':
      return 'skipped';
  }
}

/** A run that judged less than was required must not look green where only tests are counted. */
function completenessOf({ result, requirementSet }: Report): Suite {
  const { required, exercised, missing } = result.completeness;
  const said =
    missing.length === 0
      ? `${exercised} of ${required} required rules were decided`
      : `${missing.length} of ${required} required rules were not decided: ${missing.join(', ')}`;
  const kind = missing.length === 0 ? 'passed' : 'failure';
  const test: Test = { name: 'completeness', group: 'muster', ms: 0, kind, type: 'completeness', message: said, text: said };
  return { name: 'completeness', properties: [['requirementSet', requirementSet]], tests: [test] };
}
