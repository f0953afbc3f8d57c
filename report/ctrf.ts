// The report in the Common Test Report Format: a test for each check.
import type { CheckResult } from '../scenarios/judge/judge.ts';
import type { RunEnvironment } from '../scenarios/judge/results.ts';
import { checksOf, gist } from './checks.ts';
import type { Report } from './model.ts';
import { placeOf } from './rule-files.ts';

/** The version of the format that is written. */
const CTRF_VERSION = '1.0.0';

type Status = 'passed' | 'failed' | 'skipped' | 'pending' | 'other';

const STATUS: Readonly<Record<CheckResult['verdict'], Status>> = {
  pass: 'passed',
  warn: 'passed',
  fail: 'failed',
  not_applicable: 'skipped',
  not_run: 'pending',
  inconclusive: 'other',
  error: 'other',
};

/** `ctrf.json`. */
export function renderCtrf(report: Report): string {
  const tests = checksOf(report).map(({ one, check, name, ms, extension }) => ({
    name,
    status: STATUS[check.verdict],
    duration: ms,
    suite: one.id.split('/'),
    message: gist(check),
    rawStatus: check.verdict,
    tags: [check.rule, check.kind],
    type: 'conformance',
    ...filePath(check.rule),
    steps: one.steps
      .filter((step) => check.evidence.includes(step.name))
      // A step is something that was done; whether it was right is for the check to say.
      .map(({ name: step, ms: took, outcome }) => ({ name: step, status: 'other', extra: { ms: took, outcome: outcome?.kind ?? null } })),
    extra: {
      rule: check.rule,
      case: one.id,
      check: check.id,
      expected: check.expected,
      zh: check.zh,
      extension,
      ...(check.proofs === undefined ? {} : { proofs: check.proofs }),
      ...(check.reading === undefined ? {} : { reading: check.reading }),
    },
  }));
  const { result } = report;
  return ctrfOf(report, {
    suites: report.cases.length + report.extensions.length,
    reportName: report.requirementSet,
    tests,
    extra: { conformance: result.conformance, partial: result.partial, completeness: result.completeness, headline: result.headline },
  });
}

/** What a file of the format says of a run, whatever its tests are. */
interface CtrfRun {
  readonly version: string;
  readonly target: string;
  readonly seed: string;
  readonly namespace: string;
  readonly environment: Pick<RunEnvironment, 'runtime' | 'system' | 'startedAt' | 'endedAt'>;
}

interface CtrfTests {
  readonly suites: number;
  readonly reportName: string;
  readonly tests: readonly (object & { readonly status: Status })[];
  readonly extra: object;
}

/** The file of these tests. */
export function ctrfOf(
  { version, target, seed, namespace, environment }: CtrfRun,
  { suites, reportName, tests, extra }: CtrfTests,
): string {
  const count = (status: Status): number => tests.filter((test) => test.status === status).length;
  const body = {
    reportFormat: 'CTRF',
    specVersion: CTRF_VERSION,
    generatedBy: `muster ${version}`,
    ...(environment.endedAt === null ? {} : { timestamp: environment.endedAt }),
    results: {
      tool: { name: 'muster', version },
      summary: {
        tests: tests.length,
        passed: count('passed'),
        failed: count('failed'),
        pending: count('pending'),
        skipped: count('skipped'),
        other: count('other'),
        suites,
        // On the virtual clock nothing began at any time.
        start: epoch(environment.startedAt),
        stop: epoch(environment.endedAt),
      },
      tests,
      environment: {
        appName: target,
        reportName,
        osPlatform: environment.system,
        extra: { seed, namespace, runtime: environment.runtime },
      },
      extra,
    },
  };
  return `${JSON.stringify(body, null, 2)}\n`;
}

function filePath(rule: string): { filePath?: string } {
  const place = placeOf(rule);
  return place ? { filePath: place.file } : {};
}

function epoch(time: string | null): number {
  return time === null ? 0 : Date.parse(time);
}
