// JUnit XML as every reader of it takes it: suites with properties, and tests. It follows the schema of Jenkins, the strictest of them.

/** What a test came to, in the words of JUnit. */
export type Kind = 'passed' | 'failure' | 'error' | 'skipped';

/** One test; `type` is what a reader groups failures by. */
export interface Test {
  readonly name: string;
  readonly group: string;
  readonly ms: number;
  readonly kind: Kind;
  readonly type: string;
  readonly message: string;
  readonly text: string;
}

export type Property = readonly [name: string, value: string];

export interface Suite {
  readonly name: string;
  readonly properties: readonly Property[];
  readonly tests: readonly Test[];
}

/** The file of these suites. */
export function junitXml(name: string, suites: readonly Suite[]): string {
  const tests = suites.flatMap((suite) => suite.tests);
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>'];
  lines.push(`<testsuites${attributes({ name, time: seconds(tests), ...counted(tests) })}>`);
  for (const suite of suites) lines.push(...suiteLines(suite));
  lines.push('</testsuites>', '');
  return lines.join('\n');
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
      // Why it was skipped is its text: not every schema has an attribute for it.
      if (test.kind === 'skipped') lines.push(`      <skipped>${escaped(`${test.type}: ${test.message}`)}</skipped>`);
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
