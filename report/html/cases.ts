// A case: what was checked with expected against actual and the proofs, the steps, and the sequence of packets.
import { outcomeKey } from '../../kernel/trace/outcome.ts';
import type { CheckResult } from '../../scenarios/judge/judge.ts';
import type { Proofs } from '../../scenarios/judge/verdict.ts';
import { TRANSCRIPT_FILE, type Report, type ReportCase } from '../model.ts';
import type { StoredCase } from '../transcript.ts';
import { commandOf } from './command.ts';
import { diagramOf, spanAnchor } from './diagram.ts';
import { anchor, joined, markup, type Markup, type Part } from './markup.ts';
import { sequenceOf } from './sequence.ts';
import { both, element, english, say, word } from './say.ts';
import { asksAttention, mark } from './verdicts.ts';

/** A longer table of steps is not read. */
const STEPS_MAX = 100;

/** Where a case stands in the file. */
export function caseAnchor(id: string): string {
  return anchor('case', id);
}

/** Where a check stands in the file. */
export function checkAnchor(caseId: string, check: string): string {
  return anchor('check', caseId, check);
}

/** Where a rule stands in the file. */
export function ruleAnchor(id: string): string {
  return anchor('rule', id);
}

/** Most events that the diagram of a case may have. */
export type EventLimit = (one: ReportCase) => number;

/** The cases, and apart from them those that the user brought along. */
export function casesSection(report: Report, evidence: readonly StoredCase[], limitOf: EventLimit): Markup {
  const stored = new Map(evidence.map((one) => [one.record.case, one]));
  const known = new Set(report.rules.map((rule) => rule.id));
  let nth = 0;
  const details = (one: ReportCase): Markup =>
    caseDetails(one, { report, known, stored: stored.get(one.id), limit: limitOf(one), nth: ++nth });
  const brought =
    report.extensions.length > 0 &&
    markup`<section id="extensions" aria-labelledby="extensions-h"><h2 id="extensions-h">${word('extensions.h')}</h2>
<p>${word('extensions.about')}</p>
${report.extensions.map(details)}</section>
`;
  return markup`<section id="cases" aria-labelledby="cases-h"><h2 id="cases-h">${word('cases.h')}</h2>
${report.cases.map(details)}</section>
${brought}`;
}

interface Setting {
  readonly report: Report;
  /** Rules that the table of rules has. */
  readonly known: ReadonlySet<string>;
  readonly stored: StoredCase | undefined;
  readonly limit: number;
  /** Number of the case in the file. */
  readonly nth: number;
}

function caseDetails(one: ReportCase, setting: Setting): Markup {
  const { report, stored, limit, nth } = setting;
  const sequence = stored && sequenceOf(stored.record.spans, limit, wantedSpans(one));
  const drawn = new Set(sequence?.rows.map(({ span }) => span.name));
  const title = both({ en: one.title, 'zh-CN': one.zh.title });
  const diagram =
    stored &&
    sequence &&
    markup`<h4>${word('cases.sequence')}</h4>${diagramOf(stored.record, sequence, { seenBy: report.direction === 'firmware' ? 'platform' : 'device', nth })}`;
  return markup`<details class="case" id="${caseAnchor(one.id)}" data-find="${one.verdict}"${asksAttention(one.verdict) && markup` open`}>
<summary>${mark(one.verdict)} <h3>${title} <code>${one.id}</code></h3></summary>
${one.note !== null && markup`<p class="note"><b>${word('cases.note')}:</b> ${noteOf(one, one.note)}</p>`}
<p class="soft">${word('cases.clock')}: ${clockOf(one)} · <a href="#cases">${word('cases.back')}</a></p>
<h4>${word('cases.checks')}</h4>
<ul class="checks">${one.checks.map((check) => checkItem(one, check, setting, drawn))}</ul>
${one.steps.length > 0 && stepsTable(one, drawn)}
${diagram}
<p class="soft">${word('cases.repeat')} <code>${commandOf(report, one.id)}</code></p>
</details>
`;
}

/** The spans that checks rest on, those of checks that did not pass first. */
function wantedSpans(one: ReportCase): string[] {
  const odd = one.checks.filter((check) => asksAttention(check.verdict));
  return [...new Set([...odd, ...one.checks].flatMap((check) => check.evidence))];
}

/** What the system said has no second language. */
function noteOf(one: ReportCase, note: string): Markup {
  const zh = one.zh.note ?? note;
  return zh === note ? english(note) : both({ en: note, 'zh-CN': zh });
}

function clockOf(one: ReportCase): Markup {
  if (one.clock === null) return word('cases.noClock');
  return word(one.clock === 'virtual' ? 'cases.virtual' : 'cases.wall');
}

function checkItem(one: ReportCase, check: CheckResult, { known, stored }: Setting, drawn: ReadonlySet<string>): Markup {
  const rule = known.has(check.rule) ? markup`<a href="#${ruleAnchor(check.rule)}">${check.rule}</a>` : check.rule;
  const spans = new Set(stored?.record.spans.map((span) => span.name));
  const evidence = check.evidence.map((span) => evidenceLink(one, span, spans, drawn));
  const rows: Markup[] = [
    markup`${element('dt', 'check.expected')}<dd>${both({ en: check.expected, 'zh-CN': check.zh.expected })}</dd>`,
    markup`${element('dt', 'check.actual')}<dd>${both({ en: check.because, 'zh-CN': check.zh.because })}</dd>`,
  ];
  if (check.reading !== undefined)
    rows.push(markup`${element('dt', 'check.reading')}<dd><code>${JSON.stringify(check.reading)}</code></dd>`);
  if (check.proofs) rows.push(markup`${element('dt', 'check.proofs')}<dd>${proofsOf(check.proofs)}</dd>`);
  if (evidence.length > 0) rows.push(markup`${element('dt', 'check.evidence')}<dd>${joined(evidence, ', ')}</dd>`);
  const measured = check.kind === 'reading' && markup` <span class="soft">${word('check.measured')}</span>`;
  return markup`<li id="${checkAnchor(one.id, check.id)}"><p>${mark(check.verdict)} <b>${check.id}</b> ${rule}${measured}</p><dl>${rows}</dl></li>
`;
}

/** A link to the span; a name alone where the diagram ends before it; what was never recorded is named as missing. */
function evidenceLink(one: ReportCase, span: string, spans: ReadonlySet<string>, drawn: ReadonlySet<string>): Part {
  if (drawn.has(span)) return markup`<a href="#${spanAnchor(one.id, span)}">${span}</a>`;
  return markup`${span} (${word(spans.has(span) ? 'check.notDrawn' : 'check.missing')})`;
}

function proofsOf(proofs: Proofs): Markup {
  const names = ['stimulus', 'control', 'alive'] as const;
  const items = names.map((name) => {
    const holds = proofs[name];
    return markup`<span class="${holds ? 'good' : 'bad'}"><span aria-hidden="true">${holds ? '✓' : '✕'}</span> ${word(`proof.${name}.${holds ? 'yes' : 'no'}`)}</span>`;
  });
  return joined(items, ' · ');
}

function stepsTable(one: ReportCase, drawn: ReadonlySet<string>): Markup {
  const more = one.steps.length - STEPS_MAX;
  const rows = one.steps.slice(0, STEPS_MAX).map((step) => {
    const name = drawn.has(step.name) ? markup`<a href="#${spanAnchor(one.id, step.name)}">${step.name}</a>` : step.name;
    const outcome = step.outcome ? outcomeKey(step.outcome) : '';
    return markup`<tr><td>${name}<td>${step.unit ?? word('seq.operator')}<td>${step.verb}<td>${outcome}<td class="n">${step.ms}`;
  });
  const heads = (['step.name', 'step.unit', 'step.verb', 'step.outcome', 'step.ms'] as const).map(
    (key) => markup`${element('th scope="col"', key)}`,
  );
  return markup`<details class="steps"><summary><h4>${word('cases.steps')} <span class="soft">${one.steps.length}</span></h4></summary>
<div class="scroll"><table><thead><tr>${heads}<tbody>${rows}</table></div>${more > 0 && markup`<p class="left">${say('cases.moreSteps', { count: more, file: markup`<code>${TRANSCRIPT_FILE}</code>` })}</p>`}</details>`;
}
