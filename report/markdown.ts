// The report as Markdown for the summary of a CI job: the verdict first, then what is not as it should be, what was measured, and what a
// failure rests on.
import type { Report } from './model.ts';
import { checksOf, type ReportCheck } from './checks.ts';

/** GitHub refuses a longer summary of a step. */
const MOST_BYTES = 1024 * 1024;
/** Room for what says that something was left out. */
const RESERVE = 1024;
/** Of a rule in its table. */
const CHECKS_NAMED = 5;

const MARK = { conformant: '✅', 'not-conformant': '❌', undetermined: '⚠️' } as const;
const WORD = { conformant: 'conformant', 'not-conformant': 'not conformant', undetermined: 'undetermined' } as const;

/** `summary.md`. */
export function renderMarkdown(report: Report): string {
  const blocks = [
    headOf(report),
    rulesOf(report),
    ...detailsOf(report, ['fail'], 'Failures'),
    ...detailsOf(report, ['inconclusive', 'error'], 'Not decided'),
    ...detailsOf(report, ['warn'], 'Warnings'),
    extensionsOf(report),
    readingsOf(report),
    limitsOf(report),
  ].filter((block) => block !== '');
  return bounded(blocks);
}

function headOf(report: Report): string {
  const { result, environment } = report;
  const { required, exercised } = result.completeness;
  const counts = Object.entries(result.counts)
    .filter(([, count]) => count > 0)
    .map(([verdict, count]) => `${count} ${verdict}`);
  const lines = [
    `## ${MARK[result.conformance]} ${safe(report.target)}: ${WORD[result.conformance]}`,
    '',
    safe(result.headline),
    '',
    safe(result.zh.headline),
    '',
    `- Cases: ${counts.join(', ') || 'none'}`,
    `- Rules: ${exercised} of ${required} required rules decided`,
    `- Requirement set: ${code(report.requirementSet)}`,
    `- Seed ${code(report.seed)}, namespace ${code(report.namespace)}, Muster ${code(report.version)} on ${code(environment.runtime)}`,
  ];
  for (const reason of result.reasons) lines.push(`- Undecided because ${safe(reason)}`);
  return lines.join('\n');
}

function rulesOf(report: Report): string {
  const { rules, result } = report;
  const odd = rules.filter((rule) => rule.verdict !== 'pass' && !(result.partial && rule.verdict === 'not_run'));
  if (odd.length === 0) return '';
  const verdicts = new Map(checksOf(report).map(({ name, check }) => [name, check.verdict]));
  const rows = odd.map((rule) => {
    // The checks that made it so; those that hold are no reason.
    const reasons = rule.checks.filter((name) => verdicts.get(name) === rule.verdict);
    const more = reasons.length > CHECKS_NAMED ? [`and ${reasons.length - CHECKS_NAMED} more`] : [];
    const named = [...reasons.slice(0, CHECKS_NAMED).map(code), ...more].join('<br>');
    return `| ${rule.id} | ${rule.class} | ${rule.verdict} | ${cell(rule.title)} | ${named || '—'} |`;
  });
  return [
    '### Rules that did not pass',
    '',
    '| Rule | Class | Verdict | Title | Checks |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

/** Each check is a block of its own, so that a bound cuts between checks. */
function detailsOf(report: Report, verdicts: readonly string[], title: string): string[] {
  const found = checksOf(report).filter(({ check, extension }) => !extension && verdicts.includes(check.verdict));
  return found.length === 0 ? [] : [`### ${title}`, ...found.map(detail)];
}

function detail({ name, one, check }: ReportCheck): string {
  const lines = [
    `<details><summary>${escaped(check.rule)} <code>${escaped(name)}</code></summary>`,
    '',
    `${safe(one.title)} · ${safe(one.zh.title)}`,
    '',
    '| | English | 中文 |',
    '| --- | --- | --- |',
    `| Expected | ${cell(check.expected)} | ${cell(check.zh.expected)} |`,
    `| Actual | ${cell(check.because)} | ${cell(check.zh.because)} |`,
  ];
  if (check.proofs) {
    const { stimulus, control, alive } = check.proofs;
    lines.push('', `Proofs: stimulus ${holds(stimulus)}, control ${holds(control)}, known-good unit alive ${holds(alive)}.`);
  }
  if (check.evidence.length > 0) lines.push('', `Evidence: ${check.evidence.map(code).join(', ')}`);
  lines.push('', '</details>');
  return lines.join('\n');
}

function holds(proof: boolean): string {
  return proof ? 'yes' : 'no';
}

function extensionsOf({ extensions }: Report): string {
  if (extensions.length === 0) return '';
  const rows = extensions.map((one) => `| ${code(one.id)} | ${one.verdict} | ${cell(one.title)} |`);
  return ['### Cases of yours', '', '| Case | Verdict | Title |', '| --- | --- | --- |', ...rows].join('\n');
}

function readingsOf({ readings }: Report): string {
  if (readings.length === 0) return '';
  const rows = readings.map(
    (one) => `| ${one.rule} | ${code(`${one.case}#${one.check}`)} | ${code(JSON.stringify(one.value))} | ${cell(one.said)} |`,
  );
  return [
    '<details><summary>Readings: where the documents leave it open, what the subject does</summary>',
    '',
    '| Rule | Check | Value | Seen |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
    '</details>',
  ].join('\n');
}

function limitsOf({ notCovered, profilesNotJudged, outOfScope, requirements, transcript, footer }: Report): string {
  const lines = ['<details><summary>What is not claimed</summary>', ''];
  for (const { id, class: ruleClass, title } of notCovered) lines.push(`- not covered: ${id} (${ruleClass}) ${safe(title)}`);
  for (const profile of profilesNotJudged) lines.push(`- profile ${safe(profile)}: claimed, but no case of this version judges it`);
  lines.push(`- out of scope: ${safe(outOfScope.join(', '))}`, '', '</details>', '');
  lines.push(
    `<sub>requirements ${code(requirements.sha256)}<br>evidence ${code(transcript.file)} ${code(transcript.sha256)}<br>report ${code(footer.sha256)}</sub>`,
  );
  return lines.join('\n');
}

/** As many whole blocks as fit, and a word about the rest. */
export function bounded(blocks: readonly string[]): string {
  const encoder = new TextEncoder();
  const kept: string[] = [];
  let size = 0;
  for (const [at, block] of blocks.entries()) {
    size += encoder.encode(block).length + 2;
    if (size > MOST_BYTES - RESERVE) {
      kept.push(`_${blocks.length - at} more parts did not fit into a job summary; they are in report.html and report.json._`);
      break;
    }
    kept.push(block);
  }
  return `${kept.join('\n\n')}\n`;
}

/** What a platform answered is text, whatever it looks like. */
export function safe(text: string): string {
  return escaped(text).replace(/[\\`*_{}[\]#|~]/g, (mark) => `\\${mark}`);
}

function escaped(text: string): string {
  return text.replace(/\s+/g, ' ').replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

export function cell(text: string): string {
  return safe(text);
}

export function code(text: string): string {
  // Markdown is read inside of HTML too.
  const plain = escaped(text).replace(/[\\`*_[\]~|]/g, (mark) => `&#${mark.charCodeAt(0)};`);
  return `<code>${plain}</code>`;
}
