// Real runs for tests of reports: the suite in cells of this thread. The engine is imported after immediates are counted.
import { makeReport, type Report } from './model.ts';
import { transcriptOf, type StoredCase, type Transcript } from './transcript.ts';
import type { Extension } from '../scenarios/engine/extension.ts';
import type { SuiteResult } from '../scenarios/engine/suite.ts';
import { countImmediates } from '../scenarios/engine/virtual-time.ts';
import type { CheckResult } from '../scenarios/judge/judge.ts';
import { VERDICTS } from '../scenarios/judge/verdict.ts';

export interface SampleOptions {
  readonly mutant?: string;
  readonly direction?: 'platform' | 'firmware';
  /** Cases whose id begins so; the others do not run, though they were asked for. */
  readonly only?: string;
  readonly partial?: boolean;
  readonly profiles?: readonly ('prereg' | 'nwl' | 'operator' | 'https')[];
  /** Every attempt ended in a refusal, whatever it was. */
  readonly refusesAll?: boolean;
  readonly target?: string;
  /** The run is interrupted after so many cases. */
  readonly stopAfter?: number;
  /** The user's case of the documentation runs as well. */
  readonly own?: boolean;
}

/** The example of docs/write-a-case.md. */
const OWN = new URL('../docs/examples/keeps-posting.case.mjs', import.meta.url).href;

/** The user's case as the command reads it. */
export async function ownCase(): Promise<Extension> {
  const { readExtension } = await import('../scenarios/engine/extension.ts');
  const read = readExtension(((await import(OWN)) as { default: unknown }).default);
  if (!read.ok) throw new Error(read.why);
  return read.extension;
}

export interface Sample {
  readonly result: SuiteResult;
  readonly report: Report;
  readonly transcript: Transcript;
  readonly evidence: readonly StoredCase[];
}

/** Runs the suite in cells and makes its report. */
export async function runSample(options: SampleOptions = {}): Promise<Sample> {
  countImmediates();
  const { cellAgent } = await import('../scenarios/engine/cell-agent.ts');
  const { CASES } = await import('../scenarios/engine/cases.ts');
  const { runSuite } = await import('../scenarios/engine/suite.ts');
  const { direction = 'platform', mutant, only = '', partial = false, target = 'the embedded stub' } = options;
  let done = 0;
  const result = await runSuite({
    direction,
    cases: CASES.filter((one) => one.direction === direction && (!partial || one.id.startsWith(only))),
    ...(options.own === true ? { extensions: [await ownCase()] } : {}),
    partial,
    profiles: options.profiles ?? ['prereg', 'nwl', 'operator'],
    context: {
      subject: {
        name: target,
        kind: 'embedded-stub',
        endpoints: [],
        administrator: 'stub',
        paceMs: 0,
        destructiveAllowed: true,
        ...(mutant === undefined ? {} : { mutant }),
      },
      environment: () => ({ runner: 'node', runtime: 'v0', system: 'linux x64', jobs: 1, startedAt: null, endedAt: null }),
      attestations: () => [],
    },
    edition: 'doc2020',
    seed: '1',
    namespace: '0',
    version: '0.1.0',
    jobs: 1,
    stopped: () => done >= (options.stopAfter ?? Infinity),
    onCase: () => (done += 1),
    run: async (definition) => {
      const own = options.own === true && definition.id.startsWith('acme/');
      if (definition.needs === 'sockets' || !(own || definition.id.startsWith(only)))
        return { kind: 'not-run', why: { en: 'it is not run here', 'zh-CN': '此处不运行' } };
      const record = await cellAgent.run({
        caseId: definition.id,
        ...(own ? { module: OWN } : {}),
        seed: '1',
        namespace: '0',
        edition: 'doc2020',
        ...(mutant === undefined ? {} : { mutant }),
      });
      return { kind: 'ran', record: options.refusesAll === true ? refused(record) : record, clock: 'virtual' };
    },
  });
  const transcript = transcriptOf(result.findings.about, result.records);
  return { result, report: makeReport(result.findings, transcript), transcript, evidence: result.records };
}

const HOSTILE = '</details>]]>&\u0000\u001b[31m | `x` <script> "q" \'a\'\n\n# h\t\uFFFE \uD800 终';

/** The report as of a platform that answers in the language of every format, with each verdict. */
export function hostileReport(report: Report): Report {
  const check = (one: CheckResult, at: number): CheckResult => ({
    ...one,
    verdict: VERDICTS[at % VERDICTS.length] ?? 'pass',
    because: HOSTILE,
    zh: { expected: HOSTILE, because: HOSTILE },
    reading: HOSTILE,
  });
  const cases = report.cases.map((one) => ({ ...one, title: HOSTILE, note: HOSTILE, checks: one.checks.map(check) }));
  const rules = report.rules.map((rule) => ({ ...rule, verdict: 'fail' as const, title: HOSTILE }));
  return { ...report, target: HOSTILE, cases, rules, extensions: cases.slice(0, 1).map((one) => ({ ...one, id: 'acme/x' })) };
}

/** The record as of a platform that let nothing through. */
function refused(record: StoredCase['record']): StoredCase['record'] {
  return {
    ...record,
    spans: record.spans.map((span) => ({
      ...span,
      outcome: span.outcome && { kind: 'refused', by: 'connack', code: 4 },
      events: [],
    })),
  };
}
