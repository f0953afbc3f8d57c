// A load report as SARIF 2.1.0: a missed threshold is a finding, figures that cannot be believed are a notification of the tool.
import type { LoadReport } from './load.ts';
import { sarifOf } from './sarif.ts';

const RULES = {
  threshold: ['A threshold of the plan is missed', '计划中的阈值未达标'],
  account: ['Devices of the fleet were not activated', '有设备未能激活'],
} as const;

/** `report.sarif` of a fleet. */
export function renderLoadSarif(report: LoadReport): string {
  const missed = report.checks.filter((one) => one.verdict === 'fail');
  const kinds = (Object.keys(RULES) as (keyof typeof RULES)[]).filter((kind) => missed.some((one) => one.kind === kind));
  const faults = report.checks.filter((one) => one.verdict === 'error');
  return sarifOf(report, {
    id: 'muster/load/',
    faults: faults.map((one) => `${one.id}: ${one.because}`),
    rules: kinds.map((kind) => ({
      id: `load/${kind}`,
      shortDescription: { text: RULES[kind][0] },
      help: { text: `${RULES[kind][0]}\n\n${RULES[kind][1]}` },
      defaultConfiguration: { level: 'error' },
    })),
    results: missed.map((one) => ({
      ruleId: `load/${one.kind}`,
      ruleIndex: kinds.findIndex((kind) => kind === one.kind),
      kind: 'fail',
      level: 'error',
      message: { text: one.because },
      locations: [{ logicalLocations: [{ fullyQualifiedName: `load/${one.kind}/${one.id}`, name: one.id, kind: 'function' }] }],
      partialFingerprints: { 'musterCheck/v1': `load/${one.kind}/${one.id}` },
      properties: { measured: one.measured, zh: one.zh },
    })),
    properties: { verdict: report.result.verdict, digest: report.load.digest },
  });
}
