// The report of a fleet: the same family of files as a conformance run's. It holds the fleet's own account (`load`), what was asked of it,
// and what that came to. Everything else is a function of it.
import type { FleetReport } from '../worker/fleet/controller.ts';
import type { RunEnvironment } from '../scenarios/judge/results.ts';
import type { Said } from '../scenarios/judge/verdict.ts';
import { loadChecks, type LoadCheck } from './load-checks.ts';
import { renderLoadCtrf } from './load-ctrf.ts';
import { renderLoadHtml } from './html/load.ts';
import { renderLoadJunit } from './load-junit.ts';
import { renderLoadMarkdown } from './load-markdown.ts';
import { renderLoadSarif } from './load-sarif.ts';
import { digestOf, REPORT_FORMAT, type RunAsked } from './model.ts';
import { nameSaid } from './names.ts';
import { FORMATS, type FormatName } from './formats.ts';

/** What later versions added to the account of a fleet, which an earlier one lacks. */
type Added =
  | 'traffic'
  | 'cohorts'
  | 'throttled'
  | 'throttledProbable'
  | 'ownFaults'
  | 'errors'
  | 'samplesNeeded'
  | 'workersLost'
  | 'series'
  | 'thresholds';

/** The account of a fleet, of this version or an earlier one. */
export type LoadFigures = Omit<FleetReport, Added> & Partial<Pick<FleetReport, Added>>;

/** `undecided`: the run does not say, since its own figures cannot be believed. */
export type LoadVerdict = 'pass' | 'fail' | 'undecided';

/** `report.json` of a fleet. It shares `format`, `version`, `target`, `seed`, `result.headline` and `footer` with that of a conformance run. */
export interface LoadReport {
  readonly format: typeof REPORT_FORMAT;
  readonly kind: 'load';
  readonly version: string;
  readonly target: string;
  readonly seed: string;
  readonly namespace: string;
  readonly environment: LoadEnvironment;
  readonly asked?: LoadAsked;
  readonly result: {
    readonly verdict: LoadVerdict;
    readonly headline: string;
    readonly reasons: readonly string[];
    readonly zh: { readonly headline: string; readonly reasons: readonly string[] };
  };
  /** Thresholds, the account of the devices, and whether the figures can be believed. */
  readonly checks: readonly LoadCheck[];
  readonly load: LoadFigures;
  readonly footer: { readonly sha256: string };
}

export type LoadEnvironment = Omit<RunEnvironment, 'jobs'>;

/** Options of the command, without secrets. */
export type LoadAsked = RunAsked & {
  readonly plan?: string;
  readonly devices?: number;
  readonly mode?: string;
  readonly rate?: number;
  readonly hold?: number;
  readonly session?: string;
};

export interface LoadOptions {
  /** Name of the target. */
  readonly target: string;
  readonly environment: LoadEnvironment;
  readonly asked?: LoadAsked;
}

/** The report of a fleet's run. */
export function makeLoadReport(load: LoadFigures, { target, environment, asked }: LoadOptions): LoadReport {
  const checks = loadChecks(load);
  const verdict = checks.some((one) => one.verdict === 'fail')
    ? 'fail'
    : checks.some((one) => one.verdict !== 'pass')
      ? 'undecided'
      : 'pass';
  const said = headline(load, target, verdict);
  const open = checks.filter((one) => one.verdict !== 'pass');
  const body: Omit<LoadReport, 'footer'> = {
    format: REPORT_FORMAT,
    kind: 'load',
    version: load.version,
    target,
    seed: load.seed,
    namespace: load.namespace,
    environment,
    ...(asked && Object.keys(asked).length > 0 ? { asked } : {}),
    result: {
      verdict,
      headline: said.en,
      reasons: open.map((one) => one.because),
      zh: { headline: said['zh-CN'], reasons: open.map((one) => one.zh.because) },
    },
    checks,
    load,
  };
  return { ...body, footer: { sha256: digestOf(body) } };
}

function headline(load: LoadFigures, target: string, verdict: LoadVerdict): Said {
  const words = { pass: ['held', '达标'], fail: ['was missed', '未达标'], undecided: ['was not decided', '未能判定'] } as const;
  const [en, zh] = words[verdict];
  return {
    en: `${load.activated} of ${load.devices} devices activated at ${target}; what was asked of the run ${en}`,
    'zh-CN': `${nameSaid(target)['zh-CN']}：${load.devices} 台设备中 ${load.activated} 台已激活；对本次运行的要求${zh}`,
  };
}

/** Every format of a load report by its name; there is no evidence beside it. */
export const LOAD_FORMATS: Readonly<Record<FormatName, (report: LoadReport) => string>> = {
  json: (report) => `${JSON.stringify(report, null, 2)}\n`,
  html: renderLoadHtml,
  junit: renderLoadJunit,
  md: renderLoadMarkdown,
  ctrf: renderLoadCtrf,
  sarif: renderLoadSarif,
};

/** A file of a run: its name in the folder, and its text. */
export interface LoadFile {
  readonly name: string;
  readonly text: string;
}

/** What `muster fleet --out` writes. */
export function loadFiles(load: LoadFigures, options: LoadOptions): LoadFile[] {
  const report = makeLoadReport(load, options);
  return (Object.keys(LOAD_FORMATS) as FormatName[]).map((name) => ({ name: FORMATS[name].file, text: LOAD_FORMATS[name](report) }));
}
