// A running fleet as OpenMetrics 1.0 text: families with their metadata first, counters ending in _total, seconds as the unit of time, and
// `# EOF` at the end. Pure; the server is in metrics.ts.
import type { FleetView } from '../worker/fleet/controller.ts';
import { UNIT_STATES } from '../worker/fleet/fleet.ts';
import { cumulative, PHASES, type Histograms } from '../worker/fleet/measure.ts';

export interface Scrape {
  readonly version: string;
  readonly view: FleetView;
  readonly histograms: Histograms;
}

type Labels = Readonly<Record<string, string>>;
type FamilyType = 'counter' | 'gauge' | 'histogram' | 'info';

interface Sample {
  /** What follows the family's name: `_total`, `_bucket`, nothing. */
  readonly suffix: string;
  readonly labels: Labels;
  readonly value: number;
}

/** Upper bounds of buckets, seconds: from a memory stream's hop to the longest that a histogram holds. */
const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const MS = 1000;

/** A float as the exposition format wants it in `le`: always with a point. */
const canonical = (value: number): string => (Number.isInteger(value) ? value.toFixed(1) : String(value));

const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');

function lineOf(name: string, { suffix, labels, value }: Sample): string {
  const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escaped(text)}"`);
  return `${name}${suffix}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}`;
}

/** @param name with the unit as its last word where there is one */
function family(name: string, type: FamilyType, help: string, samples: readonly Sample[], unit?: string): string[] {
  return [
    `# TYPE ${name} ${type}`,
    ...(unit === undefined ? [] : [`# UNIT ${name} ${unit}`]),
    `# HELP ${name} ${escaped(help)}`,
    ...samples.map((sample) => lineOf(name, sample)),
  ];
}

const counts = (label: string, of: Readonly<Record<string, number>>): Sample[] =>
  Object.entries(of).map(([key, value]) => ({ suffix: '_total', labels: { [label]: key }, value }));

function histogramSamples(histogram: Histograms[keyof Histograms], labels: Labels): Sample[] {
  const {
    counts: within,
    total,
    sumMs,
  } = cumulative(
    histogram,
    BOUNDS.map((bound) => bound * MS),
  );
  const buckets = [...BOUNDS.map(canonical), '+Inf'].map((le, i) => ({
    suffix: '_bucket',
    labels: { ...labels, le },
    value: within[i] ?? total,
  }));
  return [...buckets, { suffix: '_count', labels, value: total }, { suffix: '_sum', labels, value: sumMs / MS }];
}

/** The whole exposition. */
export function openMetrics({ version, view, histograms }: Scrape): string {
  const states = new Map<string, number>(UNIT_STATES.map((state) => [state, 0]));
  for (const code of view.states) {
    const state = UNIT_STATES[code];
    if (state) states.set(state, (states.get(state) ?? 0) + 1);
  }
  const phases = (kind: 'latency' | 'service'): Sample[] =>
    PHASES.flatMap((phase) => histogramSamples(histograms[`${kind}.${phase}`], { phase }));
  const one = (value: number, suffix = ''): Sample[] => [{ suffix, labels: {}, value }];
  const lines = [
    ...family('muster_build', 'info', 'The version that measured.', [{ suffix: '_info', labels: { version }, value: 1 }]),
    ...family(
      'muster_units',
      'gauge',
      'Units by state.',
      [...states].map(([state, value]) => ({ suffix: '', labels: { state }, value })),
    ),
    ...family('muster_units_online', 'gauge', 'Units connected now.', one(view.online)),
    ...family('muster_units_started', 'counter', 'Units started.', one(view.started, '_total')),
    ...family('muster_units_ended', 'counter', 'Units by how they ended.', counts('ending', view.endings)),
    ...family('muster_outcomes', 'counter', 'Attempts by outcome.', counts('outcome', view.outcomes)),
    ...family('muster_throttled', 'counter', 'Attempts that the platform put off.', one(view.throttled, '_total')),
    ...family(
      'muster_throttled_probable',
      'counter',
      'Connections closed without a reason while the fleet was over a limit of its target.',
      one(view.throttledProbable, '_total'),
    ),
    ...family('muster_own_faults', 'counter', 'Attempts that the bad network of the plan broke.', one(view.ownFaults, '_total')),
    ...family(
      'muster_errors',
      'counter',
      'Attempts that went wrong, by family and kind.',
      view.errors.map(({ family: of, kind, count }) => ({ suffix: '_total', labels: { family: of, kind }, value: count })),
    ),
    ...family('muster_arrivals_offered', 'gauge', 'Arrivals a second, as planned.', one(view.rate.offered)),
    ...family('muster_arrivals_achieved', 'gauge', 'Arrivals a second, as started.', one(view.rate.achieved)),
    ...family('muster_phase_latency_seconds', 'histogram', 'From the intended start of a phase to its end.', phases('latency'), 'seconds'),
    ...family('muster_phase_service_seconds', 'histogram', 'From the real start of a phase to its end.', phases('service'), 'seconds'),
    ...family(
      'muster_scheduler_lag_seconds',
      'histogram',
      'How late units and posts were started.',
      histogramSamples(histograms.lag, {}),
      'seconds',
    ),
    '# EOF',
  ];
  return `${lines.join('\n')}\n`;
}
