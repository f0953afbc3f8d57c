// The report as JUnit XML: a suite for each case, a test for each check. Schemas of Jenkins and Surefire know no properties of a test, so
// they stand at the suite, by the name of the check; the test says the same in words.
import type { Report, ReportCase } from './model.ts';
import { checksOf, gist, type ReportCheck } from './checks.ts';
import { placeOf } from './rule-files.ts';

/** What a test came to, in the words of JUnit. */
type Kind = 'passed' | 'failure' | 'error' | 'skipped';

interface Test {
  readonly name: string;
  readonly group: string;
  readonly ms: number;
  readonly kind: Kind;
  readonly type: string;
  readonly message: string;
  readonly text: string;
}

type Property = readonly [name: string, value: string];

/** `junit.xml`. */
export function renderJunit(report: Report): string {
  const suites = [...report.cases, ...report.extensions].map((one) => suiteOf(report, one));
  if (!report.result.partial) suites.push(completenessOf(report));
  const tests = suites.flatMap((suite) => suite.tests);
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>'];
  lines.push(`<testsuites${attributes({ name: report.requirementSet, time: seconds(tests), ...counted(tests) })}>`);
  for (const suite of suites) lines.push(...suiteLines(suite));
  lines.push('</testsuites>', '');
  return lines.join('\n');
}

interface Suite {
  readonly name: string;
  readonly properties: readonly Property[];
  readonly tests: readonly Test[];
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
    // What a reader groups failures by.
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

function suiteLines({ name, properties, tests }: Suite): string[] {
  const lines = [
    `  <testsuite${attributes({ name, time: seconds(tests), ...counted(tests), skipped: String(count(tests, 'skipped')) })}>`,
    '    <properties>',
    ...properties.map(([key, value]) => `      <property${attributes({ name: key, value })}/>`),
    '    </properties>',
  ];
  for (const test of tests) {
    lines.push(`    <testcase${attributes({ name: test.name, classname: test.group, time: seconds([test]) })}>`);
    if (test.kind === 'failure' || test.kind === 'error') {
      lines.push(`      <${test.kind}${attributes({ message: test.message, type: test.type })}>${escaped(test.text)}</${test.kind}>`);
    } else {
      if (test.kind === 'skipped') lines.push(`      <skipped${attributes({ message: `${test.type}: ${test.message}` })}/>`);
      lines.push(`      <system-out>${escaped(test.text)}</system-out>`);
    }
    lines.push('    </testcase>');
  }
  lines.push('  </testsuite>');
  return lines;
}

function counted(tests: readonly Test[]): Record<string, string> {
  return { tests: String(tests.length), failures: String(count(tests, 'failure')), errors: String(count(tests, 'error')) };
}

function count(tests: readonly Test[], kind: Kind): number {
  return tests.filter((test) => test.kind === kind).length;
}

function seconds(tests: readonly Test[]): string {
  return (tests.reduce((sum, test) => sum + test.ms, 0) / 1000).toFixed(3);
}

function attributes(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escaped(value).replaceAll('\n', '&#10;').replaceAll('\r', '&#13;').replaceAll('\t', '&#9;')}"`)
    .join('');
}

/** Text that XML 1.0 can hold: what a platform answered may hold any character. */
function escaped(text: string): string {
  return text.replace(NOT_XML, '\uFFFD').replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

// eslint-disable-next-line no-control-regex -- these are the ones that XML forbids
const NOT_XML = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF\p{Cs}]/gu;
