// A load report as a person at a terminal reads it.
import { figure } from './load-checks.ts';
import type { LoadReport } from './load.ts';

/** Verdicts of what was asked, the percentiles, what went wrong. Colours are the caller's. */
export function loadLines({ checks, load }: LoadReport): string[] {
  const lines = checks.map((one) => `${one.verdict.padEnd(5)}  ${one.because}`);
  const rows = (['register', 'connect', 'post'] as const).flatMap((phase) => {
    const found = load.latencyMs[phase];
    return found
      ? [`  ${phase.padEnd(8)}  p50 ${figure(found.p50)}, p90 ${figure(found.p90)}, p99 ${figure(found.p99)}, max ${figure(found.max)}`]
      : [];
  });
  if (rows.length > 0) lines.push('', 'Latency from the intended start, ms:', ...rows);
  const { errors = [] } = load;
  if (errors.length > 0) lines.push('', 'What went wrong:', ...errors.map((one) => `  ${one.count} ${one.family} ${one.kind}: ${one.en}`));
  return lines;
}
