// The findings of a report as SARIF 2.1.0, for places that list findings. Only what is wrong is in it: a pass is no finding.
import type { RunEnvironment } from '../scenarios/judge/results.ts';
import { ruleOf } from '../scenarios/rules/catalogue.ts';
import { checksOf, gist, type ReportCheck } from './checks.ts';
import type { Report } from './model.ts';
import { placeOf } from './rule-files.ts';

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';

/** `report.sarif`. */
export function renderSarif(report: Report): string {
  const checks = checksOf(report);
  const findings = checks.filter(({ check }) => check.verdict === 'fail' || check.verdict === 'warn');
  const ids = [...new Set(findings.map(({ check }) => check.rule))].sort();
  // Faults of ours and of the way there are no findings about the subject.
  const faults = checks.filter(({ check }) => check.verdict === 'error');
  return sarifOf(report, {
    id: `muster/${report.direction}/${report.edition}/`,
    faults: faults.map(({ name, check }) => `${name}: ${gist(check)}`),
    rules: ids.map(descriptor),
    results: findings.map((finding) => resultOf(finding, ids)),
    properties: {
      conformance: report.result.conformance,
      partial: report.result.partial,
      requirementSet: report.requirementSet,
      missing: report.result.completeness.missing,
    },
  });
}

/** What a log says of a run, whatever was found. */
interface SarifRun {
  readonly version: string;
  readonly environment: Pick<RunEnvironment, 'startedAt' | 'endedAt'>;
}

interface SarifFindings {
  /** What makes a run one of a series. */
  readonly id: string;
  /** Faults of ours and of the way to the subject. */
  readonly faults: readonly string[];
  readonly rules: readonly object[];
  readonly results: readonly object[];
  readonly properties: object;
}

/** The log of these findings. */
export function sarifOf({ version, environment }: SarifRun, { id, faults, rules, results, properties }: SarifFindings): string {
  const run = {
    tool: {
      driver: { name: 'Muster', version, rules },
    },
    automationDetails: { id },
    invocations: [
      {
        executionSuccessful: faults.length === 0,
        ...(environment.startedAt === null ? {} : { startTimeUtc: environment.startedAt }),
        ...(environment.endedAt === null ? {} : { endTimeUtc: environment.endedAt }),
        toolExecutionNotifications: faults.map((text) => ({ level: 'error', message: { text } })),
      },
    ],
    results,
    columnKind: 'utf16CodeUnits',
    properties,
  };
  return `${JSON.stringify({ $schema: SCHEMA, version: '2.1.0', runs: [run] }, null, 2)}\n`;
}

function descriptor(id: string): object {
  const rule = ruleOf(id);
  if (!rule) return { id };
  return {
    id,
    shortDescription: { text: rule.title.en },
    fullDescription: { text: rule.text.en },
    help: { text: `${rule.text.en}\n\n${rule.text['zh-CN']}\n\nSource: ${rule.source}` },
    defaultConfiguration: { level: rule.class === 'M' ? 'error' : 'warning' },
    properties: { class: rule.class, source: rule.source, profiles: rule.profiles },
  };
}

function resultOf({ name, one, check, extension }: ReportCheck, ids: readonly string[]): object {
  const place = placeOf(check.rule);
  const logical = { fullyQualifiedName: name, name: check.id, kind: 'function' };
  const physical = place && { artifactLocation: { uri: place.file }, region: { startLine: place.line } };
  return {
    ruleId: check.rule,
    ruleIndex: ids.indexOf(check.rule),
    kind: 'fail',
    level: check.verdict === 'fail' ? 'error' : 'warning',
    message: { text: `${one.title}: expected: ${check.expected}; seen: ${gist(check)}` },
    locations: [{ ...(physical ? { physicalLocation: physical } : {}), logicalLocations: [logical] }],
    // One finding from run to run, whatever is said of it.
    partialFingerprints: { 'musterCheck/v1': name },
    properties: { case: one.id, check: check.id, extension, zh: check.zh, evidence: check.evidence },
  };
}
