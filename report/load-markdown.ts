// A load report as Markdown for the summary of a CI job: what was asked and what it came to, latencies, errors.
import type { LoadReport } from './load.ts';
import { figure } from './load-checks.ts';
import { shown, tooFewSaid } from './load-latency.ts';
import { bounded, cell, code, safe } from './markdown.ts';

const MARK = { pass: '✅', fail: '❌', undecided: '⚠️' } as const;
const WORD = { pass: 'held', fail: 'missed', undecided: 'undecided' } as const;
const PHASES = ['register', 'connect', 'post'] as const;
const POINTS = ['min', 'p50', 'p90', 'p99', 'max'] as const;

/** `summary.md` of a fleet. */
export function renderLoadMarkdown(report: LoadReport): string {
  return bounded([headOf(report), checksOf(report), latencyOf(report), errorsOf(report), footOf(report)].filter((block) => block !== ''));
}

function headOf({ target, result, load }: LoadReport): string {
  return [
    `## ${MARK[result.verdict]} ${safe(target)}: ${WORD[result.verdict]}`,
    '',
    safe(result.headline),
    '',
    safe(result.zh.headline),
    '',
    `- Devices: ${load.activated} of ${load.devices} activated; ${load.refused} refused, ${load.failed} failed, ${load.local} local, ${load.aborted} aborted`,
    `- Arrivals a second: ${figure(load.rate.achieved)}${load.rate.atOnce ? ', all due at once' : ` of ${figure(load.rate.offered)} offered`}`,
    ...(load.throttled === undefined ? [] : [`- Throttled attempts: ${load.throttled}`]),
    ...(load.throttledProbable ? [`- Closed while the fleet was over a limit, probably throttled: ${load.throttledProbable}`] : []),
    ...(load.ownFaults ? [`- Broken by the bad network of the plan itself: ${load.ownFaults}`] : []),
    ...(typeof load.stopped === 'string' ? [`- Stopped before its time: ${safe(load.stopped)}`] : []),
    ...(load.measures === 'self' ? ['- The platform shared this machine with the fleet: latencies measure Muster itself'] : []),
  ].join('\n');
}

function checksOf({ checks }: LoadReport): string {
  const rows = checks.map((one) => `| ${one.verdict} | ${code(one.id)} | ${cell(one.because)} | ${cell(one.zh.because)} |`);
  return ['### What was asked', '', '| Verdict | Asked | Measured | 实测 |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function latencyOf({ load }: LoadReport): string {
  const rows = (['latencyMs', 'serviceMs'] as const).flatMap((kind) =>
    PHASES.flatMap((phase) => {
      const found = load[kind][phase];
      if (!found) return [];
      const cells = [found.count ?? '—', ...POINTS.map((point) => shown(found, point, load.samplesNeeded))];
      return [`| ${phase} | ${NAMES[kind]} | ${cells.join(' | ')} |`];
    }),
  );
  if (rows.length === 0) return '';
  const few = tooFewSaid(load);
  return [
    '### Milliseconds',
    '',
    '| Phase | From | samples | min | p50 | p90 | p99 | max |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
    ...(few ? ['', few.en, '', few['zh-CN']] : []),
  ].join('\n');
}

const NAMES = { latencyMs: 'intended start', serviceMs: 'real start' } as const;

function errorsOf({ load: { errors = [] } }: LoadReport): string {
  if (errors.length === 0) return '';
  const rows = errors.map(({ family, kind, count, en, zh }) => `| ${count} | ${code(`${family} ${kind}`)} | ${cell(en)} | ${cell(zh)} |`);
  return ['### What went wrong', '', '| Count | Kind | In words | 说明 |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function footOf({ seed, namespace, version, load, footer }: LoadReport): string {
  return `<sub>seed ${code(seed)}, namespace ${code(namespace)}, Muster ${code(version)}<br>plan ${code(load.digest)}<br>report ${code(footer.sha256)}</sub>`;
}
