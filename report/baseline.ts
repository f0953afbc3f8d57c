// Failures that are known and accepted until a day: a file beside the project of whoever runs the suite. A baseline changes what a run
// ends with, never what it found; an entry that is wrong by now is an error, or the list would only grow.
import * as v from 'valibot';
import { LineCounter, parseDocument } from 'yaml';
import { UserError } from '../kernel/errors.ts';
import type { Conformance } from '../scenarios/judge/rollup.ts';
import type { Verdict } from '../scenarios/judge/verdict.ts';
import { checksOf } from './checks.ts';
import type { Report } from './model.ts';

const EXAMPLE = "{ check: 'case#check', reason: 'why it is accepted', expires: 2027-01-31 }";

const Entry = v.strictObject({
  check: v.pipe(v.string(), v.regex(/^[^#\s]+#[^#\s]+$/, 'is no `case#check`')),
  reason: v.pipe(v.string(), v.trim(), v.nonEmpty('must say why it is accepted')),
  link: v.exactOptional(v.pipe(v.string(), v.url('is no URL'))),
  expires: v.pipe(
    v.string(),
    v.regex(/^\d{4}-\d\d-\d\d$/, 'is no day such as 2027-01-31'),
    v.check((day) => new Date(`${day}T00:00:00Z`).toJSON()?.startsWith(day) ?? false, 'is no day of the calendar'),
  ),
});

const Baseline = v.strictObject({ entries: v.array(Entry) });

export interface BaselineEntry extends v.InferOutput<typeof Entry> {
  /** `baseline.yaml:4` */
  readonly where: string;
}

/** A check whose verdict is not what a passing run has. */
export interface BaselinedCheck {
  readonly check: string;
  readonly verdict: Verdict;
}

export interface BaselineResult {
  /** Failures, and checks that decided nothing, of which no entry speaks. */
  readonly unexpected: readonly BaselinedCheck[];
  readonly expected: readonly (BaselinedCheck & { readonly reason: string })[];
  /** Entries of checks that hold by now. */
  readonly stale: readonly BaselineEntry[];
  /** Entries whose day has passed. */
  readonly expired: readonly BaselineEntry[];
  /** Entries of checks that the report does not have, with the one that may have been meant. */
  readonly unknown: readonly (BaselineEntry & { readonly suggestion: string | null })[];
  /** What the run ends with; the report's own result stays as it is. */
  readonly exit: Conformance;
}

/**
 * Reads a baseline.
 * @throws UserError that names file, line and what to write instead
 */
export function readBaseline(text: string, file: string): readonly BaselineEntry[] {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter });
  const [error] = document.errors;
  if (error)
    throw new UserError(
      `${file}:${counter.linePos(error.pos[0]).line}: it is not YAML: ${firstLine(error.message)}`,
      `write entries such as ${EXAMPLE}`,
    );
  const lineOf = (path: readonly (string | number)[]): number => {
    for (let length = path.length; length >= 0; length -= 1) {
      const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
      const range = typeof node === 'object' && node !== null && 'range' in node ? (node.range as readonly number[] | null) : null;
      if (range?.[0] !== undefined) return counter.linePos(range[0]).line;
    }
    return 1;
  };
  const parsed = v.safeParse(Baseline, document.toJS());
  if (!parsed.success) {
    const [issue] = parsed.issues;
    const path = (issue.path ?? []).map((part) => part.key as string | number);
    throw new UserError(`${file}:${lineOf(path)}: ${path.join('.') || 'the file'}: ${issue.message}`, `write entries such as ${EXAMPLE}`);
  }
  const { entries } = parsed.output;
  const places = entries.map((_, at) => `${file}:${lineOf(['entries', at])}`);
  for (const [at, { check }] of entries.entries()) {
    const first = entries.findIndex((one) => one.check === check);
    if (first !== at)
      throw new UserError(`${places[at] ?? file}: ${check} has an entry already, at ${places[first] ?? file}`, 'keep one of them');
  }
  return entries.map((entry, at) => ({ ...entry, where: places[at] ?? file }));
}

function firstLine(text: string): string {
  return text.split('\n')[0]?.replace(/:$/, '') ?? text;
}

const HOLDS: ReadonlySet<Verdict> = new Set(['pass', 'not_applicable']);

/**
 * Holds a report against a baseline.
 * @param today `YYYY-MM-DD`; an entry holds to the end of its day
 */
export function applyBaseline(report: Report, baseline: readonly BaselineEntry[], today: string): BaselineResult {
  const verdicts = new Map(checksOf(report).map(({ name, check }) => [name, check.verdict]));
  const entries = new Map(baseline.map((entry) => [entry.check, entry]));
  const { partial, conformance } = report.result;
  // What a selection leaves out is neither mended nor gone.
  const asked = baseline.filter((entry) => !(partial && !verdicts.has(entry.check)));
  const unknown = asked
    .filter((entry) => !verdicts.has(entry.check))
    .map((entry) => ({ ...entry, suggestion: nearest(entry.check, [...verdicts.keys()]) }));
  const expired = asked.filter((entry) => entry.expires < today);
  const stale = asked.filter((entry) => HOLDS.has(verdicts.get(entry.check) ?? 'fail'));
  const bad = [...verdicts].filter(([, verdict]) => !HOLDS.has(verdict)).map(([check, verdict]) => ({ check, verdict }));
  const holds = (check: string): BaselineEntry | undefined => {
    const entry = entries.get(check);
    return entry && entry.expires >= today ? entry : undefined;
  };
  const expected = bad.flatMap((one) => {
    const entry = holds(one.check);
    return entry ? [{ ...one, reason: entry.reason }] : [];
  });
  // A warning does not change what a run ends with, so nobody has to expect it.
  const unexpected = bad.filter((one) => one.verdict !== 'warn' && !holds(one.check));
  const wrong = stale.length + expired.length + unknown.length > 0;
  return { unexpected, expected, stale, expired, unknown, exit: wrong ? 'not-conformant' : exitOf(conformance, unexpected, expected) };
}

function exitOf(conformance: Conformance, unexpected: BaselineResult['unexpected'], expected: BaselineResult['expected']): Conformance {
  if (unexpected.some((one) => one.verdict === 'fail')) return 'not-conformant';
  if (unexpected.length > 0) return 'undetermined';
  return expected.length > 0 ? 'conformant' : conformance;
}

/** The check that was meant, probably: of the same case or of the same name, and most alike. */
function nearest(check: string, known: readonly string[]): string | null {
  const [one, id] = check.split('#');
  const alike = known
    .filter((name) => name.startsWith(`${one ?? ''}#`) || name.endsWith(`#${id ?? ''}`))
    .map((name) => ({ name, far: distance(name, check) }))
    .sort((a, b) => a.far - b.far);
  return alike[0]?.name ?? null;
}

/** Letters to change, to add or to leave out (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries())
      next.push(Math.min((next[j] ?? 0) + 1, (row[j + 1] ?? 0) + 1, (row[j] ?? 0) + (letter === other ? 0 : 1)));
    row = next;
  }
  return row[b.length] ?? 0;
}

/** What a person has to know of a baseline, one line each. */
export function baselineLines({ unexpected, expected, stale, expired, unknown }: BaselineResult): string[] {
  return [
    ...unexpected.map((one) => `unexpected  ${one.check} is ${one.verdict}`),
    ...expected.map((one) => `expected    ${one.check} is ${one.verdict}: ${one.reason}`),
    ...stale.map((one) => `stale       ${one.where}: ${one.check} holds by now; remove the entry`),
    ...expired.map((one) => `expired     ${one.where}: ${one.check} was accepted until ${one.expires}; mend it, or decide anew`),
    ...unknown.map(
      (one) =>
        `unknown     ${one.where}: no check is called ${one.check}${one.suggestion === null ? '' : `; was ${one.suggestion} meant?`}`,
    ),
  ];
}
