// Every machine format of real runs says what the report says. That each is valid by its schema is tested in test/schemas.
import { beforeAll, describe, expect, test } from 'vitest';
import { checksOf } from './checks.ts';
import { FORMATS, type Format } from './formats.ts';
import type { Report } from './model.ts';
import { placeOf } from './rule-files.ts';
import { hostileReport, runSample, type SampleOptions } from './sample.testkit.ts';

const SAMPLES: Readonly<Record<string, SampleOptions>> = {
  stub: { only: 'platform/prereg/' },
  mutant: { only: 'platform/nwl/', mutant: 'no-cap' },
  selection: { only: 'platform/registration/', partial: true },
  dead: { only: 'platform/nwl/', refusesAll: true },
  device: { direction: 'firmware' },
};
const NAMES = Object.keys(SAMPLES);
const reports = new Map<string, Report>();

beforeAll(async () => {
  for (const [name, options] of Object.entries(SAMPLES)) reports.set(name, (await runSample(options)).report);
  reports.set('hostile', hostileReport(of('mutant')));
}, 120_000);

const of = (name: string): Report => {
  const found = reports.get(name);
  if (!found) throw new Error(`no sample ${name}`);
  return found;
};
const render = (name: string, format: 'junit' | 'md' | 'ctrf' | 'sarif'): string => {
  const chosen: Format = FORMATS[format];
  return chosen.render(of(name), []);
};

interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Element[];
  text: string;
}

const unescaped = (text: string): string =>
  text.replace(/&(?:#(\d+)|(\w+));/g, (_all, code: string | undefined, word: string | undefined) => {
    if (code !== undefined) return String.fromCharCode(Number(code));
    const found = { amp: '&', lt: '<', gt: '>', quot: '"' }[word ?? ''];
    if (found === undefined) throw new Error(`entity ${word ?? ''}`);
    return found;
  });

/** XML without comments, CDATA and namespaces; anything that is not well formed is an error. */
function parseXml(xml: string): Element {
  const root: Element = { name: '', attributes: {}, children: [], text: '' };
  const open = [root];
  const token = /<\?xml[^?]*\?>|<(\/?)([\w-]+)((?: [\w-]+="[^"<]*")*)(\/?)>|([^<]+)/gy;
  let end = 0;
  for (let found = token.exec(xml); found; found = token.exec(xml)) {
    end = token.lastIndex;
    const [, closes, name, list = '', empty, text] = found;
    const top = open.at(-1) ?? root;
    if (text !== undefined) {
      if (/&(?!#\d+;|\w+;)/.test(text)) throw new Error(`a bare & in ${text}`);
      top.text += unescaped(text);
    } else if (name !== undefined && closes === '/') {
      if (open.pop()?.name !== name) throw new Error(`</${name}> closes nothing`);
    } else if (name !== undefined) {
      const attributes = Object.fromEntries(
        [...list.matchAll(/([\w-]+)="([^"]*)"/g)].map((one) => [one[1] ?? '', unescaped(one[2] ?? '')]),
      );
      const element: Element = { name, attributes, children: [], text: '' };
      top.children.push(element);
      if (empty !== '/') open.push(element);
    }
  }
  if (end !== xml.length || open.length !== 1) throw new Error(`not well formed at ${end}: ${xml.slice(end, end + 80)}`);
  return root.children[0] ?? root;
}

describe('JUnit', () => {
  const all = (element: Element, name: string): Element[] =>
    element.children.flatMap((child) => [...(child.name === name ? [child] : []), ...all(child, name)]);

  test.each([...NAMES, 'hostile'])('of %s has a test for each check', (name) => {
    const root = parseXml(render(name, 'junit'));
    const report = of(name);
    const checks = checksOf(report);
    const tests = all(root, 'testcase');
    expect(tests).toHaveLength(checks.length + (report.result.partial ? 0 : 1));
    expect(all(root, 'failure')).toHaveLength(Number(root.attributes['failures']));
    expect(all(root, 'error')).toHaveLength(Number(root.attributes['errors']));
    const lacks = !report.result.partial && report.result.completeness.missing.length > 0 ? 1 : 0;
    expect(all(root, 'failure')).toHaveLength(checks.filter(({ check }) => check.verdict === 'fail').length + lacks);
    const skipped = checks.filter(({ check }) => check.verdict === 'not_run' || check.verdict === 'not_applicable');
    expect(all(root, 'skipped')).toHaveLength(skipped.length);
  });

  test('a warning passes, and says so in a property', () => {
    const root = parseXml(render('hostile', 'junit'));
    const warned = all(root, 'property').filter(
      ({ attributes }) => attributes['name']?.endsWith('.verdict') && attributes['value'] === 'warn',
    );
    expect(warned.length).toBeGreaterThan(0);
    for (const { attributes } of warned) {
      const id = attributes['name']?.replace(/\.verdict$/, '');
      const tests = all(root, 'testcase').filter((one) => one.attributes['name']?.startsWith(`${id ?? ''}: `) && one.children.length === 1);
      expect(tests.map((one) => one.children[0]?.name)).toContain('system-out');
    }
  });

  test('rules that no check decided fail one test of a whole run, and none of a selection', () => {
    const last = all(parseXml(render('stub', 'junit')), 'testcase').at(-1);
    expect(last?.attributes['name']).toBe('completeness');
    expect(last?.children[0]?.attributes['message']).toContain('RULE-39');
    expect(render('selection', 'junit')).not.toContain('completeness');
  });

  test('groups by the file of the rule', () => {
    expect(placeOf('RULE-39')).toMatchObject({ file: 'scenarios/rules/platform/nwl.yaml', group: 'platform.nwl' });
    expect(render('mutant', 'junit')).toContain('name="sixth-stays-out: RULE-39" classname="platform.nwl"');
  });
});

interface CtrfResults {
  readonly summary: Readonly<Record<string, number>>;
  readonly tests: readonly { readonly status: string }[];
}

test.each([...NAMES, 'hostile'])('CTRF of %s counts what it lists', (name) => {
  const { results } = JSON.parse(render(name, 'ctrf')) as { results: CtrfResults };
  expect(results.tests).toHaveLength(checksOf(of(name)).length);
  for (const status of ['passed', 'failed', 'skipped', 'pending', 'other'])
    expect([status, results.summary[status]]).toEqual([status, results.tests.filter((one) => one.status === status).length]);
  expect(results.summary['tests']).toBe(results.tests.length);
});

interface SarifRun {
  readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } };
  readonly invocations: readonly { readonly toolExecutionNotifications: readonly unknown[] }[];
  readonly results: readonly {
    readonly ruleId: string;
    readonly ruleIndex: number;
    readonly level: string;
    readonly locations: readonly { readonly physicalLocation?: unknown }[];
  }[];
}

function sarifRun(name: string): SarifRun {
  const [run] = (JSON.parse(render(name, 'sarif')) as { runs: SarifRun[] }).runs;
  if (!run) throw new Error('a SARIF log without a run');
  return run;
}

describe('SARIF', () => {
  test.each([...NAMES, 'hostile'])('of %s holds findings only', (name) => {
    const run = sarifRun(name);
    const verdicts = checksOf(of(name)).map(({ check }) => check.verdict);
    const levels = run.results.map((one) => one.level);
    expect(levels.filter((level) => level === 'error')).toHaveLength(verdicts.filter((verdict) => verdict === 'fail').length);
    expect(levels.filter((level) => level === 'warning')).toHaveLength(verdicts.filter((verdict) => verdict === 'warn').length);
    const faults = verdicts.filter((verdict) => verdict === 'error').length;
    expect(run.invocations[0]).toMatchObject({ executionSuccessful: faults === 0 });
    expect(run.invocations[0]?.toolExecutionNotifications).toHaveLength(faults);
    for (const { ruleId, ruleIndex } of run.results) expect(run.tool.driver.rules[ruleIndex]?.id).toBe(ruleId);
  });

  test('a finding points to the sentence of its rule', () => {
    const run = sarifRun('mutant');
    const finding = run.results.find((one) => one.ruleId === 'RULE-39');
    const place = placeOf('RULE-39');
    expect(finding?.locations[0]?.physicalLocation).toEqual({
      artifactLocation: { uri: place?.file },
      region: { startLine: place?.line },
    });
  });
});

describe('Markdown', () => {
  test('begins with the verdict, and gives a failure with what was expected and what was seen', () => {
    const text = render('mutant', 'md');
    expect(text.split('\n')[0]).toBe('## ❌ the embedded stub: not conformant');
    const failed = checksOf(of('mutant')).filter(({ check }) => check.verdict === 'fail');
    expect(failed.length).toBeGreaterThan(0);
    for (const { name, check } of failed) expect(text).toContain(`<details><summary>${check.rule} <code>${name}</code></summary>`);
    expect(text).toContain('| RULE-39 | M | fail |');
    expect(render('selection', 'md')).toContain('Undecided because only a selection of the cases ran');
  });

  test('what a platform answered is text and nothing else', () => {
    const text = render('hostile', 'md');
    expect(text).not.toContain('<script>');
    expect(text.match(/<details>/g)).toHaveLength(text.match(/<\/details>/g)?.length ?? 0);
    // Every row of a table has as many cells as its head.
    for (const table of text.split('\n\n').filter((block) => block.startsWith('| '))) {
      const rows = table.split('\n');
      const cells = (row: string): number => row.replace(/\\\|/g, '').split('|').length;
      expect(new Set(rows.map(cells)).size).toBe(1);
    }
  });

  test('is never longer than a job summary may be, and says what was left out', () => {
    const report = of('hostile');
    const many = { ...report, cases: Array.from({ length: 60 }, () => report.cases).flat() };
    const text = FORMATS.md.render(many);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(1024 * 1024);
    expect(text).toMatch(/\d+ more parts did not fit/);
    expect(text).toContain('## ');
  });
});
