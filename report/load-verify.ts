// Is a stored load report what it says it is? There is no evidence beside it: what can be worked out anew is what its own figures come to.
import { makeLoadReport, type LoadReport } from './load.ts';
import type { Problem } from './verify-files.ts';

/** What follows from the figures of a load report and is not what it says. Whether it matches its footer is known by reading it. */
export function verifyLoad(name: string, report: LoadReport): Problem[] {
  const { load, target, environment, asked } = report;
  const again = makeLoadReport(load, { target, environment, ...(asked ? { asked } : {}) });
  const problems: Problem[] = [];
  const compare = (what: string, said: unknown, found: unknown): void => {
    if (JSON.stringify(said) !== JSON.stringify(found))
      problems.push({ where: name, what: `${what} is ${JSON.stringify(said)} in the report, ${JSON.stringify(found)} by its figures` });
  };
  compare('result.verdict', report.result.verdict, again.result.verdict);
  for (const { id, verdict } of again.checks) compare(`the verdict of ${id}`, report.checks.find((one) => one.id === id)?.verdict, verdict);
  for (const { id } of report.checks)
    if (!again.checks.some((one) => one.id === id)) problems.push({ where: name, what: `nothing in its figures asks for ${id}` });
  const { devices, activated, refused, failed, local, aborted } = load;
  const sum = activated + refused + failed + local + aborted;
  if (sum !== devices) problems.push({ where: name, what: `${sum} devices ended in some way, of ${devices}` });
  for (const key of ['version', 'seed', 'namespace'] as const) compare(key, report[key], load[key]);
  return problems;
}
