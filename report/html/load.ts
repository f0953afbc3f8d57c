// The report of a fleet as one HTML file: what was asked, figures, percentiles, the seconds of the run, what went wrong. Same rules as the
// report of a conformance run: nothing is loaded, everything is escaped, and without its script it is in English.
import type { LoadCheck } from '../load-checks.ts';
import { figure, reasonSaid, stopSaid } from '../load-checks.ts';
import { shown, tooFewSaid } from '../load-latency.ts';
import type { LoadReport, LoadVerdict } from '../load.ts';
import { nameSaid } from '../names.ts';
import type { WordKey } from '../words.en.ts';
import { chart, highest, rounded, type Line } from './chart.ts';
import { markup, type Markup, type Part } from './markup.ts';
import { document, tongues } from './page.ts';
import { both, element, say, word } from './say.ts';
import { section, table } from './tables.ts';
import { facts } from './summary.ts';
import { mark } from './verdicts.ts';

const SECTIONS = ['result', 'figures', 'latency', 'series', 'errors', 'run'] as const;
const PHASES = ['register', 'connect', 'post'] as const;
const VERDICT = { pass: 'pass', fail: 'fail', undecided: 'inconclusive' } as const satisfies Record<LoadVerdict, string>;

/** `report.html` of a fleet. */
export function renderLoadHtml(report: LoadReport): string {
  return document({
    title: ['load.title', report.target],
    controls: markup`<form id="controls" aria-labelledby="controls-h" hidden><p id="controls-h" class="hide">${word('find.language')}</p>${tongues()}</form>`,
    nav: SECTIONS.map((id) => markup`<li><a href="#${id}">${word(`load.${id}`)}</a>`),
    main: [resultOf(report), figuresOf(report), latencyOf(report), seriesOf(report), errorsOf(report), runOf(report)],
    foot: say('load.foot', { version: report.version }),
  });
}

function resultOf({ target, result, checks }: LoadReport): Markup {
  const verdict = VERDICT[result.verdict];
  const banner = { pass: 'conformant', fail: 'not-conformant', undecided: 'undetermined' }[result.verdict];
  return section('result', 'load.result', [
    markup`<p class="banner banner-${banner}"><strong class="big">${mark(verdict)} ${word(`load.verdict.${result.verdict}`)}</strong><span><b>${both(nameSaid(target))}</b></span></p>`,
    markup`<p>${both({ en: result.headline, 'zh-CN': result.zh.headline })}</p>`,
    table(
      ['rules.verdict', 'load.asked', 'load.seen'],
      checks.map((one) => ({
        cells: [mark(one.verdict), markup`<code>${one.id}</code>`, both({ en: one.because, 'zh-CN': one.zh.because })],
      })),
    ),
  ]);
}

function figuresOf({ load, checks }: LoadReport): Markup {
  const { rate, validity, traffic, platform, cohorts = [] } = load;
  const believed: Part = validity.ok
    ? both(saidOf(checks))
    : markup`<ul class="list">${validity.reasons.map((reason) => markup`<li>${both(reasonSaid(reason))}`)}</ul>`;
  return section('figures', 'load.figures', [
    facts([
      ['load.devices', load.devices],
      ['load.activated', load.activated],
      ['load.refused', load.refused],
      ...(load.throttled === undefined ? [] : ([['load.throttled', load.throttled]] as const)),
      ...(load.throttledProbable ? ([['load.throttledProbable', load.throttledProbable]] as const) : []),
      ['load.failed', load.failed],
      ...(load.ownFaults ? ([['load.ownFaults', load.ownFaults]] as const) : []),
      ['load.local', load.local],
      ['load.aborted', load.aborted],
      ['load.offered', figure(rate.offered)],
      ['load.achieved', figure(rate.achieved)],
      ...(platform === null ? [] : ([['load.counted', platform.activated]] as const)),
      ...(traffic === undefined || Object.values(traffic).every((count) => count === 0)
        ? []
        : ([['load.traffic', trafficOf(traffic)]] as const)),
      ...(typeof load.stopped === 'string' ? ([['load.stopped', both(stopSaid(load.stopped))]] as const) : []),
      ['load.believed', believed],
      ['load.measures', word(`load.measures.${load.measures}`)],
    ]),
    cohorts.length > 1 && [
      markup`<h3>${word('load.cohorts')}</h3>`,
      table(
        ['load.cohort', 'load.devices', 'load.activated', 'load.refused', 'load.failed', 'load.local', 'load.aborted'],
        cohorts.map((one) => ({
          cells: [markup`<b>${one.name}</b>`, one.devices, one.activated, one.refused, one.failed, one.local, one.aborted],
        })),
        true,
      ),
    ],
  ]);
}

function saidOf(checks: readonly LoadCheck[]): { en: string; 'zh-CN': string } {
  const found = checks.find((one) => one.kind === 'validity');
  return { en: found?.because ?? '', 'zh-CN': found?.zh.because ?? '' };
}

/** Counters by the names that the account gives them: they are the same in every language. */
function trafficOf(traffic: object): Part {
  return Object.entries(traffic)
    .filter(([, count]) => count !== 0)
    .map(([name, count], i) => markup`${i > 0 && ', '}<code>${name}</code> ${String(count)}`);
}

function latencyOf({ load }: LoadReport): Markup {
  const rows = (['latencyMs', 'serviceMs'] as const).flatMap((kind) =>
    PHASES.flatMap((phase) => {
      const found = load[kind][phase];
      if (!found) return [];
      const figures = (['min', 'p50', 'p90', 'p99', 'max'] as const).map((point) => shown(found, point, load.samplesNeeded));
      return [{ cells: [word(`load.phase.${phase}`), word(`load.from.${kind}`), found.count ?? '—', ...figures] }];
    }),
  );
  const few = tooFewSaid(load);
  return section('latency', 'load.latency', [
    element('p', 'load.about'),
    rows.length > 0
      ? table(['load.phase', 'load.from', 'load.samples', 'load.min', 'load.p50', 'load.p90', 'load.p99', 'load.max'], rows, true)
      : element('p', load.validity.ok ? 'load.noLatency' : 'load.withheld'),
    few && markup`<p>${both(few)}</p>`,
  ]);
}

function seriesOf({ load: { series = [] } }: LoadReport): Markup {
  const seconds = series.length;
  if (seconds === 0) return section('series', 'load.series', [element('p', 'load.noSeries')]);
  const values = (of: (point: (typeof series)[number]) => number | null): (number | null)[] => series.map(of);
  const panels: [WordKey, Line[]][] = [
    [
      'load.panel.arrivals',
      [
        { look: 'b', values: values((one) => one.offered) },
        { look: 'a', values: values((one) => one.started) },
      ],
    ],
    ['load.panel.online', [{ look: 'a', values: values((one) => one.online) }]],
    ['load.panel.trouble', [{ look: 'a', values: values((one) => one.refused + one.failed + one.local) }]],
    [
      'load.panel.posts',
      [
        { look: 'b', values: values((one) => one.posts) },
        { look: 'a', values: values((one) => one.replies) },
      ],
    ],
    ...PHASES.map((phase): [WordKey, Line[]] => [
      `load.panel.${phase}`,
      [
        { look: 'b', values: values((one) => one.latencyMs[phase]?.p99 ?? null) },
        { look: 'a', values: values((one) => one.latencyMs[phase]?.p50 ?? null) },
      ],
    ]),
  ];
  const drawn = panels.filter(([, lines]) => highest(lines) > 0);
  return section(
    'series',
    'load.series',
    drawn.map(
      ([key, lines]) =>
        markup`<figure><figcaption>${say(key, { top: rounded(highest(lines)) })}</figcaption>${chart(lines, seconds)}</figure>\n`,
    ),
  );
}

function errorsOf({ load: { errors, outcomes } }: LoadReport): Markup {
  const rows =
    errors?.map(({ family, kind, count, en, zh, example }) => ({
      cells: [
        count,
        markup`<code>${family} ${kind}</code>`,
        both({ en, 'zh-CN': zh }),
        markup`<code>${example.deviceName}</code> ${example.phase} ${example.detail}`,
      ],
    })) ?? [];
  const counted = Object.entries(outcomes).map(([name, count]) => ({ cells: [count, markup`<code>${name}</code>`] }));
  return section('errors', 'load.errors', [
    rows.length > 0 ? table(['load.count', 'load.kind', 'load.words', 'load.example'], rows) : element('p', 'load.noErrors'),
    markup`<h3>${word('load.outcomes')}</h3>`,
    table(['load.count', 'load.kind'], counted),
  ]);
}

function runOf({ environment, load, seed, namespace, version, footer }: LoadReport): Markup {
  const code = (text: string): Part => markup`<code>${text}</code>`;
  return section('run', 'load.run', [
    facts([
      ['run.version', version],
      ['run.runner', `${environment.runner} ${environment.runtime}, ${environment.system}`],
      ['load.workers', load.workers],
      ['run.seed', code(seed)],
      ['run.namespace', code(namespace)],
      ...(environment.startedAt === null ? [] : ([['run.started', environment.startedAt]] as const)),
      ...(environment.endedAt === null ? [] : ([['run.ended', environment.endedAt]] as const)),
      ['load.digest', code(load.digest)],
      ['run.reportDigest', code(footer.sha256)],
    ]),
  ]);
}
