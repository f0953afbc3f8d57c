// Two reports compared: what became worse, what became better, which readings changed, and how long things took.
import type { Json } from '../kernel/trace/event.ts';
import type { Conformance } from '../scenarios/judge/rollup.ts';
import { VERDICTS, type Verdict } from '../scenarios/judge/verdict.ts';
import { checksOf } from './checks.ts';
import type { Report } from './model.ts';

/** A rule, a case or a check whose verdict is another one. */
export interface Change {
  readonly what: 'rule' | 'case' | 'check';
  /** `RULE-39`, `platform/nwl/sixth-unit`, or `case#check`. */
  readonly id: string;
  /** Null where the report does not have it. */
  readonly before: Verdict | null;
  readonly after: Verdict | null;
  readonly regression: boolean;
  /** What the later report says of a check. */
  readonly because: string | null;
}

export interface ReadingChange {
  readonly rule: string;
  readonly id: string;
  readonly before: Json | null;
  readonly after: Json | null;
}

/** Medians of the steps of one verb that let something through, milliseconds of the wall clock; null where there are none. */
export interface Latency {
  readonly verb: string;
  readonly before: { readonly p50: number; readonly steps: number } | null;
  readonly after: { readonly p50: number; readonly steps: number } | null;
}

export interface Diff {
  readonly conformance: { readonly before: Conformance; readonly after: Conformance };
  /** In what the two reports are not about the same, which a reader has to know before anything else. */
  readonly differs: readonly string[];
  readonly changes: readonly Change[];
  readonly readings: readonly ReadingChange[];
  readonly latency: readonly Latency[];
  /** Something that held does not any more, or is not judged any more. */
  readonly regression: boolean;
}

/** Compares an earlier report with a later one. */
export function diffReports(before: Report, after: Report): Diff {
  const changes = [
    ...changesOf('rule', rulesOf(before), rulesOf(after), after),
    ...changesOf('case', casesOf(before), casesOf(after), after),
    ...changesOf('check', verdictsOf(before), verdictsOf(after), after),
  ];
  const conformance = { before: before.result.conformance, after: after.result.conformance };
  const worse = conformance.before === 'conformant' && conformance.after !== 'conformant' && !after.result.partial;
  return {
    conformance,
    differs: differs(before, after),
    changes,
    readings: readingsOf(before, after),
    latency: latencyOf(before, after),
    regression: worse || changes.some((change) => change.regression),
  };
}

type Verdicts = ReadonlyMap<string, { readonly verdict: Verdict; readonly because: string | null }>;

function rulesOf({ rules }: Report): Verdicts {
  return new Map(rules.map((rule) => [rule.id, { verdict: rule.verdict, because: null }]));
}

function casesOf({ cases, extensions }: Report): Verdicts {
  return new Map([...cases, ...extensions].map((one) => [one.id, { verdict: one.verdict, because: one.note }]));
}

function verdictsOf(report: Report): Verdicts {
  return new Map(checksOf(report).map(({ name, check }) => [name, { verdict: check.verdict, because: check.because }]));
}

function changesOf(what: Change['what'], before: Verdicts, after: Verdicts, { result }: Report): Change[] {
  return [...new Set([...before.keys(), ...after.keys()])].sort().flatMap((id): Change[] => {
    const [was, is] = [before.get(id)?.verdict ?? null, after.get(id)?.verdict ?? null];
    if (was === is) return [];
    // A selection leaves out most of what there is, as was asked for.
    const asked = !(result.partial && (is === null || is === 'not_run'));
    return [{ what, id, before: was, after: is, regression: asked && worse(was, is), because: after.get(id)?.because ?? null }];
  });
}

/** Did what held become worse? What is not judged any more cannot be said to hold. */
function worse(was: Verdict | null, is: Verdict | null): boolean {
  if (was !== 'pass' && was !== 'warn') return false;
  return is === null || is === 'not_applicable' || VERDICTS.indexOf(is) > VERDICTS.indexOf(was);
}

function differs(before: Report, after: Report): string[] {
  const pairs: [string, string, string][] = [
    ['direction', before.direction, after.direction],
    ['subject', said(before), said(after)],
    ['requirement set', before.requirements.set, after.requirements.set],
    ['edition', before.edition, after.edition],
    ['version of Muster', before.version, after.version],
    ['seed', before.seed, after.seed],
  ];
  const lines = pairs.filter(([, a, b]) => a !== b).map(([name, a, b]) => `${name}: ${a} → ${b}`);
  if (before.requirements.set === after.requirements.set && before.requirements.sha256 !== after.requirements.sha256)
    lines.push(`rules or checks within the requirement set ${after.requirements.set}`);
  if (before.result.partial) lines.push('the first report is of a selection of the cases');
  if (after.result.partial) lines.push('the second report is of a selection of the cases: what it leaves out is no regression');
  return lines;
}

function said({ subject, target }: Report): string {
  return subject.mutant === undefined ? target : `${target} (mutant ${subject.mutant})`;
}

function readingsOf(before: Report, after: Report): ReadingChange[] {
  const of = (report: Report) => new Map(report.readings.map((one) => [`${one.case}#${one.check}`, one]));
  const [was, is] = [of(before), of(after)];
  return [...new Set([...was.keys(), ...is.keys()])].sort().flatMap((id): ReadingChange[] => {
    const [a, b] = [was.get(id), is.get(id)];
    if (JSON.stringify(a?.value) === JSON.stringify(b?.value)) return [];
    return [{ rule: (b ?? a)?.rule ?? '', id, before: a?.value ?? null, after: b?.value ?? null }];
  });
}

const TIMED = ['register', 'connect', 'post'] as const;

function latencyOf(before: Report, after: Report): Latency[] {
  return TIMED.flatMap((verb): Latency[] => {
    const [a, b] = [median(before, verb), median(after, verb)];
    return a || b ? [{ verb, before: a, after: b }] : [];
  });
}

function median(report: Report, verb: string): Latency['before'] {
  // A run that repeats itself to the byte has no times of its own, over sockets neither.
  if (report.environment.startedAt === null) return null;
  const times = report.cases
    .filter((one) => one.clock === 'wall')
    .flatMap((one) => one.steps)
    .filter((step) => step.verb === verb && (step.outcome?.kind === 'issued' || step.outcome?.kind === 'accepted'))
    .map((step) => step.ms)
    .sort((x, y) => x - y);
  const p50 = times[Math.ceil(times.length / 2) - 1];
  return p50 === undefined ? null : { p50, steps: times.length };
}

/** The comparison as a person at a terminal reads it. */
export function diffLines(diff: Diff): string[] {
  const { conformance, differs: others, changes, readings, latency } = diff;
  const lines = others.length > 0 ? ['Not the same in both:', ...others.map((line) => `  ${line}`), ''] : [];
  const block = (title: string, found: readonly Change[]): void => {
    if (found.length === 0) return;
    lines.push(`${title}:`);
    for (const { what, id, before, after, because } of found)
      lines.push(`  ${what.padEnd(5)}  ${id}  ${before ?? 'absent'} → ${after ?? 'absent'}${because === null ? '' : `  ${because}`}`);
    lines.push('');
  };
  block(
    'Regressions',
    changes.filter((change) => change.regression),
  );
  block(
    'Other changes',
    changes.filter((change) => !change.regression),
  );
  if (readings.length > 0) {
    lines.push('Readings:');
    for (const { rule, id, before, after } of readings)
      lines.push(`  ${rule}  ${id}  ${JSON.stringify(before)} → ${JSON.stringify(after)}`);
    lines.push('');
  }
  if (latency.length > 0) {
    lines.push('Median time of what was let through:');
    for (const { verb, before, after } of latency) lines.push(`  ${verb}  ${times(before)} → ${times(after)}`);
    lines.push('');
  }
  if (changes.length === 0) lines.push('No verdict changed.');
  const word = conformance.before === conformance.after ? conformance.after : `${conformance.before} → ${conformance.after}`;
  lines.push(`${word}; ${diff.regression ? 'a regression' : 'no regression'}`);
  return lines;
}

function times(latency: Latency['before']): string {
  return latency ? `${latency.p50} ms (${latency.steps} steps)` : '—';
}
