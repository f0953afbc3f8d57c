// What the page shows of a run's measurements, and whose fault silence may be. Pure: counters and histograms in.
import type { FleetView } from '../../worker/fleet/controller.ts';
import { isMiscounted, reasonSaid } from '../../report/load-checks.ts';
import { percentiles, PHASES, SAMPLES_NEEDED, type Histograms, type Percentiles, type Phase } from '../../worker/fleet/measure.ts';
import { localAttempts, validity, type Validity } from '../../worker/fleet/validity.ts';
import type { Language } from '../i18n/t.svelte.ts';
import type { RelayFigures } from './relay-figures.ts';

export type Figures = Readonly<Record<'latency' | 'service', Readonly<Record<Phase, Percentiles | null>>>> & {
  readonly validity: Validity;
  /** Why the devices of this machine were slower than planned; empty where they were not. */
  readonly slow: readonly string[];
  readonly relay: RelayFigures | null;
};

/** @param relay what the relay measured; null where there was none */
export function figuresOf(histograms: Histograms, { rate, errors }: FleetView, relay: RelayFigures | null): Figures {
  const of = (kind: 'latency' | 'service'): Record<Phase, Percentiles | null> =>
    Object.fromEntries(PHASES.map((phase) => [phase, percentiles(histograms[`${kind}.${phase}`])])) as Record<Phase, Percentiles | null>;
  return {
    latency: of('latency'),
    service: of('service'),
    validity: validity(histograms, rate, localAttempts(errors)),
    slow: validity(histograms, rate, 0).reasons,
    relay,
  };
}

/** Attempts that nobody answered, where this machine had a part in it: all of them on a platform of its own. */
export interface OwnSilence {
  readonly count: number;
  readonly platform: 'own' | 'target';
  readonly reasons: readonly string[];
}

/** @param url of the target; null for the in-page platform, which answers whatever it has the time for */
export function ownSilence(errors: FleetView['errors'], slow: readonly string[], url: string | null): OwnSilence | null {
  const count = errors.reduce((sum, { kind, count: times }) => (kind === 'silent' ? sum + times : sum), 0);
  if (count === 0 || (url !== null && slow.length === 0)) return null;
  return { count, platform: url === null ? 'own' : 'target', reasons: slow };
}

export interface Miscount {
  readonly ours: number;
  readonly platform: number;
}

/**
 * Where the platform's own count cannot be ours.
 * @param platform devices that it activated in this run; null where nobody could ask it
 */
export function miscountOf(endings: FleetView['endings'], platform: number | null): Miscount | null {
  if (platform === null || !isMiscounted({ ...endings, platform: { activated: platform } })) return null;
  return { ours: endings.activated, platform };
}

/** Reasons of a validity, in a language of the page. */
export function reasonsIn(reasons: readonly string[], language: Language): string {
  return reasons.map((reason) => reasonSaid(reason)[language]).join(language === 'en' ? '; ' : '；');
}

/** Columns of a table of percentiles. */
export const COLUMNS = ['p50', 'p90', 'p99', 'max'] as const;
export type Column = (typeof COLUMNS)[number];

/** Are there values, but too few for this percentile to be more than the largest of them? */
export function tooFew(found: Percentiles | null | undefined, column: Column): boolean {
  return found?.count !== undefined && column !== 'max' && found.count < SAMPLES_NEEDED[column];
}
