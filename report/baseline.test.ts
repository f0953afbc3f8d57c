// A baseline changes what a run ends with, never what it found; an entry that is wrong by now is an error.
import { beforeAll, describe, expect, test } from 'vitest';
import { UserError } from '../kernel/errors.ts';
import { applyBaseline, baselineLines, readBaseline, type BaselineEntry } from './baseline.ts';
import { checksOf } from './checks.ts';
import type { Report } from './model.ts';
import { runSample } from './sample.testkit.ts';

let mutant: Report;
let selection: Report;

beforeAll(async () => {
  const { report } = await runSample({ only: 'platform/nwl/', mutant: 'no-cap' });
  // Cases that need sockets do not run here, which is not what these tests are about.
  mutant = {
    ...report,
    cases: report.cases.filter((one) => one.clock !== null),
  };
  selection = (await runSample({ only: 'platform/nwl/sixth-unit', partial: true, mutant: 'no-cap' })).report;
}, 60_000);

const TODAY = '2026-06-15';
const failures = (report: Report): string[] => checksOf(report).flatMap(({ name, check }) => (check.verdict === 'fail' ? [name] : []));
const entry = (check: string, expires = '2026-12-31'): BaselineEntry => ({ check, reason: 'ticket 7', expires, where: 'b.yaml:1' });

describe('a report held against a baseline', () => {
  test('without entries every failure is unexpected', () => {
    const found = applyBaseline(mutant, [], TODAY);
    expect(found.unexpected.map((one) => one.check)).toEqual(failures(mutant));
    expect(found).toMatchObject({ expected: [], stale: [], expired: [], unknown: [], exit: 'not-conformant' });
  });

  test('with an entry for every failure it ends well, and the result stays', () => {
    const before = JSON.stringify(mutant);
    const found = applyBaseline(
      mutant,
      failures(mutant).map((check) => entry(check)),
      TODAY,
    );
    expect(found).toMatchObject({ unexpected: [], stale: [], expired: [], unknown: [], exit: 'conformant' });
    expect(found.expected).toHaveLength(failures(mutant).length);
    expect(mutant.result.conformance).toBe('not-conformant');
    expect(JSON.stringify(mutant)).toBe(before);
  });

  test('with one entry too few it does not', () => {
    const [, ...others] = failures(mutant);
    const found = applyBaseline(
      mutant,
      others.map((check) => entry(check)),
      TODAY,
    );
    expect(found.unexpected).toHaveLength(1);
    expect(found.exit).toBe('not-conformant');
  });

  test('an entry of a check that holds is stale', () => {
    const holds = checksOf(mutant).find(({ check }) => check.verdict === 'pass')?.name ?? '';
    const found = applyBaseline(
      mutant,
      [...failures(mutant), holds].map((check) => entry(check)),
      TODAY,
    );
    expect(found.stale.map((one) => one.check)).toEqual([holds]);
    expect(found.exit).toBe('not-conformant');
    expect(baselineLines(found).join('\n')).toContain(`stale       b.yaml:1: ${holds} holds by now`);
  });

  test('an entry holds to the end of its day', () => {
    const all = (expires: string): BaselineEntry[] => failures(mutant).map((check) => entry(check, expires));
    expect(applyBaseline(mutant, all('2026-06-15'), TODAY).exit).toBe('conformant');
    const late = applyBaseline(mutant, all('2026-06-14'), TODAY);
    expect(late.expired).toHaveLength(failures(mutant).length);
    expect(late.unexpected).toHaveLength(failures(mutant).length);
    expect(late.exit).toBe('not-conformant');
  });

  test('an entry of no check is an error that names the one that was meant', () => {
    const found = applyBaseline(mutant, [entry('platform/nwl/sixth-unit#sixth-stays-in')], TODAY);
    expect(found.unknown).toMatchObject([{ suggestion: 'platform/nwl/sixth-unit#sixth-stays-out' }]);
    expect(baselineLines(found).join('\n')).toContain('was platform/nwl/sixth-unit#sixth-stays-out meant?');
    expect(applyBaseline(mutant, [entry('nothing/like#it')], TODAY).unknown).toMatchObject([{ suggestion: null }]);
  });

  test('what a selection leaves out is neither stale nor unknown', () => {
    const found = applyBaseline(
      selection,
      failures(mutant).map((check) => entry(check)),
      TODAY,
    );
    expect(found).toMatchObject({ unexpected: [], stale: [], unknown: [], exit: 'conformant' });
  });

  test('a check that decided nothing is not a failure, and not expected either', () => {
    const [first] = failures(mutant);
    const cases = mutant.cases.map((one) => ({
      ...one,
      checks: one.checks.map((check) => (`${one.id}#${check.id}` === first ? { ...check, verdict: 'inconclusive' as const } : check)),
    }));
    const others = failures({ ...mutant, cases }).map((check) => entry(check));
    expect(applyBaseline({ ...mutant, cases }, others, TODAY).exit).toBe('undetermined');
  });
});

describe('a baseline file', () => {
  test('is read with the places of its entries', () => {
    const text = "entries:\n  - check: 'a/b#c'\n    reason: known\n    link: https://example.com/7\n    expires: 2027-01-31\n";
    expect(readBaseline(text, 'base.yaml')).toEqual([
      { check: 'a/b#c', reason: 'known', link: 'https://example.com/7', expires: '2027-01-31', where: 'base.yaml:2' },
    ]);
    expect(readBaseline('{"entries": []}', 'base.json')).toEqual([]);
  });

  const one = (more: string): string => `entries:\n  - check: 'a/b#c'\n    reason: known\n${more}`;
  test.each([
    ['no YAML', 'entries: [', 'base.yaml:1: it is not YAML'],
    ['nothing', '', 'base.yaml:1: the file: '],
    ['a list', '- a\n', 'base.yaml:1: '],
    ['no day', one('    expires: soon\n'), 'base.yaml:4: entries.0.expires: is no day such as'],
    ['a day that does not exist', one('    expires: 2027-02-30\n'), 'base.yaml:4: entries.0.expires: is no day of the calendar'],
    ['no end', one(''), 'base.yaml:2: entries.0.expires: '],
    ['no reason', "entries:\n  - check: 'a/b#c'\n    reason: ''\n    expires: 2027-01-31\n", 'base.yaml:3: entries.0.reason: must say why'],
    [
      'a case instead of a check',
      'entries:\n  - check: a/b\n    reason: x\n    expires: 2027-01-31\n',
      'base.yaml:2: entries.0.check: is no',
    ],
    ['another key', one('    expires: 2027-01-31\n    rule: RULE-01\n'), 'base.yaml:5: entries.0.rule: '],
    ['a link that is none', one('    expires: 2027-01-31\n    link: nowhere\n'), 'base.yaml:5: entries.0.link: is no URL'],
    [
      'an entry twice',
      one('    expires: 2027-01-31\n') + one('    expires: 2027-01-31\n').slice(9),
      'base.yaml:5: a/b#c has an entry already, at base.yaml:2',
    ],
  ])('%s is refused with its line and a remedy', (_what, text, words) => {
    let thrown: unknown;
    try {
      readBaseline(text, 'base.yaml');
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(UserError);
    expect((thrown as UserError).message).toContain(words);
    expect((thrown as UserError).message).not.toContain('\n');
    expect((thrown as UserError).remedy).not.toBe('');
  });
});
