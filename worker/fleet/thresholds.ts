// What must hold of a finished run, as a plan says it: `p99(connect) < 500ms`, `refused == 0`, `achieved/offered > 0.99`.
import { isShown, mention } from '../../kernel/mention.ts';
import { nearest } from '../../kernel/words.ts';
import { samplesNeeded } from './measure.ts';

const COUNTS = [
  'devices',
  'activated',
  'refused',
  'failed',
  'local',
  'aborted',
  'throttled',
  'offered',
  'achieved',
  'published',
  'answered',
  'overruns',
  'missed',
  'lost',
  'reconnected',
] as const;
export type CountName = (typeof COUNTS)[number];

const SERIES = ['register', 'connect', 'post', 'service.register', 'service.connect', 'service.post', 'lag'] as const;
export type SeriesName = (typeof SERIES)[number];

type Metric =
  | { readonly kind: 'count'; readonly name: CountName }
  /** A percentile of a histogram, 100 for its maximum; milliseconds. */
  | { readonly kind: 'percentile'; readonly of: SeriesName; readonly p: number };

const COMPARE = {
  '<=': (a: number, b: number) => a <= b,
  '>=': (a: number, b: number) => a >= b,
  '==': (a: number, b: number) => a === b,
  '!=': (a: number, b: number) => a !== b,
  '<': (a: number, b: number) => a < b,
  '>': (a: number, b: number) => a > b,
} as const;

export interface Threshold {
  /** As it was written. */
  readonly text: string;
  /** One metric, or one divided by another. */
  readonly left: readonly Metric[];
  readonly compare: keyof typeof COMPARE;
  /** Milliseconds where the metric is a time; a name stands for a count of the run. */
  readonly bound: number | CountName;
}

/** What a threshold asks a finished run. */
export interface Measured {
  /** null where the run does not say. */
  count(name: CountName): number | null;
  /** Milliseconds; null where it was not measured, or is withheld. */
  percentile(of: SeriesName, p: number): number | null;
  /** Of how many values that is. */
  samples(of: SeriesName): number;
}

/** Why a percentile was not judged: there are fewer values than it needs to be more than the largest of them. */
export interface TooFew {
  readonly had: number;
  readonly needed: number;
}

export interface Judged {
  readonly text: string;
  /** null: the run does not say. */
  readonly ok: boolean | null;
  /** What was measured; milliseconds where it is a time. */
  readonly actual: number | null;
  /** Where that decides nothing. */
  readonly tooFew?: TooFew;
}

interface Refusal {
  readonly why: string;
  readonly remedy: string;
}

export type ParsedThreshold = { readonly ok: true; readonly threshold: Threshold } | ({ readonly ok: false } & Refusal);

const WHOLE = /^\s*(.+?)\s*(<=|>=|==|!=|<|>)\s*(?:(\d+(?:\.\d+)?)\s*(us|ms|s|%)?|([a-z]+))\s*$/;
const PERCENTILE = /^(?:p(\d{1,2}(?:\.\d+)?)|(max))\(\s*([a-z.]+)\s*\)$/;
const UNITS = { us: 0.001, ms: 1, s: 1000, '%': 0.01 } as const;
/** Of which count another is a part, where that is not the devices. */
const WHOLE_OF: Partial<Record<CountName, CountName>> = { achieved: 'offered', offered: 'offered', answered: 'published' };
const EXAMPLES = 'write it as `p99(connect) < 500ms`, `refused == 0` or `achieved/offered > 0.99`';

/** Reads one threshold. */
export function parseThreshold(text: string): ParsedThreshold {
  const [, expression, compare = '', number = '', unit, name] = WHOLE.exec(text) ?? [];
  if (expression === undefined || !isComparison(compare))
    return { ok: false, why: `${mention(text, COUNTS)} is no threshold`, remedy: EXAMPLES };
  const left: Metric[] = [];
  for (const word of expression.split('/')) {
    const metric = metricOf(word.trim());
    if ('why' in metric) return { ok: false, ...metric };
    left.push(metric);
  }
  const named = name === undefined ? undefined : metricOf(name);
  if (named && 'why' in named) return { ok: false, ...named };
  const mismatch = mismatchOf(left, { compare, number, unit, named });
  if (mismatch) return { ok: false, ...mismatch };
  const factor = unit === undefined ? 1 : UNITS[unit as keyof typeof UNITS];
  const bound = named?.kind === 'count' ? named.name : Number(number) * factor;
  return { ok: true, threshold: { text: text.trim(), left, compare, bound } };
}

/** The right side, as it was written. */
interface Right {
  readonly compare: keyof typeof COMPARE;
  readonly number: string;
  readonly unit: string | undefined;
  readonly named: Metric | undefined;
}

/** A time is compared with a time, a count with a count, a ratio with a number; anything else would hold, or not, whatever the run did. */
function mismatchOf(left: readonly Metric[], { compare, number, unit, named }: Right): Refusal | undefined {
  const [metric, by, ...more] = left;
  if (more.length > 0) return { why: 'this divides more than once', remedy: EXAMPLES };
  const isTime = !by && metric?.kind === 'percentile';
  if (isTime && (unit === undefined || unit === '%'))
    return { why: 'this compares a time with a number', remedy: 'give a unit: us, ms or s' };
  if (!isTime && unit !== undefined && unit !== '%') return { why: 'this compares a number with a time', remedy: 'leave the unit out' };
  if (by && metric && by.kind !== metric.kind)
    return {
      why: by.kind === 'count' ? 'this divides a time by a count' : 'this divides a count by a time',
      remedy: 'divide one count by another, or one time by another',
    };
  if (by && named) return { why: 'this compares a ratio with a count', remedy: 'compare it with a number: 0.99, or 99%' };
  if (!by && metric?.kind === 'count' && unit === '%')
    return { why: 'a count has no %', remedy: shareOf(metric.name, `${compare} ${isShown(number) ? number : 99}%`) };
  return undefined;
}

/** The ratio that was meant by a share of a count. */
function shareOf(name: CountName, rest: string): string {
  const whole = WHOLE_OF[name] ?? 'devices';
  return name === whole ? 'leave the % out, or divide another count by it' : `write ${name}/${whole} ${rest}`;
}

function isComparison(text: string): text is keyof typeof COMPARE {
  return Object.hasOwn(COMPARE, text);
}

function metricOf(word: string): Metric | Refusal {
  const [, p, max, of] = PERCENTILE.exec(word) ?? [];
  if (of !== undefined) {
    const series = SERIES.find((one) => one === of);
    if (series) return { kind: 'percentile', of: series, p: max ? 100 : Number(p) };
    return { why: `nothing named ${mention(of, SERIES)} is timed`, remedy: suggestion(of, SERIES) };
  }
  const name = COUNTS.find((one) => one === word);
  if (name) return { kind: 'count', name };
  return { why: `${mention(word, COUNTS)} is no metric`, remedy: suggestion(word, COUNTS) };
}

function suggestion(word: string, known: readonly string[]): string {
  const one = nearest(word, known);
  return `${one === undefined ? '' : `did you mean ${one}? `}known are ${known.join(', ')}`;
}

/** Judges a run by its thresholds. */
export function judge(thresholds: readonly Threshold[], run: Measured): Judged[] {
  return thresholds.map(({ text, left, compare, bound }) => {
    const actual = valueOf(left, run);
    if (actual === null) return { text, ok: null, actual };
    const against = typeof bound === 'number' ? bound : run.count(bound);
    if (against === null) return { text, ok: null, actual };
    const tooFew = left.map((metric) => tooFewFor(metric, run)).find((one) => one !== undefined);
    if (!tooFew) return { text, ok: COMPARE[compare](actual, against), actual };
    const ok = decidedBelow(left, compare, against, tooFew, run);
    return ok === null ? { text, ok, actual, tooFew } : { text, ok, actual };
  });
}

function tooFewFor(metric: Metric, run: Measured): TooFew | undefined {
  if (metric.kind === 'count') return undefined;
  const [had, needed] = [run.samples(metric.of), samplesNeeded(metric.p)];
  return had < needed ? { had, needed } : undefined;
}

/**
 * What follows already from the highest percentile that so few values can say, since one above it is no less: where two of 20 took longer
 * than the 99th percentile may, the run has missed it. One of them may be the one of a hundred.
 */
function decidedBelow(
  [metric, ...more]: readonly Metric[],
  compare: Threshold['compare'],
  against: number,
  { had }: TooFew,
  run: Measured,
): boolean | null {
  if (metric?.kind !== 'percentile' || more.length > 0 || metric.p <= 50 || had < samplesNeeded(50)) return null;
  const least = run.percentile(metric.of, 100 - 100 / had);
  if (least === null || compare === '==' || compare === '!=') return null;
  const holds = COMPARE[compare](least, against);
  return compare === '>' || compare === '>=' ? (holds ? true : null) : holds ? null : false;
}

function valueOf(left: readonly Metric[], run: Measured): number | null {
  const values = left.map((metric) => (metric.kind === 'count' ? run.count(metric.name) : run.percentile(metric.of, metric.p)));
  const [over, under = 1] = values;
  // Nothing of nothing: the run does not say.
  return over === undefined || over === null || under === null || under === 0 ? null : over / under;
}
