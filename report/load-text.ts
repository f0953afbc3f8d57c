// A load report as a person at a terminal reads it.
import { shown, tooFewSaid, type Point } from './load-latency.ts';
import type { LoadReport } from './load.ts';

const POINTS: readonly Point[] = ['p50', 'p90', 'p99', 'max'];

/** Verdicts of what was asked, the percentiles, what went wrong. Colours are the caller's. */
export function loadLines({ checks, load }: LoadReport): string[] {
  const lines = checks.map((one) => `${one.verdict.padEnd(5)}  ${one.because}`);
  const rows = (['register', 'connect', 'post'] as const).flatMap((phase) => {
    const found = load.latencyMs[phase];
    if (!found) return [];
    const points = POINTS.map((point) => `${point} ${shown(found, point, load.samplesNeeded)}`);
    return [`  ${phase.padEnd(8)}  ${points.join(', ')}${found.count === undefined ? '' : ` of ${found.count} samples`}`];
  });
  if (rows.length > 0) lines.push('', 'Latency from the intended start, ms:', ...rows);
  const few = rows.length > 0 ? tooFewSaid(load) : null;
  if (few) lines.push(`  ${few.en}`);
  const { errors = [] } = load;
  if (errors.length > 0) lines.push('', 'What went wrong:', ...errors.map((one) => `  ${one.count} ${one.family} ${one.kind}: ${one.en}`));
  return lines;
}
