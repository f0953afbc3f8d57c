// The findings of a report as SARIF 2.1.0, for places that list findings. Only what is wrong is in it: a pass is no finding.
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
  const { environment } = report;
  const run = {
    tool: {
      driver: {
        name: 'Muster',
        version: report.version,
        informationUri: 'https://www.npmjs.com/package/@muster-iot/muster',
        rules: ids.map(descriptor),
      },
    },
    automationDetails: { id: `muster/${report.direction}/${report.edition}/` },
    invocations: [
      {
        executionSuccessful: faults.length === 0,
        ...(environment.startedAt === null ? {} : { startTimeUtc: environment.startedAt }),
        ...(environment.endedAt === null ? {} : { endTimeUtc: environment.endedAt }),
        toolExecutionNotifications: faults.map(({ name, check }) => ({ level: 'error', message: { text: `${name}: ${gist(check)}` } })),
      },
    ],
    results: findings.map((finding) => resultOf(finding, ids)),
    columnKind: 'utf16CodeUnits',
    properties: {
      conformance: report.result.conformance,
      partial: report.result.partial,
      requirementSet: report.requirementSet,
      missing: report.result.completeness.missing,
    },
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
