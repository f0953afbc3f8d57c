// The report as a person at a terminal reads it.
import type { Report, ReportCase } from './model.ts';

/** One line of a case: verdict, id, and the first thing that is not as it should be. */
export function caseLine(one: ReportCase): string {
  const worst = one.checks.find((check) => check.verdict === one.verdict && check.verdict !== 'pass');
  return worst ? `${one.id}  ${worst.rule} ${worst.id}: ${worst.because}` : one.id;
}

/** What follows the table of cases: rules that are not as they should be, what is not covered, and what is out of scope. */
export function closingLines(report: Report): string[] {
  const lines: string[] = [];
  // A selection leaves most rules unjudged, as was asked for; naming them would hide those that were.
  const odd = report.rules.filter((rule) => rule.verdict !== 'pass' && !(report.result.partial && rule.verdict === 'not_run'));
  if (report.extensions.length > 0)
    lines.push('', 'Cases of yours:', ...report.extensions.map((one) => `  ${one.verdict.padEnd(14)} ${caseLine(one)}`));
  if (odd.length > 0)
    lines.push('', 'Rules:', ...odd.map((rule) => `  ${rule.verdict.padEnd(14)} ${rule.id} (${rule.class})  ${rule.title}`));
  lines.push('', 'Not covered by this version:');
  if (report.notCovered.length === 0) lines.push('  no rule of the claimed profiles is left out');
  for (const { id, class: ruleClass, title } of report.notCovered) lines.push(`  ${id} (${ruleClass})  ${title}`);
  for (const profile of report.profilesNotJudged) lines.push(`  profile ${profile}: claimed, but no case of this version judges it`);
  lines.push('', `Out of scope: ${report.outOfScope.join(', ')}.`);
  for (const reason of report.result.reasons) lines.push(`Undecided because ${reason}.`);
  return lines;
}
