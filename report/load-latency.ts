// Which of a fleet's percentiles say something: the 99th of twenty values is only the largest of them.
import type { Said } from '../scenarios/judge/verdict.ts';
import type { LoadFigures } from './load.ts';
import { figure } from './load-checks.ts';

type Found = NonNullable<LoadFigures['latencyMs']['connect']>;
type Needed = LoadFigures['samplesNeeded'];
export type Point = 'min' | 'p50' | 'p90' | 'p99' | 'max';

/** Does a figure say something? Of an earlier version nobody knows how many values there were. */
export function says(found: Found, point: Point, needed: Needed): boolean {
  if (found.count === undefined || !needed || point === 'min' || point === 'max') return true;
  return found.count >= needed[point];
}

/** Milliseconds as they are shown; a dash where a figure says nothing or is not there. */
export function shown(found: Found, point: Point, needed: Needed): string {
  const value = found[point];
  return value === undefined || !says(found, point, needed) ? '—' : figure(value);
}

/** What the dashes mean; null where there is none. */
export function tooFewSaid({ latencyMs, serviceMs, samplesNeeded }: LoadFigures): Said | null {
  const all = [latencyMs, serviceMs].flatMap((kind) => Object.values(kind)).filter((found) => found !== null);
  if (!samplesNeeded || all.every((found) => says(found, 'p99', samplesNeeded))) return null;
  const { p50, p90, p99 } = samplesNeeded;
  return {
    en: `A dash: too few samples. A p50 takes ${p50} of them, a p90 ${p90}, a p99 ${p99}; with fewer it would be the largest of them.`,
    'zh-CN': `“—”表示样本不足：p50 至少需要 ${p50} 个样本，p90 需要 ${p90} 个，p99 需要 ${p99} 个；样本再少，得到的只是其中的最大值。`,
  };
}
