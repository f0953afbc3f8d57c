// Two runs compared: what is worse is a regression, what is only other is not.
import { beforeAll, describe, expect, test } from 'vitest';
import type { Verdict } from '../scenarios/judge/verdict.ts';
import { diffLines, diffReports } from './diff.ts';
import type { Report } from './model.ts';
import { runSample } from './sample.testkit.ts';

let stub: Report;
let mutant: Report;
let selection: Report;

beforeAll(async () => {
  stub = (await runSample({ only: 'platform/nwl/' })).report;
  mutant = (await runSample({ only: 'platform/nwl/', mutant: 'no-cap' })).report;
  selection = (await runSample({ only: 'platform/nwl/sixth-unit', partial: true })).report;
}, 60_000);

const CASE = 'platform/nwl/sixth-unit';
const CHECK = 'sixth-stays-out';

/** The report with one check, its case and its rule of another verdict. */
function withVerdict(report: Report, verdict: Verdict): Report {
  return {
    ...report,
    rules: report.rules.map((rule) => (rule.id === 'RULE-39' ? { ...rule, verdict } : rule)),
    cases: report.cases.map((one) =>
      one.id === CASE ? { ...one, verdict, checks: one.checks.map((check) => (check.id === CHECK ? { ...check, verdict } : check)) } : one,
    ),
  };
}

describe('a comparison', () => {
  test('of a run with itself finds nothing', () => {
    expect(diffReports(stub, stub)).toMatchObject({ differs: [], changes: [], readings: [], latency: [], regression: false });
    expect(diffLines(diffReports(stub, stub))).toEqual(['No verdict changed.', 'undetermined; no regression']);
  });

  test('names rule, case and check that became worse, and the other subject', () => {
    const found = diffReports(stub, mutant);
    expect(found.regression).toBe(true);
    expect(found.differs).toEqual(['subject: the embedded stub → the embedded stub (mutant no-cap)']);
    expect(found.conformance).toEqual({ before: 'undetermined', after: 'not-conformant' });
    const worse = found.changes.filter((change) => change.regression).map(({ what, id, after }) => `${what} ${id} ${after ?? ''}`);
    expect(worse).toEqual(expect.arrayContaining([`check ${CASE}#${CHECK} fail`, `case ${CASE} fail`]));
    expect(diffLines(found).join('\n')).toContain(`check  ${CASE}#${CHECK}  pass → fail  sixth: `);
  });

  test('the other way round is no regression', () => {
    const found = diffReports(mutant, stub);
    expect(found.changes.length).toBeGreaterThan(0);
    expect(found.regression).toBe(false);
  });

  test.each([
    ['pass', 'warn', true],
    ['pass', 'inconclusive', true],
    ['pass', 'error', true],
    ['pass', 'not_run', true],
    ['pass', 'not_applicable', true],
    ['warn', 'fail', true],
    ['warn', 'pass', false],
    ['fail', 'inconclusive', false],
    ['inconclusive', 'fail', false],
    ['not_applicable', 'pass', false],
    ['not_run', 'fail', false],
  ] as const)('%s to %s: a regression is %s', (before, after, regression) => {
    const found = diffReports(withVerdict(stub, before), withVerdict(stub, after));
    expect(found.changes.map(({ what }) => what)).toEqual(['rule', 'case', 'check']);
    expect(found.regression).toBe(regression);
  });

  test('a rule, a case or a check that is gone is a regression', () => {
    const held = withVerdict(stub, 'pass');
    expect(diffReports(held, { ...held, rules: held.rules.filter((rule) => rule.id !== 'RULE-39') }).regression).toBe(true);
    expect(diffReports(held, { ...held, cases: held.cases.filter((one) => one.id !== CASE) }).regression).toBe(true);
    const cases = held.cases.map((one) => ({ ...one, checks: one.checks.filter((check) => check.id !== CHECK) }));
    expect(diffReports(held, { ...held, cases }).regression).toBe(true);
  });

  test('what a selection leaves out is none, and that it is one is said', () => {
    const found = diffReports(stub, selection);
    expect(found.regression).toBe(false);
    expect(found.differs.join()).toContain('the second report is of a selection');
    expect(diffReports(stub, withVerdict(selection, 'fail')).regression).toBe(true);
  });

  test('readings that changed are listed, and are no regression', () => {
    const [first, ...rest] = stub.readings;
    if (!first) throw new Error('the sample has no reading');
    const found = diffReports(stub, { ...stub, readings: [{ ...first, value: 'other' }, ...rest] });
    expect(found.readings).toEqual([{ rule: first.rule, id: `${first.case}#${first.check}`, before: first.value, after: 'other' }]);
    expect(found.regression).toBe(false);
  });

  test('another requirement set is said, also where it has the same name', () => {
    const requirements = { ...stub.requirements, sha256: '0'.repeat(64) };
    expect(diffReports(stub, { ...stub, requirements }).differs.join()).toContain('rules or checks within');
    expect(diffReports(stub, { ...stub, requirements: { set: 'other', sha256: '' } }).differs.join()).toContain('→ other');
  });

  test('times are compared on the wall clock only', () => {
    const timed = (ms: number): Report => ({
      ...stub,
      environment: { ...stub.environment, startedAt: '2026-01-01T00:00:00.000Z' },
      cases: stub.cases.map((one) => ({ ...one, clock: 'wall' as const, steps: one.steps.map((step) => ({ ...step, ms })) })),
    });
    const found = diffReports(timed(10), timed(30)).latency.find((one) => one.verb === 'register');
    expect(found).toMatchObject({ before: { p50: 10 }, after: { p50: 30 } });
    expect(found?.before?.steps).toBeGreaterThan(1);
    expect(diffReports(stub, timed(30)).latency.every((one) => one.before === null)).toBe(true);
  });
});
