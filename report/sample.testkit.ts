// Real runs for tests of reports: the suite in cells of this thread. The engine is imported after immediates are counted.
import { makeReport, type Report } from './model.ts';
import { transcriptOf, type StoredCase, type Transcript } from './transcript.ts';
import type { SuiteResult } from '../scenarios/engine/suite.ts';
import { countImmediates } from '../scenarios/engine/virtual-time.ts';

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
  const result = await runSuite({
    direction,
    cases: CASES.filter((one) => one.direction === direction && (!partial || one.id.startsWith(only))),
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
    run: async (definition) => {
      if (definition.needs === 'sockets' || !definition.id.startsWith(only))
        return { kind: 'not-run', why: { en: 'it is not run here', 'zh-CN': '此处不运行' } };
      const record = await cellAgent.run({
        caseId: definition.id,
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
