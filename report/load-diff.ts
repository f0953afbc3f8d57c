// Two load reports compared: thresholds that fell, devices that were lost, latencies that grew.
import type { LoadCheck } from './load-checks.ts';
import { figure } from './load-checks.ts';
import { says } from './load-latency.ts';
import type { LoadReport, LoadVerdict } from './load.ts';

/** A percentile that is larger by both is a regression: by a share, and by more than a scheduler's jitter. */
export const SLOWER = { share: 0.25, ms: 5 } as const;
/** Share of all devices by which fewer may be activated before it is one. */
const FEWER = 0.001;

export interface LoadLatency {
  /** `connect p99`. */
  readonly what: string;
  /** Milliseconds from the intended start; null where none was measured. */
  readonly before: number | null;
  readonly after: number | null;
  readonly regression: boolean;
}

export interface LoadChange {
  /** A threshold, or what every run is asked. */
  readonly id: string;
  /** Null where the report does not have it. */
  readonly before: LoadCheck['verdict'] | null;
  readonly after: LoadCheck['verdict'] | null;
  readonly because: string | null;
  readonly regression: boolean;
}

export interface LoadDiff {
  readonly kind: 'load';
  readonly verdict: { readonly before: LoadVerdict; readonly after: LoadVerdict };
  /** In what the two runs are not the same, which a reader has to know before anything else. */
  readonly differs: readonly string[];
  readonly changes: readonly LoadChange[];
  readonly latency: readonly LoadLatency[];
  /** Devices activated, of all. */
  readonly activated: { readonly before: string; readonly after: string; readonly regression: boolean };
  readonly regression: boolean;
}

/** Compares an earlier run of a fleet with a later one. */
export function diffLoads(before: LoadReport, after: LoadReport): LoadDiff {
  const changes = changesOf(before, after);
  const latency = latencyOf(before, after);
  const share = ({ load }: LoadReport): number => (load.devices === 0 ? 1 : load.activated / load.devices);
  const lost = share(after) < share(before) - FEWER;
  const of = ({ load }: LoadReport): string => `${load.activated} of ${load.devices}`;
  return {
    kind: 'load',
    verdict: { before: before.result.verdict, after: after.result.verdict },
    differs: differs(before, after),
    changes,
    latency,
    activated: { before: of(before), after: of(after), regression: lost },
    regression: lost || changes.some((one) => one.regression) || latency.some((one) => one.regression),
  };
}

function differs(before: LoadReport, after: LoadReport): string[] {
  const pairs: [string, string, string][] = [
    ['target', before.target, after.target],
    ['devices', String(before.load.devices), String(after.load.devices)],
    ['arrivals a second, offered', figure(before.load.rate.offered), figure(after.load.rate.offered)],
    ['workers', String(before.load.workers), String(after.load.workers)],
    ['what the latencies measure', before.load.measures, after.load.measures],
    ['version of Muster', before.version, after.version],
    ['system', before.environment.system, after.environment.system],
    ['identities and schedule', before.load.digest.slice(0, 12), after.load.digest.slice(0, 12)],
  ];
  return pairs.filter(([, a, b]) => a !== b).map(([name, a, b]) => `${name}: ${a} → ${b}`);
}

function changesOf(before: LoadReport, after: LoadReport): LoadChange[] {
  const of = (report: LoadReport) => new Map(report.checks.map((one) => [one.id, one]));
  const [was, is] = [of(before), of(after)];
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((id): LoadChange[] => {
    const [a, b] = [was.get(id), is.get(id)];
    if (a?.verdict === b?.verdict) return [];
    const change = { id, before: a?.verdict ?? null, after: b?.verdict ?? null, because: b?.because ?? null };
    return [{ ...change, regression: a?.verdict === 'pass' }];
  });
}

function latencyOf(before: LoadReport, after: LoadReport): LoadLatency[] {
  return (['register', 'connect', 'post'] as const).flatMap((phase) =>
    (['p50', 'p90', 'p99'] as const).flatMap((point): LoadLatency[] => {
      const of = ({ load }: LoadReport): number | null => {
        const found = load.latencyMs[phase];
        // The largest of a few values compares with nothing.
        return found && says(found, point, load.samplesNeeded) ? found[point] : null;
      };
      const [was, is] = [of(before), of(after)];
      if (was === null && is === null) return [];
      const slower = was !== null && is !== null && is > was * (1 + SLOWER.share) && is > was + SLOWER.ms;
      return [{ what: `${phase} ${point}`, before: was, after: is, regression: slower }];
    }),
  );
}

/** The comparison as a person at a terminal reads it. */
export function loadDiffLines({ differs: others, changes, latency, activated, verdict, regression }: LoadDiff): string[] {
  const lines = others.length > 0 ? ['Not the same in both:', ...others.map((line) => `  ${line}`), ''] : [];
  const sign = (worse: boolean): string => (worse ? 'worse  ' : '       ');
  if (changes.length > 0) {
    lines.push('What was asked:');
    for (const { id, before, after, because, regression: worse } of changes)
      lines.push(`  ${sign(worse)}${id}  ${before ?? 'absent'} → ${after ?? 'absent'}${because === null ? '' : `  ${because}`}`);
    lines.push('');
  }
  lines.push(
    `Activated: ${sign(activated.regression).trim()}${activated.regression ? '  ' : ''}${activated.before} → ${activated.after}`,
    '',
  );
  if (latency.length > 0) {
    lines.push('Latency from the intended start, ms:');
    const shown = (value: number | null): string => (value === null ? '—' : figure(value));
    for (const { what, before, after, regression: worse } of latency)
      lines.push(`  ${sign(worse)}${what.padEnd(13)}  ${shown(before)} → ${shown(after)}`);
    lines.push('');
  }
  const word = verdict.before === verdict.after ? verdict.after : `${verdict.before} → ${verdict.after}`;
  lines.push(`${word}; ${regression ? 'a regression' : 'no regression'}`);
  return lines;
}
