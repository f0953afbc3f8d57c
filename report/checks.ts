// The checks of a report one by one, as formats list them that know tests and nothing else.
import type { CheckResult } from '../scenarios/judge/judge.ts';
import type { Report, ReportCase } from './model.ts';

export interface ReportCheck {
  readonly one: ReportCase;
  readonly check: CheckResult;
  /** `case#check`: what a baseline and a comparison call it. */
  readonly name: string;
  /** Brought along by the user: it says nothing of our rules. */
  readonly extension: boolean;
  /** Time of the steps that it looked at. */
  readonly ms: number;
}

/** Every check, ours first. */
export function checksOf(report: Report): ReportCheck[] {
  const of = (cases: readonly ReportCase[], extension: boolean): ReportCheck[] =>
    cases.flatMap((one) =>
      one.checks.map((check) => ({ one, check, extension, name: `${one.id}#${check.id}`, ms: timeOf(one, check.evidence) })),
    );
  return [...of(report.cases, false), ...of(report.extensions, true)];
}

function timeOf(one: ReportCase, spans: readonly string[]): number {
  const looked = new Set(spans);
  return one.steps.filter((step) => looked.has(step.name)).reduce((sum, step) => sum + step.ms, 0);
}

/** The reading of a check, or why it has its verdict, in one line. */
export function gist(check: CheckResult): string {
  return check.reading === undefined ? check.because : `${check.because} (reading: ${JSON.stringify(check.reading)})`;
}
