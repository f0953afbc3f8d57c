// The command line that repeats a run or one of its cases, as far as a report knows it.
import type { Report } from '../model.ts';

/** Options that the command leaves out where they are its defaults. */
const DEFAULT_SEED = '1';
const EMBEDDED_NAMESPACE = '0';

/** The command that repeats the run, or one case of it. */
export function commandOf(report: Report, caseId?: string): string {
  const { subject, direction, seed, namespace, profiles, asked = {} } = report;
  const words = ['muster', 'verify', direction];
  const embedded = subject.kind === 'embedded-stub' || subject.kind === 'reference-device';
  if (!embedded) words.push('--target', quoted(asked.target ?? subject.name));
  if (asked.productKey !== undefined) words.push('--product-key', quoted(asked.productKey));
  if (asked.ca !== undefined) words.push('--ca', quoted(asked.ca));
  if (!embedded && direction === 'platform')
    words.push(...[...profiles, ...report.profilesNotJudged].flatMap((one) => ['--profile', quoted(one)]));
  const selected = caseId ?? asked.case;
  if (selected !== undefined) words.push('--case', quoted(selected));
  if (asked.cases !== undefined) words.push('--cases', quoted(asked.cases));
  if (asked.allowDestructive === true) words.push('--allow-destructive');
  if (asked.timeout !== undefined) words.push('--timeout', String(asked.timeout));
  if (asked.session !== undefined) words.push('--session', asked.session);
  if (subject.mutant !== undefined) words.push('--mutant', quoted(subject.mutant));
  if (seed !== DEFAULT_SEED) words.push('--seed', quoted(seed));
  // Against others a name that was used before is no longer new: a run of its own namespace is fresh.
  if (embedded && namespace !== EMBEDDED_NAMESPACE) words.push('--namespace', quoted(namespace));
  return words.join(' ');
}

/** As a POSIX shell takes it for one word. */
export function quoted(word: string): string {
  return /^[\w./:@+=-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
